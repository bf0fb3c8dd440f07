"""How many groups the convolutions of each slot may have, for a target whose cores read few inputs."""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd

from autosnn_hw.architecture import BLOCKS, SEARCH_BLOCKS
from autosnn_hw.architecture.macro_architectures import macro
from hw_profiles.schema import Profile

ANY_CHIP = (1, 2, 4)  # groups to choose from where no limit of the chip asks for more
SIGNS = 2  # axons of a ternary input, + and -

Groups = Mapping[str, tuple[int, ...]]  # block name -> groups to choose from


def slot_groups(space: str, width: int, profile: Profile, fewest: bool = False) -> tuple[Groups, ...]:
    """For every slot, the numbers of groups that each block may have.

    On a crossbar a neuron of a k x k convolution with n channels a group reads n k^2 inputs, each on two axons of its core.
    n is the largest power of two that one core can hold, and half of it, which needs less fan-out and so fewer cores: 8 and 4
    at k = 3, 4 and 2 at k = 5 with 256 axons. A widening skip (1x1) takes the fewest groups that are legal.

    Args:
        space: macro-architecture; width: base width C.
        profile: of the target; one without a limit of axons may have 1, 2 or 4 groups.
        fewest: of these, each block's fewest groups only: half as many alternatives for a super-network to learn, but fewer
            architectures that fit the chip.
    """
    chosen = []
    inputs = 1
    for factor, stride in macro(space).slots:
        widths = (inputs * width, factor * width)
        ways = {block: _choices(block, widths, stride, profile) for block in SEARCH_BLOCKS}
        chosen.append({block: groups[:1] for block, groups in ways.items()} if fewest else ways)
        inputs = factor
    return tuple(chosen)


def _choices(block: str, widths: tuple[int, int], stride: int, profile: Profile) -> tuple[int, ...]:
    common, read = gcd(*widths), widths[0] if block == "skip" else max(widths)
    if block == "skip" and (widths[0] == widths[1] or stride > 1):
        return (1,)  # the identity, or FactorizedReduce: one input of each channel
    axons = profile.limits.input_axons
    if not profile.searches_groups or axons is None:
        return tuple(n for n in ANY_CHIP if common % n == 0)
    kernel = BLOCKS[block].kernel
    most = _power_of_two(axons.value // SIGNS // kernel**2)
    wanted = (most,) if block == "skip" else (most, max(1, most // 2))
    return tuple(dict.fromkeys(_fewest(common, read, n) for n in wanted))


def _power_of_two(number: int) -> int:
    """The largest power of two that is at most `number`, at least 1."""
    return 1 << (max(1, number).bit_length() - 1)


def _fewest(common: int, read: int, channels: int) -> int:
    """The fewest groups that divide both widths and leave at most `channels` of those read a group, else as many as divide."""
    divisors = [n for n in range(1, common + 1) if common % n == 0]
    return next((n for n in divisors if read <= n * channels), common)
