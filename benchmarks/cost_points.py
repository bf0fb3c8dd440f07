"""Published measurements against the cost model. Every point says its boundary and whether a profile was fitted to it.

Sources of the measured figures: biphasic/Quartz-on-Loihi a56d551 (Quartz, Braille, N-TIDIGITS, NCL MNIST), Frady et al. 2020
second hand (k-NN), lava-dl d825ac5 (PilotNet), NECOTIS/TemporalLearningInRSNNs 3e64b51 (two neurons), Akopyan et al. 2015
figure 17 second hand (TrueNorth).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.cost import price
from autosnn_hw.cost_report import CostReport, Interval
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer
from hw_profiles import Profile, load

NEURON = CubaNeuron(60, 0)
SAMPLES = 1000  # so that mean spike counts need not be whole numbers
QUIET, BUSY = 0.05, 0.30  # where spikes are not published, what the model says of this range is compared


@dataclass(frozen=True)
class Point:
    """A measured figure and the model's.

    Args:
        fitted: the profile's constant comes from this very point; `left_out` is then the prediction without it.
        activity: what is known of the spikes.
    """

    name: str
    quantity: str
    unit: str
    boundary: str
    measured: float
    predicted: Interval
    fitted: bool
    activity: str
    left_out: float | None = None

    def to_json(self) -> dict[str, Any]:
        p = self.predicted
        return {
            **asdict(self),
            "inside": p.low <= self.measured <= p.high,
            "relative_error": p.value / self.measured - 1,
            "left_out_error": None if self.left_out is None else self.left_out / self.measured - 1,
            "width": p.high / p.low if p.low else None,
        }


def conv(name: str, source: tuple[int, int, int], out: int, k: int, stride: int = 1) -> ConvLayer:
    size = tuple((n - k) // stride + 1 for n in source[1:])
    return ConvLayer(name, (out, *size), np.ones((out, source[0], k, k), int), NEURON, stride=(stride, stride))


def pool(name: str, source: tuple[int, int, int]) -> ConvLayer:
    c, h, w = source
    return ConvLayer(name, (c, h // 2, w // 2), np.ones((c, 1, 2, 2), int), NEURON, stride=(2, 2), groups=c)


def dense(name: str, inputs: int, out: int) -> DenseLayer:
    return DenseLayer(name, (out,), np.ones((out, inputs), int), NEURON)


def activity(network: ChipNetwork, spikes: float, steps: int) -> Activity:
    """Every neuron with `spikes` spikes per sample."""
    layers = []
    for layer in network.neuron_layers:
        each = np.full(layer.shape, round(spikes * SAMPLES), np.int64)
        table = np.zeros((3, SAMPLES, 1), np.int64)
        table[0, 0, 0] = each.sum()
        layers.append(LayerActivity(layer.name, table, neuron_spikes=each))
    frames = None if network.layers[0].neuron is not None else np.full(network.layers[0].shape, round(spikes * SAMPLES))
    return Activity(tuple(layers), SAMPLES, steps, np.zeros((1, 1)), input_spikes=frames)


def priced(network: ChipNetwork, spikes: float, steps: int, profile: Profile) -> CostReport:
    return price(network, activity(network, spikes, steps), profile, estimates=False)


def spread(low: Interval, high: Interval) -> Interval:
    """Of the quiet and the busy run: low of one, high of the other, geometric mean as the value."""
    return Interval(math.sqrt(low.value * high.value), low.low, high.high)


def loihi2_points(pilotnet: CostReport) -> list[Point]:
    """`pilotnet`: price of PilotNet LIF with zero input, 16 steps (the board's run)."""
    profile = load("loihi2")
    chip, floor = profile.power.static_chip.interval, profile.time.barrier[0].interval
    zero = "zero input, computed"
    energy = pilotnet.energy_dynamic * (1 / pilotnet.timesteps)
    busiest = max(core.synops for core in pilotnet.cores)
    without = floor.value + busiest * 0.66e-9
    rails = "chip rails"
    return [
        Point("PilotNet LIF", "dynamic energy a step", "J", rails, 68.3e-6, energy, False, zero),
        Point("PilotNet LIF", "time per step", "s", rails, 152.8e-6, pilotnet.time_per_step, True, zero, without),
        Point("PilotNet LIF", "static power", "W", rails, 0.232, chip, True, "-", math.sqrt(0.282 * 0.2146)),
        Point("PilotNet SDNN", "static power", "W", rails, 0.282, chip, True, "-", math.sqrt(0.232 * 0.2146)),
        Point("two neurons", "static power", "W", rails, 0.2146, chip, True, "-", math.sqrt(0.232 * 0.282)),
        Point("two neurons", "time per step", "s", rails, 1.164e-6, floor, True, "-"),
    ]


def truenorth_points() -> list[Point]:
    """A million neurons of 128 synapses: power is static plus events; left out: a line through the other two."""
    profile = load("truenorth")
    rates = [(11.58, 68e-3), (20.07, 71e-3), (95.93, 94e-3)]
    events = [4096 * 256 * 128 * rate for rate, _ in rates]
    points = []
    for index, (rate, power) in enumerate(rates):
        modelled = profile.power.static_chip.interval + profile.energy.synop.interval * events[index]
        (x0, y0), (x1, y1) = [(events[i], rates[i][1]) for i in range(3) if i != index]
        left_out = y0 + (y1 - y0) / (x1 - x0) * (events[index] - x0)
        name = f"rate sweep, {rate} Hz"
        points.append(Point(name, "power", "W", "chip, 0.8 V", power, modelled, True, "published", left_out))
    return points


def summary(points: list[dict[str, Any]]) -> dict[str, Any]:
    """The goals: time within 25 %, static power within 20 %, dynamic energy inside its interval, TrueNorth within 5 %."""

    def chosen(*quantities: str) -> list[dict[str, Any]]:
        return [point for point in points if point["quantity"].startswith(quantities)]

    def within(found: list[dict[str, Any]], part: float) -> str:
        return f"{sum(abs(point['relative_error']) <= part for point in found)} of {len(found)}"

    energy, times = chosen("dynamic energy"), chosen("time")
    known, unknown = ([p for p in times if p["activity"].startswith("unknown") == is_so] for is_so in (False, True))
    return {
        "dynamic energy inside its interval": f"{sum(p['inside'] for p in energy)} of {len(energy)}",
        "widest interval of a dynamic energy whose spikes are known": max(
            p["width"] for p in energy if not p["activity"].startswith("unknown")
        ),
        "time per step within 25 %, spikes known": within(known, 0.25),
        "of these not fitted": within([p for p in known if not p["fitted"]], 0.25),
        "time per step inside the range of 5 to 30 % activity, spikes unknown": f"{sum(p['inside'] for p in unknown)} of {len(unknown)}",
        "static power within 20 %": within(chosen("static"), 0.20),
        "TrueNorth power within 5 %": within(chosen("power"), 0.05),
    }
