"""The tutorial, block by block as it stands there, in an empty folder."""

import json

import pytest
from support.documents.documented_commands import ROOT, Block, blocks
from support.documents.fresh_copy import FreshCopy

from autosnn_hw.simulate.lava import lava_status


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not lava_status()[0], reason="the tutorial runs Lava")
def test_the_tutorial_leads_from_data_to_a_certificate(tmp_path):
    copy, empty = FreshCopy(tmp_path / "copy"), tmp_path / "empty"
    empty.mkdir()
    for block in blocks(ROOT / "docs/tutorial.md"):
        copy.follow(block, folder=empty)
    summary = json.loads((empty / "run/summary.json").read_text())
    certificate = json.loads((empty / "run/winner.certificate.json").read_text())
    assert certificate["mismatches"] == 0 and certificate["samples"] == 200
    assert summary["winner"]["accuracy"]["exact_test"] > 0.8  # chance is a quarter
    assert (empty / "table.tex").is_file() and (empty / "winner.nir").is_file() and (empty / "winner.onnx").is_file()


def test_its_first_steps_are_quick(tmp_path):
    """Data, and the look at it, in a copy of their own: what the whole tutorial stands on."""
    copy, empty = FreshCopy(tmp_path / "copy"), tmp_path / "empty"
    empty.mkdir()
    for block in blocks(ROOT / "docs/tutorial.md")[:2]:
        copy.follow(block, folder=empty)
    assert (empty / "shapes.npz").is_file()
    with pytest.raises(AssertionError, match="no such file|cannot be opened|not found"):
        copy.follow(Block("sh", "autosnn-hw inspect absent.net", 1), folder=empty)
