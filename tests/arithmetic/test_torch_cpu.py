"""What torch does wrong on the CPU must not reach us: each case in a process of its own, which it could take with it."""

import subprocess
import sys

import pytest
import torch
from torch.nn import functional

from autosnn_hw.arithmetic.torch_cpu import conv2d


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{done.returncode}: {done.stderr[-2000:]}"
    return done.stdout.split()


BACKWARD = """
import torch
from autosnn_hw.arithmetic.torch_cpu import conv2d
torch.set_num_threads(1)
for _ in range(300):
    x = torch.randn(32, 4, 8, 8).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(8, 4, 1, 1, requires_grad=True)
    conv2d(x, weight, 2).backward(torch.randn(32, 8, 4, 4).contiguous(memory_format=torch.channels_last))
"""

FORWARD = """
import torch
from autosnn_hw.arithmetic.torch_cpu import conv2d
torch.set_num_threads(1)
for m, inputs, height, width, kernel, stride, padding in (
    (32, 2, 9, 1, (5, 1), (1, 3), (0, 2)),
    (4, 16, 8, 1, (1, 1), (3, 3), (0, 2)),
    (32, 16, 8, 1, (3, 2), (3, 3), (3, 2)),
    (8, 9, 7, 1, (5, 1), (3, 3), (2, 2)),
) * 20:
    x = torch.randn(m, inputs, height, width).contiguous(memory_format=torch.channels_last)
    conv2d(x, torch.randn(12, inputs, *kernel), stride, padding)
"""

# The projections of a space with strided blocks, on images as small as the embedded ones.
TRAINING = """
import torch
from autosnn_hw.architecture import Architecture
from autosnn_hw.training.modules.spiking_network import SpikingNetwork
torch.set_num_threads(1)
for blocks in ("skip", "SRB_k3"):
    network = SpikingNetwork(Architecture((blocks,) * 8, "SNN_3", 4, 2), (1, 16, 16), 10).train()
    for _ in range(25):
        network(torch.randn(16, 1, 16, 16)).sum().backward()
"""


@pytest.mark.slow
@pytest.mark.parametrize("code", [BACKWARD, FORWARD, TRAINING], ids=["backward", "forward", "training"])
def test_strided_convolutions_do_not_crash(code):
    """Without the detour each of these ends by a signal on torch 2.3.1, or hangs in a heap that is corrupt."""
    run(code)


@pytest.mark.parametrize("kernel, stride, padding, groups", [(1, 2, 0, 1), (1, 2, 0, 2), (1, 2, 1, 1), (3, 2, 1, 1)])
def test_the_detours_change_no_value(kernel, stride, padding, groups):
    torch.manual_seed(kernel + padding)
    x = torch.randint(-9, 9, (3, 8, 9, 8)).float().contiguous(memory_format=torch.channels_last)
    weight = torch.randint(-9, 9, (6, 8 // groups, kernel, kernel)).float()
    expected = functional.conv2d(x.double(), weight.double(), None, stride, padding, 1, groups)
    assert torch.equal(conv2d(x, weight, stride, padding, groups=groups).double(), expected)


NUMBA = {
    "training": (
        "from autosnn_hw.training.modules.neurons import plif\n"
        "plif(torch.randn(64, 100), torch.tensor(0.5), 2)\n"
    ),
    "deployment": (
        "from autosnn_hw.deploy.integer_neuron import fire, or_pool\n"
        "import numpy as np\n"
        "or_pool(fire(torch.randn(4, 3, 4, 4), np.zeros(3), 1024, 9, 2), (2, 2))\n"
    ),
    "statistics": "from autosnn_hw.deploy.statistics import moments\nmoments([torch.randn(4, 3, 4, 4)])\n",
    "simulation": (
        "import numpy as np\n"
        "from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer\n"
        "from autosnn_hw.simulate import exact\n"
        "layer = DenseLayer('out', (2,), np.array([[100, 0], [0, -100]]), CubaNeuron(99, 4096))\n"
        "exact.run(ChipNetwork((InputLayer('in', (2,)), layer)), np.ones((5, 3, 2)))\n"
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("first", NUMBA)
@pytest.mark.parametrize("threads", [1, 2])
def test_numbas_first_kernel_leaves_the_number_of_torch_threads_alone(first, threads):
    code = f"import torch; torch.set_num_threads({threads})\n{NUMBA[first]}print(torch.get_num_threads())"
    assert run(code) == [str(threads)]
