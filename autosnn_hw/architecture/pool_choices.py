"""Placements of pools that one search may choose from: those whose networks have the same layers, at other sizes of the image.

Their weights are then the same, whatever the size of the image that a layer sees, and one super-network holds all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from autosnn_hw.architecture.genotype import SKIP, Architecture
from autosnn_hw.architecture.macro_architectures import macro
from autosnn_hw.architecture.pool_list import Placement, in_text
from autosnn_hw.architecture.stage_layout import Stage, layout
from autosnn_hw.errors import InputError


def ordered(space: str, pools: Sequence[Placement], image: tuple[int, int, int]) -> tuple[Placement, ...]:
    """The placements of a search, that of networks which name none first: what the macro-architecture's own comes to on these
    images, where it is among them, else the first.

    Args:
        pools: ascending.
        image: (Cin, H, W).

    Raises:
        InputError: a slot that is not there, or placements that cannot share their weights, or that are the same network.
    """
    if not pools:
        return ()
    found = {placement: _stages(space, placement, image) for placement in pools}
    for earlier, one in enumerate(pools):
        for other in pools[:earlier]:
            _require_alike(one, other, found, image)
    own = _stages(space, macro(space).placement, image)
    first = next((placement for placement in pools if found[placement] == own), pools[0])
    return tuple(sorted(pools, key=lambda placement: placement != first))


def _stages(space: str, placement: Placement, image: tuple[int, int, int]) -> tuple[Stage, ...]:
    blocks = (SKIP,) * len(macro(space).slots)
    return layout(Architecture(blocks, space, 1, 1, None, placement or None), image, 2)


def _require_alike(
    one: Placement, other: Placement, found: dict[Placement, tuple[Stage, ...]], image: tuple[int, int, int]
) -> None:
    """Refuse two placements between which a search cannot choose.

    Raises:
        InputError: with what each of them gives.
    """
    a, b, samples = in_text(other), in_text(one), _times(image)
    if found[one] == found[other]:
        raise InputError(f"--pools {a} and {b} are the same network on images of {samples}; leave one of them out.")
    sizes = [_times(_last(found[placement]).out_shape) for placement in (other, one)]
    if sizes[0] != sizes[1]:
        raise InputError(
            f"--pools {a} makes {samples} images {sizes[0]}, {b} makes them {sizes[1]}: choices of one search must end with the same size."
        )
    if _halved(found[one]) != _halved(found[other]):
        raise InputError(
            f"--pools {a} and {b} leave other strides in {samples} images (a stride is left out where a side would fall below 4): "
            "choices of one search must keep the same."
        )


def _last(stages: Sequence[Stage]) -> Stage:
    """What stands before everything that sees no image."""
    return next(stage for stage in reversed(stages) if stage.kind not in ("gap", "dense", "readout"))


def _halved(stages: Sequence[Stage]) -> dict[str, int]:
    return {stage.name: stage.stride for stage in stages if stage.stride > 1}


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape[1:]))
