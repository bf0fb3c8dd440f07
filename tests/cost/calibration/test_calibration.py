"""Calibration finds the constants that made the data, leaves alone what the data do not say, and refuses bad tables by line."""

from __future__ import annotations

import csv
import math
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.cost.calibration.least_squares import Equation, fit
from autosnn_hw.cost.calibration.overlay import calibrate, calibrate_file
from autosnn_hw.cost.calibration.rows import COLUMNS, COUNTS, counts_row, read_equations
from autosnn_hw.cost.price import price
from autosnn_hw.errors import InputError, RunError
from hw_profiles import load, loader

RUNS = [("all_SRB_k3", 8, 0.1), ("AutoSNN", 8, 0.3), ("all_SCB_k3", 12, 0.02), ("skip,skip,SCB_k5,skip,skip", 4, 0.3)]


@pytest.fixture(scope="module")
def rows(make_network, make_activity, loihi1):
    """Runs on a chip whose synapses cost 30 pJ (Loihi 1's interval: 18 to 35.5), static 0.15 W a chip, all else as said."""
    table = loader.read_table("loihi1")
    silicon = loader.from_table(
        loader.overlay(
            table, {"energy": {"synop": {"value": 30.0}}, "power": {"static_chip": {"value": 0.15}}, "name": "silicon"}
        ),
        "silicon",
    )
    found = []
    for index, (architecture, width, rate) in enumerate(RUNS):
        network = make_network(architecture, width, (3, 16, 16))
        activity = make_activity(network, rate)
        report = price(network, activity, silicon)
        row = counts_row(f"run {index}", network, activity, loihi1)
        measured = {
            "dynamic_energy": report.energy_dynamic.value,
            "static_power": 0.15 * report.chips,
            "time_per_step": report.time_per_step.value,
            "relative_error": 0.01,
        }
        found.append({**row, **measured})
    return found


def written(path, rows, columns=COLUMNS):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_the_profiles_own_prices_are_reproduced_by_its_equations(tmp_path, rows, loihi1):
    """Every constant and count has its place: with the silicon's constants the equations give what was measured."""
    values = {name: constant.interval.value for name, constant in loihi1.constants.items()}
    values |= {"energy.synop": 30e-12, "power.static_chip": 0.15}
    for equation in read_equations(written(tmp_path / "m.csv", rows), loihi1):
        assert math.isclose(equation.predict(values), equation.measured, rel_tol=1e-9)


def test_constants_that_the_data_determine_are_found_and_the_others_left_alone(tmp_path, rows, loihi1):
    output = tmp_path / "mine.toml"
    document = calibrate_file(written(tmp_path / "m.csv", rows), "loihi1", output)
    mine = load(output)
    assert abs(mine.energy.synop.value / 30 - 1) < 0.05 and abs(mine.power.static_chip.value / 0.15 - 1) < 0.02
    assert mine.energy.synop.kind == "measured" and "m.csv" in mine.energy.synop.source
    prior = loihi1.energy.synop
    assert prior.low <= mine.energy.synop.low <= mine.energy.synop.value <= mine.energy.synop.high <= prior.high
    assert "energy.hop_x" in document["undetermined"] and mine.energy.hop_x == loihi1.energy.hop_x
    assert mine.limits == loihi1.limits
    errors = document["mean_error"]
    assert errors["after"] < 0.02 and errors["leave_one_out"] < 0.03 and errors["before"] > 0.04
    assert mine.provenance["base_sha256"] == loihi1.sha256 and mine.provenance["rows"] == len(RUNS)
    assert len(mine.provenance["leave_one_out"]) == 3 * len(RUNS)


def test_only_the_chosen_constants_move(tmp_path, rows, loihi1):
    output = tmp_path / "mine.toml"
    calibrate_file(written(tmp_path / "m.csv", rows), "loihi1", output, constants=["power.static_chip"])
    assert load(output).energy == loihi1.energy and load(output).power != loihi1.power
    with pytest.raises(InputError, match=r"no constant 'energy.foo'; it has energy.synop"):
        calibrate_file(written(tmp_path / "m.csv", rows), "loihi1", output, constants=["energy.foo"])


def test_data_beyond_the_interval_stop_at_its_bound_and_that_is_said(loihi1):
    equations = [
        Equation(str(i), "dynamic_energy", n * 90e-12, n * 1e-12, {"energy.synop": n}) for i, n in enumerate((1e6, 2e6))
    ]
    document = calibrate(equations, loihi1)
    (entry,) = document["constants"]
    assert entry["at_bound"] and math.isclose(entry["after"]["value"], 35.5e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 6))
def test_fitted_values_stay_in_their_intervals(seed, count):
    profile = load("loihi1")
    rng = np.random.default_rng(seed)
    names = [name for name in profile.constants if name.startswith("energy.")]
    equations = []
    for i in range(count):
        counts = {name: float(rng.integers(0, 10**6)) for name in names}
        measured = float(rng.uniform(1e-7, 1e-3))
        equations.append(Equation(str(i), "dynamic_energy", measured, 0.05 * measured, counts))
    found = fit(equations, {name: c.interval for name, c in profile.constants.items()}, names)
    for name, value in found.values.items():
        prior = profile.constants[name].interval
        assert prior.low * (1 - 1e-9) <= value <= prior.high * (1 + 1e-9)
        assert found.informed[name] <= 0.7


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: [{**rows[0], "synops": "many"}, *rows[1:]], "line 2: synops is 'many'; a number is needed"),
        (lambda rows: [rows[0], {**rows[1], "messages": ""}, *rows[2:]], "line 3: messages is ''; a number"),
        (lambda rows: [{**rows[0], "spikes": -1}, *rows[1:]], "line 2: spikes is -1"),
        (lambda rows: [{**rows[0], "time_per_step": "nan"}, *rows[1:]], "line 2: time_per_step is nan"),
        (lambda rows: [{**rows[0], "time_per_step": 0}, *rows[1:]], "must be above 0"),
        (lambda rows: rows[:1], "has 1 row.s. with a measurement; at least 2 are needed"),
        (lambda rows: [], "has 0 row"),
    ],
)
def test_bad_rows_are_refused_with_their_line(tmp_path, rows, loihi1, change, said):
    with pytest.raises(InputError, match=said):
        read_equations(written(tmp_path / "m.csv", change(rows)), loihi1)


def test_missing_and_unknown_columns_are_named(tmp_path, rows, loihi1):
    with pytest.raises(InputError, match="line 1: columns missing: steps"):
        read_equations(written(tmp_path / "a.csv", rows, [c for c in COLUMNS if c != "steps"]), loihi1)
    with pytest.raises(InputError, match="column messages is missing; dynamic_energy in line 2 needs it"):
        read_equations(written(tmp_path / "b.csv", rows, [c for c in COLUMNS if c != "messages"]), loihi1)
    with pytest.raises(InputError, match="one of dynamic_energy, static_power, time_per_step"):
        read_equations(written(tmp_path / "c.csv", rows, ["name", "steps", "chips", "cores", *COUNTS]), loihi1)
    with pytest.raises(InputError, match="unknown columns colour; known are name"):
        read_equations(written(tmp_path / "d.csv", [{**r, "colour": 1} for r in rows], [*COLUMNS, "colour"]), loihi1)
    with pytest.raises(InputError, match="cannot be opened"):
        read_equations(tmp_path / "absent.csv", loihi1)


def test_a_static_measurement_needs_only_the_chips(tmp_path, loihi1):
    rows = [{"name": str(i), "steps": 1, "chips": 1, "cores": 1, "static_power": p} for i, p in enumerate((0.15, 0.16))]
    columns = ["name", "steps", "chips", "cores", "static_power"]
    document = calibrate(read_equations(written(tmp_path / "m.csv", rows, columns), loihi1), loihi1)
    assert [entry["name"] for entry in document["constants"]] == ["power.static_chip"]


def test_rows_of_the_wrong_length_are_refused_and_rows_of_one_name_are_two(tmp_path, loihi1):
    head = "name,steps,chips,cores,static_power\n"
    for line, cells in (("a,1,1", 3), ("a,1,1,1,0.15,9", 6)):
        (tmp_path / "m.csv").write_text(f"{head}x,1,1,1,0.15\n{line}\n")
        with pytest.raises(InputError, match=f"line 3: {cells} cells; the header has 5"):
            read_equations(tmp_path / "m.csv", loihi1)
    (tmp_path / "m.csv").write_text(f"{head}x,1,1,1,0.15\nx,1,1,1,0.16\n", encoding="utf-8-sig")  # as Excel writes it
    assert [e.row for e in read_equations(tmp_path / "m.csv", loihi1)] == ["x", "x (line 3)"]


def test_nothing_is_written_where_nothing_is_determined(tmp_path, rows):
    vague = [{**row, "relative_error": 50.0} for row in rows]
    output = tmp_path / "mine.toml"
    with pytest.raises(InputError, match="determines none"):
        calibrate_file(written(tmp_path / "m.csv", vague), "loihi1", output)
    assert not output.exists()
    with pytest.raises(RunError, match="cannot be written"):
        calibrate_file(written(tmp_path / "m.csv", rows), "loihi1", tmp_path / "absent" / "mine.toml")
    assert sorted(os.listdir(tmp_path)) == ["m.csv"]
