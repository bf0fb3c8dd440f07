import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.arithmetic.convolution import Convolution
from autosnn_hw.arithmetic.int8 import is_exact


def test_sums_that_float32_would_round_are_taken_wider():
    frames = torch.ones(1, 3, 1, 1, dtype=torch.uint8)
    weight = np.array([[2**24, 1, 1]]).reshape(1, 3, 1, 1)
    assert Convolution(weight)(frames).item() == 2**24 + 2


def convolved(frames, weight, stride, padding, groups):
    """The sum over all taps in numpy's int64."""
    side, rows, inputs = weight.shape[-1], len(weight) // groups, weight.shape[1]
    padded = np.pad(frames, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(2, 3))[:, :, ::stride, ::stride]
    parts = [
        np.einsum("nchwij,ocij->nohw", windows[:, g * inputs : (g + 1) * inputs], weight[g * rows : (g + 1) * rows])
        for g in range(groups)
    ]
    return np.concatenate(parts, axis=1)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(1, 3),
    st.sampled_from([1, 3, 5]),
    st.sampled_from([1, 2]),
    st.sampled_from([127, 254]),
)
def test_every_path_convolves_alike(seed, stride, kernel, groups, largest):
    rng = np.random.default_rng(seed)
    frames = rng.integers(0, 2, (3, 4, 9, 7)).astype(np.uint8)
    weight = rng.choice(np.array([-largest, 0, 3, largest]), (6, 4 // groups, kernel, kernel))
    tensor = torch.from_numpy(frames).contiguous(memory_format=torch.channels_last)
    convolution = Convolution(weight, stride, kernel // 2, groups)
    assert (convolution.int8 is not None) == (largest == 127 and is_exact(False))
    expected = convolved(frames.astype(np.int64), weight, stride, kernel // 2, groups)
    np.testing.assert_array_equal(convolution(tensor).numpy(), expected)
    convolution.int8 = None
    np.testing.assert_array_equal(convolution(tensor).numpy(), expected)
