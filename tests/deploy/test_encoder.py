from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.deploy.encoder import build_encoder
from autosnn_hw.deploy.quantise import TERNARY
from autosnn_hw.errors import InputError
from autosnn_hw.folded import FoldedConv
from autosnn_hw.simulate.stem import encode

SKIPS = "skip,skip,skip,skip,skip"


def reference(net, stem, images, plain):
    shape = (1, -1, 1, 1)
    x = (images / net.pixel_max - net.pixel_mean.reshape(shape)) / net.pixel_std.reshape(shape)
    return plain.convolve(x, stem.weight, (stem.stride,) * 2, (stem.padding,) * 2, 1) + stem.bias.reshape(shape)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.floats(0.01, 10),
    st.floats(0, 100),
    st.sampled_from([16.0, 255.0]),
    st.sampled_from([1, 2]),
)
def test_bias_mantissas_are_the_float_stem_in_units_of_s(folded, plain, seed, gain, bias, peak, stride):
    net = replace(folded(SKIPS, seed=seed, image=(3, 8, 8)), pixel_max=peak)
    rng = np.random.default_rng(seed)
    stem = FoldedConv(rng.normal(0, gain, (4, 3, 3, 3)), rng.normal(0, bias, 4), stride, 1)
    encoder, layer = build_encoder(stem, 0.4, net)
    images = rng.integers(0, int(peak) + 1, (6, 3, 8, 8)).astype(np.uint8)
    images[0], images[1] = 0, int(peak)
    got = encode(encoder, images)
    expected = layer.scale * reference(net, stem, images, plain)
    # Half a level of 127 on each weight and pixel, and the last rounding.
    terms = np.abs(stem.weight).reshape(4, -1).max(axis=1) * 27 / 127 * 1.1
    largest = 127 / (
        127 / np.abs((np.arange(int(peak) + 1) / peak - net.pixel_mean[:, None]) / net.pixel_std[:, None]).max()
    )
    bound = 1.5 + layer.scale * terms * largest
    assert (np.abs(got - expected).max(axis=(0, 2, 3)) <= bound).all()
    assert np.abs(got).max() <= 4095
    assert encoder.weight.dtype == np.int8 and encoder.table.dtype == np.int8 and encoder.bias.dtype == np.int32
    assert encoder.multiplier.dtype == np.int32 and 1 <= encoder.shift < 256


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 5))
def test_the_clip_never_acts(folded, seed, bias):
    """The worst image, pixel by pixel, stays within 4095 before the clip."""
    net = folded(SKIPS, image=(2, 8, 8), seed=seed)
    rng = np.random.default_rng(seed)
    stem = FoldedConv(rng.normal(0, 1, (4, 2, 3, 3)), rng.normal(0, bias + 1e-6, 4), 1, 1)
    encoder, _ = build_encoder(stem, 0.5, net)
    worst = np.abs(encoder.weight.astype(int)).reshape(4, -1).sum(axis=1) * 127 + np.abs(encoder.bias.astype(int))
    assert ((worst * encoder.multiplier.astype(int) + (1 << encoder.shift - 1)) >> encoder.shift <= 4095).all()
    assert worst.max() < 2**31


def test_normalised_zero_is_zero_so_padding_is_exact(folded):
    net = folded(SKIPS, image=(1, 8, 8))
    net = replace(net, pixel_mean=np.array([100 / 255]))
    encoder, _ = build_encoder(net.blocks[0].convs[0], 0.5, net)
    assert encoder.table[0, 100] == 0 and encoder.table[0, 101] > 0 > encoder.table[0, 99]
    assert np.abs(encoder.table.astype(int)).max() == 127


def test_float_images_are_scaled(folded, plain):
    net = folded(SKIPS, image=(2, 8, 8))
    net = replace(net, pixel_mean=np.zeros(2), pixel_std=np.array([1.0, 2.0]), pixel_max=1.0, float_images=True)
    stem = net.blocks[0].convs[0]
    encoder, layer = build_encoder(stem, 0.5, net)
    images = np.random.default_rng(0).normal(0, 1, (4, 2, 8, 8)).astype(np.float32)
    expected = layer.scale * reference(net, stem, images, plain)
    assert encoder.table is None and encoder.scale.dtype == np.float32
    assert np.abs(encode(encoder, images) - expected).mean() < 0.01 * np.abs(expected).max()


def test_float_images_are_exact_at_the_border(folded, plain):
    """Whole numbers that the encoder's integers hold: every position, padding included, is the float stem's to a rounding."""
    net = folded(SKIPS, image=(1, 8, 8))
    net = replace(net, pixel_mean=np.zeros(1), pixel_std=np.ones(1), pixel_max=1.0, float_images=True)
    stem = FoldedConv(np.full((1, 1, 3, 3), 0.5), np.zeros(1), 1, 1)
    encoder, layer = build_encoder(stem, 0.5, net)
    images = np.full((1, 1, 8, 8), 3.0, np.float32)
    expected = layer.scale * reference(net, stem, images, plain)
    assert expected[0, 0, 0, 0] < expected[0, 0, 0, 1] < expected[0, 0, 1, 1]
    assert np.abs(encode(encoder, images) - expected).max() < 0.01 * expected.max()


def test_float_images_with_a_mean_are_refused_where_the_stem_pads(folded):
    net = replace(folded(SKIPS, image=(1, 8, 8)), pixel_mean=np.array([0.5]), float_images=True)
    stem = net.blocks[0].convs[0]
    with pytest.raises(InputError, match="pixel_mean 0"):
        build_encoder(stem, 0.5, net)
    build_encoder(replace(stem, padding=0), 0.5, net)


def test_dead_channels_and_dead_stems(folded):
    net = folded(SKIPS, image=(1, 8, 8))
    weight = np.random.default_rng(0).normal(0, 1, (4, 1, 3, 3))
    weight[2] = 0
    bias = np.array([0.1, 0.2, 0.5, 0.0])
    encoder, layer = build_encoder(FoldedConv(weight, bias, 1, 1), 0.5, net)
    got = encode(encoder, np.zeros((1, 1, 8, 8), np.uint8))
    assert np.abs(got[0, 2] - 0.5 * layer.scale).max() <= 1
    encoder, _ = build_encoder(FoldedConv(0 * weight, 0 * bias, 1, 1), 0.5, net)
    assert not encode(encoder, np.full((1, 1, 8, 8), 255, np.uint8)).any()


def test_ternary_targets_run_the_stem_on_the_host(folded):
    net = folded(SKIPS)
    even, ternary = (
        build_encoder(net.blocks[0].convs[0], 0.5, net, w)[1] for w in (build_encoder.__defaults__[0], TERNARY)
    )
    assert ternary.host and not even.host
    assert ternary.neuron.v_decay == even.neuron.v_decay == 2048 and ternary.scale == even.scale


def test_bad_stems_are_refused(folded):
    net = folded(SKIPS)
    stem = net.blocks[0].convs[0]
    with pytest.raises(InputError, match="stem.*NaN"):
        build_encoder(replace(stem, weight=stem.weight * np.nan), 0.5, net)
    with pytest.raises(InputError, match="deviation"):
        build_encoder(stem, 0.5, replace(net, pixel_std=np.zeros(2)))
    with pytest.raises(InputError, match=r"\(0, 1\]"):
        build_encoder(stem, 0.0, net)
