"""Putting own, relay and shortcut weights together into one kernel, with the channel order that grouped layers need."""

from __future__ import annotations

import numpy as np

from autosnn_hw.deploy.planned_layers import Unit
from autosnn_hw.deploy.quantise import IntegerMap
from autosnn_hw.network import Role
from autosnn_hw.network.connectivity import ungrouped


def channel_order(own: int, relays: int, groups: int) -> np.ndarray:
    """int64 (own + relays,): which of [own 0.., relay own..] stands at each place: [own | relay] in each group."""
    mine = np.arange(own).reshape(groups, -1)
    theirs = own + np.arange(relays).reshape(groups, -1)
    return np.concatenate([mine, theirs], axis=1).reshape(-1)


def channel_roles(unit: Unit) -> np.ndarray:
    """uint8 roles of the unit's output channels, in their order."""
    order = channel_order(unit.shape[0], unit.relays_out, unit.next_groups if unit.relays_out else 1)
    return np.where(order < unit.shape[0], Role.OWN, Role.RELAY).astype(np.uint8)


def grouped_channels(weight: np.ndarray, groups: int) -> np.ndarray:
    """The inverse of `connectivity.ungrouped`; what lies between groups must be zero."""
    if groups == 1:
        return weight
    out, width = weight.shape[0] // groups, weight.shape[1] // groups
    parts = [weight[g * out : (g + 1) * out, g * width : (g + 1) * width] for g in range(groups)]
    assert sum(np.count_nonzero(p) for p in parts) == np.count_nonzero(weight), "weights between groups"
    return np.concatenate(parts)


def full_kernel(unit: Unit, integers: IntegerMap) -> tuple[np.ndarray, np.ndarray]:
    """(weight, bias) of the chip layer: own channels, the shortcut's taps on incoming relays, and outgoing relays.

    A relay is one weight on the centre tap, which reads the position that a 1x1 convolution with the same stride reads.
    """
    assert unit.conv is not None
    own, size = unit.shape[0], unit.conv.weight.shape[-1]
    mine = ungrouped(integers.weight, unit.conv.groups)
    inputs = mine.shape[1]
    weight = np.zeros((own + unit.relays_out, inputs + unit.relays_in, size, size), np.int64)
    weight[:own, :inputs] = mine
    centre = size // 2
    if integers.identity is not None:
        weight[np.arange(own), inputs + np.arange(own), centre, centre] = integers.identity
    elif integers.shortcut is not None:
        groups = (inputs + unit.relays_in - inputs) // integers.shortcut.shape[1]
        weight[:own, inputs:, centre, centre] = ungrouped(integers.shortcut, groups)[:, :, 0, 0]
    if unit.relays_out:
        source = (inputs if unit.relays_in else 0) + np.arange(unit.relays_out)
        weight[own + np.arange(unit.relays_out), source, centre, centre] = integers.relay
    bias = np.concatenate([integers.bias, np.zeros(unit.relays_out, np.int64)])
    if unit.relays_in:
        weight = weight[:, channel_order(inputs, unit.relays_in, unit.groups)]
    if unit.relays_out:
        order = channel_order(own, unit.relays_out, unit.next_groups)
        weight, bias = weight[order], bias[order]
    return grouped_channels(weight, unit.groups), bias
