import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.errors import InputError
from autosnn_hw.network import Encoder
from autosnn_hw.simulate.stem import encode, host_macs


def random_encoder(rng, byte, kernel=3, stride=1, padding=1, out=3, channels=2):
    return Encoder(
        weight=rng.integers(-127, 128, (out, channels, kernel, kernel)).astype(np.int8),
        bias=rng.integers(-5000, 5000, out).astype(np.int32),
        multiplier=rng.integers(1, 40000, out).astype(np.int32),
        shift=int(rng.integers(0, 18)),
        table=rng.integers(-128, 128, (channels, 256)).astype(np.int8) if byte else None,
        scale=None if byte else rng.uniform(1, 60, channels).astype(np.float32),
        stride=(stride, stride),
        padding=(padding, padding),
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.integers(1, 5), st.integers(1, 2), st.integers(0, 2))
def test_encode_and_host_macs_follow_the_definition_neuron_by_neuron(seed, byte, kernel, stride, padding):
    rng = np.random.default_rng(seed)
    encoder = random_encoder(rng, byte, kernel, stride, padding)
    images = rng.integers(0, 256, (2, 2, 6, 5)).astype(np.uint8)
    if not byte:
        images = rng.normal(size=images.shape).astype(np.float32)
    bias = encode(encoder, images)
    assert bias.dtype == np.int64
    taps = 0
    for n, c, y, x in np.ndindex(bias.shape):
        total = int(encoder.bias[c])
        for i, a, b in np.ndindex(encoder.weight.shape[1:]):
            row, column = y * stride + a - padding, x * stride + b - padding
            if 0 <= row < 6 and 0 <= column < 5:
                pixel = images[n, i, row, column]
                q = encoder.table[i][pixel] if byte else np.rint(np.float32(pixel) * encoder.scale[i])
                total += int(q) * int(encoder.weight[c, i, a, b])
                taps += n == 0
        rounding = 2 ** (encoder.shift - 1) if encoder.shift else 0
        expected = (total * int(encoder.multiplier[c]) + rounding) // 2**encoder.shift
        assert bias[n, c, y, x] == max(-4095, min(4095, expected))
    assert host_macs(encoder, (2, 6, 5)) == taps


def test_the_batch_changes_nothing():
    rng = np.random.default_rng(0)
    encoder = random_encoder(rng, True)
    images = rng.integers(0, 256, (130, 2, 4, 4)).astype(np.uint8)
    np.testing.assert_array_equal(encode(encoder, images)[77], encode(encoder, images[77:78])[0])


@pytest.mark.parametrize(
    ("byte", "images", "said"),
    [
        (True, np.zeros((1, 2, 4, 4), np.float32), "takes bytes"),
        (False, np.zeros((1, 2, 4, 4), np.uint8), "float32"),
        (False, np.full((1, 2, 4, 4), np.nan), "NaN"),
        (True, np.zeros((1, 3, 4, 4), np.uint8), r"\(N, 2, H, W\)"),
        (True, np.zeros((2, 4, 4), np.uint8), r"\(N, 2, H, W\)"),
    ],
)
def test_bad_images_are_refused(byte, images, said):
    with pytest.raises(InputError, match=said):
        encode(random_encoder(np.random.default_rng(0), byte), images)


def test_images_smaller_than_the_kernel_are_refused():
    with pytest.raises(InputError, match="too small"):
        encode(random_encoder(np.random.default_rng(0), True, kernel=5, padding=0), np.zeros((1, 2, 4, 4), np.uint8))


def test_the_advice_for_images_of_another_type_works():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 2, 4, 4)).astype(np.uint8)
    byte, scaled = random_encoder(rng, True), random_encoder(rng, False)
    with pytest.raises(InputError, match=r"x.astype\(np.uint8\), or np.rint\(255 \* x\).astype\(np.uint8\)"):
        encode(byte, images / np.float32(255))
    for advised in (images.astype(np.float64).astype(np.uint8), np.rint(255 * (images / 255)).astype(np.uint8)):
        np.testing.assert_array_equal(encode(byte, advised), encode(byte, images))
    with pytest.raises(InputError, match=r"x.astype\(np.float32\)"):
        encode(scaled, images)
    assert encode(scaled, images.astype(np.float32)).shape == encode(byte, images).shape
