"""Networks of lava-dl's slayer: the integers of their own export, spike for spike their own forward."""

import numpy as np
import pytest
import torch

from autosnn_hw import from_torch
from autosnn_hw.deploy.from_torch import compare
from autosnn_hw.errors import InputError

pytestmark = pytest.mark.slow  # importing lava-dl takes seconds
LIF = {"threshold": 1.25, "current_decay": 0.25, "voltage_decay": 0.03, "tau_grad": 0.03, "scale_grad": 3}


@pytest.fixture(scope="module")
def block():
    pytest.importorskip("lava.lib.dl.slayer")
    import lava.lib.dl.slayer as slayer

    return slayer.block.cuba


class Chain(torch.nn.Module):
    def __init__(self, *blocks, between=None):
        super().__init__()
        self.blocks, self.between = torch.nn.ModuleList(blocks), between

    def forward(self, x):
        for block in self.blocks:
            x = block(x if self.between is None else self.between(x))
        return x


def frames(*shape):
    return (np.random.default_rng(0).random((3, 14, *shape)) < 0.4).astype(np.uint8)


def assert_equal(module, shape, lava=False):
    network = from_torch(module, shape, timesteps=14)
    done = compare(module, network, frames(*shape), np.zeros(3, np.int64), lava=lava)
    assert done["first_difference"] is None and done["accuracy"]["float"] == done["accuracy"]["integer"]
    assert all(layer["differ"] == 0 and layer["spikes_integer"] > 0 for layer in done["layers"]) and done["layers"]
    assert not done["lava_mismatches"]
    return network


def test_convolution_pool_and_dense_spike_as_slayers_forward_and_as_lava(block):
    torch.manual_seed(0)
    module = Chain(block.Conv(LIF, 2, 4, 3, padding=1, weight_scale=4), block.Pool(LIF, 2, weight_scale=3), block.Flatten(), block.Dense(LIF, 64, 10, weight_scale=4))  # fmt: skip
    network = assert_equal(module, (2, 8, 8), lava=True)
    assert [layer.shape for layer in network.layers] == [(2, 8, 8), (4, 8, 8), (4, 4, 4), (10,)]
    assert network.layers[2].groups == 4 and all(
        part.delay_shift for part in module.blocks if hasattr(part, "delay_shift")
    )


def test_flatten_first_and_weight_norm(block):
    torch.manual_seed(1)
    assert_equal(Chain(block.Flatten(), block.Dense(LIF, 32, 12, weight_scale=4, weight_norm=True), block.Dense(LIF, 12, 3, weight_scale=4)), (2, 4, 4))  # fmt: skip


def seen(module, *shape):
    """The module after three batches of training's forward: norms have statistics, parameters their shapes."""
    module.train()
    for _ in range(3):
        module(torch.tensor(np.moveaxis(frames(*shape), 1, -1)).float())
    return module.eval()


def test_delays_and_parameters_of_each_neuron(block):
    torch.manual_seed(0)
    module = seen(
        Chain(block.Dense(LIF, 12, 8, weight_scale=6, delay=True), block.Dense(LIF, 8, 3, weight_scale=6)), 12
    )
    module.blocks[0].delay.delay.data = torch.tensor([0.0, 3, 1, 2, 5, 0, 0, 7]).reshape(module.blocks[0].delay.delay.shape)  # fmt: skip
    assert assert_equal(module, (12,), lava=True).layers[1].delay.max() == 7
    own = {**LIF, "shared_param": False, "requires_grad": True}
    module = seen(Chain(block.Flatten(), block.Dense(own, 128, 9, weight_scale=4), block.Dense(own, 9, 6, weight_scale=4)), 2, 8, 8)  # fmt: skip
    for name, parameter in module.named_parameters():
        if "decay" in name:
            parameter.data.mul_(torch.linspace(0.6, 1.2, parameter.numel()))
    assert len(set(assert_equal(module, (2, 8, 8), lava=True).layers[1].neuron.v_decay.tolist())) > 5


@pytest.mark.parametrize("weight_scale, threshold", [(2, 80), (8, 320)])
def test_a_norm_that_scales_by_a_power_of_two_which_netx_ignores(block, weight_scale, threshold):
    """Variances below and above 1: weights are doubled, or the threshold is."""
    from lava.lib.dl.slayer.neuron.norm import WgtScaleBatchNorm

    torch.manual_seed(0)
    norm = {**LIF, "norm": WgtScaleBatchNorm}
    module = Chain(block.Conv(norm, 2, 4, 3, padding=1, weight_scale=weight_scale), block.Flatten(), block.Dense(norm, 256, 6, weight_scale=weight_scale))  # fmt: skip
    network = assert_equal(seen(module, 2, 8, 8), (2, 8, 8), lava=True)
    assert network.layers[1].neuron.vth_mant == threshold and "notes" not in network.provenance


def test_what_is_no_chain_of_blocks_is_a_sentence(block):
    module = Chain(block.Dense(LIF, 8, 6), block.Dense(LIF, 6, 3), between=lambda x: 2 * x)
    with pytest.raises(InputError, match="between the blocks Dense and Dense the module does something of its own"):
        from_torch(module, (8,))
    with pytest.raises(InputError, match="Chain does not run on frames of .9,."):
        from_torch(Chain(block.Dense(LIF, 8, 6)), (9,))


def test_weights_that_are_not_finite_are_named_by_their_block(block):
    module = Chain(block.Dense(LIF, 6, 3, weight_scale=4))
    with torch.no_grad():
        module.blocks[0].synapse.weight.view(-1)[:2] = float("nan")
    with pytest.raises(InputError, match=r"module 'blocks.0.synapse' \(Dense\): 2 of 18 values of its weight are NaN"):
        from_torch(module, (6,))
