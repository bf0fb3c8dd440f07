"""What the log of a run says of its steps: each once, though a stage that is gone on with comes by some of them again."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from autosnn_hw.run_folder import RunFolder

if TYPE_CHECKING:
    from autosnn_hw.search.candidate import CandidateRecord

STEPS = ("epoch", "generation", "network")
TIMES = ("time", "seconds")  # of an event; what is the same but for them is the same


class RunLog:
    """The log for the time of one stage."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._known = {_same(event) for event in folder.events() if event.get("event") in STEPS}
        self._begun = time.monotonic()

    def epoch(self, stage: str, epoch: int, epochs: int, loss: float) -> None:
        """An epoch of `epochs` is over; `loss` is its mean."""
        self._once({"event": "epoch", "stage": stage, "epoch": epoch, "epochs": epochs, "loss": _finite(loss)})

    def generation(self, number: int, evaluated: int, best: CandidateRecord) -> None:
        """So many candidates are judged in all, and the fittest of them."""
        values = {"generation": number, "evaluated": evaluated, "best": best.genotype, "fitness": best.fitness}
        self._once({"event": "generation", **values})

    def network(self, made: Mapping[str, Any], *, here: bool = True, seed: int = 0, target: str | None = None) -> None:
        """A finalist, winner or baseline with its final weights, and how it learnt.

        Args:
            made: `TrainedNetwork.in_brief`.
            here: made in this stage; one that was in the folder before took a time that is not known.
            seed: as in `other_seeds.spread`, 0 is the run's own.
            target: where it is another than the run's.
        """
        values = {
            "event": "network",
            **made,
            "seed": seed,
            **({} if target is None else {"target": target}),
            "curves": {name: [_finite(loss) for loss in losses] for name, losses in made["curves"].items()},
        }
        self._once(values, round(time.monotonic() - self._begun, 3) if here else None, timed=True)

    def _once(self, values: dict[str, Any], seconds: float | None = None, *, timed: bool = False) -> None:
        key = _same(values)
        if key in self._known:
            return
        self._known.add(key)
        event = values.pop("event")
        self._folder.log(event, **values, **({"seconds": seconds} if timed else {}))


def _same(event: Mapping[str, Any]) -> str:
    """What an event has in common with itself in another run of its stage."""
    return json.dumps(
        {name: value for name, value in event.items() if name not in TIMES}, sort_keys=True, default=float
    )


def _finite(value: float) -> float | None:
    """JSON has no number for a loss that has gone astray."""
    return float(value) if isfinite(value) else None
