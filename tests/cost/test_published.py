"""The model against a board's counters and published figures, without a fit."""

from __future__ import annotations

import numpy as np
import pytest

from autosnn_hw.cost import price
from autosnn_hw.simulate import exact
from hw_profiles import load


@pytest.fixture(scope="module")
def pilotnet_report():
    from importlib import metadata

    from exporters import netx

    try:
        files = metadata.files("lava-dl") or []
    except metadata.PackageNotFoundError:
        pytest.skip("lava-dl, whose wheel carries PilotNet, is not installed")
    path = next(f.locate() for f in files if str(f).endswith("pilotnet_lif/network.net"))
    network = netx.read(path)
    activity = exact.run(network, np.zeros((1, *network.layers[0].shape), np.int64), timesteps=16)
    return price(network, activity, load("loihi2"))


def test_pilotnet_computes_what_the_boards_counters_say(pilotnet_report):
    """Figures derived from the stored plots of Oheo Gulch (lava-dl d825ac5), operations per core and step, zero input."""
    cores = pilotnet_report.cores

    def of(layer: str) -> list[int]:
        return sorted({round(core.synops) for core in cores if core.layer == layer}, reverse=True)

    assert of("2:conv")[0] == 131010
    assert of("3:conv") == [150710]
    assert of("4:conv") == [52582, 46002]
    assert of("5:conv") == [51112, 15984]


def test_pilotnet_energy_is_predicted_without_a_fit(pilotnet_report):
    """68.3 uJ a step, dynamic, were measured; within 15 %, and inside the interval."""
    dynamic = pilotnet_report.energy_dynamic * (1 / 16)
    assert abs(dynamic.value / 68.3e-6 - 1) < 0.15
    assert dynamic.low < 68.3e-6 < dynamic.high
    assert pilotnet_report.time_per_step.low < 152.8e-6 < pilotnet_report.time_per_step.high


def test_truenorth_power_at_three_published_rates():
    """Akopyan 2015, figure 17: a million neurons, 128 synapses each, 0.8 V, 1 ms tick. Within 5 %."""
    profile = load("truenorth")
    for rate, power in ((11.58, 68e-3), (20.07, 71e-3), (95.93, 94e-3)):
        events = 4096 * 256 * 128 * rate
        modelled = profile.power.static_chip.interval.value + events * profile.energy.synop.interval.value
        assert abs(modelled / power - 1) < 0.05
