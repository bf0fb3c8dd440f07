"""Cores that talk to each other stand near each other, the same way every time."""

from __future__ import annotations

import numpy as np
import pytest

from autosnn_hw.cost import place
from autosnn_hw.cost.columns import mesh
from hw_profiles import load


@pytest.mark.parametrize("architecture", ["all_SRB_k3", "AutoSNN", "all_SCB_k3"])
@pytest.mark.parametrize(("target", "width", "part"), [("loihi2", 16, 0.5), ("loihi2", 8, 0.8), ("loihi1", 8, 0.5)])
def test_hops_are_far_fewer_than_of_row_major(make_network, architecture, target, width, part):
    network, profile = make_network(architecture, width, (3, 32, 32)), load(target)
    placement = place(network, profile)
    talking = mesh.talk(network, placement.layers)
    cores, per_chip = placement.cores_used, profile.limits.cores_per_chip.value
    chosen = mesh.hops(talking, placement.positions)
    assert chosen < part * mesh.hops(talking, mesh.row_major(cores, profile.mesh, per_chip))
    assert chosen <= mesh.hops(talking, mesh.slots(np.arange(cores), profile.mesh, per_chip))


def test_positions_are_a_function_of_shapes_alone(make_network, loihi2):
    a, b = (place(make_network("AutoSNN", 8, seed=seed), loihi2).positions for seed in (1, 2))
    assert (a.x == b.x).all() and (a.y == b.y).all() and (a.chip == b.chip).all()


def test_talk_counts_every_neuron_once_for_every_core_that_hears_it(make_network, make_activity, loihi1):
    """With dense kernels the traffic assumed is the messages of one spike of every neuron."""
    from autosnn_hw.cost import price

    network = make_network("all_SCB_k3", 6, (3, 16, 16), voters=2)
    placement = place(network, loihi1)
    once = make_activity(network, rate=1.0, samples=1, timesteps=1)
    report = price(network, once, loihi1)
    assert mesh.talk(network, placement.layers).sum() == report.messages


def test_many_cores_stay_on_the_snake(make_network, loihi1):
    placement = place(make_network("all_SRB_k3", 32), loihi1)
    assert placement.cores_used > mesh.MOST_CORES
    where = placement.positions
    steps = np.abs(np.diff(where.x)) + np.abs(np.diff(where.y))
    assert steps[where.chip[1:] == where.chip[:-1]].max() <= 1


def test_borders_between_chips_weigh_what_they_cost(make_network, make_activity):
    """On Loihi 2 a border costs 500 hops: fewer messages cross it than the snake's order would send."""
    from autosnn_hw.cost import price

    profile = load("loihi2")
    network = make_network("all_SRB_k3", 32, classes=4, voters=4)
    placement = place(network, profile)
    talking = mesh.talk(network, placement.layers)
    cores, per_chip = placement.cores_used, profile.limits.cores_per_chip.value

    def crossing(where: mesh.Positions) -> float:
        return float((talking * np.abs(where.chip[:, None] - where.chip)).sum())

    assert placement.chips == 2 and mesh.border_hops(profile) == pytest.approx(500)
    assert crossing(placement.positions) <= crossing(mesh.slots(np.arange(cores), profile.mesh, per_chip))
    report = price(network, make_activity(network), profile)
    assert sum(layer.energy_parts["chip_links"].value for layer in report.layers) > 0
