"""Whether two backends gave the same spikes: the one judge, of traces, of counts and of counts per inference. Numpy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.errors import SpikesDifferError
from autosnn_hw.simulate.trace import Trace, compare

EQUAL = 1e-9  # relative; means of equal integer counts, added in another order


def require_same_trace(expected: Trace, measured: Trace, first: int = 0) -> None:
    """The exact simulator and Lava agree on every value that both traced.

    Args:
        first: number of the traces' first sample, for the error.

    Raises:
        SpikesDifferError: names the first layer, sample, step and neuron that differ.
    """
    difference = compare(expected, measured)
    if difference is None:
        return
    raise SpikesDifferError(
        f"the exact simulator and Lava differ, first in layer {difference.layer!r}, sample {first + difference.sample}, "
        f"step {difference.step}, neuron {difference.neuron}: {difference.quantity} is {difference.values[0]} and "
        f"{difference.values[1]} ({difference.count} values differ in all)."
    )


def require_same_spikes(expected: Activity, measured: Activity, what: str) -> None:
    """Both counted the same spikes in every layer, role, sample and step, and in every neuron summed over the run.

    Args:
        what: whom the error names.

    Raises:
        SpikesDifferError: names the first layer, sample and step that differ, or the first neuron.
    """
    for a, b in zip(expected.layers, measured.layers):
        where = _first_difference(a.spikes, b.spikes)
        if where is not None:
            _, sample, step = where
            raise SpikesDifferError(
                f"{what}: layer {a.name!r}, sample {sample}, step {step}: Lava counted {int(b.spikes[where])} spikes, "
                f"the exact simulator {int(a.spikes[where])}."
            )
        if a.neuron_spikes is None or b.neuron_spikes is None:
            continue
        where = _first_difference(a.neuron_spikes, b.neuron_spikes)
        if where is not None:
            raise SpikesDifferError(
                f"{what}: layer {a.name!r}, neuron {where}: Lava counted {int(b.neuron_spikes[where])} spikes, "
                f"the exact simulator {int(a.neuron_spikes[where])}."
            )


def require_same_means(
    expected: Mapping[str, float], measured: Mapping[str, float], names: Sequence[str], what: str, samples: int
) -> None:
    """The same of counts per inference, where no more than those are known.

    Args:
        names: the counts that are compared, where both hold them.
        what: whom and who measured, for the error.
        samples: that the means are of.

    Raises:
        SpikesDifferError: names the first count that differs, and both values.
    """
    for name in names:
        ours, theirs = expected.get(name), measured.get(name)
        if ours is None or theirs is None or abs(theirs - ours) <= EQUAL * max(abs(theirs), abs(ours)):
            continue
        raise SpikesDifferError(
            f"{what} counted {theirs:g} {name} per inference where the exact simulator counted {ours:g} ({samples} samples)."
        )


def _first_difference(a: np.ndarray, b: np.ndarray) -> tuple[int, ...] | None:
    differ = a != b
    return tuple(int(i) for i in np.argwhere(differ)[0]) if differ.any() else None
