"""`CandidateRecord`: everything a search knows about one genotype. Plain data, JSON in and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from autosnn_hw.activity import Activity, spike_totals
from autosnn_hw.config.objectives import OBJECTIVES
from autosnn_hw.cost_report import CostReport, FitReport, Interval

INTERVALS = ("energy", "dynamic", "static", "fitness_energy", "latency", "edp")
COLUMNS = [
    "genotype",
    "generation",
    "source",
    "feasible",
    "fitness",
    "cost",
    "accuracy",
    "accuracy_source",
    "final_accuracy",
    "final_accuracy_deviation",
    "energy",
    "energy_low",
    "energy_high",
    "dynamic",
    "latency",
    "edp",
    "spikes_paper",
    "spikes_chip",
    "spikes_own",
    "spikes_relay",
    "spikes_pool",
    "synops",
    "cores",
    "parameters",
    "samples",
    "supernet_accuracy",
    "supernet_spikes",
    "measured_energy",
    "measured_modelled_energy",
    "measured_spikes",
    "measured_samples",
    "violation",
    "final_accuracy_low",
    "final_accuracy_high",
    "rung",
    "rung_accuracy",
    "cost_source",
    "final_cost",
    "final_energy",
    "final_energy_low",
    "final_energy_high",
    "final_latency",
    "final_cores",
    "final_feasible",
]


@dataclass(frozen=True)
class CandidateRecord:
    """One genotype, judged as the integer network that the chip runs. All means per inference, SI units; None is unknown.

    Args:
        genotype: the architecture's string.
        generation: in which it was evaluated; -1 for the random architectures of the mean cost.
        accuracy: of the integer network on the validation samples, 0..1; None where it could not be run.
        samples: validation samples that accuracy, spikes and energies are means of.
        energy, dynamic, static, fitness_energy: J, with low and high; fitness_energy is what the objective energy minimises.
        latency: s; edp: J s.
        spikes: paper, chip, own, relay, pool.
        cores: used on the target; None where it cannot be placed.
        parameters: weights and biases of the float network.
        violations: {layer, resource, needed, limit, source, remedies} of everything that does not fit the target.
        supernet_accuracy, supernet_spikes: of the float super-network, kept only to say how badly they would have ranked.
        parts: modelled energy by part in J; part_bounds: by how much of its value each may be lower and higher, [low, high] as
            the target's constants have it. A board's correction is fitted with them.
        measured: values of the objectives measured by Lava or a board (`autosnn_hw.search.ranking.feedback.Measurement.known`), or None.
        cost, source, fitness, feasible: how the search stood to it with the best knowledge it had; source is "modelled",
            "measured" or "corrected" (carried over from the measured ones).
    """

    genotype: str
    generation: int = 0
    accuracy: float | None = None
    samples: int | None = None
    energy: Interval | None = None
    dynamic: Interval | None = None
    static: Interval | None = None
    fitness_energy: Interval | None = None
    latency: Interval | None = None
    edp: Interval | None = None
    spikes: Mapping[str, float] | None = None
    synops: float | None = None
    cores: int | None = None
    parameters: int | None = None
    violations: tuple[Mapping[str, Any], ...] = ()
    supernet_accuracy: float | None = None
    supernet_spikes: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    part_bounds: Mapping[str, Sequence[float]] = field(default_factory=dict)
    measured: Mapping[str, float] | None = None
    cost: float | None = None
    source: str = "modelled"
    fitness: float | None = None
    feasible: bool | None = None

    @property
    def priced(self) -> bool:
        """True where the target could run it, so that accuracy and costs are known."""
        return self.accuracy is not None and self.energy is not None

    def violation(self) -> str | None:
        """The violations as one sentence each, or None."""
        if not self.violations:
            return None
        return "; ".join(f"{v['layer']}: {v['resource']} {v['needed']:g} > {v['limit']:g}" for v in self.violations)

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dict; `from_json` gives the record back."""
        document = {f.name: getattr(self, f.name) for f in fields(self)}
        for name in INTERVALS:
            document[name] = None if document[name] is None else document[name].to_json()
        for name in ("spikes", "measured"):
            document[name] = None if document[name] is None else dict(document[name])
        document["parts"] = dict(self.parts)
        document["part_bounds"] = {name: list(bounds) for name, bounds in self.part_bounds.items()}
        document["violations"] = [_plain(violation) for violation in self.violations]
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> CandidateRecord:
        """The record that `to_json` wrote; unknown keys of a newer version are left out."""
        known = {f.name: document[f.name] for f in fields(cls) if f.name in document}
        for name in INTERVALS:
            if known.get(name) is not None:
                known[name] = Interval(**known[name])
        known["violations"] = tuple(known.get("violations", ()))
        return cls(**known)

    def row(self) -> dict[str, Any]:
        """One row of candidates.csv (keys: `COLUMNS`); None is an empty cell."""
        spikes, measured = self.spikes or {}, self.measured or {}
        values = {name: getattr(self, name, None) for name in COLUMNS}
        for name in ("energy", "dynamic", "latency", "edp"):
            values[name] = None if getattr(self, name) is None else getattr(self, name).value
        if self.energy is not None:
            values["energy_low"], values["energy_high"] = self.energy.low, self.energy.high
        values.update({f"spikes_{role}": spikes.get(role) for role in ("paper", "chip", "own", "relay", "pool")})
        values.update(
            measured_energy=measured.get("energy"),
            measured_modelled_energy=measured.get("modelled_energy"),
            measured_spikes=measured.get("spikes"),
            measured_samples=measured.get("samples"),
        )
        source = None if self.accuracy is None else "inherited"
        return values | {"accuracy_source": source, "violation": self.violation()}


def total_synops(activity: Activity) -> float | None:
    """Mean synaptic operations per inference, or None where a layer's are unknown."""
    if any(layer.synops is None for layer in activity.layers):
        return None
    return sum(float(layer.synops.sum()) for layer in activity.layers if layer.synops is not None) / activity.samples


def energy_parts(report: CostReport) -> dict[str, Interval]:
    """Modelled energy by part in J: event by event, and `static`."""
    return {**report.energy_parts, "static": report.energy_static}


def measured_values(activity: Activity, report: CostReport) -> dict[str, float]:
    """Values of all objectives (`autosnn_hw.config.objectives.OBJECTIVES`) of one priced run, whoever measured it, and spikes_chip.

    A board measures power and time as well. Its static power is that of all its chips, used or not, so the energy is its
    dynamic energy plus the profile's static power of the chips used over the measured time.
    """
    record = priced_record("", 0.0, activity, report)
    known = {name: objective.of(record) for name, objective in OBJECTIVES.items()}
    values = {name: value for name, value in known.items() if value is not None}
    values["spikes_chip"] = spike_totals(activity)["chip"]
    board = (activity.details or {}).get("board")
    if board is not None:
        power, slower = board["power_watts"], board["seconds_per_step"] / report.time_per_step.value
        seconds = board["seconds_per_step"] * activity.timesteps
        dynamic = (power["total_power"] - power["static_total_power"]) * seconds
        static = report.fitness_energy.value - report.energy_dynamic.value
        energy, latency = dynamic + static * slower, report.latency.value * slower
        whole = dynamic + report.energy_static.value * slower
        values |= {"energy": energy, "dynamic": dynamic, "latency": latency, "edp": whole * latency}
    return values


def priced_record(
    genotype: str,
    accuracy: float,
    activity: Activity,
    report: CostReport,
    *,
    fit: FitReport | None = None,
    **known: Any,
) -> CandidateRecord:
    """Record of a candidate that ran and was priced.

    Args:
        accuracy: of the integer network on `activity.samples` validation samples.
        fit: the target's answer, where it was asked; its violations make the candidate infeasible.
        known: further fields, such as generation, parameters, supernet_accuracy.
    """
    parts = energy_parts(report)
    return CandidateRecord(
        genotype,
        accuracy=accuracy,
        samples=activity.samples,
        energy=report.energy_total,
        dynamic=report.energy_dynamic,
        static=report.energy_static,
        fitness_energy=report.fitness_energy,
        latency=report.latency,
        edp=report.edp,
        spikes=spike_totals(activity),
        synops=total_synops(activity),
        cores=report.cores_used,
        violations=() if fit is None else violations_of(fit),
        parts={name: part.value for name, part in parts.items()},
        part_bounds={name: (p.low / p.value, p.high / p.value) for name, p in parts.items() if p.value > 0},
        **known,
    )


def unpriced_record(genotype: str, fit: FitReport, **known: Any) -> CandidateRecord:
    """Record of a candidate that cannot be placed, and so not be priced, with the reasons."""
    return CandidateRecord(genotype, violations=violations_of(fit), **known)


def violations_of(fit: FitReport) -> tuple[dict[str, Any], ...]:
    """A fit report's violations as plain dicts."""
    return tuple(_plain(asdict(violation)) for violation in fit.violations)


def _plain(violation: Mapping[str, Any]) -> dict[str, Any]:
    """With lists in the place of tuples, as JSON gives them back."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in violation.items()}
