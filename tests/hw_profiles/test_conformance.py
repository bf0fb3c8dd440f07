"""The suite for third parties passes on our profiles and finds what is wrong with a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

import autosnn_hw.cost
from hw_profiles import conformance, load


@pytest.mark.parametrize("name", ["loihi2", "loihi1", "truenorth"])
def test_built_in_profiles_conform(name: str) -> None:
    assert conformance.problems(name, autosnn_hw.cost) == []


def found_in(folder: Path, text: str) -> str:
    path = folder / "bad.toml"
    path.write_text(f'extends = "loihi2"\n{text}\n')
    return " ".join(conformance.problems(path, autosnn_hw.cost))


def test_a_profile_that_does_not_load_is_a_problem(tmp_path: Path) -> None:
    assert "colour is unknown" in found_in(tmp_path, "colour = 1")


def test_missing_sources_and_intervals_are_problems(tmp_path: Path) -> None:
    assert "too short" in found_in(tmp_path, "energy.synop.source = 'me'")
    assert "no interval" in found_in(tmp_path, "energy.synop = {value = 20.0, low = 20.0, high = 20.0}")


def test_free_events_and_a_chip_too_small_are_problems(tmp_path: Path) -> None:
    parts = ("synop", "spike", "message", "hop_x", "hop_y", "chip_link")
    free = "\n".join(f"{key} = {{value = 0.0, low = 0.0, high = 0.0}}" for key in parts)
    assert "three times the spikes" in found_in(tmp_path, f"[energy]\n{free}")
    assert "does not fit" in found_in(tmp_path, "memory.dense.words.value = 2")


def test_a_limit_that_nothing_enforces_is_a_problem() -> None:
    class Lenient:
        price = staticmethod(autosnn_hw.cost.price)

        @staticmethod
        def check(network, profile, remedies=True):
            from dataclasses import replace

            return replace(autosnn_hw.cost.check(network, profile, remedies=False), fits=True, violations=())

    assert any("threshold above its limit" in sentence for sentence in conformance.problems(load("loihi2"), Lenient))
