"""Runs a NIR file in another framework and keeps its output spikes: `python nir_peers.py PEER FILE.nir FRAMES.npz OUT.npz DT`.

In a process of its own: frameworks are imported here and nowhere else. FRAMES.npz holds `frames` (N, T, ..).
"""

import sys

import nir
import numpy as np
import torch


def by_steps(net, frames):
    """Spikes (N, T, ..) of a module that takes and gives back its state."""
    state, spikes = None, []
    for step in range(frames.shape[1]):
        out, state = net(frames[:, step], state)
        spikes.append(out)
    return torch.stack(spikes, 1)


def norse(path, frames, dt):
    import norse.torch

    return by_steps(norse.torch.from_nir(nir.read(path), dt=dt, ignore_warnings=True), frames)


def snntorch(path, frames, dt):
    from snntorch.import_nir import import_from_nir

    return by_steps(import_from_nir(nir.read(path)), frames)  # its dt is always 1e-4


def spikingjelly(path, frames, dt):
    from spikingjelly.activation_based.nir_exchange import import_from_nir

    return by_steps(import_from_nir(path, dt=dt), frames)


def sinabs(path, frames, dt):
    import sinabs.nir

    net = sinabs.nir.from_nir(nir.read(path), batch_size=len(frames))
    out = net(frames.flatten(0, 1))
    return (out[0] if isinstance(out, tuple) else out).reshape(*frames.shape[:2], -1)


def main(peer, path, frames, out, dt):
    with np.load(frames) as data, torch.no_grad():
        spikes = globals()[peer](path, torch.tensor(data["frames"]).float(), float(dt))
    np.savez(out, spikes=spikes.reshape(*spikes.shape[:2], -1).numpy())


if __name__ == "__main__":
    main(*sys.argv[1:])
