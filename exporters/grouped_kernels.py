"""The same grouped convolution with fewer groups: kernels of several groups side by side, zeros between them.

Needed because lava-dl keeps `groups` in 8 bits: 128 groups give all-zero output, 130 an exception.
"""

from __future__ import annotations

import numpy as np

MAX_GROUPS = 127


def fewer(groups: int) -> int:
    """The largest divisor of `groups` that a NetX file can say (at most 127)."""
    return max(count for count in range(1, min(groups, MAX_GROUPS) + 1) if groups % count == 0)


def merge(weight: np.ndarray, groups: int, into: int) -> np.ndarray:
    """Kernels of the same convolution with `into` groups.

    Args:
        weight: (C, Cin / groups, kH, kW); `into` divides `groups`.

    Returns:
        (C, Cin / into, kH, kW), zero wherever a channel did not see an input.
    """
    channels, inputs, *kernel = weight.shape
    together = groups // into
    blocks = weight.reshape(into, together, channels // groups, inputs, *kernel)
    merged = np.zeros((into, together, channels // groups, together, inputs, *kernel), weight.dtype)
    for position in range(together):
        merged[:, position, :, position] = blocks[:, position]
    return merged.reshape(channels, together * inputs, *kernel)


def split(weight: np.ndarray, groups: int, into: int) -> np.ndarray | None:
    """Inverse of `merge`: kernels with `into` >= `groups` groups; None where the weights are not such a merge."""
    channels, inputs, *kernel = weight.shape
    if into < groups or into % groups or channels % into or inputs % (into // groups):
        return None
    together = into // groups
    blocks = weight.reshape(groups, together, channels // into, together, inputs // together, *kernel)
    own = np.stack([blocks[:, position, :, position] for position in range(together)], axis=1)
    own = own.reshape(channels, inputs // together, *kernel)
    return own if np.array_equal(merge(own, into, groups), weight) else None
