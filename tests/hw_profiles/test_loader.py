"""Profiles are found by name, path or entry point, and a bad one is refused with the key, what was found and what is allowed."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import hw_profiles
from autosnn_hw.errors import InputError
from hw_profiles import load, names
from hw_profiles.schema import Profile

BUILT_IN = ("loihi2", "loihi1", "truenorth")


def written(folder: Path, text: str, name: str = "mychip.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_constant_of_a_built_in_profile_has_unit_source_kind_and_interval(name: str) -> None:
    profile = load(name)
    assert profile.name == name
    assert len(profile.constants) >= 5
    for constant in profile.constants.values():
        assert constant.low <= constant.value <= constant.high
        assert constant.source and constant.unit in constant.units
        assert constant.low > 0 and constant.high / constant.low <= 3
        interval = constant.interval
        assert interval.low <= interval.value <= interval.high < 1e3


def test_values_are_converted_to_si() -> None:
    assert math.isclose(load("loihi2").energy.synop.interval.value, 24e-12)
    assert math.isclose(load("truenorth").power.static_chip.interval.value, 64.43e-3)


def test_loihi_2_energies_are_called_estimated() -> None:
    assert {c.kind for k, c in load("loihi2").constants.items() if k.startswith("energy.")} == {"estimated"}


def test_the_schema_file_for_editors_is_that_of_the_code() -> None:
    stored = json.loads((Path(hw_profiles.__file__).parent / "profile.schema.json").read_text())
    assert stored == hw_profiles.json_schema()


def test_an_overlay_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    path = written(tmp_path, 'extends = "loihi2"\nname = "mine"\nenergy.synop = {value = 20.0}\n')
    mine, loihi2 = load(path), load("loihi2")
    assert mine.energy.synop.value == 20.0 and mine.energy.synop.low == loihi2.energy.synop.low
    assert mine.energy.spike == loihi2.energy.spike and mine.limits == loihi2.limits
    assert mine.sha256 != loihi2.sha256


def test_overlays_may_stand_on_overlays_beside_them(tmp_path: Path) -> None:
    written(tmp_path, 'extends = "loihi1"\nname = "one"\n', "one.toml")
    path = written(tmp_path, 'extends = "one.toml"\ndevice = "Kapoho Bay"\n', "two.toml")
    assert (load(path).name, load(path).chips) == ("one", 2)


def test_overlays_in_a_circle_are_refused(tmp_path: Path) -> None:
    written(tmp_path, 'extends = "two.toml"\n', "one.toml")
    path = written(tmp_path, 'extends = "one.toml"\n', "two.toml")
    with pytest.raises(InputError, match="circle"):
        load(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour = 3", "colour is unknown; allowed are name"),
        ("[energy]\nsynop.joules = 3", "energy.synop.joules is unknown; allowed are value"),
        ("[energy]\nsynop.value = -3", "energy.synop.value is -3; allowed: 0 to 1e-06 J, given in fJ, pJ"),
        ("[energy]\nsynop.high = 1e9", "energy.synop: high is 1e\\+09 pJ; allowed: 0 to 1e\\+06 pJ"),
        ("[energy]\nsynop.unit = 'ns'", "unit is 'ns'; allowed: fJ, pJ, nJ, uJ, J"),
        ("[energy]\nsynop.high = 160", "more than 3 times low 16; say why in `note`"),
        ("[energy]\nsynop.value = 99", "outside its interval"),
        ("[energy]\nsynop.value = nan", "energy.synop.value is nan; allowed: 0 to"),
        (
            "[energy]\nsynop_dense = {value=1.0, low=1.0, high=1.0, source='x', kind='measured'}",
            "unit is missing; allowed: fJ",
        ),
        ("[energy]\nsynop.kind = 'guessed'", "'guessed'; allowed: 'measured', 'published' or 'estimated'"),
        ("[limits]\nneuron_per_core = 3", "neuron_per_core is unknown; did you mean neurons_per_core\\?"),
        ("[limits.bias]\nvalue = 1.5", "limits.bias.value is 1.5; allowed: a whole number"),
        ("[limits.bias]\nverified = 'maybe'", "limits.bias.verified is 'maybe'; allowed: true or false"),
        ("[energy.synop]\nvalue = 'much'", "energy.synop.value is 'much'; allowed: a number"),
        ("name = ''", "name is ''; allowed: text that is not empty"),
        ("not_counted = []", "not_counted is a list; allowed: a list of at least 1"),
        ("energy = 3", "energy is 3; allowed: a table"),
        ("[mesh]\nrows = 5000", "mesh.rows is 5000; allowed: 4096 or less"),
        ("[limits]\nbias = {value=0, unit='x', source='x', verified=true}", "limits.bias.value is 0"),
        ("[mesh]\nrows = 1", "mesh has room for 32 cores; 120 are needed"),
        ("device = 'Nahuku 32'", "device is 'Nahuku 32'; allowed: Oheo Gulch"),
        ("[power]\nfitness = 'used_cores'", "power.static_core is needed"),
        ("[time]\nbarrier = []", "a step has no length"),
        ("[[", "cannot be read"),
    ],
)
def test_bad_profiles_are_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, f'extends = "loihi2"\n{text}\n')
    with pytest.raises(InputError, match=said) as refusal:
        load(path)
    assert str(path) in str(refusal.value) and "\n" not in str(refusal.value).strip()


def test_all_problems_are_named_at_once_a_line_each(tmp_path: Path) -> None:
    path = written(tmp_path, 'extends = "loihi2"\nfoo = 1\nbar = 2\n[energy]\nspike.unit = "kWh"\n')
    with pytest.raises(InputError) as refusal:
        load(path)
    first, *lines = str(refusal.value).splitlines()
    assert first == f"profile {path} has 3 problems:"
    assert [line.split()[1] for line in lines] == ["energy.spike:", "foo", "bar"]


def test_an_unknown_target_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="loihi2, loihi1, truenorth"):
        load("loihi3")
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "absent.toml")


def test_a_package_brings_a_target_by_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "chip-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: chip\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(
        "[autosnn_hw.targets]\nmychip = mychip_package:TARGET\nbroken = absent:X\n"
    )
    (tmp_path / "mychip_package.py").write_text("TARGET = {'extends': 'loihi1', 'name': 'mychip'}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "mychip" in names()
    assert load("mychip").name == "mychip" and load("mychip").limits == load("loihi1").limits
    with pytest.raises(InputError, match="broken.*cannot be loaded"):
        load("broken")


def test_a_loaded_profile_does_not_change() -> None:
    profile = load("loihi2")
    assert load(profile) is profile
    with pytest.raises(ValueError, match="frozen"):
        profile.name = "other"  # type: ignore[misc]
    assert isinstance(profile, Profile)
