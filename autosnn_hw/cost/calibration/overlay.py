"""Calibration: a profile's constants fitted to measurements by bounded least squares, with the profile's intervals as priors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.cost.calibration.least_squares import Equation, Fit, fit
from autosnn_hw.cost.calibration.rows import constant_of, read_equations
from autosnn_hw.errors import InputError
from autosnn_hw.files import whole_file
from hw_profiles import load
from hw_profiles.schema import Profile


def calibrate(
    equations: Sequence[Equation], profile: Profile, constants: Sequence[str] | None = None
) -> dict[str, Any]:
    """Fit, residuals, leave-one-out errors and what stays undetermined, JSON-able, in SI units.

    Args:
        constants: dotted names to fit; None for all that appear in an equation.
    """
    seen = list(dict.fromkeys(name for e in equations for name, count in e.counts.items() if count))
    chosen = list(constants) if constants else seen
    for name in chosen:
        constant_of(name, profile)
    known = {name: constant.interval for name, constant in profile.constants.items()}
    found = fit(equations, known, chosen)
    before = {name: interval.value for name, interval in known.items()}
    after = {**before, **found.values}
    left_out = []
    for row in dict.fromkeys(e.row for e in equations):
        rest = [e for e in equations if e.row != row]
        values = {**before, **fit(rest, known, chosen).values} if rest else before
        left_out += [_error(e, e.predict(values)) for e in equations if e.row == row]
    return {
        "target": profile.name,
        "rows": len({e.row for e in equations}),
        "constants": [_constant(name, profile, found) for name in chosen],
        "undetermined": [name for name in chosen if name not in found.values],
        "residuals": [{**_error(e, e.predict(after)), "predicted_before": e.predict(before)} for e in equations],
        "leave_one_out": left_out,
        "mean_error": {
            "before": _mean([e.predict(before) / e.measured - 1 for e in equations]),
            "after": _mean([e.predict(after) / e.measured - 1 for e in equations]),
            "leave_one_out": _mean([entry["relative"] for entry in left_out]),
        },
    }


def _mean(errors: Sequence[float]) -> float:
    return float(np.mean(np.abs(errors)))


def _error(equation: Equation, predicted: float) -> dict[str, Any]:
    return {
        "row": equation.row,
        "quantity": equation.quantity,
        "measured": equation.measured,
        "predicted": predicted,
        "relative": predicted / equation.measured - 1,
    }


def _constant(name: str, profile: Profile, found: Fit) -> dict[str, Any]:
    constant = profile.constants[name]
    prior = constant.interval
    entry: dict[str, Any] = {
        "name": name,
        "unit": constant.si,
        "before": prior.to_json(),
        "after": None,
        "determined": name in found.values,
        "posterior_over_prior": found.informed.get(name),
        "at_bound": False,
    }
    if name in found.values:
        value, sigma = found.values[name], found.sigma[name]
        low, high = max(prior.low, value - 2 * sigma), min(prior.high, value + 2 * sigma)
        entry["after"] = {"value": value, "low": min(low, value), "high": max(high, value)}
        entry["at_bound"] = bool(min(value - prior.low, prior.high - value) < 1e-6 * prior.value)
    return entry


def calibrate_file(
    measurements: str | Path, target: str | Path, output: str | Path, constants: Sequence[str] | None = None
) -> dict[str, Any]:
    """Calibrate a target with a CSV and write the overlay profile; returns `calibrate`'s document with both paths.

    Raises:
        InputError: a bad CSV or target, or data that determine no constant. RunError: the overlay cannot be written.
    """
    profile = load(target)
    equations = read_equations(measurements, profile)
    document = calibrate(equations, profile, constants)
    if not any(entry["determined"] for entry in document["constants"]):
        raise InputError(
            f"{measurements} determines none of {', '.join(e['name'] for e in document['constants'])}: no overlay is written."
        )
    digest = hashlib.sha256(Path(measurements).read_bytes()).hexdigest()
    document |= {"csv": {"file": str(measurements), "sha256": digest}, "output": str(output)}
    write_overlay(overlay_of(document, profile, str(target)), Path(output))
    load(output)
    return document


def overlay_of(document: Mapping[str, Any], profile: Profile, target: str) -> dict[str, Any]:
    """Tables of the overlay profile: the determined constants, and where they come from."""
    csv = document["csv"]
    source = f"calibrated on {document['rows']} rows of {Path(csv['file']).name} (sha256 {csv['sha256'][:12]})"
    base = str(Path(target).resolve()) if target.endswith(".toml") or "/" in target else target
    table: dict[str, Any] = {"extends": base, "name": f"{profile.name}-calibrated"}
    barrier = [point.model_dump(mode="json") for point in profile.time.barrier]
    changed_barrier = False
    for entry in document["constants"]:
        if not entry["determined"]:
            continue
        section, key, *index = entry["name"].split(".")
        constant = profile.constants[entry["name"]]
        factor = constant.units[constant.unit]
        numbers = {bound: entry["after"][bound] / factor for bound in ("value", "low", "high")}
        fitted = {**numbers, "unit": constant.unit, "kind": "measured", "source": source}
        if index:
            barrier[int(index[0])] |= fitted
            changed_barrier = True
        else:
            table.setdefault(section, {})[key] = fitted
    if changed_barrier:
        table.setdefault("time", {})["barrier"] = barrier
    keys = ("rows", "undetermined", "residuals", "leave_one_out", "mean_error", "csv")
    table["provenance"] = {"base": profile.name, "base_sha256": profile.sha256, **{key: document[key] for key in keys}}
    return table


def write_overlay(table: Mapping[str, Any], path: Path) -> None:
    """Write an overlay profile, whole or not at all."""
    import tomli_w

    whole_file.replace(path, tomli_w.dumps(dict(table)).encode())
