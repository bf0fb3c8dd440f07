"""Measurements to calibrate with: the CSV format, and the linear equations that a row gives (docs/profiles.md)."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from pathlib import Path

from autosnn_hw.activity import Activity
from autosnn_hw.cost.calibration.least_squares import Equation
from autosnn_hw.cost.mapping import mapping_of, place
from autosnn_hw.cost.pricing.step_time import step_time
from autosnn_hw.errors import InputError
from autosnn_hw.files.input_file import regular
from autosnn_hw.network import ChipNetwork
from hw_profiles.constants import Constant
from hw_profiles.schema import Profile

ENERGY, STATIC, TIME = "dynamic_energy", "static_power", "time_per_step"
MEASURED = (ENERGY, STATIC, TIME)
RELATIVE_ERROR = 0.05  # of a measurement, where the column relative_error does not say otherwise

# column of counts -> constant that is charged for it
ENERGY_COLUMNS = {
    "synops": "energy.synop",
    "neuron_updates": "energy.neuron_update",
    "neuron_active": "energy.neuron_active",
    "spikes": "energy.spike",
    "messages": "energy.message",
    "hops_x": "energy.hop_x",
    "hops_y": "energy.hop_y",
    "chip_links": "energy.chip_link",
}
SYNAPTIC_COLUMNS = {"core_synops": "time.synop", "core_messages_in": "time.message_in"}
NEURONAL_COLUMNS = {
    "core_neurons": "time.neuron_update",
    "core_active": "time.neuron_active",
    "core_spikes": "time.spike",
    "core_messages_out": "time.message_out",
}
LARGEST_FILE = 64 << 20
COUNTS = (*ENERGY_COLUMNS, *SYNAPTIC_COLUMNS, *NEURONAL_COLUMNS)
COLUMNS = ("name", "steps", "chips", "cores", *MEASURED, "relative_error", *COUNTS)


def read_equations(path: str | Path, profile: Profile) -> list[Equation]:
    """Equations of all rows of a CSV.

    Raises:
        InputError: no such file; a column is missing or unknown; a cell is no number, negative or needed and empty (with its
            line); fewer than two rows; nothing measured.
    """
    path = regular(path, "a CSV file of measurements", most=LARGEST_FILE)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            header = list(reader.fieldnames or [])
            _header(header, path)
            named: set[str] = set()
            equations: list[Equation] = []
            for row in reader:
                _cells(row, reader.line_num, path, len(header))
                name = (
                    row["name"]
                    if row["name"] and row["name"] not in named
                    else f"{row['name']} (line {reader.line_num})"
                )
                named.add(name)
                equations += _equations(row, name.strip(), reader.line_num, path, header, profile)
            rows = len({e.row for e in equations})
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None
    if rows < 2:
        raise InputError(f"{path} has {rows} row(s) with a measurement; at least 2 are needed.")
    return equations


def _header(header: list[str], path: Path) -> None:
    missing = [name for name in ("name", "steps", "chips", "cores") if name not in header]
    if not set(MEASURED) & set(header):
        missing.append(f"one of {', '.join(MEASURED)}")
    if missing:
        raise InputError(f"{path}, line 1: columns missing: {', '.join(missing)}.")
    unknown = [name for name in header if name not in COLUMNS]
    if unknown:
        raise InputError(f"{path}, line 1: unknown columns {', '.join(unknown)}; known are {', '.join(COLUMNS)}.")


def _cells(row: dict[str, str], line: int, path: Path, wanted: int) -> None:
    more = len(row.get(None, ()))  # type: ignore[call-overload]
    found = sum(value is not None for name, value in row.items() if name is not None) + more
    if found != wanted:
        raise InputError(f"{path}, line {line}: {found} cells; the header has {wanted}.")


def _equations(
    row: dict[str, str], name: str, line: int, path: Path, header: list[str], profile: Profile
) -> Iterable[Equation]:
    def number(column: str, quantity: str) -> float:
        if column not in header:
            raise InputError(f"{path}, line 1: column {column} is missing; {quantity} in line {line} needs it.")
        text = (row.get(column) or "").strip()
        try:
            value = float(text)
        except ValueError:
            raise InputError(f"{path}, line {line}: {column} is {text!r}; a number is needed.") from None
        if not math.isfinite(value) or value < 0:
            raise InputError(f"{path}, line {line}: {column} is {text}; a finite number of at least 0 is needed.")
        return value

    given = [quantity for quantity in MEASURED if (row.get(quantity) or "").strip()]
    error = number("relative_error", "it") if (row.get("relative_error") or "").strip() else RELATIVE_ERROR
    for quantity in given:
        measured = number(quantity, "it")
        if measured <= 0 or error <= 0:
            raise InputError(f"{path}, line {line}: {quantity} and relative_error must be above 0.")
        counts = _counts(quantity, lambda column, quantity=quantity: number(column, quantity), profile)
        yield Equation(name, quantity, measured, error * measured, counts)


def _counts(quantity: str, number, profile: Profile) -> dict[str, float]:  # type: ignore[no-untyped-def]
    known = profile.constants
    if quantity == STATIC:
        return {"power.static_chip": number("chips")}
    if quantity == ENERGY:
        return {constant: number(column) for column, constant in ENERGY_COLUMNS.items() if constant in known}
    sides = [
        {constant: number(column) for column, constant in columns.items() if constant in known}
        for columns in (SYNAPTIC_COLUMNS, NEURONAL_COLUMNS)
    ]
    if profile.time.combine == "max":
        # The larger side at the profile's own constants: the equation stays linear while they change little.
        sides = [max(sides, key=lambda side: sum(n * known[c].interval.value for c, n in side.items()))]
    span = number("cores") if number("chips") <= 1 else number("chips") * profile.limits.cores_per_chip.value
    return {**_barrier(span, profile), **{c: n for side in sides for c, n in side.items()}}


def _barrier(cores: float, profile: Profile) -> dict[str, float]:
    points = profile.time.barrier
    if not points:
        return {}
    if cores <= points[0].cores:
        return {"time.barrier.0": 1.0}
    for i, (lower, upper) in enumerate(zip(points, points[1:])):
        if cores <= upper.cores:
            part = math.log(cores / lower.cores) / math.log(upper.cores / lower.cores)
            return {f"time.barrier.{i}": 1.0 - part, f"time.barrier.{i + 1}": part}
    return {f"time.barrier.{len(points) - 1}": 1.0}


def counts_row(name: str, network: ChipNetwork, activity: Activity, profile: Profile) -> dict[str, str | float]:
    """The counts of a run as a row of the CSV, measured columns left empty: fill in what the board's profiler says.

    Counts are per inference (steps = timesteps), so dynamic_energy is to be given per inference, too.
    """
    placement = place(network, profile)
    events = mapping_of(profile).events(network, activity, placement, profile)
    cores, chips = placement.cores_used or 0, placement.chips or 1
    busiest = step_time(events.cores, cores, chips, profile).busiest or 0
    core = events.cores
    sums = {
        key: sum(getattr(entry, key) for entry in events.layers) for key in ("synops", "neuron_updates", "messages")
    }
    active = sum(entry.neuron_active for entry in events.layers)
    hops = [sum(entry.hops[way] for entry in events.layers) for way in range(3)]
    return {
        "name": name,
        "steps": activity.timesteps,
        "chips": chips,
        "cores": cores,
        **dict.fromkeys((*MEASURED, "relative_error"), ""),
        **sums,
        "neuron_active": active,
        "spikes": sum(entry.spikes for entry in events.layers if entry.cores),
        "hops_x": hops[0],
        "hops_y": hops[1],
        "chip_links": hops[2],
        "core_synops": float(core.synops[busiest]),
        "core_messages_in": float(core.messages_in[busiest]),
        "core_neurons": float(core.neurons[busiest]),
        "core_active": float(core.neuron_active[busiest]),
        "core_spikes": float(core.spikes_out[busiest]),
        "core_messages_out": float(core.messages_out[busiest]),
    }


def constant_of(name: str, profile: Profile) -> Constant:
    """The constant of a dotted name.

    Raises:
        InputError: the profile has no such constant.
    """
    known = profile.constants
    if name not in known:
        raise InputError(f"{profile.name} has no constant {name!r}; it has {', '.join(known)}.")
    return known[name]
