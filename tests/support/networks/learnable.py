"""Small data that is easy to learn, and freshly initialised networks for it."""

import numpy as np
import torch

from autosnn_hw.architecture import Architecture
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.modules.blocks import Norm
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.modules.spiking_network import SpikingNetwork


def dataset(image=(2, 8, 8), classes=3, count=40, seed=0):
    """Images whose class is where they are bright, easy to learn."""
    rng = np.random.default_rng(seed)

    def part(n):
        y = rng.integers(0, classes, n)
        x = rng.integers(0, 120, (n, *image))
        for i, label in enumerate(y):
            x[i, :, :, label * 2 : label * 2 + 3] += 120
        return x.astype(np.uint8), y

    (a, b), (c, d), (e, f) = part(2 * count), part(count), part(count)
    mean, std = np.full(image[0], 0.3), np.full(image[0], 0.25)
    return Dataset("easy", a, b, c, d, e, f, classes, image, mean, std, 255.0, "0")


def events(image=(2, 8, 8), classes=3, count=40, timesteps=4, seed=0):
    """Event frames whose class is where most of them are, some counts above 1."""
    rng = np.random.default_rng(seed)

    def part(n):
        y = rng.integers(0, classes, n)
        x = rng.poisson(0.1, (n, timesteps, *image))
        for i, label in enumerate(y):
            x[i, :, :, :, label * 2 : label * 2 + 3] += rng.poisson(1.5, (timesteps, *image[:2], 3))
        return x.astype(np.uint8), y

    (a, b), (c, d), (e, f) = part(2 * count), part(count), part(count)
    return Dataset("events", a, b, c, d, e, f, classes, image, np.zeros(image[0]), np.ones(image[0]), 1.0, "0")


def module(
    names,
    seed=0,
    space="SNN_1",
    image=(2, 8, 8),
    width=4,
    timesteps=4,
    voters=10,
    fabric=None,
    neuron="plif",
    data=None,
):
    """A freshly initialised network whose batch norm has seen a few batches, and its data."""
    torch.manual_seed(seed)
    data = data or dataset(image)
    architecture = Architecture.parse(names, space=space, width=width, timesteps=timesteps)
    net = SpikingNetwork(architecture, image, 3, voters=voters, fabric=fabric or Fabric(neuron))
    for name, parameter in net.named_parameters():
        if name.endswith("norm.bias"):
            parameter.data.fill_(0.5)  # lively enough for gradients to reach every layer
        elif name.endswith("linear.weight"):
            parameter.data.mul_(6)
    for layer in net.modules():
        if isinstance(layer, Norm):
            layer.momentum = 1.0
    with torch.no_grad():
        net(torch.from_numpy(data.normalise(data.x_train)))
    return net.eval(), data


def network(*args, **kwargs):
    """The network of `module` as floats with its statistics, and its data."""
    net, data = module(*args, **kwargs)
    return net.to_folded(data), data
