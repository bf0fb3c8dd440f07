"""`SearchConfig`: every choice of a search, checked once; `config.toml` holds it resolved, so that a run can be repeated."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from autosnn_hw.errors import InputError

OBJECTIVES = ("energy", "dynamic", "edp", "latency", "spikes", "synops")
STRATEGIES = ("auto", "walk", "evolution", "random")
SAMPLINGS = ("fair", "single")
SHARINGS = ("entangled", "separate")
DEVICES = ("cpu", "cuda")
BACKENDS = ("lava", "board")
PRECISIONS = ("float32", "bfloat16")
GROUPINGS = ("all", "fewest")


@dataclass(frozen=True)
class SearchConfig:
    """Choices of one search.

    Args:
        target: profile name or file; dataset: name or npz:PATH; data_dir, download: where its files are.
        space, width, timesteps: macro-architecture, base width C and steps T of the super-network.
        objective, lam: fitness = accuracy x (cost / mean cost)^lam, cost being the objective.
        strategy: walk (the whole space), evolution, random, or auto: walk where that is no dearer; generations, pool: how
            architectures are proposed; budget: candidates in all, or None for what
            generations x pool + the mean-cost sample come to.
        mean_cost_samples: random architectures whose mean cost normalises the fitness; counted as budget.
        measure, samples: candidates a generation that are measured, and samples each.
        backend: where they are measured: "lava" (its simulator) or "board".
        evaluate: validation samples a candidate is judged on, or None for all.
        epochs, learning_rate (Adam, start of the cosine), batch, sampling: of the super-network; retrain_epochs, finetune_epochs: of the winner and the baselines.
        sharing: "entangled": the blocks of a slot share their convolutions; "separate": each has its own.
        warm_up: epochs, of `epochs`, in which one path alone is trained; None is a quarter with fair sampling, else 0.
        max_energy (J), max_latency (s), max_cores: hard constraints, or None.
        precision: of the convolutions in training; what is deployed, and all that is judged, is integers either way.
        workers: processes that judge candidates and train networks; 0 is one a core, at most four. No number depends on it.
        supernet: run folder whose trained super-network is taken over, or None.
        grouped: search the groups of each block; None does so for crossbar targets.
        groupings: where they are searched, "all" that suit the target, or the "fewest" groups of each block only.
    """

    target: str = "loihi2"
    dataset: str = "digits"
    data_dir: str | None = None
    download: bool = False
    space: str = "SNN_1"
    width: int = 8
    timesteps: int = 4
    objective: str = "energy"
    lam: float = -0.08
    strategy: str = "auto"
    generations: int = 6
    pool: int = 20
    budget: int | None = None
    mean_cost_samples: int = 50
    measure: int = 2
    samples: int = 16
    backend: str = "lava"
    evaluate: int | None = None
    epochs: int = 15
    learning_rate: float = 1e-2
    batch: int = 32
    sampling: str = "fair"
    sharing: str = "entangled"
    warm_up: int | None = None
    retrain_epochs: int = 20
    finetune_epochs: int = 5
    baselines: bool = True
    max_energy: float | None = None
    max_latency: float | None = None
    max_cores: int | None = None
    workers: int = 0
    device: str = "cpu"
    precision: str = "float32"
    supernet: str | None = None
    grouped: bool | None = None
    groupings: str = "all"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, allowed in (
            ("objective", OBJECTIVES),
            ("strategy", STRATEGIES),
            ("sampling", SAMPLINGS),
            ("sharing", SHARINGS),
            ("device", DEVICES),
            ("backend", BACKENDS),
            ("precision", PRECISIONS),
            ("groupings", GROUPINGS),
        ):
            if getattr(self, name) not in allowed:
                raise InputError(f"{name} is {getattr(self, name)!r}; allowed are {', '.join(allowed)}.")
        least = dict.fromkeys(
            ("width", "timesteps", "pool", "generations", "samples", "epochs", "batch", "retrain_epochs", "workers"), 1
        )
        least |= {"measure": 0, "finetune_epochs": 0, "mean_cost_samples": 1, "seed": 0, "workers": 0}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise InputError(f"{name} is {getattr(self, name)}; at least {low} is needed.")
        for name in ("learning_rate", "budget", "evaluate", "max_energy", "max_latency", "max_cores"):
            if getattr(self, name) is not None and getattr(self, name) <= 0:
                raise InputError(f"{name} is {getattr(self, name)}; more than 0 is needed.")
        if self.warm_up is not None and not 0 <= self.warm_up <= self.epochs:
            raise InputError(f"warm_up is {self.warm_up}; 0 to {self.epochs} (epochs) are allowed.")
        if self.lam > 0:
            raise InputError(f"lambda is {self.lam}; it must be 0 or negative, so that a lower cost is never worse.")

    def to_toml(self) -> str:
        """TOML text; values that are None are left out (None is their default)."""
        import tomli_w

        return tomli_w.dumps({"search": {name: value for name, value in asdict(self).items() if value is not None}})

    def with_changes(self, **changes: Any) -> SearchConfig:
        return replace(self, **changes)


def from_mapping(values: Mapping[str, Any], where: str) -> SearchConfig:
    """A config from plain values.

    Raises:
        InputError: an unknown key, or a value of the wrong type; names the key.
    """
    known = {field.name: field.type for field in fields(SearchConfig)}
    for name, value in values.items():
        if name not in known:
            raise InputError(f"{where}: unknown key {name!r}; known are {', '.join(known)}.")
        _check_type(name, value, str(known[name]), where)
    return SearchConfig(**values)


def _check_type(name: str, value: Any, declared: str, where: str) -> None:
    kinds: dict[str, Any] = {"str": str, "int": int, "float": (int, float), "bool": bool, "None": type(None)}
    allowed = [part.strip() for part in declared.split("|")]
    good = any(isinstance(value, kinds[part]) and (part == "bool" or not isinstance(value, bool)) for part in allowed)
    if not good:
        raise InputError(
            f"{where}: {name} is {value!r}; {' or '.join(part for part in allowed if part != 'None')} is needed."
        )


def read_config(path: str | Path) -> SearchConfig:
    """The config in a TOML file's table [search].

    Raises:
        InputError: the file is missing or no TOML, or holds an unknown key or a wrong type.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document = tomllib.loads(Path(path).read_text())
    except FileNotFoundError:
        raise InputError(f"{path} was not found; give a config.toml as a run folder holds one.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} is not a readable TOML file ({error}).") from None
    extra = [name for name in document if name != "search"]
    if extra or not isinstance(document.get("search"), dict):
        raise InputError(f"{path}: one table [search] is needed; found {', '.join(extra) or 'none'}.")
    return from_mapping(document["search"], str(path))
