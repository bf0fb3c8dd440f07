"""The real way to the chip for the best candidates: NetX file written, loaded by lava-dl, run in Lava, counted, compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from autosnn_hw.activity import Activity
from autosnn_hw.architecture import Architecture
from autosnn_hw.cost import price
from autosnn_hw.search.candidate import measured_values
from autosnn_hw.search.ranking.feedback import Measurement
from autosnn_hw.search.workers.processes import Crew
from autosnn_hw.simulate import exact, lava
from autosnn_hw.simulate.agreement import require_same_spikes
from autosnn_hw.simulate.lava import LavaChild, board
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator, evaluation_tools
from exporters import netx
from hw_profiles.schema import Profile


class ChipMeasurer:
    """Measures candidates in one long-lived Lava process: in Lava's simulator, or on a board.

    Args:
        evaluator: gives the candidates' networks and images.
        profile: prices what was measured.
        samples: validation images of each measurement.
        child: the process.
        backend: "lava" or "board".
    """

    def __init__(
        self,
        evaluator: CandidateEvaluator,
        profile: Profile,
        samples: int,
        child: LavaChild,
        backend: str = "lava",
    ) -> None:
        self._evaluator, self._profile, self._samples, self._child = evaluator, profile, samples, child
        self._run: Callable[..., Activity] = board.run if backend == "board" else lava.run

    def __call__(self, architectures: Sequence[Architecture], generation: int) -> list[Measurement]:
        """Measurements of the given candidates.

        Raises:
            SpikesDifferError: Lava counted other spikes than the exact simulator; names candidate, layer, sample and step.
        """
        return [self._measure(architecture, generation) for architecture in architectures]

    def _measure(self, architecture: Architecture, generation: int) -> Measurement:
        network = self._evaluator.deploy(architecture)
        images, _ = self._evaluator.inputs(self._samples)
        expected = exact.run(network, images, per_step=True)
        with TemporaryDirectory(prefix="autosnn-hw-") as folder:
            file = Path(folder) / "candidate.net"
            netx.write(network, file)
            measured = self._run(file, images, child=self._child)
        backend = dict(measured.backend or {})
        if backend.get("kind") != "silicon":  # on a board a difference is information
            require_same_spikes(expected, measured, f"candidate {architecture}")
        return Measurement(
            str(architecture),
            generation,
            backend.get("name", "lava"),
            backend.get("kind", "simulator"),
            len(images),
            measured_values(measured, price(network, measured, self._profile)),
            measured_values(expected, price(network, expected, self._profile)),
        )


@dataclass(frozen=True)
class LavaMeasurement:
    """A picklable function of an architecture: its measurement in a Lava process that its own process keeps."""

    evaluator: CandidateEvaluator
    samples: int

    def __call__(self, architecture: Architecture) -> Measurement:
        """See `ChipMeasurer`."""
        profile = evaluation_tools(self.evaluator).profile
        return ChipMeasurer(self.evaluator, profile, self.samples, _own_child())([architecture], 0)[0]


@lru_cache(maxsize=1)
def _own_child() -> LavaChild:
    return LavaChild()


@dataclass(frozen=True)
class DistributedMeasurer:
    """Measures candidates in Lava where a crew works, several at once."""

    crew: Crew
    measurement: LavaMeasurement

    def __call__(self, architectures: Sequence[Architecture], generation: int) -> Iterator[Measurement]:
        """See `ChipMeasurer`; each measurement as soon as it and those before it are there."""
        with self.crew.open(self.measurement, most=len(architectures)) as pool:
            for measurement in pool.map(architectures):
                yield replace(measurement, generation=generation)
