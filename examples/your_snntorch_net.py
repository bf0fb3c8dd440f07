"""From snnTorch to Loihi 2: a small net is trained on digits as spike frames, becomes integers, and is run, priced and written.

    python examples/your_snntorch_net.py [FOLDER]

FOLDER gets digits.net and frames.npz, the samples that it is tested with. The same from the command line:
autosnn-hw import examples/your_snntorch_net.py:trained -o net.net --dataset npz:frames.npz
"""

import sys
from pathlib import Path

import numpy as np
import snntorch
import torch
from sklearn.datasets import load_digits
from snntorch import utils
from torch import nn

from autosnn_hw import check, from_torch, simulate, write
from autosnn_hw.deploy.from_torch import compare

STEPS = 8


def frames_of_digits(steps=STEPS, seed=0):
    """Frames (N, T, 1, 8, 8) of spikes, brighter pixels more often, and labels."""
    digits = load_digits()
    chance = digits.images[:, None, None] / 16
    frames = np.random.default_rng(seed).random((len(chance), steps, 1, 8, 8)) < chance
    return frames.astype(np.uint8), digits.target.astype(np.int64)


def lif():
    # Reset to zero: what a chip's neuron does. snnTorch's default, reset by subtraction, it cannot do.
    return snntorch.Leaky(beta=0.75, reset_mechanism="zero", init_hidden=True)


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        lif(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 10),
        lif(),
    )


def trained(epochs=30):
    """The network, trained on all but the last 360 digits, whose spikes are drawn anew in every epoch."""
    torch.set_num_threads(1)  # a net this small is faster so
    net = network()
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-2)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    for epoch in range(epochs):
        frames, labels = frames_of_digits(seed=1 + epoch)
        x, y = torch.tensor(frames[:-360]).float(), torch.tensor(labels[:-360])
        for batch in torch.randperm(len(x), generator=torch.Generator().manual_seed(epoch)).split(64):
            utils.reset(net)
            votes = sum(net(x[batch, step]) for step in range(STEPS))
            loss = nn.functional.cross_entropy(votes, y[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        rate.step()
    utils.reset(net)
    return net.eval()


def main(folder="."):
    net = trained()
    frames, labels = frames_of_digits()
    test, wanted = frames[-360:], labels[-360:]
    np.savez(Path(folder) / "frames.npz", x_test=test, y_test=wanted)
    chip = from_torch(net, (1, 8, 8), timesteps=STEPS)
    there = compare(net, chip, test, wanted)
    print(f"accuracy: snnTorch {there['accuracy']['float']:.3f}, as integers {there['accuracy']['integer']:.3f}")
    done = simulate(chip, test, wanted, target="loihi2")
    print(f"energy an inference on Loihi 2: {1e6 * done.cost.energy_total.value:.2f} uJ; cores: {done.cost.cores_used}")
    print("fits Loihi 1:", check(chip, "loihi1").fits)
    print("written:", write(chip, Path(folder) / "digits.net"))
    return there


if __name__ == "__main__":
    main(*sys.argv[1:])
