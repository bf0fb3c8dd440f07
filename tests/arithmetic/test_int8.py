import subprocess
import sys

import numpy as np
import pytest

from autosnn_hw.arithmetic.int8 import geometry_is_safe, is_exact
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, InputLayer
from autosnn_hw.simulate.exact import paths, run

FUZZ = """
import sys
import numpy as np, torch
from autosnn_hw.arithmetic.int8 import Int8Convolution, geometry_is_safe
rng = np.random.default_rng(int(sys.argv[1]))
tried = 0
while tried < int(sys.argv[2]):
    groups = int(rng.choice([1, 1, 2, 5]))
    inputs, outputs = int(rng.choice([1, 2, 3, 7, 16, 33])), int(rng.integers(1, 40))
    size, kernel, stride, padding, dilation = (rng.integers(low, high, 2).tolist() for low, high in ((1, 9), (1, 6), (1, 4), (0, 4), (1, 3)))
    fits = all(n + 2 * p > d * (k - 1) for n, p, d, k in zip(size, padding, dilation, kernel))
    if not fits or not geometry_is_safe(inputs, kernel, stride, padding, dilation) or (groups > 1 and inputs == 1):
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
    assert geometry_is_safe(1, (3, 3), (1, 1), (3, 3), (1, 1))
    assert geometry_is_safe(2, (3, 3), (2, 2), (2, 2), (1, 1))
    assert not geometry_is_safe(1, (3, 3), (1, 2), (1, 1), (1, 1))
    assert not geometry_is_safe(2, (3, 2), (1, 2), (1, 2), (1, 1))
