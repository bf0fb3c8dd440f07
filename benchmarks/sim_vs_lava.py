"""The exact simulator against Lava and against a float forward, on one net, in one run.

    python benchmarks/sim_vs_lava.py [--json] [--images 2] [--threads 2]

The net is AutoSNN-16 with SRB_k3 in every slot, lowered with relays and pools, 32 x 32, T = 8 (`autosnn16.py`: random
weights that fire at 0.15 to 0.2). Times are the best of several repetitions after a warm-up, images to counts, encoder
included; Lava's time per image is the difference between runs of different length, so that its start is not counted.
`--device cuda` runs the simulator and the float forward on a GPU, too, and adds `cuda`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import autosnn16
import numpy as np
import torch

from autosnn_hw.activity import Activity
from autosnn_hw.arithmetic.device import require_device
from autosnn_hw.folded import FoldedNetwork
from autosnn_hw.network import ChipNetwork
from autosnn_hw.simulate import lava
from autosnn_hw.simulate.exact import paths, run

BATCHES = (1, 4, 16, 64)
CUDA_BATCHES = (1, 64, 512)
EQUAL_ON = 64  # images that CPU and GPU are compared on


def best_of(work: Callable[[], object], repetitions: int) -> float:
    """Seconds of the fastest repetition; one more before them warms up."""
    work()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def seconds_in_lava(network: ChipNetwork, child: lava.LavaChild, images: int, fast: bool) -> float:
    """Seconds an image takes in Lava once it runs."""
    start = time.perf_counter()
    lava.run(network, autosnn16.images(1), child=child, fast_conv=fast)
    one = time.perf_counter() - start
    start = time.perf_counter()
    lava.run(network, autosnn16.images(1 + images), child=child, fast_conv=fast)
    return (time.perf_counter() - start - one) / images


def equal(network: ChipNetwork, child: lava.LavaChild, images: int) -> bool:
    """Spikes of every layer and every neuron, synaptic operations and outputs, Lava's own models against the simulator."""
    return same_activity(
        run(network, autosnn16.images(images), per_step=True),
        lava.run(network, autosnn16.images(images), child=child, fast_conv=False),
    )


def same_activity(ours: Activity, theirs: Activity) -> bool:
    """Outputs, and of every layer spikes, operations and spikes of each neuron."""
    same = np.array_equal(ours.outputs, theirs.outputs)
    for a, b in zip(ours.layers, theirs.layers):
        for quantity in ("spikes", "synops", "neuron_spikes"):
            same &= np.array_equal(getattr(a, quantity), getattr(b, quantity))
    return bool(same)


def on_cuda(network: ChipNetwork, folded: FoldedNetwork, cpu: float) -> dict[str, object]:
    """The simulator on a GPU: seconds an image by batch, against the CPU's `cpu` and a float forward there, and whether it agrees."""
    images = autosnn16.images(max(CUDA_BATCHES))
    exact = {n: best_of(lambda n=n: run(network, images[:n], device="cuda"), 5) / n for n in CUDA_BATCHES}
    with torch.inference_mode():
        forward = autosnn16.FloatNetwork(folded, "cuda")
        pixels = autosnn16.normalised(images).to("cuda")
        floating = {n: best_of(lambda n=n: forward(pixels[:n]).cpu(), 5) / n for n in CUDA_BATCHES}
    ours, theirs = run(network, images[:EQUAL_ON], device="cuda"), run(network, images[:EQUAL_ON])
    return {
        "device": torch.cuda.get_device_name(),
        "cuda_vs_cpu": cpu / min(exact.values()),
        "cuda_vs_float_forward_there": min(floating.values()) / min(exact.values()),
        "equal": same_activity(ours, theirs),
        "seconds_per_image": {"exact": exact, "float_forward": floating},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--images", type=int, default=2, help="images that stock Lava is timed on")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    options = parser.parse_args()
    require_device(options.device)
    torch.set_num_threads(options.threads)

    images = autosnn16.images(max(BATCHES))
    folded = autosnn16.folded_network()
    network = autosnn16.chip_network(folded)
    exact = {n: best_of(lambda n=n: run(network, images[:n]), 20) / n for n in BATCHES}
    with torch.inference_mode():
        forward = autosnn16.FloatNetwork(folded)
        pixels = autosnn16.normalised(images)
        floating = {n: best_of(lambda n=n: forward(pixels[:n]), 8) / n for n in BATCHES}
    with lava.LavaChild() as child:
        seconds_in_lava(network, child, 1, True)
        fast = seconds_in_lava(network, child, 10, True)
        stock = seconds_in_lava(network, child, options.images, False)
        same = equal(network, child, 1)
    activity = run(network, images)
    neuron_steps = sum(layer.neuron_spikes.size for layer in activity.layers) * len(images) * autosnn16.TIMESTEPS
    result = {
        "exact_vs_stock_lava": stock / min(exact.values()),
        "exact_batch1_vs_stock_lava": stock / exact[1],
        "fast_lava_vs_stock_lava": stock / fast,
        "exact_vs_float_forward": min(floating.values()) / min(exact.values()),
        "equal": same,
        "seconds_per_image": {"stock_lava": stock, "fast_lava": fast, "exact": exact, "float_forward": floating},
        "spike_rate": sum(int(layer.spikes.sum()) for layer in activity.layers) / neuron_steps,
        "paths": paths(network),
        "threads": options.threads,
    }
    if options.device == "cuda":
        result["cuda"] = on_cuda(network, folded, min(exact.values()))
    print(json.dumps(result, indent=2) if options.json else "\n".join(f"{k}: {v}" for k, v in result.items()))


if __name__ == "__main__":
    main()
