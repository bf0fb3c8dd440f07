"""Networks that lava-dl's own sigma-delta blocks wrote: slayer's forward, Lava and the exact simulator are three programs."""

import h5py
import numpy as np
import pytest
import torch

from autosnn_hw.network.sigma_delta import OUTPUT_SCALE
from autosnn_hw.simulate import exact, lava
from autosnn_hw.simulate.trace import compare
from exporters import netx

pytestmark = pytest.mark.slow  # importing lava-dl takes seconds
UNIT = 64  # weights, thresholds and inputs are multiples of 1/64 in slayer


@pytest.fixture(scope="module")
def slayer():
    return pytest.importorskip("lava.lib.dl.slayer")


def blocks_of(slayer, **neuron):
    torch.manual_seed(0)
    own = {"tau_grad": 0.1, "scale_grad": 1, "activation": torch.nn.functional.relu}
    small, hidden = {**own, "threshold": 1 / UNIT}, {**own, "threshold": 6 / UNIT, **neuron}
    block = slayer.block.sigma_delta
    return [
        block.Input(small),
        block.Conv(hidden, 2, 6, 3, padding=1, stride=2, weight_scale=2),
        block.Conv(hidden, 6, 4, (3, 1), groups=2, weight_scale=2),
        block.Flatten(),
        block.Dense(hidden, 4 * 3 * 5, 7, weight_scale=2, weight_norm=True),
        block.Output(small, 7, 3, weight_scale=2),
    ]


def written(blocks, path):
    """Run, export and run again as what was exported: (network, inputs of ours, what slayer's blocks gave, time last)."""
    x = torch.round(torch.randn(2, 2, 10, 10, 6) * (UNIT // 2)) / (UNIT // 2)  # slayer's input block keeps even steps
    y = x
    for block in blocks:
        y = block.train()(y)
    with h5py.File(path, "w") as file:
        for index, block in enumerate(blocks):
            block.export_hdf5(file.create_group(f"layer/{index}"))
    found = [x]
    with torch.no_grad():
        for block in blocks:
            found.append(block.eval()(found[-1]))
    frames = np.rint(x.numpy() * UNIT).astype(np.int64).transpose(0, 4, 1, 2, 3)
    return netx.read(path), frames, [np.moveaxis(values.numpy(), -1, 1) for values in found[1:]]


def test_without_biases_every_message_is_slayers(slayer, tmp_path):
    network, frames, blocks = written(blocks_of(slayer), tmp_path / "plain.net")
    traced = exact.trace(network, frames)
    messages = [values for index, values in enumerate(blocks) if index != 3]  # but those of the flatten block
    for layer, values in zip(traced.layers, messages):
        scale = OUTPUT_SCALE if layer is traced.layers[-1] else 4096
        assert np.array_equal(layer.spikes / scale, values.reshape(layer.spikes.shape)), layer.name
        assert layer.spikes.any()
    assert np.array_equal(exact.run(network, frames).values / OUTPUT_SCALE, blocks[-1])


def test_with_biases_every_message_is_lavas(slayer, lava_child, tmp_path):
    blocks = blocks_of(slayer, norm=slayer.neuron.norm.MeanOnlyBatchNorm)
    network, frames, _ = written(blocks, tmp_path / "normed.net")
    assert any(layer.bias is not None and layer.bias.any() for layer in network.layers)
    expected = exact.trace(network, frames, states=True)
    measured = lava.trace(tmp_path / "normed.net", frames, states=True, child=lava_child, timeout=120)
    assert compare(expected, measured) is None
    assert all(layer.spikes.any() for layer in expected.layers)
