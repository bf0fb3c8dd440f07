"""A super-network that is trained further: what a run says that has not learnt, and what becomes of what followed from it."""

import re

import pytest

from autosnn_hw.errors import RunError
from autosnn_hw.run_folder import STUDY, RunFolder, read_json
from autosnn_hw.stages import manifest, supernet
from autosnn_hw.training.weight_sharing import supernet_verdict
from autosnn_hw.words.progress import Silent

ALWAYS, NEVER = -2.0, 2.0  # shares of the way from chance to 1 that every network, or none, has gone


def test_a_run_goes_on_from_its_checkpoint_with_more_epochs(config, prepared, tmp_path, monkeypatch):
    folder = RunFolder.create(tmp_path / "a run")

    def ensured(epochs):
        return supernet.ensure(config.with_changes(epochs=epochs), prepared, folder, Silent())

    monkeypatch.setattr(supernet_verdict, "LEARNT_SHARE", NEVER)
    for _ in range(2):  # it says so again
        with pytest.raises(RunError, match="has not learnt") as stopped:
            ensured(1)
    said = re.search(r"Go on with: autosnn-hw search --resume '(.*)' --epochs (\d+)$", str(stopped.value))
    assert said[1] == str(folder.path) and int(said[2]) > 1 and not folder.has(supernet.VERDICT)

    monkeypatch.setattr(supernet_verdict, "LEARNT_SHARE", ALWAYS)
    first = ensured(2)
    assert (first["epochs"], len(first["losses"])) == (2, 2) and ensured(2) == first
    (folder / STUDY).write_text("of two epochs")
    second = ensured(4)
    assert second["epochs"] == 4 and second["losses"][:2] == first["losses"] and len(second["losses"]) == 4
    assert not folder.has(STUDY) and (folder / "epochs-2" / STUDY).read_text() == "of two epochs"
    assert read_json(folder / "epochs-2" / supernet.VERDICT) == first
    assert read_json(folder / supernet.VERDICT) == second == ensured(4)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({}, None),
        ({"sampling": "single"}, "A new run with --sampling fair"),
        ({"target": "truenorth"}, "A new run with --groupings fewest"),
        ({"target": "truenorth", "groupings": "fewest"}, None),
    ],
)
def test_what_a_new_run_would_learn_better_with_is_said_where_it_is_not_chosen_yet(
    config, tmp_path, monkeypatch, choices, said
):
    monkeypatch.setattr(supernet_verdict, "LEARNT_SHARE", NEVER)
    config = config.with_changes(epochs=1, **choices)
    with pytest.raises(RunError, match="has not learnt") as stopped:
        supernet.ensure(config, manifest.prepare(config), RunFolder.create(tmp_path / "run"), Silent())
    assert ("A new run" in str(stopped.value)) == (said is not None) and (said or "") in str(stopped.value)
