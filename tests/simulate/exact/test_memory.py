"""Peak memory of whole processes: what torch and the kernels take does not show in Python's own counts."""

import os
import subprocess
import sys

import pytest

PEAK = """
import re, sys
import numpy as np
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer
from autosnn_hw.simulate import exact


def high_water():
    # Not ru_maxrss: over fork and exec that keeps the peak of the process that started this one.
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) / 1024


samples, steps, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
rng = np.random.default_rng(0)
neuron = CubaNeuron(300, 2048)
convs = [ConvLayer(f"c{i}", (16, 16, 16), rng.integers(-60, 90, (16, 16, 3, 3)), neuron, padding=(1, 1)) for i in range(2)]
readout = DenseLayer("out", (10,), rng.integers(-60, 90, (10, 4096)), neuron)
network = ChipNetwork((InputLayer("in", (16, 16, 16), CubaNeuron(150, 1000)), *convs, readout), timesteps=steps)
images = np.broadcast_to(rng.integers(-100, 200, (1, 16, 16, 16)).astype(np.int16), (samples, 16, 16, 16))
exact.run(network, images[:1], timesteps=1, path=path)  # everything is imported and compiled
before = high_water()
exact.run(network, images, path=path, chunk=1 if steps > 64 else None)
print(high_water() - before)
"""


# glibc otherwise keeps freed blocks of up to 32 MiB, as many as chance has it: 107 to 162 MiB for one and the same run.
GIVEN_BACK = {"MALLOC_MMAP_THRESHOLD_": str(1 << 20)}


def peak(samples, steps, path="auto"):
    """MiB that a run adds to the peak of its process, freed blocks not counted."""
    words = [sys.executable, "-c", PEAK, str(samples), str(steps), path]
    done = subprocess.run(words, capture_output=True, text=True, env=os.environ | GIVEN_BACK)
    assert done.returncode == 0, done.stderr[-2000:]
    return float(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["auto", "float32"])
def test_memory_does_not_grow_with_the_images(path):
    """Four times the images add at most 8 MiB: what is kept of each image is its counts."""
    few, many = (peak(samples, 8, path) for samples in (512, 2048))
    assert many < few + 8, (few, many)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["auto", "float32"])
def test_memory_is_linear_in_the_steps(path):
    few, many = peak(1, 256, path), peak(1, 2048, path)
    assert many < 1.5 * 8 * few + 16, (few, many)
    assert few > 1, "the measurement sees the run"
