"""The core map: an SVG of the chips in use, each core with its layer's number and coloured by how full it is."""

from __future__ import annotations

from html import escape

import numpy as np

from autosnn_hw.cost.columns.mesh import slots
from autosnn_hw.cost.limits import limit_of
from autosnn_hw.cost.mapping import place
from autosnn_hw.cost.placement import Placement
from autosnn_hw.errors import DoesNotFitError
from autosnn_hw.network import ChipNetwork, DenseLayer
from hw_profiles.schema import Profile

CELL, GAP, MARGIN, LINE = 26, 6, 24, 18
EMPTY, INK = "#eceff3", "#1c2733"
RAMP = ((222, 235, 247), (107, 174, 214), (8, 69, 148))  # light to dark blue: readable without colour vision, too


def core_map(network: ChipNetwork, profile: Profile, *, whole: bool = True) -> str:
    """SVG text of the core map: the network's cores on the chips of a target.

    Args:
        whole: draw whole chips, else of each only the columns and rows that are used, and one more.

    Raises:
        DoesNotFitError: a layer has no place, so there is no map.
    """
    placement = place(network, profile)
    if placement.cores_used is None:
        lost = next(layer.name for layer in placement.layers if layer.cores is None)
        raise DoesNotFitError(f"layer {lost!r} fits on no core of {profile.name}, so there is no core map.")
    cores, per_chip = placement.cores_used, profile.limits.cores_per_chip.value
    chips = max(1, placement.chips or 1)
    mesh = profile.mesh
    where = placement.positions or slots(np.arange(cores), mesh, per_chip)
    columns, rows = mesh.columns, mesh.rows
    if not whole:
        columns = min(columns, int((np.asarray(where.x) - where.chip * mesh.columns).max()) + 2)
        rows = min(rows, int(np.asarray(where.y).max()) + 2)
    side = int(np.ceil(np.sqrt(mesh.cores_per_tile)))
    cell = CELL if columns * rows * side * side <= 256 else 9
    tile = side * cell + GAP
    width, height = columns * tile + 2 * GAP, rows * tile + 2 * GAP
    across = max(1, min(chips, 4 if chips > 1 else 1))
    down = -(-chips // across)
    legend = _legend(network, placement, MARGIN + down * (height + LINE + GAP) + 2 * LINE)
    total_width = max(2 * MARGIN + across * (width + GAP), 620)
    total_height = MARGIN + down * (height + LINE + GAP) + (len(legend) + 4) * LINE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total_width} {total_height}" '
        f'width="{total_width}" height="{total_height}" font-family="sans-serif" font-size="12" fill="{INK}">',
        f'<rect class="ground" width="{total_width}" height="{total_height}" fill="#ffffff"/>',
        f'<defs><pattern id="tiles" width="{tile}" height="{tile}" patternUnits="userSpaceOnUse">'
        f'<rect class="empty" width="{tile - GAP}" height="{tile - GAP}" fill="{EMPTY}"/></pattern></defs>',
    ]
    corner = {}
    for chip in range(chips):
        x = MARGIN + (chip % across) * (width + GAP)
        y = MARGIN + (chip // across) * (height + LINE + GAP) + LINE
        corner[chip] = (x + GAP, y + GAP)
        used = int((where.chip == chip).sum())
        parts.append(
            f'<text x="{x}" y="{y - 5}">{escape(profile.title)}, chip {chip}: {used} of {per_chip} cores</text>'
        )
        parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" class="chip" fill="none" stroke="{INK}"/>'
        )
        # A pattern begins at the origin of where it is used: the corner of the chip.
        parts.append(
            f'<svg x="{corner[chip][0]}" y="{corner[chip][1]}"><rect width="{columns * tile - GAP}" '
            f'height="{rows * tile - GAP}" fill="url(#tiles)"/></svg>'
        )
    parts += _cores(network, placement, profile, corner, (cell, tile, side), where)
    parts += legend
    parts += _ramp(total_height - 2 * LINE)
    return "\n".join([*parts, "</svg>", ""])


def fullness(network: ChipNetwork, placement: Placement, profile: Profile) -> np.ndarray:
    """How full each core is: its largest use of a limited resource over the limit, float64 (cores,), 0..1."""
    found = []
    for layer, placed in zip(network.layers, placement.layers):
        count = placed.cores or 0
        if not count:
            continue
        worst = 0.0
        for resource, used in placed.use.items():
            limit = limit_of(resource, isinstance(layer, DenseLayer), profile)
            if limit is not None and resource not in ("thresholds", "neuron_configurations"):
                worst = max(worst, used / limit.value)
        neurons = placed.neurons if len(placed.neurons) == count else np.ones(count)
        found.append(worst * neurons / max(1, neurons.max()))
    return np.concatenate(found) if found else np.zeros(0)


def _cores(network, placement, profile, corner, sizes, where) -> list[str]:  # type: ignore[no-untyped-def]
    cell, tile, side = sizes
    full = fullness(network, placement, profile)
    taken: dict[tuple[int, int, int], int] = {}
    parts = []
    layer_of = np.repeat(np.arange(len(placement.layers)), [layer.cores or 0 for layer in placement.layers])
    for core in range(len(layer_of)):
        chip, column, row = int(where.chip[core]), int(where.x[core]), int(where.y[core])
        column -= chip * profile.mesh.columns
        seat = taken.get((chip, column, row), 0)
        taken[chip, column, row] = seat + 1
        x = corner[chip][0] + column * tile + (seat % side) * cell
        y = corner[chip][1] + row * tile + (seat // side) * cell
        index = int(layer_of[core])
        placed = placement.layers[index]
        dark = full[core] > 0.55
        neurons = f"{int(placed.neurons[core - placed.first])} neurons, " if len(placed.neurons) else ""
        title = f"core {core}: {placed.name}, {neurons}{full[core]:.0%} full"
        parts.append(
            f'<g><title>{escape(title)}</title><rect x="{x + 0.5}" y="{y + 0.5}" width="{cell - 1}" height="{cell - 1}" '
            f'fill="{_colour(float(full[core]))}"/>'
        )
        if cell >= CELL:
            ink = "#ffffff" if dark else INK
            parts.append(
                f'<text x="{x + cell / 2}" y="{y + cell / 2 + 4}" text-anchor="middle" fill="{ink}">{index}</text>'
            )
        parts.append("</g>")
    return parts


def _legend(network: ChipNetwork, placement: Placement, top: float) -> list[str]:
    lines = []
    for index, (layer, placed) in enumerate(zip(network.layers, placement.layers)):
        shape = " x ".join(map(str, layer.shape))
        where = _cores_named(placed.first, placed.cores) if placed.cores else "no core (frames, or neurons of the host)"
        lines.append(
            f'<text x="{MARGIN}" y="{top + index * LINE}">{index}: {escape(layer.name)}, {shape}, {where}</text>'
        )
    return lines


def _cores_named(first: int, count: int) -> str:
    return f"core {first}" if count == 1 else f"{count} cores, {first} to {first + count - 1}"


def _ramp(top: float) -> list[str]:
    steps = 20
    boxes = [
        f'<rect x="{MARGIN + 60 + i * 8}" y="{top}" width="8" height="12" fill="{_colour(i / (steps - 1))}"/>'
        for i in range(steps)
    ]
    return [
        f'<text x="{MARGIN}" y="{top + 11}">empty</text>',
        *boxes,
        f'<text x="{MARGIN + 68 + steps * 8}" y="{top + 11}">full (what is nearest to its limit)</text>',
    ]


def _colour(share: float) -> str:
    share = min(1.0, max(0.0, share)) * (len(RAMP) - 1)
    lower = min(int(share), len(RAMP) - 2)
    mixed = (round(a + (b - a) * (share - lower)) for a, b in zip(RAMP[lower], RAMP[lower + 1]))
    return "#" + "".join(f"{value:02x}" for value in mixed)
