from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.architecture import SEARCH_BLOCKS
from autosnn_hw.deploy import statistics
from autosnn_hw.deploy.batch_norm import calibrated, deploy_candidate
from autosnn_hw.deploy.lowering import integers_of, lower
from autosnn_hw.deploy.planned_layers import network_units
from autosnn_hw.deploy.quantise import EVEN, TERNARY, ternarise
from autosnn_hw.deploy.statistics import raised, sampled, skipped, without_statistics
from autosnn_hw.deploy.unit_simulation import unit_spikes
from autosnn_hw.errors import InputError
from autosnn_hw.network import Role
from autosnn_hw.simulate.exact import trace

FORMATS = {"even": EVEN, "ternary": TERNARY}


def images(net, count=6, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, *net.image), np.uint8)


def folded_by(layer, conv):
    """Gain and offset that took a raw convolution into the layer's own weights, per channel, by least squares."""
    own = layer.weight[layer.roles == Role.OWN][:, : conv.weight.shape[1]]
    flat, raw = own.reshape(len(own), -1), conv.weight.reshape(len(own), -1)
    return (flat * raw).sum(axis=1) / (raw**2).sum(axis=1)


def walking_equals_the_exact_simulation(net, weights, count):
    """Every unit's own spikes, walked without relays, against those of the lowered network."""
    network = lower(net, weights)
    found = {layer.name: layer.spikes for layer in trace(network, images(net, count)).layers}
    frames = torch.as_tensor(found["stem"]).transpose(0, 1).flatten(0, 1)
    carried = frames
    for unit, layer in zip(network_units(net), network.layers[1:]):
        carried = frames if unit.name.endswith(".a") else carried
        integers = None
        if unit.kind in ("conv", "dense"):
            integers = integers_of(unit, weights, classes=net.classes, voters=net.voters)
        (frames,) = unit_spikes(unit, integers, [frames], [carried], net.timesteps, weights)
        own = frames.numpy().reshape(net.timesteps, count, *frames.shape[1:]).swapaxes(0, 1)
        np.testing.assert_array_equal(own, found[layer.name][:, :, layer.roles != Role.RELAY], err_msg=unit.name)


@settings(max_examples=10, deadline=None)
@given(st.tuples(*[st.sampled_from(SEARCH_BLOCKS)] * 5), st.integers(0, 10**6), st.sampled_from(["even", "ternary"]))
def test_walking_without_relays_is_the_exact_simulation(folded, names, seed, kind):
    walking_equals_the_exact_simulation(folded(",".join(names), seed=seed, voters=10), FORMATS[kind], 3)


@pytest.mark.parametrize("kind", ["SIB_k3_e1", "SRB_k3"])
@pytest.mark.parametrize("space", ["SNN_2", "SNN_3", "SNN_4"])
def test_walking_strided_and_averaging_networks(folded, kind, space):
    slots = 8 if space == "SNN_3" else 5
    names = [kind, "skip", "SCB_k3", kind, "skip", "SRB_k5", "SCB_k5", "skip"][:slots]
    net = folded(",".join(names), space=space, image=(1, 16, 16), seed=4)
    walking_equals_the_exact_simulation(net, EVEN, 2)


@settings(max_examples=8, deadline=None)
@given(st.tuples(*[st.sampled_from(SEARCH_BLOCKS)] * 5), st.integers(0, 10**6))
def test_statistics_are_those_of_the_integer_spikes_before_each_layer(folded, plain, names, seed):
    """Each layer's gain and bias against batch norm computed in float64 on the exact simulator's spikes of its prefix."""
    net = folded(",".join(names), seed=seed, norm=True)
    x = images(net)
    network = deploy_candidate(net, x)
    found = {layer.name: layer.spikes for layer in trace(network, x).layers}
    source, carried = found["stem"].astype(float), None
    for unit, layer in zip(network_units(net), network.layers[1:]):
        carried = source if unit.name.endswith(".a") else carried
        if unit.kind == "conv":
            own = layer.roles == Role.OWN
            conv = unit.conv
            flat = source.reshape(-1, *source.shape[2:])
            raw = plain.convolve(flat, conv.weight, (conv.stride,) * 2, (conv.padding,) * 2, 1)
            mean, var = raw.mean(axis=(0, 2, 3)), raised(raw.var(axis=(0, 2, 3)))
            gain = conv.norm.gamma / np.sqrt(var + conv.norm.eps)
            bias = conv.norm.beta - mean * gain
            largest = np.abs(conv.weight * gain.reshape(-1, 1, 1, 1)).max()
            np.testing.assert_allclose(
                folded_by(layer, conv) / layer.scale, gain, rtol=0.02, atol=0.01 * np.abs(gain).max()
            )
            if unit.shortcut is None or unit.shortcut == "identity":
                assert np.abs(layer.bias[own] / layer.scale - bias).max() < 0.03 * (1 + largest + np.abs(bias).max())
        source = found[layer.name][:, :, layer.roles != Role.RELAY].astype(float)


def test_the_number_of_threads_changes_no_bit(folded):
    net = folded("SRB_k5,SRB_k3,skip,SCB_k3,SRB_k3", norm=True, image=(3, 16, 16), width=8)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = deploy_candidate(net, images(net, 16))
        torch.set_num_threads(2)
        two = deploy_candidate(net, images(net, 16))
    finally:
        torch.set_num_threads(before)
    for a, b in zip(one.layers[1:], two.layers[1:]):
        np.testing.assert_array_equal(a.weight, b.weight)
        np.testing.assert_array_equal(a.neuron.vth_mant, b.neuron.vth_mant)
        if a.bias is not None:
            np.testing.assert_array_equal(a.bias, b.bias)


def test_stored_statistics_are_kept(folded):
    net = folded("SRB_k3,SCB_k3,skip,skip,SRB_k3", norm="stored")
    for a, b in zip(deploy_candidate(net, images(net)).layers[1:], lower(net).layers[1:]):
        np.testing.assert_array_equal(a.weight, b.weight)


def test_large_maps_are_sampled_and_give_nearly_the_same(folded, monkeypatch):
    net = folded("SRB_k3,SCB_k3,skip,skip,SRB_k3", norm=True, image=(2, 32, 32), timesteps=8)
    x = images(net, 32)
    assert skipped(32 * 8 * 32 * 32) == 8 and skipped(1000) == 1
    fast = deploy_candidate(net, x)
    monkeypatch.setattr(statistics, "ENOUGH", 1 << 40)
    slow = deploy_candidate(net, x)
    assert abs(fast.layers[1].scale / slow.layers[1].scale - 1) < 0.05
    assert np.abs(fast.layers[1].weight - slow.layers[1].weight).max() <= 12


def test_every_image_and_step_is_sampled():
    frames = torch.arange(4 * 8).view(-1, 1, 1, 1).expand(-1, 1, 64, 64).to(torch.uint8)  # (T * N): T = 4, N = 8
    chosen = sampled(frames, 4, 4)[:, 0, 0, 0].numpy()
    assert len(chosen) == 8
    assert sorted(set(chosen // 8)) == [0, 1, 2, 3] and sorted(set(chosen % 8)) == list(range(8))


def test_a_silent_channel_does_not_take_the_resolution(folded):
    net = folded("SCB_k3,skip,skip,skip,skip", norm=True)
    conv = net.blocks[1].convs[0]
    conv.weight[1] *= 1e-9
    scale = deploy_candidate(net, images(net)).layers[1].scale
    conv.weight[1] *= 1e9
    assert scale > 0.02 * deploy_candidate(net, images(net)).layers[1].scale
    assert (raised(np.zeros(3)) == 1).all()


def test_without_the_int8_kernel_the_network_is_the_same(folded, monkeypatch):
    net = folded("SRB_k5,SCB_k3,skip,skip,SRB_k3", norm=True)
    fast = deploy_candidate(net, images(net))
    monkeypatch.setattr("autosnn_hw.arithmetic.convolution.is_exact", lambda graded: False)
    for a, b in zip(fast.layers[1:], deploy_candidate(net, images(net)).layers[1:]):
        np.testing.assert_array_equal(a.weight, b.weight)


def test_ternary_candidates_are_normalised_as_ternary(folded, plain):
    """The threshold a channel gets is batch norm's of the convolution that is deployed, not of the float one."""
    net = folded("SCB_k3,skip,skip,skip,skip", norm=True, voters=10)
    network = deploy_candidate(net, images(net, 16), "ternary")
    layer, conv = network.layers[1], net.blocks[1].convs[0]
    signs, _ = ternarise(conv.weight)
    np.testing.assert_array_equal(layer.weight, signs)
    x = trace(network, images(net, 16), layers=["stem"]).layers[0].spikes
    count = plain.convolve(x.reshape(-1, *x.shape[2:]).astype(np.int64), signs, (1, 1), (1, 1), 1)
    gain = conv.norm.gamma / count.std(axis=(0, 2, 3))
    bias = conv.norm.beta - gain * count.mean(axis=(0, 2, 3))
    fan_in = np.abs(signs).reshape(4, -1).sum(axis=1)
    np.testing.assert_allclose(1 - layer.bias, np.clip(np.ceil((1 - bias) / gain), -fan_in, fan_in + 1), atol=1)


@pytest.mark.parametrize("kind", ["even", "ternary"])
def test_lowering_the_calibrated_network_is_deploying_the_candidate(folded, kind):
    net = folded("SRB_k3,SCB_k3,skip,skip,SRB_k3", norm="stored", voters=10)
    bare = folded("SRB_k3,SCB_k3,skip,skip,SRB_k3", norm="stored", voters=10)
    bare = replace(bare, blocks=tuple(without_statistics(block) for block in bare.blocks))
    one = lower(calibrated(net, images(net), FORMATS[kind]), FORMATS[kind])
    two = deploy_candidate(bare, images(net), FORMATS[kind])
    for a, b in zip(one.layers[1:], two.layers[1:]):
        np.testing.assert_array_equal(a.weight, b.weight)
    np.testing.assert_array_equal(one.encoder.weight, two.encoder.weight)


def test_event_frames_meet_the_stem_on_the_chip(folded):
    net = folded("SRB_k3,SCB_k3,skip,skip,SRB_k3", norm=True, frames=True)
    events = np.random.default_rng(0).poisson(0.3, (10, 4, 2, 8, 8)).astype(np.uint8)
    network = deploy_candidate(net, events)
    assert network.encoder is None and network.layers[0].neuron is None and network.layers[1].name == "stem"
    spikes = trace(network, events).layers
    assert spikes[0].spikes.any() and spikes[1].spikes.any()
    stored = lower(folded("SRB_k3,SCB_k3,skip,skip,SRB_k3", norm="stored", frames=True))
    assert [layer.name for layer in stored.layers] == [layer.name for layer in network.layers]
    for kind in FORMATS:
        again = lower(calibrated(net, events, FORMATS[kind]), FORMATS[kind])
        for a, b in zip(again.layers[1:], deploy_candidate(net, events, FORMATS[kind]).layers[1:], strict=True):
            np.testing.assert_array_equal(a.weight, b.weight)
    with pytest.raises(InputError, match="4, 2, 8, 8"):
        deploy_candidate(net, events[:, :3])


def test_images_of_another_shape_are_refused(folded):
    with pytest.raises(InputError, match="calibration images"):
        deploy_candidate(folded("skip,skip,skip,skip,skip"), np.zeros((2, 3, 8, 8), np.uint8))
