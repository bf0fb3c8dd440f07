"""docs/architecture.md names every field of the objects that cross the borders between rooms, and no other."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from autosnn_hw.activity import Activity
from autosnn_hw.architecture import Architecture
from autosnn_hw.cost_report import CostReport
from autosnn_hw.folded import FoldedNetwork
from autosnn_hw.network import ChipNetwork
from hw_profiles.schema import Profile

PAGE = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text()


@pytest.mark.parametrize("border", [Architecture, FoldedNetwork, ChipNetwork, Activity, Profile, CostReport])
def test_every_field_of_a_border_object_stands_in_its_row(border):
    (row,) = re.findall(rf"^\| `{border.__name__}` \([^|]*\| (.*) \|$", PAGE, re.MULTILINE)
    names = list(border.model_fields) if border is Profile else [field.name for field in fields(border)]
    assert re.findall(r"`(\w+)`", row) == names
