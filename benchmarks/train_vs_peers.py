"""One training step (forward, backward, Adam) of one network, ours against the field's libraries, all in one process.

    python benchmarks/train_vs_peers.py --json

The network is AutoSNN-16 all-SRB_k3 on 32 x 32 images, T = 8. Every contender computes the stem's convolution once an image
and folds time into the batch for convolution, batch norm and pooling; only its neurons are its own. That is the fast way to
use each of them: snnTorch and norse are usually run with the whole network inside the loop over time.
SpikingJelly's neuron is ours exactly (PLIF); the others have the nearest they offer: snnTorch's Leaky with a learnable beta,
norse's LIFBox with a fixed time constant, slayer's CUBA neuron without current memory (in its own N C H W T layout).
Steps are interleaved and the best of each is compared: ratios above 1 mean that ours is faster.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from autosnn_hw.architecture import Architecture
from autosnn_hw.training.adam import FlatAdam
from autosnn_hw.training.blocks import ConvNorm
from autosnn_hw.training.network import SpikingNetwork, parameter_count

IMAGE, CLASSES, VOTERS = (3, 32, 32), 10, 10
HOPELESS = 8  # times as slow as the fastest
Neuron = Callable[[], nn.Module]  # module from currents (T, N, ...) to spikes of that shape


class PeerNetwork(nn.Module):
    """All-SRB_k3 AutoSNN out of plain torch layers on (T * N, C, H, W) and a library's neuron on (T, N, C, H, W)."""

    def __init__(self, neuron: Neuron, width: int, timesteps: int) -> None:
        super().__init__()
        self.timesteps = timesteps
        self.stem, self.stem_neuron = _conv_norm(IMAGE[0], width, 3), neuron()
        widths = [width, width, 2 * width, 2 * width, 4 * width, 4 * width]
        self.first, self.second, self.shortcut = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        self.neurons = nn.ModuleList()
        for inputs, outputs in zip(widths, widths[1:]):
            self.first.append(_conv_norm(inputs, outputs, 3))
            self.second.append(_conv_norm(outputs, outputs, 3))
            self.shortcut.append(nn.Identity() if inputs == outputs else _conv_norm(inputs, outputs, 1))
            self.neurons.append(nn.ModuleList([neuron(), neuron()]))
        self.linear = nn.Linear(4 * width * (IMAGE[1] // 8) ** 2, CLASSES * VOTERS, bias=False)
        self.readout_neuron = neuron()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        current = self.stem(x)
        spikes = self.stem_neuron(current.expand(self.timesteps, *current.shape)).flatten(0, 1)
        for slot, (first, second, shortcut, neurons) in enumerate(
            zip(self.first, self.second, self.shortcut, self.neurons)
        ):
            hidden = self._fire(neurons[0], first(spikes))
            spikes = self._fire(neurons[1], second(hidden) + shortcut(spikes))
            if slot in (0, 2, 4):
                spikes = F.max_pool2d(spikes, 2)
        votes = self.readout_neuron(self.linear(spikes.flatten(1)).view(self.timesteps, len(x), -1))
        return votes.view(self.timesteps, len(x), CLASSES, VOTERS).mean(-1).sum(0)

    def _fire(self, neuron: nn.Module, current: torch.Tensor) -> torch.Tensor:
        return neuron(current.view(self.timesteps, -1, *current.shape[1:])).flatten(0, 1)


def _conv_norm(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False), nn.BatchNorm2d(outputs))


def spikingjelly_neuron() -> nn.Module:
    from spikingjelly.activation_based import neuron, surrogate

    return neuron.ParametricLIFNode(
        2.0, surrogate_function=surrogate.ATan(2.0), detach_reset=True, step_mode="m", backend="torch"
    )


class SnnTorchNeuron(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        import snntorch

        self.leaky = snntorch.Leaky(
            beta=0.5, learn_beta=True, reset_mechanism="zero", spike_grad=snntorch.surrogate.atan(2.0)
        )

    def forward(self, currents: torch.Tensor) -> torch.Tensor:
        voltage, spikes = self.leaky.init_leaky(), []
        for current in currents:
            spike, voltage = self.leaky(current * 0.5, voltage)
            spikes.append(spike)
        return torch.stack(spikes)


class NorseNeuron(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        from norse.torch import LIFBoxCell
        from norse.torch.functional.lif_box import LIFBoxParameters

        self.cell = LIFBoxCell(LIFBoxParameters(tau_mem_inv=torch.tensor(500.0)), dt=0.001)  # k = 0.5

    def forward(self, currents: torch.Tensor) -> torch.Tensor:
        state, spikes = None, []
        for current in currents:
            spike, state = self.cell(current, state)
            spikes.append(spike)
        return torch.stack(spikes)


class SlayerNetwork(nn.Module):
    """The same network in slayer's own layout (N, C, H, W, T), convolutions by its synapses."""

    def __init__(self, width: int, timesteps: int) -> None:
        super().__init__()
        from lava.lib.dl import slayer

        self.timesteps = timesteps

        def neuron() -> nn.Module:
            return slayer.neuron.cuba.Neuron(threshold=1.0, current_decay=1.0, voltage_decay=0.5, requires_grad=True)

        def conv(inputs: int, outputs: int, kernel: int) -> nn.Module:
            return nn.Sequential(
                slayer.synapse.Conv(inputs, outputs, kernel, padding=kernel // 2), nn.BatchNorm3d(outputs)
            )

        self.stem, self.stem_neuron = _conv_norm(IMAGE[0], width, 3), neuron()
        widths = [width, width, 2 * width, 2 * width, 4 * width, 4 * width]
        self.blocks = nn.ModuleList(
            nn.ModuleList(
                [
                    conv(inputs, outputs, 3),
                    conv(outputs, outputs, 3),
                    nn.Identity() if inputs == outputs else conv(inputs, outputs, 1),
                    neuron(),
                    neuron(),
                ]
            )
            for inputs, outputs in zip(widths, widths[1:])
        )
        self.linear = slayer.synapse.Dense(4 * width * (IMAGE[1] // 8) ** 2, CLASSES * VOTERS)
        self.readout_neuron = neuron()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        spikes = self.stem_neuron(self.stem(x)[..., None].repeat(1, 1, 1, 1, self.timesteps))
        for slot, (first, second, shortcut, inner, outer) in enumerate(self.blocks):
            spikes = outer(second(inner(first(spikes))) + shortcut(spikes))
            if slot in (0, 2, 4):
                spikes = F.max_pool3d(spikes, (2, 2, 1))
        votes = self.readout_neuron(self.linear(spikes.flatten(1, 3)))
        return votes.view(len(x), CLASSES, VOTERS, self.timesteps).mean(2).sum(-1)


def copy_weights(ours: SpikingNetwork, theirs: PeerNetwork) -> None:
    """Give a peer network the weights of ours, so that both must compute the same loss."""
    blocks = [layer for layer in ours.layers if getattr(layer, "convs", None)]
    pairs = [(blocks[0].convs[0], theirs.stem)]
    for block, first, second, shortcut in zip(blocks[1:], theirs.first, theirs.second, theirs.shortcut):
        pairs += [(block.convs[0], first), (block.convs[1], second)]
        if block.shortcut is not None:
            pairs.append((block.shortcut, shortcut))
    with torch.no_grad():
        for own, (conv, norm) in pairs:
            conv.weight.copy_(own.conv.weight)
            norm.weight.copy_(own.norm.weight)
        theirs.linear.weight.copy_(ours.layers[-1].linear.weight)


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


def contenders(width: int, timesteps: int, batch: int) -> tuple[dict[str, Callable[[], float]], dict[str, int]]:
    """Training steps and parameters by name."""
    from spikingjelly.activation_based import functional

    torch.manual_seed(0)
    x = torch.randn(batch, *IMAGE)
    target = F.one_hot(torch.randint(0, CLASSES, (batch,)), CLASSES).float()
    networks: dict[str, nn.Module] = {
        "ours": ours(width, timesteps, None),
        "ours_bf16": ours(width, timesteps, torch.bfloat16),
        "spikingjelly": PeerNetwork(spikingjelly_neuron, width, timesteps),
        "spikingjelly_channels_last": PeerNetwork(spikingjelly_neuron, width, timesteps),
        "snntorch": PeerNetwork(SnnTorchNeuron, width, timesteps),
        "norse": PeerNetwork(NorseNeuron, width, timesteps),
        "slayer": SlayerNetwork(width, timesteps),
    }
    enliven(networks["ours"])
    steps = {}
    for name, network in networks.items():
        peer = name.startswith("spikingjelly")
        if peer:
            copy_weights(networks["ours"], network)
        if name.endswith("channels_last"):
            network.to(memory_format=torch.channels_last)
        reset = (lambda n=network: functional.reset_net(n)) if peer else None
        steps[name] = training_step(network.train(), x, target, timesteps, reset)
    return steps, {name: parameter_count(network) for name, network in networks.items()}


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


def measure(steps: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Seconds of every step, contenders taking turns; one that is hopelessly slow is measured once."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for index in range(rounds + 1):
        fastest = min((min(values) for values in seconds.values() if values), default=0.0)
        for name, step in steps.items():
            if index > 1 and min(seconds[name]) > HOPELESS * fastest:
                continue
            started = time.perf_counter()
            step()
            if index > 0:  # the first round warms up
                seconds[name].append(time.perf_counter() - started)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--timesteps", type=int, default=8)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with contextlib.redirect_stdout(sys.stderr):  # some peers print while they are imported
        equal = equal_in_float64(options.width, options.timesteps)
        steps, parameters = contenders(options.width, options.timesteps, options.batch)
        seconds = measure(steps, options.rounds)
    best = {name: min(values) for name, values in seconds.items()}
    result: dict[str, object] = {
        f"{mine}_vs_{peer}": best[peer] / best[mine]
        for mine in ("ours", "ours_bf16")
        for peer in best
        if not peer.startswith("ours")
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
        "threads": torch.get_num_threads(),
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
