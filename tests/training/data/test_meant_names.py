"""What an unknown name of a data set may have meant is said, and what is said works."""

import os

import numpy as np
import pytest

from autosnn_hw.training.data.datasets import DATASETS, FORMS
from autosnn_hw.training.data.meant_names import meant


def said(name):
    return meant(name, DATASETS, FORMS)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("digts", "digits"),
        ("Digits", "digits"),
        ("digits:4", "digits"),
        ("dvs128-gestur:16:time", "dvs128-gesture:16:time"),
        ("CIFAR-10", "cifar10"),
    ],
)
def test_a_near_name_is_asked_for(name, near):
    assert said(name).startswith(f"did you mean {near}? Known are digits, ")


@pytest.mark.parametrize("name", ["", "zzzzzzzz", "~nobody-of-this-name", "a\0b", "x" * 5000])
def test_other_names_get_all_that_is_known(name):
    assert said(name) == f"known are {', '.join(FORMS)}."


@pytest.mark.timeout(20)
def test_files_and_folders_are_named_with_their_prefix(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert said("nowhere.npz") == "did you mean npz:nowhere.npz?"
    assert said("a.npz,b.npz") == "did you mean npz:a.npz,b.npz?"
    (tmp_path / "images").mkdir()
    assert said("images") == "did you mean folder:images?"
    np.savez(tmp_path / "arrays.npz", x=np.zeros(2))
    (tmp_path / "arrays.npz").rename("arrays")
    assert said("arrays") == "did you mean npz:arrays?"
    (tmp_path / "table.csv").write_text("1,2")
    assert said("table.csv").startswith("it is a file and no npz file")
    os.mkfifo("pipe")
    assert said("pipe").startswith("known are ")
