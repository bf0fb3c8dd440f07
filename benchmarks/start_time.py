"""Seconds until a light verb has answered in a fresh process, beside the least that numpy alone costs.

Usage: python benchmarks/start_time.py [--repeats N]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer
from exporters import netx

TOOL = [sys.executable, "-c", "from autosnn_hw.cli import main; main()"]


def commands(network: Path) -> dict[str, list[str]]:
    """What is timed, by name: the verbs that promise to start fast, and the peer figure."""
    return {
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -c 'import numpy'": [sys.executable, "-c", "import numpy"],
        "import autosnn_hw": [sys.executable, "-c", "import autosnn_hw"],
        "autosnn-hw --help": [*TOOL, "--help"],
        "autosnn-hw targets": [*TOOL, "targets"],
        "autosnn-hw check": [*TOOL, "check", str(network)],
    }


def seconds(command: list[str], repeats: int) -> list[float]:
    """Wall-clock seconds of each run, after one that fills the caches of the file system."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return times[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "small.net"
        layer = DenseLayer("out", (2,), np.array([[2, 4], [6, 8]]), CubaNeuron(vth_mant=9, v_decay=4095))
        netx.write(ChipNetwork((InputLayer("in", (2,)), layer), timesteps=4), file)
        for name, command in commands(file).items():
            times = seconds(command, repeats)
            print(f"{name:26} median {median(times):.3f} s, least {min(times):.3f} s of {repeats}")


if __name__ == "__main__":
    main()
