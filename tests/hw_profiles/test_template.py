"""A profile begun from another one loads, holds together, and says of nothing that it was seen on the new chip."""

from __future__ import annotations

from pathlib import Path

import pytest

import autosnn_hw.cost
from hw_profiles import load, names
from hw_profiles.conformance import problems
from hw_profiles.schema import Profile
from hw_profiles.template import template


@pytest.fixture(params=names())
def begun(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Profile, Path]:
    path = tmp_path / "mychip.toml"
    path.write_text(template(load(request.param), "mychip", str(path)), encoding="utf-8")
    return load(request.param), path


def test_it_loads_under_its_own_name_with_every_number(begun: tuple[Profile, Path]) -> None:
    start, path = begun
    mine = load(path)
    assert (mine.name, mine.title, mine.family) == ("mychip",) * 3
    assert {key: c.interval for key, c in mine.constants.items()} == {
        key: c.interval for key, c in start.constants.items()
    }
    for key, limit in start.limits:
        assert getattr(mine.limits, key) == limit or getattr(mine.limits, key).value == limit.value
    assert mine.mesh.columns == start.mesh.columns and mine.placement.kind == start.placement.kind
    assert [(d.name, d.chips) for d in mine.devices] == [(d.name, d.chips) for d in start.devices]
    assert problems(str(path), autosnn_hw.cost) == []


def test_nothing_that_was_copied_is_called_seen(begun: tuple[Profile, Path]) -> None:
    start, path = begun
    mine = load(path)
    assert {constant.kind for constant in mine.constants.values() if constant.low < constant.high} == {"estimated"}
    assert all(constant.source.startswith(f"copied from {start.name}: ") for constant in mine.constants.values())
    assert not any(limit.verified for _, limit in mine.limits if limit is not None) and not mine.weights.verified


def test_every_key_of_the_schema_stands_there_used_or_behind_a_hash(begun: tuple[Profile, Path]) -> None:
    _, path = begun
    text = path.read_text(encoding="utf-8")
    for section in ("limits", "energy", "time", "power"):
        table = text[text.index(f"\n[{section}]") :]
        for key in Profile.model_fields[section].annotation.model_fields:  # type: ignore[union-attr]
            assert f"\n{key} = " in table or f"\n# {key} = {{ value" in table, (section, key)


def test_a_name_of_any_letters_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "strange.toml"
    path.write_text(template(load("loihi2"), 'my "chip" \\ µ', "x\\y.toml"), encoding="utf-8")
    assert load(path).name == 'my "chip" \\ µ'
