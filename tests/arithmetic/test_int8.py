import subprocess
import sys

import numpy as np
import pytest
import torch

from autosnn_hw.arithmetic.convolution import Convolution
from autosnn_hw.arithmetic.int8 import geometry_is_safe, is_exact
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, InputLayer
from autosnn_hw.simulate.exact import paths, run

FUZZ = """
import sys
import numpy as np, torch
from autosnn_hw.arithmetic.int8 import Int8Convolution, geometry_is_safe
from autosnn_hw.network import conv_output_size
rng = np.random.default_rng(int(sys.argv[1]))
tried = 0
while tried < int(sys.argv[2]):
    groups = int(rng.choice([1, 1, 2, 5]))
    inputs, outputs = int(rng.choice([1, 2, 3, 7, 16, 33])), int(rng.integers(1, 40))
    size, kernel, stride, padding, dilation = (rng.integers(low, high, 2).tolist() for low, high in ((1, 9), (1, 6), (1, 4), (0, 4), (1, 3)))
    output = [conv_output_size(*axis) for axis in zip(size, kernel, stride, padding, dilation)]
    if min(output) < 1 or (groups > 1 and inputs == 1):
        continue
    if not geometry_is_safe(inputs, output[1], kernel, stride, padding, dilation):
        continue
    tried += 1
    weight = torch.from_numpy(rng.integers(-128, 128, (groups * outputs, inputs, *kernel)))
    frames = torch.from_numpy(rng.integers(0, 2, (2, groups * inputs, *size)))
    exact = torch.nn.functional.conv2d(frames.double(), weight.double(), None, stride, padding, dilation, groups)
    convolution = Int8Convolution(weight.to(torch.int8), stride, padding, dilation, groups)
    for _ in range(3):
        # What is read beyond the input is not 0 by chance.
        junk = [torch.full((int(rng.integers(1, 5000)),), 255, dtype=torch.uint8) for _ in range(5)]
        del junk
        if not torch.equal(convolution(frames.to(torch.uint8)).double(), exact):
            sys.exit(f"{inputs=} {outputs=} {groups=} {size=} {kernel=} {stride=} {padding=} {dilation=}")
"""


@pytest.mark.parametrize("seed, tries", [(0, 80), pytest.param(1, 2000, marks=pytest.mark.slow)])
def test_what_is_called_safe_is_exact_and_does_not_die(seed, tries):
    """In a process of its own: oneDNN may take it down where it is not."""
    if not is_exact(False):
        pytest.skip("no exact int8 convolution of spikes on this machine")
    command = [sys.executable, "-c", FUZZ, str(seed), str(tries)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]


def test_a_strided_kernel_on_one_channel_is_not_left_to_onednn():
    """Seen on a processor with VNNI: the sum of the last row was 0."""
    conv = ConvLayer(
        "c", (1, 4, 1), np.array([[[[-1, -1]]]]), CubaNeuron(0, 0), stride=(1, 2), padding=(0, 1), dilation=(2, 1)
    )
    network = ChipNetwork((InputLayer("in", (1, 4, 1), CubaNeuron(0, 0)), conv), timesteps=1)
    frames = np.array([0, 0, 80, 262]).reshape(1, 1, 1, 4, 1)
    assert "int8" not in paths(network, frames, path="int8").values()
    for path in ("auto", "int8", "float32", "reference"):
        assert run(network, frames, path=path).final_v.tolist() == [[0, 0, -64, -64]]


def test_unsafe_are_strides_on_one_channel_or_over_the_padding():
    assert geometry_is_safe(1, 9, (3, 3), (1, 1), (3, 3), (1, 1))
    assert geometry_is_safe(2, 9, (3, 3), (2, 2), (2, 2), (1, 1))
    assert not geometry_is_safe(1, 9, (3, 3), (1, 2), (1, 1), (1, 1))
    assert not geometry_is_safe(2, 9, (3, 2), (1, 2), (1, 2), (1, 1))


def test_unsafe_is_a_horizontal_stride_to_one_column():
    """Seen on a processor with AMX: of 5 x 1 outputs the rows 1 to 4 were wrong."""
    seen = {"kernel": (5, 5), "stride": (2, 3), "padding": (3, 1), "dilation": (1, 1)}
    assert not geometry_is_safe(33, 1, **seen)
    assert geometry_is_safe(33, 2, **seen)
    assert geometry_is_safe(33, 1, **{**seen, "stride": (2, 1)})


def test_unsafe_are_gaps_of_a_dilated_kernel_that_can_hold_the_image():
    """Seen on a processor with AMX: one row, taps above and below it in the padding; the process died."""
    assert not geometry_is_safe(2, 3, (3, 5), (2, 2), (3, 1), (2, 1))
    assert not geometry_is_safe(2, 11, (4, 2), (1, 1), (3, 2), (2, 2))
    assert geometry_is_safe(2, 3, (3, 5), (2, 2), (0, 1), (2, 1))


def test_a_convolution_to_one_column_is_exact():
    rng = np.random.default_rng(0)
    weight = rng.integers(-127, 128, (12, 33, 5, 5))
    frames = torch.from_numpy(rng.integers(0, 2, (2, 33, 9, 5), np.uint8))
    expected = torch.nn.functional.conv2d(frames.double(), torch.from_numpy(weight).double(), None, 3, 1)
    assert expected.shape == (2, 12, 3, 1)
    assert torch.equal(Convolution(weight, 3, 1)(frames).double(), expected)
    conv = ConvLayer("c", (12, 5, 1), weight, CubaNeuron(40, 0), stride=(2, 3), padding=(3, 1), dilation=(1, 2))
    network = ChipNetwork((InputLayer("in", (33, 7, 8)), conv), timesteps=2)
    sent = rng.integers(0, 2, (2, 2, 33, 7, 8))
    results = [run(network, sent, path=path).final_v for path in ("auto", "int8", "reference")]
    np.testing.assert_array_equal(results[0], results[2])
    np.testing.assert_array_equal(results[1], results[2])
