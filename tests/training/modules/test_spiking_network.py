import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.peers.published_counts import neuron_layers, spiking_units

from autosnn_hw.architecture import ABLATION_BLOCKS, SEARCH_BLOCKS, Architecture, layout
from autosnn_hw.errors import InputError
from autosnn_hw.training.compute.matrix_convolution import dense_convolution
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.modules.spiking_network import SpikeCounter, SpikingNetwork, parameter_count

CIFAR = (3, 32, 32)


def _architecture(text, width=16, timesteps=8, space=None):
    return Architecture.parse(text, width=width, timesteps=timesteps, space=space)


@pytest.mark.parametrize(("width", "millions"), [(16, 0.418), (32, 1.463), (64, 5.437), (128, 20.917)])
def test_parameters_of_the_published_architecture(width, millions):
    network = SpikingNetwork(_architecture("AutoSNN", width), CIFAR, 10)
    assert round(parameter_count(network) / 1e6, 3) == millions


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("AutoSNN_lambda_0", 0.565),
        ("AutoSNN_lambda_0.16", 0.516),
        ("AutoSNN_lambda_0.24", 0.501),
        ("all_SCB_k3", 0.270),
        ("all_SRB_k3", 0.272),
    ],
)
def test_parameters_of_the_other_published_architectures(name, millions):
    assert round(parameter_count(SpikingNetwork(_architecture(name), CIFAR, 10)) / 1e6, 3) == millions


@pytest.mark.parametrize(("name", "neurons"), [("AutoSNN", 81920), ("all_SCB_k3", 98304), ("all_SRB_k3", 98304)])
def test_spiking_neurons_at_width_16(name, neurons):
    assert spiking_units(layout(_architecture(name), CIFAR, 10))["neurons"] == neurons


@pytest.mark.parametrize(
    ("block", "spikes", "rate", "published"),
    [
        ("SCB_k3", 154e3, 0.182, "0.18"),
        ("SRB_k3", 146e3, 0.173, "0.17"),
        ("SIB_k3_e1", 243e3, 0.226, "0.23"),
        ("SIB_k3_e3", 374e3, 0.171, "0.17"),
    ],
)
def test_firing_rate_identity_of_the_published_table(block, spikes, rate, published):
    """AutoSNN: spikes / (T x (neurons + max-pool outputs + readout)) gives the published rates at T = 8."""
    units = spiking_units(layout(_architecture(",".join([block] * 5)), CIFAR, 10))
    assert round(spikes / (8 * sum(units.values())), 3) == rate
    assert f"{rate:.2f}" == published


@pytest.mark.parametrize(
    ("name", "width", "image", "expected"),
    [
        # convolutions without bias, two numbers a channel of batch norm, one constant a neuron layer
        ("Fang2021_CIFAR", 256, CIFAR, 9 * 256 * (3 + 5 * 256) + 12 * 256 + 16384 * 2048 + 2048 * 100 + 8),
        ("Fang2021_DVSGesture", 128, (2, 128, 128), 9 * 128 * (2 + 4 * 128) + 10 * 128 + 2048 * 512 + 512 * 100 + 7),
        ("Wu2019b_CIFARNet", 8, CIFAR, 9 * (24 + 128 + 512 + 2048 + 2048) + 2 * 152 + 32 * 64 * 64 + 64 * 32 + 3200 + 10),
    ],
)  # fmt: skip
def test_parameters_of_the_networks_it_is_compared_with(name, width, image, expected):
    with torch.device("meta"):
        network = SpikingNetwork(_architecture(name, width), image, 10)
    assert parameter_count(network) == expected


def test_the_branches_of_a_residual_sum_share_its_variance_in_tdbn():
    network = SpikingNetwork(_architecture("Zheng2021_ResNet19", 4, 2), CIFAR, 10)
    blocks = [layer for layer in network.layers if getattr(layer, "residual", False)]
    assert len(blocks) == 8 and sum(block.shortcut is not None for block in blocks) == 2
    for block in blocks:
        gains = [conv.norm.weight[0].item() for conv in (*block.convs, *filter(None, [block.shortcut]))]
        assert gains == [1.0] + [pytest.approx(0.5**0.5)] * (len(gains) - 1)


def test_a_fully_connected_layer_in_the_middle_is_refused_for_a_crossbar():
    with pytest.raises(InputError, match="loihi2"):
        SpikingNetwork(_architecture("Fang2021_CIFAR", 4, 2), CIFAR, 10, fabric=Fabric("memoryless", True, 128))


def test_the_counter_counts_what_the_published_firing_rate_divides_by():
    """At the paper's shapes, where every unit fires in every step, the counter says T x units: and so the published spikes over what
    it counts are the published rates."""
    for block, spikes, published in (("SCB_k3", 154e3, "0.18"), ("SIB_k3_e1", 243e3, "0.23")):
        network = SpikingNetwork(_architecture(f"all_{block}"), CIFAR, 10)
        for name, parameter in network.named_parameters():
            if "norm" in name:
                torch.nn.init.constant_(parameter, 9.0 if name.endswith("bias") else 0.0)
            if "linear" in name:
                torch.nn.init.constant_(parameter, 9.0)
        counter = SpikeCounter()
        with torch.no_grad():
            network.eval()(torch.randn(1, *CIFAR), counter)
        assert counter.total == 8 * sum(spiking_units(network.stages).values()) == counter.possible
        assert f"{spikes / counter.possible:.2f}" == published


@pytest.mark.parametrize("slot", range(5))
def test_a_skip_is_free_exactly_where_the_width_stays(slot):
    blocks = ["SCB_k3"] * 5
    blocks[slot] = "skip"
    stage = {s.name: s for s in layout(_architecture(",".join(blocks)), CIFAR, 10)}[f"TBD{slot + 1}"]
    expected = () if slot in (0, 2, 4) else (math.prod(stage.out_shape),)
    assert neuron_layers(stage) == expected


@pytest.mark.parametrize("space", ["SNN_1", "SNN_2", "SNN_3", "SNN_4"])
@pytest.mark.parametrize("block", SEARCH_BLOCKS + ABLATION_BLOCKS)
def test_every_block_has_the_neurons_that_its_layout_says(space, block):
    """What is counted in a run is what `spiking_units` promises: every unit fires when every membrane input is high."""
    slots = 8 if space == "SNN_3" else 5
    network = SpikingNetwork(_architecture(",".join([block] * slots), 4, 2, space), (1, 16, 16), 3)
    for name, parameter in network.named_parameters():
        if name.endswith("norm.weight"):
            torch.nn.init.zeros_(parameter)
        if name.endswith("norm.bias"):
            torch.nn.init.constant_(parameter, 9.0)
        if "linear" in name:
            torch.nn.init.constant_(parameter, 9.0)
    network.eval()
    counter = SpikeCounter()
    with torch.no_grad():
        # Average pools of all-ones reach 0.5 in the first step and 0.75 in the second: they never fire in two steps.
        votes = network(torch.randn(3, 1, 16, 16), counter)
    units = {stage.name: stage for stage in network.stages}
    for name, spikes in counter.by_stage.items():
        stage = units[name]
        silent = stage.kind in ("avg_pool", "gap")
        size = math.prod(stage.out_shape) if stage.kind == "max_pool" else sum(neuron_layers(stage))
        if not silent and space in ("SNN_1", "SNN_3"):
            assert spikes == 3 * 2 * size
        assert spikes <= 3 * 2 * size
    assert votes.shape == (3, 3)


def test_the_stem_is_computed_once_and_equals_a_stem_of_every_step(images):
    network = SpikingNetwork(_architecture("all_SRB_k3", 4, 4), (1, 8, 8), 10).train()
    once = network(images)
    every = network(images[:, None].expand(-1, 4, -1, -1, -1))
    assert torch.equal(once, every)


def test_event_frames_are_taken_frame_by_frame():
    network = SpikingNetwork(_architecture("all_SCB_k3", 4, 3), (2, 8, 8), 5).eval()
    for name, parameter in network.named_parameters():
        if name.endswith("weight"):
            parameter.data *= 4  # lively enough to reach the readout
    frames = torch.randint(0, 3, (6, 3, 2, 8, 8)).float()
    with torch.no_grad():
        together = network(frames)
        alone = torch.cat([network(frame[None]) for frame in frames])
        reversed_time = network(frames.flip(1))
    assert torch.equal(together, alone)
    assert not torch.equal(together, reversed_time)
    with pytest.raises(ValueError, match="neither"):
        network(frames[:, :2])


def _plain_forward(folded, x):
    """The network out of its folded form, written a second time with loops over t and batch norm folded."""
    blocks = [
        (block, [conv.fold() for conv in block.convs], block.shortcut and block.shortcut.fold())
        for block in folded.blocks
    ]
    state: dict[tuple[int, int], torch.Tensor] = {}

    def fire(block_index, layer, current, k):
        v = state.get((block_index, layer), torch.zeros_like(current))
        v = v + (current - v) * k
        spikes = (v >= 1).double()
        state[block_index, layer] = v * (1 - spikes)
        return spikes

    def convolve(conv, x):
        weight, bias = torch.from_numpy(conv.weight), torch.from_numpy(conv.bias)
        if weight.ndim == 2:
            return F.linear(x.flatten(1), weight, bias)
        return F.conv2d(x, weight, bias, conv.stride, conv.padding, groups=conv.groups)

    votes = 0.0
    for _ in range(folded.timesteps):
        s = x
        for index, (block, convs, shortcut) in enumerate(blocks):
            entry = s
            if block.stage.kind == "max_pool":
                s = F.max_pool2d(s, 2)
            elif block.stage.kind == "avg_pool":
                s = fire(index, 0, F.avg_pool2d(s, 2), block.k[0])
            elif block.stage.kind == "gap":
                s = fire(index, 0, F.adaptive_avg_pool2d(s, 1), block.k[0])
            for layer, conv in enumerate(convs):
                current = convolve(conv, s)
                if block.stage.kind[:3] in ("SRB", "SIB") and layer == len(convs) - 1:
                    current = current + (entry if shortcut is None else convolve(shortcut, entry))
                s = fire(index, layer, current, block.k[layer])
        votes = votes + s.view(len(s), folded.classes, folded.voters).mean(-1)
    return votes


@pytest.mark.parametrize(
    ("space", "blocks"),
    [
        ("SNN_1", "SRB_k5,SRB_k3,skip,SCB_k5,SRB_k3"),
        ("SNN_1", "SIB_k3_e1,skip,SIB_k3_e3,SIB_k3_e1,SCB_k3"),
        ("SNN_2", "SCB_k3,SRB_k3,SRB_k5,skip,skip"),
        ("SNN_3", "SCB_k3,skip,SRB_k5,skip,SRB_k3,skip,SCB_k5,skip"),
        ("SNN_4", "SRB_k3,SRB_k3,skip,SCB_k3,SRB_k3"),
        ("SNN_1", "SRB_k5/2,SRB_k3/4,skip/1,SCB_k5/4,SRB_k3/2"),
        (None, "Fang2021_CIFAR"),
        (None, "Zheng2021_ResNet19"),
    ],
)
def test_folded_network_is_the_network(digits, space, blocks):
    """Equality in float64 of the module and a second implementation that reads only the `FoldedNetwork`."""
    image = (1, 17, 17) if space == "SNN_3" else (1, 16, 16)
    network = SpikingNetwork(_architecture(blocks, 4, 3, space), image, 10).double()
    x = torch.randn(8, *image, dtype=torch.float64)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("weight"):
                parameter *= 2  # lively enough to reach the readout
        for _ in range(20):  # running statistics that are not the initial ones
            network.train()(x)
        counter = SpikeCounter()
        votes = network.eval()(x, counter)
        folded = network.to_folded(digits)
        expected = _plain_forward(folded, x)
    # An average of spikes is at most 1, and PLIF with k < 1 then stays below its threshold: SNN_4 is silent after a pool.
    silent_pools = "avg_pool" in {stage.kind for stage in network.stages}
    assert sum(spikes > 0 for spikes in counter.by_stage.values()) >= (2 if silent_pools else 4)
    torch.testing.assert_close(votes, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("side", [(4, 4), (4, 3), (1, 4)])
def test_small_5x5_convolutions_as_matrix_products_are_convolutions(side):
    x = torch.randn(7, 3, *side, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(5, 3, 5, 5, dtype=torch.float64, requires_grad=True)
    cotangent = torch.randn(7, 5, *side, dtype=torch.float64)
    results = []
    for function in (dense_convolution, lambda x, w: F.conv2d(x, w, padding=2)):
        y = function(x, weight)
        results.append((y, *torch.autograd.grad(y, (x, weight), cotangent)))
    for ours, theirs in zip(*results):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-11)


def test_folded_network_carries_the_pixel_scale(digits):
    folded = SpikingNetwork(_architecture("AutoSNN", 4, 2), digits.image, 10).to_folded(digits)
    assert folded.pixel_max == 16 and not folded.float_images
    assert np.allclose(folded.pixel_mean, digits.x_train.mean() / 16)
    assert [block.stage.name for block in folded.blocks] == [
        s.name for s in layout(_architecture("AutoSNN"), (1, 8, 8), 10)
    ]
    assert folded.blocks[3].convs[0].norm is not None and folded.blocks[0].k == (0.5,)


def test_memoryless_network_keeps_a_plif_stem(digits, images):
    network = SpikingNetwork(_architecture("all_SRB_k3", 4, 3), digits.image, 10, fabric=Fabric("memoryless"))
    network(images).sum().backward()
    folded = network.to_folded(digits)
    assert folded.blocks[0].k == (0.5,)
    assert {k for block in folded.blocks[1:] for k in block.k} == {1.0}
    assert network.layers[0].neurons[0].w.grad is not None
