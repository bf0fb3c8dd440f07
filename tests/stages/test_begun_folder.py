"""A folder for one network: the command that began it goes on there, and nothing else may."""

import re
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.run_folder import LOCK, write_json
from autosnn_hw.stages.begun_folder import BEGUN, begun, network_of
from autosnn_hw.words.progress import Silent

NETWORK = {"architecture": "skip,SRB_k3", "dataset_sha256": "a" * 64, "seed": 0, "width": [4]}
RESULT = "made.json"


class Heard(Silent):
    def __init__(self):
        self.said = []

    def say(self, sentence):
        self.said.append(sentence)


def begin(path, network=NETWORK, reporter=None):
    return begun(path, network, RESULT, reporter or Silent())


def test_what_was_ended_in_the_middle_is_gone_on_with_until_it_is_finished(tmp_path):
    with pytest.raises(RuntimeError, match="pulled"), begin(tmp_path / "a") as folder:
        (folder / "part").write_text("kept")
        raise RuntimeError("the plug was pulled")
    heard = Heard()
    with begin(tmp_path / "a", reporter=heard) as folder:
        assert (folder / "part").read_text() == "kept"
        write_json(folder / RESULT, {})
    assert len(heard.said) == 1 and "going on" in heard.said[0]
    with (
        pytest.raises(InputError, match=r"finished, already \(made.json\); choose another --out"),
        begin(tmp_path / "a"),
    ):
        pass


@pytest.mark.parametrize(
    ("part", "said"),
    [(None, "nothing yet; the same command begins anew"), ("part", "the same command goes on with it")],
)
def test_an_interruption_says_whether_anything_is_kept(tmp_path, part, said):
    with pytest.raises(KeyboardInterrupt) as stopped, begin(tmp_path / "a") as folder:
        if part:
            (folder / part).write_text("kept")
        raise KeyboardInterrupt
    assert stopped.value.args == (said,)
    heard = Heard()
    with begin(tmp_path / "a", reporter=heard):
        pass
    assert bool(heard.said) == bool(part)


@pytest.mark.parametrize("left", [[], [LOCK], [LOCK, f".{BEGUN}.x1y2.part"]])
def test_an_end_in_the_first_moment_leaves_a_folder_to_begin_in(tmp_path, left):
    for name in left:
        (tmp_path / name).write_text("")
    with begin(tmp_path) as folder:
        assert folder.has(BEGUN)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(string.ascii_letters, min_size=1, max_size=8))
def test_a_folder_of_something_else_is_left_as_it_is(tmp_path_factory, name):
    path = tmp_path_factory.mktemp("mine")
    (path / f"{name}.txt").write_text("mine")
    with pytest.raises(InputError, match="exists already .* choose another --out"), begin(path):
        pass
    assert [one.name for one in path.iterdir()] == [f"{name}.txt"]


@pytest.mark.parametrize("name", NETWORK)
def test_another_network_is_refused_with_what_differs(tmp_path, name):
    with begin(tmp_path / "a"):
        pass
    other = NETWORK | {name: "b" * 64}
    with (
        pytest.raises(InputError, match=re.escape(f"another network ({name} ")) as refused,
        begin(tmp_path / "a", other),
    ):
        pass
    assert f"{'b' * 12}.. now" in str(refused.value)
    with begin(tmp_path / "a", NETWORK | {"a choice of a later version": 1}):  # what it does not know is no difference
        pass


def test_a_choice_that_is_left_out_now_is_given_as_the_refusal_says(tmp_path):
    chosen = NETWORK | {"averaged_epochs": 0}
    with begin(tmp_path / "a", chosen):
        pass
    said = r"\(averaged_epochs 0 there, not given now\); give what it was begun with, or choose another --out"
    with pytest.raises(InputError, match=said), begin(tmp_path / "a", NETWORK | {"averaged_epochs": None}):
        pass
    with begin(tmp_path / "a", chosen):
        pass


@pytest.mark.parametrize("content", ["{", "[]", '{"network": 3}'])
def test_a_damaged_begun_folder_is_one_sentence(tmp_path, content):
    (tmp_path / BEGUN).write_text(content)
    with pytest.raises(InputError, match=BEGUN), begin(tmp_path):
        pass


def test_two_at_once_are_one_and_a_refusal_that_names_the_same_command(tmp_path):
    with begin(tmp_path / "a"), pytest.raises(InputError, match="give the same command again"), begin(tmp_path / "a"):
        pass


def test_another_version_of_the_program_is_said(tmp_path):
    write_json(tmp_path / BEGUN, {"network": NETWORK, "code_sha256": "older"})
    (tmp_path / "part").write_text("kept")
    heard = Heard()
    with begin(tmp_path, reporter=heard):
        pass
    assert "another version of this program" in heard.said[-1]


def test_a_network_is_known_wherever_its_files_lie_and_with_how_many_workers_it_is_made(prepared):
    config = SearchConfig()
    known = network_of("skip", config, prepared.data, prepared.profile, "c" * 64)
    elsewhere = config.with_changes(data_dir="other", workers=2, finalists=9, seeds=3)
    assert network_of("skip", elsewhere, prepared.data, prepared.profile, "c" * 64) == known
    for change in ({"retrain_epochs": 1}, {"seed": 1}, {"loss": "steps"}):
        assert network_of("skip", config.with_changes(**change), prepared.data, prepared.profile, "c" * 64) != known
