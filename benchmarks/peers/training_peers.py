"""The benchmark's network in the libraries it is compared with: plain torch layers around their neurons, and slayer's own."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from autosnn_hw.training.modules.spiking_network import SpikingNetwork

IMAGE, CLASSES, VOTERS = (3, 32, 32), 10, 10
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


def spikingjelly_neuron(backend: str = "torch") -> nn.Module:
    from spikingjelly.activation_based import neuron, surrogate

    return neuron.ParametricLIFNode(
        2.0, surrogate_function=surrogate.ATan(2.0), detach_reset=True, step_mode="m", backend=backend
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
