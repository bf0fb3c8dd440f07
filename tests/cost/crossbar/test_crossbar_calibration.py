"""Calibration of a crossbar target goes through the events of its own mapping, copies and splitters included."""

from __future__ import annotations

import csv
import math

import pytest

from autosnn_hw.cost import price
from autosnn_hw.cost.calibration.overlay import calibrate_file
from autosnn_hw.cost.calibration.rows import COLUMNS, counts_row, read_equations
from hw_profiles import load

MIX = ("SRB_k3", "SCB_k3", "skip", "SRB_k3", "SCB_k3")


def test_a_synapse_of_a_fifth_more_energy_is_found(tmp_path, snn1, make_activity, truenorth):
    said = truenorth.energy.synop.interval.value
    silicon = 1.2 * said
    network = snn1(MIX, 8, 8, (1,))
    file = tmp_path / "measured.csv"
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, COLUMNS)
        writer.writeheader()
        for index, rate in enumerate((0.1, 0.2, 0.4)):
            activity = make_activity(network, rate)
            report = price(network, activity, truenorth)
            row = counts_row(f"run {index}", network, activity, truenorth)
            assert row["cores"] == report.cores_used
            assert row["synops"] == sum(layer.synops for layer in report.layers) > 0
            energy = report.energy_dynamic.value + row["synops"] * (silicon - said)
            writer.writerow({**row, "dynamic_energy": energy, "relative_error": 0.001})
    values = {name: constant.interval.value for name, constant in truenorth.constants.items()}
    for equation in read_equations(file, truenorth):
        assert math.isclose(equation.predict(values | {"energy.synop": silicon}), equation.measured, rel_tol=1e-9)
    calibrate_file(file, "truenorth", tmp_path / "mine.toml")
    assert load(tmp_path / "mine.toml").energy.synop.interval.value == pytest.approx(silicon, rel=0.02)
