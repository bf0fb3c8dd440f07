"""One dense layer, and profiles with other limits: what tests of checks are about."""

import numpy as np

from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer
from hw_profiles import loader

NEURON = CubaNeuron(20, 1000)


def overlaid(target: str, **tables):
    return loader.from_table(loader.overlay(loader.read_table(target), tables), "test")


def dense(weight, neuron=NEURON, **more) -> ChipNetwork:
    weight = np.asarray(weight)
    return ChipNetwork(
        (InputLayer("in", (weight.shape[1],)), DenseLayer("out", (weight.shape[0],), weight, neuron, **more)),
        timesteps=8,
    )
