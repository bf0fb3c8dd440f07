"""One training step (forward, backward, Adam) of one network, ours against the field's libraries, in one run.

    python benchmarks/train_vs_peers.py --json

The network is AutoSNN-16 all-SRB_k3 on 32 x 32 images, T = 8. Every contender computes the stem's convolution once an image
and folds time into the batch for convolution, batch norm and pooling; only its neurons are its own. That is the fast way to
use each of them: snnTorch and norse are usually run with the whole network inside the loop over time.
SpikingJelly's neuron is ours exactly (PLIF); the others have the nearest they offer: snnTorch's Leaky with a learnable beta,
norse's LIFBox with a fixed time constant, slayer's CUBA neuron without current memory (in its own N C H W T layout).
Each has a process of its own, so that none computes in what the others left of the memory; they take turns of a few steps. A
ratio is the median over rounds of the best step of the one's turn and of the other's, so that a machine which is faster now and
slower then weighs on both alike; above 1 ours is faster. Our trainer tells the allocator to keep freed memory, and
so it does here; peers run as they come, and `spikingjelly_kept_memory` is SpikingJelly with that setting.

`--device cuda` runs them all on a GPU, SpikingJelly with its CuPy neurons, too, where CuPy is installed (and not with the setting
of the CPU's allocator). Convolutions are then TF32 for all, as torch has them.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection

import torch
import torch.nn.functional as F
from peers.training_peers import (
    CLASSES,
    IMAGE,
    NorseNeuron,
    PeerNetwork,
    SlayerNetwork,
    SnnTorchNeuron,
    copy_weights,
    spikingjelly_neuron,
)
from torch import nn

from autosnn_hw.architecture import Architecture
from autosnn_hw.arithmetic.device import require_device
from autosnn_hw.training.compute.adam import FlatAdam
from autosnn_hw.training.compute.allocator import keep_freed_memory
from autosnn_hw.training.modules.blocks import ConvNorm
from autosnn_hw.training.modules.spiking_network import SpikingNetwork, parameter_count

HOPELESS = 8  # times as slow as the fastest
WARM_UP = 1  # rounds that are not counted
KEPT = "_kept_memory"  # peers with this ending are given our allocator's setting
TURN = 4  # steps a contender does in a row; the first finds caches that others have used, and is not counted


def enliven(network: SpikingNetwork) -> None:
    """Larger gains, so that spikes reach the readout before any training and the first losses say something."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, ConvNorm):
                module.norm.weight.fill_(2.0)
        network.layers[-1].linear.weight.mul_(4.0)


def ours(width: int, timesteps: int, dtype: torch.dtype | None) -> SpikingNetwork:
    architecture = Architecture.parse("all_SRB_k3", width=width, timesteps=timesteps)
    network = SpikingNetwork(architecture, IMAGE, CLASSES).train()
    for module in network.modules():
        if isinstance(module, ConvNorm):
            module.conv_dtype = dtype
    return network


def training_step(
    network: nn.Module, x: torch.Tensor, target: torch.Tensor, timesteps: int, reset: Callable[[], None] | None = None
) -> Callable[[], float]:
    """A function that does one whole training step and returns its loss."""
    own = isinstance(network, SpikingNetwork)
    adam = FlatAdam([network.parameters()]) if own else torch.optim.Adam(network.parameters(), 1e-3)

    def step() -> float:
        adam.zero_grad()
        loss = F.mse_loss(network(x) / timesteps, target)
        loss.backward()
        if isinstance(adam, FlatAdam):
            adam.step(1e-3)
        else:
            adam.step()
        if reset is not None:
            reset()
        return float(loss)

    return step


PEERS: dict[str, Callable[[int, int], nn.Module]] = {
    "spikingjelly": lambda width, steps: PeerNetwork(spikingjelly_neuron, width, steps),
    "spikingjelly_channels_last": lambda width, steps: PeerNetwork(spikingjelly_neuron, width, steps).to(
        memory_format=torch.channels_last
    ),
    "spikingjelly_cupy": lambda width, steps: PeerNetwork(partial(spikingjelly_neuron, "cupy"), width, steps),
    "spikingjelly" + KEPT: lambda width, steps: PeerNetwork(spikingjelly_neuron, width, steps),
    "snntorch": lambda width, steps: PeerNetwork(SnnTorchNeuron, width, steps),
    "norse": lambda width, steps: PeerNetwork(NorseNeuron, width, steps),
    "slayer": SlayerNetwork,
}
OURS = {"ours": None, "ours_bf16": torch.bfloat16}


def peers_on(device: str) -> list[str]:
    """The peers that a device has."""
    if device == "cpu":
        return [name for name in PEERS if name != "spikingjelly_cupy"]
    cupy = importlib.util.find_spec("cupy") is not None
    return [name for name in PEERS if not name.endswith(KEPT) and (cupy or name != "spikingjelly_cupy")]


def contender(
    name: str, width: int, timesteps: int, batch: int, device: str = "cpu"
) -> tuple[Callable[[], float], int]:
    """A training step and the number of parameters; SpikingJelly's networks start from the weights of ours."""
    torch.manual_seed(0)
    x = torch.randn(batch, *IMAGE).to(device)
    target = F.one_hot(torch.randint(0, CLASSES, (batch,)), CLASSES).float().to(device)
    own = ours(width, timesteps, OURS.get(name))
    enliven(own)
    if name in OURS:
        return training_step(own.to(device), x, target, timesteps), parameter_count(own)
    network, reset = PEERS[name](width, timesteps), None
    if name.startswith("spikingjelly"):
        from spikingjelly.activation_based import functional

        copy_weights(own, network)

        def reset() -> None:
            functional.reset_net(network)

    return training_step(network.train().to(device), x, target, timesteps, reset), parameter_count(network)


def serve(pipe: Connection, name: str, options: argparse.Namespace) -> None:
    """A contender's process: number of parameters, then the seconds of the steps of a turn for everything that is sent."""
    os.dup2(2, 1)  # some peers print while they are imported
    torch.set_num_threads(options.threads)
    if name in OURS or name.endswith(KEPT):
        keep_freed_memory()  # as our trainer does
    step, parameters = contender(name, options.width, options.timesteps, options.batch, options.device)
    pipe.send(parameters)
    with contextlib.suppress(EOFError):  # the end of the benchmark
        while pipe.recv():
            times = [time.perf_counter()]
            for _ in range(TURN):
                step()
                times.append(time.perf_counter())
            pipe.send([after - before for before, after in zip(times[1:], times[2:])])


def equal_in_float64(width: int, timesteps: int) -> bool:
    """Whether our network and SpikingJelly's give the same votes with the same weights.

    In float32 they need not: a sum in another order moves a membrane across its threshold, and layers behind it follow.
    """
    torch.manual_seed(0)
    own, peer = ours(width, timesteps, None), PeerNetwork(spikingjelly_neuron, width, timesteps).train()
    enliven(own)
    copy_weights(own, peer)
    x = torch.randn(2, *IMAGE, dtype=torch.float64)
    with torch.no_grad():
        votes, expected = own.double()(x), peer.double()(x)
    return bool(votes.sum() > 0) and torch.equal(votes, expected)


def measure(pipes: dict[str, Connection], rounds: int) -> dict[str, list[list[float]]]:
    """Seconds of the steps of every turn, contenders taking turns; one that is hopelessly slow is measured once."""
    turns: dict[str, list[list[float]]] = {name: [] for name in pipes}
    for index in range(rounds + WARM_UP):
        fastest = min((min(map(min, done)) for done in turns.values() if done), default=0.0)
        for name, pipe in pipes.items():
            if index > WARM_UP and min(turns[name][0]) > HOPELESS * fastest:
                continue
            pipe.send(True)
            taken = pipe.recv()
            if index >= WARM_UP:
                turns[name].append(taken)
    return turns


def ratio(peer: list[list[float]], own: list[list[float]]) -> float:
    """How many times as long the peer's step takes, over the rounds that both took part in."""
    return statistics.median(min(theirs) / min(ours) for theirs, ours in zip(peer, own))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--timesteps", type=int, default=8)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    options = parser.parse_args()
    require_device(options.device)
    peers = peers_on(options.device)
    torch.set_num_threads(options.threads)
    with contextlib.redirect_stdout(sys.stderr):
        equal = equal_in_float64(options.width, options.timesteps)
    spawn = multiprocessing.get_context("spawn")
    pipes: dict[str, Connection] = {}
    for name in (*OURS, *peers):
        pipes[name], theirs = spawn.Pipe()
        spawn.Process(target=serve, args=(theirs, name, options), daemon=True).start()
    parameters = {name: pipe.recv() for name, pipe in pipes.items()}
    turns = measure(pipes, options.rounds)
    seconds = {name: [step for turn in done for step in turn] for name, done in turns.items()}
    best = {name: min(values) for name, values in seconds.items()}
    result: dict[str, object] = {
        f"{mine}_vs_{peer}": ratio(turns[peer], turns[mine]) for mine in OURS for peer in peers
    }
    result |= {
        "seconds_best": best,
        "seconds_median": {name: statistics.median(values) for name, values in seconds.items()},
        "parameters": parameters,
        "equal_to_spikingjelly_in_float64": equal,
        "cpu_has_bf16": bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()),
        "width": options.width,
        "timesteps": options.timesteps,
        "batch": options.batch,
        "rounds": options.rounds,
        "threads": options.threads,
        "device": options.device if options.device == "cpu" else torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "machine": platform.processor() or platform.machine(),
    }
    if options.json:
        print(json.dumps(result, indent=1))
        return
    for name, value in best.items():
        print(f"{name:28s} {value * 1e3:9.1f} ms a step, ours {value / best['ours']:5.2f}x as fast")


if __name__ == "__main__":
    main()
