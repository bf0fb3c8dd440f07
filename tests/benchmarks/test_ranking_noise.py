"""What ranking_noise.py says of networks whose true order is known."""

import numpy as np
import pytest
import ranking_noise
from support.networks.untrained import untrained_run

from autosnn_hw.simulate import exact
from exporters import netx


def right(accuracies, images, seed):
    """Images that networks of these accuracies classify correctly."""
    return np.random.default_rng(seed).random((len(accuracies), images)) < np.array(accuracies)[:, None]


def test_more_images_bring_the_order_nearer_to_the_true_one():
    true = np.linspace(0.45, 0.55, 24)
    searched, final = right(true, 100_000, 0), right(true, 100_000, 1)
    few, many = (ranking_noise.order(searched, final, count, count, 0) for count in (200, 100_000))
    assert few["tau"] < many["tau"] and many["tau"] > 0.9
    assert few["low"] <= few["tau"] <= few["high"] and (few["validation"], few["test"]) == (200, 200)


def test_networks_that_do_not_differ_spread_as_their_images_make_them():
    spread = ranking_noise.spread(right([0.5] * 200, 2_500, 2))
    assert spread["images_alone"] == pytest.approx(0.01, rel=0.01)
    assert spread["networks"] == pytest.approx(spread["images_alone"], rel=0.15)


def test_networks_are_read_from_their_files(tmp_path):
    space, judge = untrained_run(tmp_path, "loihi2")
    networks = [judge.deploy(space.at(number)) for number in (0, 7)]
    files = [tmp_path / f"{number}.net" for number in range(2)]
    for network, file in zip(networks, files):
        netx.write(network, file)
    x, y = judge.inputs(20)
    found = ranking_noise.final_right(files, x, y)
    expected = [exact.run(network, x).predictions(network.readout) == y for network in networks]
    assert np.array_equal(found, expected)
