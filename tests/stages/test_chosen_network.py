"""What `train` takes for one network: macro-architectures and files of a search, one size of each kind, pools behind the text."""

import pytest
from click.testing import CliRunner

from autosnn_hw import pipeline
from autosnn_hw.architecture import Architecture
from autosnn_hw.architecture.macro_architectures import CHOSEN
from autosnn_hw.commands.train import command
from autosnn_hw.errors import InputError
from autosnn_hw.stages.chosen_network import chosen

OWN = """widths = [4, 8]
timesteps = [1, 2]
pools = ["1", "2"]

[[slots]]
width = 1
blocks = ["skip", "SRB_k3"]
pool = true

[[slots]]
width = 2
blocks = ["SCB_k3", "SRB_k3"]
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "own.toml").write_text(OWN)
    return str(tmp_path / "own.toml")


def test_a_space_of_ones_own_is_taken_as_a_search_takes_it(own, config, tmp_path):
    choices = {"dataset": config.dataset, "retrain_epochs": 1, "finetune_epochs": 0, "batch": 16}
    architecture, alone = chosen("skip,SCB_k3@C4P2T1", own, choices)
    assert (architecture.space, alone.width, alone.timesteps) == ("1C | max pool | 2C", 4, 1)
    result = pipeline.train(architecture, alone, tmp_path / "t")
    assert (result["name"], result["space"]) == ("skip,SCB_k3@C4P2T1", "1C | max pool | 2C")
    for blocks in ("skip", "SRB_k3"):  # what other networks may hold is nothing of this one
        (tmp_path / "own.toml").write_text(OWN.replace('"skip", "SRB_k3"', f'"skip", "{blocks}"'))
        with pytest.raises(InputError, match="this network, finished, already"):
            pipeline.train(*chosen("skip,SCB_k3@C4P2T1", own, choices), tmp_path / "t")


@pytest.mark.parametrize(
    ("text", "choices", "said"),
    [
        ("skip,SCB_k3", {}, "--width 4,8: one network has one"),
        ("skip,SCB_k3@C4", {}, "--timesteps 1,2: one network has one"),
        ("skip,SCB_k3@C4T1", {}, "has pools 1, 2: .* as skip,SCB_k3@C4P1T1"),
        ("skip,skip@C4P1T1", {}, "TBD2 of .*own.toml may hold SCB_k3, SRB_k3; .* has skip there"),
        ("AutoSNN@C4P1T1", {}, "has 5 blocks"),
        ("SNN_1_SRB_k3@C4P1T1", {}, "leave --space out"),
    ],
)
def test_what_one_network_of_it_needs_is_said(own, text, choices, said):
    with pytest.raises(InputError, match=said):
        chosen(text, own, choices)


def test_sizes_that_are_given_win_over_those_of_the_file(own):
    architecture, _ = chosen("all_SRB_k3@P1", own, {"width": 3, "timesteps": 1})
    assert (architecture.blocks, architecture.width) == (("SRB_k3", "SRB_k3"), 3)


def test_macro_architectures_by_name_are_all_of_them_and_an_unknown_one_is_told_so():
    for space in CHOSEN:
        assert chosen("all_SRB_k3", space, {})[0].space == space
    with pytest.raises(InputError, match=r"did you mean SNN_1.* SNN_4, or a file such as my_space.toml"):
        chosen("all_SRB_k3", "SNN1", {})


@pytest.mark.parametrize("text", ["AutoSNN", "AutoSNN@C8T4", "AutoSNN@C8P1.3", "AutoSNN@T2"])
def test_how_pools_are_written_works_as_it_is_written(text):
    with pytest.raises(InputError, match="written behind ARCH: AutoSNN@") as refused:
        CliRunner().invoke(command, [text, "--pools", "1.2,2.4", "--out", "never"], catch_exceptions=False)
    written = Architecture.parse(str(refused.value).rpartition(" ")[2].rstrip("."))
    before = Architecture.parse(text)
    assert written.pools == (1, 2) and (written.width, written.timesteps) == (before.width, before.timesteps)


def test_a_network_with_a_macro_architecture_of_its_own_takes_no_other():
    with pytest.raises(InputError, match="leave --space out"):
        CliRunner().invoke(command, ["He2020_DVSGesture", "--space", "SNN_2", "--out", "never"], catch_exceptions=False)
