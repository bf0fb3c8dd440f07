"""`tables` as a user calls it: a table and its files."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from autosnn_hw.commands.tables import command
from autosnn_hw.errors import InputError


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    random = np.random.default_rng(0)
    x, y = random.integers(0, 256, (40, 1, 8, 8), np.uint8), np.arange(40) % 2
    path = tmp_path_factory.mktemp("data") / "tiny.npz"
    np.savez(path, x_train=x[:30], y_train=y[:30], x_test=x[30:], y_test=y[30:])
    return path


def options(tiny, out):
    sizes = ["--width", "2", "--timesteps", "1", "--epochs", "1", "--finetune-epochs", "0", "--certify", "0", "--quiet"]
    return ["--dataset", f"npz:{tiny}", *sizes, "--out", str(out)]


@pytest.mark.slow
def test_the_table_of_spaces_is_printed_drawn_and_kept(tiny, tmp_path):
    given = ["spaces", "--networks", "1", *options(tiny, tmp_path / "t")]
    shown = CliRunner().invoke(command, given, catch_exceptions=False).output
    assert all(f"SNN_{i}" in shown for i in (1, 2, 3, 4)) and "median" in shown
    for name in ("spaces-accuracy", "spaces-spikes"):
        assert (tmp_path / "t" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert "SNN_4 (1)" in (tmp_path / "t" / f"{name}.svg").read_text()
    document = json.loads(CliRunner().invoke(command, [*given, "--json"], catch_exceptions=False).output)
    assert document == json.loads((tmp_path / "t" / "spaces.json").read_text())
    assert [entry["networks"] for entry in document["distributions"]] == [1, 1, 1, 1]


def test_a_table_stands_beside_the_papers_numbers(tiny, tmp_path):
    given = ["blocks", "--seeds", "1", "--most", "1", *options(tiny, tmp_path / "t")]
    shown = CliRunner().invoke(command, given, catch_exceptions=False).output
    assert "86.93 %" in shown and "154 k" in shown and "3 networks are not made yet" in shown
    assert "SNN_1_SIB_k3_e1" not in shown
    assert "not run" in shown and shown.count("not asked for") == 1
    with pytest.raises(InputError, match="another size"):
        CliRunner().invoke(command, [*given, "--width", "3"], catch_exceptions=False)
