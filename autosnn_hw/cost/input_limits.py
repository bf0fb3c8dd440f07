"""Limits on what is sent into a network: a chip that could hold the network may not take these samples."""

from __future__ import annotations

import numpy as np

from autosnn_hw.cost_report import FitReport, Violation
from autosnn_hw.network import ChipNetwork, SigmaDeltaNeuron
from autosnn_hw.network.sigma_delta import SPIKE_EXP
from hw_profiles.schema import Profile


def with_inputs(
    report: FitReport, network: ChipNetwork, inputs: np.ndarray, graded: bool, profile: Profile
) -> FitReport:
    """The report with the violations of the samples: they do not fit either where only these do not.

    Args:
        inputs: images (N, *shape) or frames (N, T, *shape) as the network takes them.
        graded: frames meet the first synapse with their value.
    """
    more = input_violations(network, inputs, graded, profile)
    if not more:
        return report
    return FitReport(**{**vars(report), "fits": False, "violations": (*report.violations, *more)})


def input_violations(network: ChipNetwork, inputs: np.ndarray, graded: bool, profile: Profile) -> tuple[Violation, ...]:
    """Images that are bias mantissas, with the biases of their neurons, and values that messages carry, against the limits for them.

    An encoder's values are within every limit by construction, and spikes carry no value. A delta encoder sends changes.
    """
    first = network.input_layer
    if network.encoder is not None or not inputs.size:
        return ()
    if isinstance(first.neuron, SigmaDeltaNeuron):
        frames = inputs[:, None] if inputs.shape[1:] == first.shape else inputs
        changes = np.diff(frames.astype(float), axis=1, prepend=0)
        return _payload(first.name, changes * (1 << SPIKE_EXP), profile)
    if first.neuron is not None and inputs.shape[1:] == first.shape:
        return _bias(first.name, inputs, first.bias, profile)
    return _payload(first.name, inputs, profile) if first.neuron is not None or graded else ()


def _bias(name: str, images: np.ndarray, bias: np.ndarray | None, profile: Profile) -> tuple[Violation, ...]:
    limit = profile.limits.bias
    own = 0 if bias is None else bias.reshape(bias.shape + (1,) * (images.ndim - 1 - bias.ndim))
    needed = float(np.abs(images.astype(float) + own).max())
    if limit is None or needed <= limit.value:
        return ()
    return (Violation(name, "bias of an image", needed, float(limit.value), limit.source, (), limit.verified),)


def _payload(name: str, frames: np.ndarray, profile: Profile) -> tuple[Violation, ...]:
    limit = profile.limits.payload
    needed = max(abs(float(frames.min())), abs(float(frames.max())))  # no copy: frames may lie in a mapped file
    if limit is None:
        most, source, verified = 1.0, "the profile names no payload: its messages are spikes", False
    else:
        most, source, verified = float(limit.value), limit.source, limit.verified
    if needed <= most:
        return ()
    return (Violation(name, "payload of a frame", needed, most, source, (), verified),)
