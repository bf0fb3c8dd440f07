"""Seconds and peak memory of an import of a VGG-like network with 5 M weights, from NIR and from a torch module, each in a process of its own.

The NIR file is written first, by another process, so that only the import itself is measured: reading or building, rounding, writing the NetX
file. The promise: under 30 s and 2 GiB. Usage: python benchmarks/import_size.py [--json] [--kinds nir,torch]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LAYERS = (
    64,
    64,
    "pool",
    128,
    128,
    "pool",
    256,
    256,
    256,
    "pool",
    512,
    "pool",
)  # channels of 3 x 3 convolutions on 3 x 32 x 32
HIDDEN, CLASSES = 1024, 10
MOST_SECONDS, MOST_BYTES = 30.0, 2 * 2**30


def source_weights() -> int:
    """Weights of the network as it comes in; a pool becomes part of the layer behind it, which has more on the chip."""
    count, channels, side = 0, 3, 32
    for layer in LAYERS:
        if isinstance(layer, str):
            side //= 2
        else:
            count, channels = count + 9 * channels * layer, layer
    return count + channels * side * side * HIDDEN + HIDDEN * CLASSES


def torch_net():
    """The network as torch and snnTorch have it."""
    import snntorch
    import torch
    from torch import nn

    torch.manual_seed(0)

    def lif():
        return snntorch.Leaky(beta=0.5, reset_mechanism="zero", init_hidden=True)

    parts: list[nn.Module] = []
    channels, side = 3, 32
    for layer in LAYERS:
        if isinstance(layer, str):
            parts.append(nn.AvgPool2d(2))
            side //= 2
        else:
            parts += [nn.Conv2d(channels, layer, 3, padding=1), nn.BatchNorm2d(layer), lif()]
            channels = layer
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(channels * side * side, HIDDEN), lif(), nn.Linear(HIDDEN, CLASSES), lif()).eval()  # fmt: skip


def write_nir(path: Path) -> None:
    """The same form with random weights, as a NIR file."""
    import nir
    import numpy as np

    rng = np.random.default_rng(0)
    nodes, edges, last = {"input": nir.Input({"input": np.array([3, 32, 32])})}, [], "input"

    def add(name: str, node: nir.NIRNode) -> None:
        nonlocal last
        nodes[name] = node
        edges.append((last, name))
        last = name

    def neurons(name: str, *shape: int) -> None:
        ones = np.ones(shape, np.float32)
        add(name, nir.LIF(tau=2 * ones, r=ones, v_leak=0 * ones, v_threshold=ones))

    channels, side = 3, 32
    for index, layer in enumerate(LAYERS):
        if isinstance(layer, str):
            add(f"pool{index}", nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])))
            side //= 2
        else:
            weight = rng.normal(0, 0.1, (layer, channels, 3, 3)).astype(np.float32)
            add(
                f"conv{index}",
                nir.Conv2d((side, side), weight, 1, 1, 1, 1, rng.normal(0, 0.1, layer).astype(np.float32)),
            )
            neurons(f"lif{index}", layer, side, side)
            channels = layer
    add("flatten", nir.Flatten({"input": np.array([channels, side, side])}, 0, -1))
    for name, outputs, inputs in (("fc", HIDDEN, channels * side * side), ("out", CLASSES, HIDDEN)):
        add(name, nir.Affine(rng.normal(0, 0.05, (outputs, inputs)).astype(np.float32), np.zeros(outputs, np.float32)))
        neurons(f"{name}_lif", outputs)
    add("output", nir.Output({"output": np.array([CLASSES])}))
    nir.write(path, nir.NIRGraph(nodes=nodes, edges=edges, type_check=False))


def imported(kind: str, folder: Path) -> dict[str, float]:
    """Import in this process, and what it took."""
    start = time.perf_counter()
    from autosnn_hw.importing import import_network
    from exporters import netx

    if kind == "nir":
        found = import_network(folder / "vgg.nir", dt=1.0, reset="hard")
    else:
        found = import_network(f"{Path(__file__)}:torch_net", input_shape=(3, 32, 32))
    netx.write(found.network, folder / f"{kind}.net")
    weights = sum(layer.weight.size for layer in found.network.layers[1:])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "source_weights": source_weights(),
        "weights": weights,
        "seconds": time.perf_counter() - start,
        "peak_bytes": peak,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document, and nothing else")
    parser.add_argument("--kinds", default="nir,torch")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child == "write":
        write_nir(Path(options.folder) / "vgg.nir")
        return
    if options.child:
        print(json.dumps(imported(options.child, Path(options.folder))))
        return
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        call = [sys.executable, __file__, "--folder", folder, "--child"]
        subprocess.run([*call, "write"], check=True)
        for kind in options.kinds.split(","):
            found[kind] = json.loads(subprocess.run([*call, kind], check=True, stdout=subprocess.PIPE).stdout)
    if options.json:
        print(json.dumps(found))
    else:
        for kind, one in found.items():
            print(
                f"{kind:6} {one['source_weights'] / 1e6:.2f} M weights, {one['weights'] / 1e6:.2f} M on the chip, {one['seconds']:.1f} s, {one['peak_bytes'] / 2**30:.2f} GiB"
            )
    if any(one["seconds"] > MOST_SECONDS or one["peak_bytes"] > MOST_BYTES for one in found.values()):
        sys.exit(f"more than {MOST_SECONDS:g} s or {MOST_BYTES / 2**30:g} GiB")


if __name__ == "__main__":
    main()
