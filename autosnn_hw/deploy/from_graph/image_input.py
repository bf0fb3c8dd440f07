"""Images that a network was given as a constant current in every step: its first weights are host work, done once an image.

The first layer's convolution (or matrix) becomes the encoder that travels in the file, its neurons the chip's input neurons, whose
bias each value is (direct encoding, as `deploy.encoder` does it for searched networks).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autosnn_hw.deploy.encoder import BYTE_PEAK, encoder_of
from autosnn_hw.deploy.from_graph.euler_steps import OR
from autosnn_hw.deploy.from_graph.layer_maps import PlannedLayer
from autosnn_hw.deploy.from_graph.maps import ConvMap, Shape
from autosnn_hw.deploy.from_graph.rounding import FloatNeurons, rounded
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, Encoder, InputLayer
from autosnn_hw.simulate import exact


@dataclass(frozen=True)
class SeenImages:
    """What a network saw of images.

    Args:
        shape: (C, H, W) of an image.
        timesteps: steps for which an image stands.
        divisor: a stored value over this is what the network saw.
        peak: largest size of such a value.
        as_bytes: images are uint8, else float32.
    """

    shape: Shape
    timesteps: int
    divisor: float
    peak: float
    as_bytes: bool

    def seen(self, images: np.ndarray) -> np.ndarray:
        """float32 of the images' shape: what the network saw."""
        return (images.astype(np.float32) / np.float32(self.divisor)).astype(np.float32)


def image_input(layer: PlannedLayer, images: SeenImages, fires_at: bool) -> tuple[Encoder, InputLayer]:
    """The first layer as an encoder and input neurons.

    Raises:
        InputError: its neurons filter their current, never fire, or pool; its bias differs within a channel; its input travels on.
    """
    floats = layer.floats
    instead = "give spike frames (N, T, ..), with images coded into them"
    if layer.layer.node.kind == OR or floats.threshold is None or (floats.i_decay < 1).any() or layer.carried:
        raise InputError(
            f"{layer.where}: images can be held as a current of spiking neurons without a synaptic current (Leaky, LIFBox, LIFNode, IF) "
            f"alone, and of the first layer alone; {instead}."
        )
    weight, stride, padding = _convolution(layer, images.shape, instead)
    rows = np.asarray(floats.bias, float).reshape(len(weight), -1)
    if (rows != rows[:, :1]).any():
        raise InputError(f"{layer.where}: its bias differs from pixel to pixel within a channel; {instead}.")
    bias = rows[:, 0]
    unit = BYTE_PEAK / images.peak
    table = scale = None
    if images.as_bytes:
        levels = np.clip(np.rint(np.arange(256) / images.divisor * unit), -BYTE_PEAK, BYTE_PEAK)
        table = np.tile(levels.astype(np.int8), (images.shape[0], 1))
    else:
        scale = np.full(images.shape[0], unit / images.divisor, np.float32)
    encoder, stem_scale = encoder_of(weight, bias, (table, scale, unit), stride=stride, padding=padding)
    neuron = _neuron(floats, stem_scale, fires_at, layer.name)
    shape = layer.layer.shape if len(layer.layer.shape) == 3 else (layer.layer.shape[0], 1, 1)
    return encoder, InputLayer(layer.name, shape, neuron, block=layer.name, scale=stem_scale)


def driven(encoder: Encoder, first: InputLayer, images: SeenImages, samples: np.ndarray) -> np.ndarray:
    """Spikes of the input neurons, uint8 (N, T, *shape), exactly the chip's."""
    unread = DenseLayer("unread", (1,), np.ones((1, int(np.prod(first.shape)))), CubaNeuron(1, 4096))
    network = ChipNetwork((first, unread), timesteps=images.timesteps, encoder=encoder)
    return exact.trace(network, samples, layers=[first.name]).layers[0].spikes


def _convolution(
    layer: PlannedLayer, image: Shape, instead: str
) -> tuple[np.ndarray, tuple[int, int], tuple[int, int]]:
    """Weights (C, Cin, kh, kw), stride and padding; a matrix is a kernel of the size of the image."""
    weight, joint = layer.floats.weight, layer.joint
    if isinstance(joint, ConvMap):
        if joint.groups != 1 or joint.in_shape != image:
            raise InputError(f"{layer.where}: a convolution of {image} in one group can be host work; {instead}.")
        return weight, joint.stride, joint.padding
    if joint.delay is not None:
        raise InputError(f"{layer.where}: delayed images make no sense; {instead}.")
    return weight.reshape(len(weight), *image), (1, 1), (0, 0)


def _neuron(floats: FloatNeurons, scale: float, fires_at: bool, name: str) -> CubaNeuron:
    """Decays and thresholds at the scale of the biases, rounded as every layer's."""
    one = FloatNeurons(
        np.ones((len(floats.v_decay), 1)) / scale,
        np.zeros(len(floats.v_decay)),
        floats.v_decay,
        floats.i_decay,
        floats.threshold,
    )
    return rounded(one, name, fires_at=fires_at, scale=scale).neuron
