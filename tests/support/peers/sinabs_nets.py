"""Trains small nets of sinabs on digits and keeps what they are and do: `PYTHONPATH=.nir-peers python tests/support/peers/sinabs_nets.py FOLDER`.

For each kind KIND.nir, written by sinabs itself, and KIND.npz: `spikes` uint8 (360, 10, 10), what its last layer does with the frames of
`digit_frames`. In a process of its own: sinabs wants a newer Python by its word and is not installed with the project.
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

STEPS, TEST = 10, 360
KINDS = ("iaf_reset", "lif_reset", "iaf_default", "lif_default")
"""Reset to zero and single spikes, as a chip's neurons; and sinabs' defaults: reset by subtraction and several spikes a step."""


def digit_frames():
    """Spike frames uint8 (1797, T, 1, 8, 8), brighter pixels more often, and labels; the last 360 are for testing."""
    found = load_digits()
    frames = np.random.default_rng(0).random((len(found.images), STEPS, 1, 8, 8)) < found.images[:, None, None] / 16
    return frames.astype(np.uint8), found.target.astype(np.int64)


def main(folder, kinds=KINDS):
    """Write those kinds, with the spikes that sinabs gives."""
    import nir
    import sinabs.activation as act
    import sinabs.layers as sl
    import sinabs.nir
    import torch
    from torch import nn

    frames, labels = digit_frames()
    x, y = torch.tensor(frames).float(), torch.tensor(labels)

    def neurons(kind, shape):
        how = {} if kind.endswith("default") else {"spike_fn": act.SingleSpike, "reset_fn": act.MembraneReset()}
        if kind.startswith("iaf"):
            return sl.IAFSqueeze(num_timesteps=STEPS, **how)
        tau, threshold = torch.full(shape, 4.0), torch.full(shape, 0.3)
        return sl.LIFSqueeze(tau_mem=tau, spike_threshold=threshold, num_timesteps=STEPS, **how)

    for kind in kinds:
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(1, 12, 3, padding=1), neurons(kind, (12, 8, 8)), sl.SumPool2d(2), nn.Flatten(), nn.Linear(192, 10), neurons(kind, (10,)))  # fmt: skip

        def run(batch, net=net):
            for part in net:
                if isinstance(part, sl.StatefulLayer):
                    part.reset_states()
            return net(batch.flatten(0, 1)).unflatten(0, (len(batch), STEPS))

        optimiser = torch.optim.Adam([*net[0].parameters(), *net[4].parameters()], lr=1e-2)
        for _ in range(25):
            for index in torch.randperm(len(x) - TEST).split(64):
                optimiser.zero_grad()
                nn.functional.cross_entropy(run(x[index]).sum(1), y[index]).backward()
                optimiser.step()
        with torch.no_grad():
            spikes = run(x[-TEST:])
        print(kind, float((spikes.sum(1).argmax(1) == y[-TEST:]).float().mean()), float(spikes.max()))
        graph = sinabs.nir.to_nir(net, x[:1].flatten(0, 1))
        for node in graph.nodes.values():  # sinabs leaves shapes out with which alone nir writes a file
            if isinstance(node, nir.Conv2d):
                node.input_shape = (8, 8)
            elif isinstance(node, nir.Flatten):
                node.input_type = {"input": np.array([12, 4, 4])}
        nir.write(folder / f"{kind}.nir", graph)
        np.savez_compressed(folder / f"{kind}.npz", spikes=spikes.numpy().astype(np.uint8))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or KINDS)
