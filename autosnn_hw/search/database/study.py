"""The search's memory: an Optuna study on SQLite or any RDB URL, one finished trial a candidate, written once.

Optuna stores and shows; it decides nothing. It is imported when a study is opened, so that light commands stay light.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from autosnn_hw.architecture import Architecture, slot_name
from autosnn_hw.architecture.pool_list import in_text
from autosnn_hw.errors import InputError
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.database.storage import (
    engine_options,
    existing,
    loaded,
    opened,
    readable,
    storage_url,
    told,
    with_secrets,
)
from autosnn_hw.search.database.trial_rows import add_finished, finished_attributes
from autosnn_hw.search.ranking.feedback import Measurement
from autosnn_hw.search.space import SearchSpace

NAME = "autosnn-hw"  # of a study that is the only one in its database
METRICS = ("accuracy", "cost")
SETTINGS = "search"  # study attribute: what a resumed run must share
RECORD = "record"  # trial attribute: everything that is known of a candidate
MEASURED = "measured:"  # prefix of the study attributes that hold measurements

Entry = tuple[Architecture, CandidateRecord, float | None, Mapping[str, float]]  # as `CandidateStudy.add` takes them


class CandidateStudy:
    """Candidates and measurements of one search, kept in an Optuna study.

    Args:
        storage: path of an SQLite file, or any RDB URL that Optuna takes.
        space: the search space; its slots are the study's parameters.
        settings: JSON-able settings that decide the search; a study that was begun with others is refused.
        name: the study's name inside the storage.

    Raises:
        InputError: the study belongs to a search with other settings, or the URL is no database.
        RunError: the database cannot be opened or written.
    """

    def __init__(
        self, storage: str | Path, space: SearchSpace, settings: Mapping[str, Any], *, name: str = NAME
    ) -> None:
        self.url = storage_url(storage)
        self._space = space
        with told(self.url):
            self._study = _open(self.url, name)
            stored = self._study.user_attrs.get(SETTINGS)
            if stored is None:
                self._study.set_user_attr(SETTINGS, dict(settings))
        if stored is not None:
            _require_same(stored, settings, self.url)
        # What is stored next was judged from here on: trials get it as their start, so that a timeline shows when they were.
        self._since = datetime.now()
        self._distributions = _distributions(space)
        with told(self.url):
            self._records = _records(self._study, self.url)
        self._measurements = {
            key[len(MEASURED) :]: Measurement.from_json({**value["values"], "generation": value["generation"]})
            for key, value in self._study.user_attrs.items()
            if key.startswith(MEASURED)
        }

    @property
    def records(self) -> Mapping[str, CandidateRecord]:
        """All stored candidates by genotype, as they were stored."""
        return self._records

    @property
    def measurements(self) -> Mapping[str, Measurement]:
        """All stored measurements by genotype."""
        return self._measurements

    def add(
        self,
        architecture: Architecture,
        record: CandidateRecord,
        *,
        modelled_cost: float | None,
        constraints: Mapping[str, float],
    ) -> None:
        """Store a candidate as one finished trial; one that is stored already is left as it is.

        Args:
            record: with cost, source, fitness and feasible as of now.
            modelled_cost: the trial's second value; None makes it a pruned trial without values.
            constraints: excess over each limit by name; above 0 is infeasible.
        """
        if record.genotype in self._records:
            return
        trial = self._trial(architecture, record, modelled_cost, constraints)
        with told(self.url):
            self._study.add_trial(trial)
        self._records[record.genotype] = record
        self._since = datetime.now()

    def add_all(self, candidates: Sequence[Entry]) -> None:
        """Store many candidates in one transaction: all, or none where the process is killed meanwhile.

        Args:
            candidates: (architecture, record, modelled cost, constraints) each, as `add` takes them.
        """
        fresh = [entry for entry in candidates if entry[1].genotype not in self._records]
        if not fresh:
            return
        with told(self.url):
            trials = [self._trial(*entry) for entry in fresh]
            add_finished(self._study, trials, with_secrets(self.url), engine_options(self.url))
        self._records.update({record.genotype: record for _, record, _, _ in fresh})
        self._since = datetime.now()

    def _trial(
        self,
        architecture: Architecture,
        record: CandidateRecord,
        modelled_cost: float | None,
        constraints: Mapping[str, float],
    ) -> Any:
        from optuna.trial import TrialState, create_trial

        values = None if record.accuracy is None or modelled_cost is None else [record.accuracy, modelled_cost]
        trial = create_trial(
            state=TrialState.PRUNED if values is None else TrialState.COMPLETE,
            values=values,
            params=self._parameters(architecture),
            distributions=self._distributions,
            user_attrs=_attributes(record),
            # optuna-dashboard 0.21 reads constraints from here only.
            system_attrs={"constraints": list(constraints.values())},
            constraints=dict(constraints),
        )
        trial.datetime_start = self._since
        return trial

    def add_measurement(self, measurement: Measurement) -> None:
        """Store a measurement on the study, because a finished trial cannot be changed."""
        values = {name: value for name, value in measurement.to_json().items() if name != "generation"}
        with told(self.url):
            self._study.set_user_attr(
                MEASURED + measurement.genotype, {"generation": measurement.generation, "values": values}
            )
        self._measurements[measurement.genotype] = measurement

    def _parameters(self, architecture: Architecture) -> dict[str, Any]:
        width, pools, genes, steps = self._space.parts(self._space.genes_of(architecture))
        parameters: dict[str, Any] = {slot_name(slot): block for slot, (block, _) in enumerate(genes)}
        sizes = {"width": width, "pools": None if pools is None else in_text(pools), "timesteps": steps}
        parameters |= {name: size for name, size in sizes.items() if size is not None}
        if self._space.grouped:
            parameters |= {f"{slot_name(slot)}_groups": groups for slot, (_, groups) in enumerate(genes)}
        return parameters


def read_records(storage: str | Path, *, name: str = NAME) -> list[CandidateRecord]:
    """All candidates that a study holds, in the order they were stored.

    Raises:
        InputError: there is no such study.
    """
    url = existing(storage)
    with told(url), readable(url):
        return list(_records(loaded(url, name), url).values())


def _records(study: Any, url: str) -> dict[str, CandidateRecord]:
    """Records of finished trials by genotype; a genotype counts once."""
    documents = finished_attributes(with_secrets(url), engine_options(url), study.study_name, (RECORD,))
    if documents is None:
        finished = [trial.user_attrs for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()]
        documents = [attributes for attributes in finished if RECORD in attributes]
    records: dict[str, CandidateRecord] = {}
    for record in (CandidateRecord.from_json(attributes[RECORD]) for attributes in documents):
        records.setdefault(record.genotype, record)
    return records


def _open(url: str, name: str) -> Any:
    import optuna

    study = optuna.create_study(
        study_name=name,
        storage=opened(url),
        directions=["maximize", "minimize"],
        load_if_exists=True,
    )
    if study.metric_names != list(METRICS):
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study.set_metric_names(list(METRICS))
    return study


def _distributions(space: SearchSpace) -> dict[str, Any]:
    from optuna.distributions import CategoricalDistribution

    result: dict[str, Any] = {
        name: CategoricalDistribution(list(sizes))
        for name, sizes in (
            ("width", space.widths),
            ("pools", list(map(in_text, space.placements))),
            ("timesteps", space.steps),
        )
        if sizes
    }
    for slot, genes in enumerate(space.genes):
        result[slot_name(slot)] = CategoricalDistribution(list(dict.fromkeys(block for block, _ in genes)))
        if space.grouped:
            result[f"{slot_name(slot)}_groups"] = CategoricalDistribution(sorted({groups for _, groups in genes}))
    return result


def _attributes(record: CandidateRecord) -> dict[str, Any]:
    """Scalars worth sorting as attributes of their own, everything as one JSON attribute."""
    spikes, measured = record.spikes or {}, record.measured or {}
    return {
        "genotype": record.genotype,
        "generation": record.generation,
        "fitness": record.fitness,
        "feasible": record.feasible,
        "violation": record.violation(),
        "cores": record.cores,
        "latency": None if record.latency is None else record.latency.value,
        "spikes_paper": spikes.get("paper"),
        "measured_energy": measured.get("energy"),
        "source": record.source,
        RECORD: record.to_json(),
    }


def _require_same(stored: Mapping[str, Any], settings: Mapping[str, Any], url: str) -> None:
    for name in sorted({*stored, *settings}):
        if stored.get(name) != settings.get(name):
            raise InputError(
                f"the study {url!r} was begun with {name} = {stored.get(name)}, not {settings.get(name)}; "
                "resume it with the same, or begin a new run."
            )
