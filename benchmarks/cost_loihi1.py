"""Published measurements on Loihi 1 against the cost model, and other ways for the figures that miss their goals.

Sources: biphasic/Quartz-on-Loihi a56d551 (Quartz, 18 and 48 cores: its commits c1a4ad2 and a6c47d4; Braille, N-TIDIGITS, NCL
MNIST), abr/power_benchmarks fce95c8 (keyword spotting), Frady et al. 2020 second hand (k-NN).
"""

from __future__ import annotations

import math
from typing import Any

from cost_points import BUSY, NEURON, QUIET, Point, conv, dense, pool, priced, spread

from autosnn_hw.cost.pricing.step_time import barrier_time
from autosnn_hw.cost_report import CostReport, Interval
from autosnn_hw.network import ChipNetwork, InputLayer
from hw_profiles import Profile, load, loader


def quartz() -> ChipNetwork:
    """Quartz's MNIST network: 5,410 neurons after the input."""
    layers = [InputLayer("in", (1, 28, 28)), conv("c1", (1, 28, 28), 6, 5), pool("p1", (6, 24, 24))]
    layers += [conv("c2", (6, 12, 12), 12, 5), pool("p2", (12, 8, 8)), conv("c3", (12, 4, 4), 120, 4)]
    return ChipNetwork((*layers, dense("out", 120, 10)))


def ncl_mnist() -> ChipNetwork:
    """The rate-coded MNIST network of Intel's tutorial: 6,538 neurons with the input."""
    layers = [InputLayer("in", (1, 28, 28), NEURON), conv("c1", (1, 28, 28), 16, 5, 2), conv("c2", (16, 12, 12), 32, 3)]
    layers += [conv("c3", (32, 10, 10), 64, 3, 2), conv("c4", (64, 4, 4), 10, 4)]
    return ChipNetwork(tuple(layers))


def tidigits() -> ChipNetwork:
    sizes = [64, 256, 256, 242, 11]
    layers = [dense(f"d{i}", a, b) for i, (a, b) in enumerate(zip(sizes, sizes[1:]))]
    return ChipNetwork((InputLayer("in", (64,)), *layers))


def braille() -> ChipNetwork:
    """48 inputs, 450 recurrent neurons, 28 outputs; what comes back to the recurrent layer is 450 inputs more."""
    return ChipNetwork((InputLayer("in", (48 + 450,)), dense("recurrent", 48 + 450, 450), dense("out", 450, 28)))


def branch() -> ChipNetwork:
    """A branch of the keyword-spotting size sweep: ten layers of 256 neurons."""
    return ChipNetwork((InputLayer("in", (256,)), *(dense(f"d{i}", 256, 256) for i in range(10))))


def loihi1_points() -> list[Point]:
    profile = load("loihi1")
    return [*quartz_points(profile), *static_points(profile), *knn_points(profile), *points_of_unknown_spikes(profile)]


def quartz_points(profile: Profile) -> list[Point]:
    """Time-to-first-spike code: about one spike a neuron and sample, whatever the number of steps."""
    network, once = quartz(), "one spike a neuron and sample (time-to-first-spike code)"
    steps = {8: 51, 16: 91, 32: 171, 64: 331, 128: 651}
    measured = {  # uJ a sample, by t_max: mW x us a step x steps
        "": [33.8, 45.6, 85.8, 139.0, 290.0],
        ", 18 cores": [
            mw * us * n * 1e-3
            for mw, us, n in zip((6.3, 8.4, 11.5, 17.0, 27.0), (120.2, 70.2, 40.75, 24.66, 16.29), steps.values())
        ],
    }
    energies = {t_max: priced(network, 1.0, n, profile).energy_dynamic for t_max, n in steps.items()}
    points = [
        Point(
            f"Quartz MNIST{mapping}, t_max {t_max}", "dynamic energy a sample", "J", "cores", uj * 1e-6, energies[t_max],
            False, once,
        )
        for mapping, row in measured.items()
        for t_max, uj in zip(steps, row)
    ]  # fmt: skip
    slope = priced(network, 1.0, 651, profile).time_per_step
    name = "Quartz MNIST, t_max 64 to 128"
    points.append(Point(name, "time per step", "s", "without fixed I/O", 9.0e-6, slope, False, once))
    return points


def static_points(profile: Profile) -> list[Point]:
    assert profile.power.static_core is not None
    core, chip = profile.power.static_core.interval, profile.power.static_chip.interval
    by_core = "attributed to used cores"
    attributed = [  # cores, W, and the constant without this point where it is one of those it comes from
        ("Quartz MNIST", 11, 4.62e-3, 0.77e-3),
        ("Quartz MNIST, 18 cores", 18, 8.55e-3, None),
        ("Quartz MNIST, 48 cores", 48, 26.5e-3, None),
        ("Quartz CIFAR-10", 1753, 1.2718, 0.61e-3),
    ]
    points = [
        Point(
            name, "static power", "W", by_core, watts, core * cores, without is not None, "-",
            None if without is None else without * cores,
        )
        for name, cores, watts, without in attributed
    ]  # fmt: skip
    points.append(Point("k-NN, 32 chips", "static power", "W", "chips", 3.34, chip * 32, True, "-", 0.178 * 32))
    points.append(Point("Braille RSNN, a chip", "static power", "W", "chips", 0.178, chip, True, "-", 0.104))
    return points


def knn_points(profile: Profile) -> list[Point]:
    energy, published = profile.energy, "5.1-5.8e7 operations, published"
    assert energy.neuron_update is not None
    counted = energy.synop.interval * 5.45e7 + energy.neuron_update.interval * 4.6e6
    barrier = barrier_time(4096, profile.time.barrier)
    return [
        Point("k-NN", "dynamic energy a query", "J", "cores", 1.33e-3, counted, False, published),
        Point("k-NN", "time per step", "s", "32 chips", 5.8e-6, barrier, True, "-", 9.69e-6),
    ]


def points_of_unknown_spikes(profile: Profile) -> list[Point]:
    """What the model says of 5 to 30 % activity. N-TIDIGITS and Braille ran on 32 chips: their barrier is that of all."""
    ten = loader.from_table(
        loader.overlay(loader.read_table("loihi1"), {"limits": {"neurons_per_core": {"value": 10}}}), "10 a core"
    )  # the mapping that the Braille run names: 45 cores of 10 recurrent neurons
    slope = "chip rails, what a branch adds (1.88 mW at 875 us a step)"
    cases = [
        ("N-TIDIGITS, a copy", tidigits(), profile, 32, "cores", 0.192e-6, 17.63e-6),
        ("Braille RSNN, a copy", braille(), ten, 32, "cores", 132.4e-6 / 270, 6.641e-6),
        ("keyword spotting, a branch", branch(), profile, 1, slope, 1.88e-3 * 875e-6, None),
        ("NCL MNIST", ncl_mnist(), profile, 1, "cores", None, 57.36e-6),
    ]
    points = []
    for name, network, mapping, chips, boundary, energy, time in cases:
        quiet, busy = (priced(network, rate * 100, 100, mapping) for rate in (QUIET, BUSY))
        unknown = "unknown: 5 to 30 %"
        if energy is not None:
            both = (quiet.energy_dynamic * 0.01, busy.energy_dynamic * 0.01)
            points.append(Point(name, "dynamic energy a step", "J", boundary, energy, spread(*both), False, unknown))
        if time is not None:
            steps = [on_chips(report, chips, mapping) for report in (quiet, busy)]
            points.append(Point(name, "time per step", "s", boundary, time, spread(*steps), False, unknown))
    return points


def on_chips(report: CostReport, chips: int, profile: Profile) -> Interval:
    """Time per step where the run spanned so many whole chips, more than the network itself uses."""
    if chips == 1:
        return report.time_per_step
    own = barrier_time(report.cores_used or 1, profile.time.barrier)
    whole = barrier_time(chips * profile.limits.cores_per_chip.value, profile.time.barrier)
    step = report.time_per_step
    return Interval(
        step.value - own.value + whole.value, step.low - own.low + whole.low, step.high - own.high + whole.high
    )


def second_ways() -> dict[str, Any]:
    """Another way for each figure that misses its goal. Tried and shown; no profile uses them."""
    attributed = [
        ("Quartz MNIST", 11, 4.62),
        ("Quartz MNIST, 18 cores", 18, 8.55),
        ("Quartz MNIST, 48 cores", 48, 26.5),
    ]
    attributed += [("Quartz CIFAR-10", 1753 / 16, 1271.8 / 16), ("k-NN", 128, 104.0)]  # cores and mW a chip
    (_, few, low), (_, all_cores, high) = attributed[0], attributed[-1]
    power = math.log(high / low) / math.log(all_cores / few)
    constant = load("loihi1").power.static_core
    assert constant is not None
    static = {
        name: {
            "cores a chip": cores,
            "constant a core": 1e3 * constant.interval.value * cores / measured - 1,
            "cores to a power": low * (cores / few) ** power / measured - 1,
            "fitted": cores in (few, all_cores),
        }
        for name, cores, measured in attributed
    }
    table = loader.overlay(loader.read_table("loihi1"), {"limits": {"neurons_per_core": {"value": 640}}})
    ways = {
        "our placement": load("loihi1"),
        "14 cores, NxTF's count for such a net": loader.from_table(table, "640 a core"),
    }
    network_time = {}
    for name, profile in ways.items():
        quiet, busy = (priced(ncl_mnist(), rate * 100, 100, profile) for rate in (QUIET, BUSY))
        step = spread(quiet.time_per_step, busy.time_per_step)
        network_time[name] = {"cores": quiet.cores_used, "measured": 57.36e-6, **step.to_json()}
    return {
        "static power attributed to used cores": {"exponent": power, **static},
        "NCL MNIST time per step": network_time,
    }
