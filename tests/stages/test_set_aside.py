"""A super-network that is trained further: all that followed from it goes into a folder of its own, whatever interrupts that."""

import os

import pytest

from autosnn_hw import run_folder
from autosnn_hw.run_folder import CONFIG, LOG, MANIFEST, STUDY, SUPERNET, RunFolder, read_json, write_json
from autosnn_hw.stages.set_aside import FOLLOWS, NETWORKS, set_aside
from autosnn_hw.stages.supernet import VERDICT

STAYS = (CONFIG, LOG, SUPERNET, MANIFEST)


def test_every_file_that_a_run_names_stays_or_goes():
    named = {value for name, value in vars(run_folder).items() if name.isupper() and isinstance(value, str)}
    assert named >= {STUDY, run_folder.WINNER_BEHAVIOUR}
    assert named - {run_folder.LOCK} <= {*STAYS, *FOLLOWS, NETWORKS, VERDICT}


@pytest.fixture
def run(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    for name in (*FOLLOWS, NETWORKS):
        if "." in name:
            (folder / name).write_text(name)
        else:
            (folder / name).mkdir()
            (folder / name / "file").write_text(name)
    for name in (*STAYS, VERDICT):
        (folder / name).write_text(name)
    write_json(folder / MANIFEST, {"study": None})
    return folder


def names(path):
    return {entry.name for entry in path.iterdir()}


@pytest.mark.parametrize("networks", [True, False])
def test_all_that_followed_is_beside_and_the_rest_stays(run, networks):
    set_aside(run, 15, networks=networks, last=VERDICT)
    kept = set() if networks else {NETWORKS}
    assert names(run.path) == {*STAYS, "epochs-15", *kept}
    assert names(run / "epochs-15") == {*FOLLOWS, NETWORKS, VERDICT} - kept
    assert (run / "epochs-15" / STUDY).read_text() == STUDY


def test_interrupted_anywhere_the_verdict_is_the_last_to_go_and_the_same_call_does_the_rest(run, monkeypatch):
    moved = []

    def one_move(source, target, replace=os.replace):
        if moved and moved[-1] != "interrupted":
            moved.append("interrupted")
            raise KeyboardInterrupt
        replace(source, target)
        moved.append(os.path.basename(source))

    monkeypatch.setattr("autosnn_hw.stages.set_aside.os.replace", one_move)
    for _ in range(len(FOLLOWS) + 1):
        assert run.has(VERDICT)
        with pytest.raises(KeyboardInterrupt):
            set_aside(run, 15, networks=True, last=VERDICT)
    set_aside(run, 15, networks=True, last=VERDICT)
    assert names(run.path) == {*STAYS, "epochs-15"}
    order = [name for name in moved if name != "interrupted"]
    assert order.index(f"{STUDY}-journal") < order.index(STUDY) and order[-1] == VERDICT


def test_a_study_in_a_shared_database_stays_and_the_run_takes_a_new_one(run):
    write_json(run / MANIFEST, {"seed": 1, "study": {"storage": "postgresql://host/db", "name": "old"}})
    set_aside(run, 15, networks=True, last=VERDICT)
    manifest = read_json(run / MANIFEST)
    assert manifest["study"]["storage"] == "postgresql://host/db" and manifest["study"]["name"] != "old"
    assert manifest["seed"] == 1
