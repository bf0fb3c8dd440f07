"""The tree of networks that begin alike: what a prefix of blocks is and does is computed once for all that share it.

A block's batch norm, integers and spikes depend on the blocks before it alone, so the candidates of a space form a tree. `Trunk`
holds what all of them share, `Prefix` one node; `Trunk.grow` computes the children of a node. Every number equals the one
that `deploy_candidate` and the exact simulator give for the whole network, because all of them are integers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from autosnn_hw.activity import Activity
from autosnn_hw.deploy.batch_norm import (
    DeployedUnit,
    calibrated_stem,
    deploy_unit,
    estimate,
    event_batches,
    stem_spikes,
)
from autosnn_hw.deploy.planned_layers import Unit, front_units, stem_unit
from autosnn_hw.deploy.shared_prefixes.prefix import Found, Prefix, extended, held, known, norms
from autosnn_hw.deploy.spike_train import SpikeTrain, joined, neuron_totals, packed, values_kept
from autosnn_hw.deploy.unit_simulation import UnitRun
from autosnn_hw.deploy.weight_format import Target, weight_format
from autosnn_hw.folded import FoldedNetwork
from autosnn_hw.network import Encoder, InputLayer
from autosnn_hw.simulate.stem import encode, host_macs

VALUES_AT_ONCE = 1 << 20  # of the largest layer over all steps; fewer cost overhead, more leave the caches
FEWEST = 8  # samples at a time


@dataclass(eq=False)
class _Branch:
    """A child being computed: its units, spikes of each unit's own neurons so far, and what leaves the last one."""

    made: list[DeployedUnit]
    runs: list[UnitRun]
    calibration: SpikeTrain | None
    totals: list[np.ndarray]
    trains: list[SpikeTrain] = field(default_factory=list)
    outputs: list[np.ndarray] = field(default_factory=list)


class Trunk:
    """What all candidates of a space share: stem, encoder, what follows before the first slot, weight format, and the images.

    Args:
        folded: any network of the space, its batch norm without statistics where these are to be estimated.
        calibration: images that batch norm is estimated on.
        images: images that candidates are judged on; frames (N, T, C, H, W) where the network takes event frames.
        target: as in `lower`.
        reads: after how many steps the networks are read off, ascending; () is all of them alone. Batch norm is estimated over
            all steps, and a network of fewer is the same integers stopped earlier: its spikes are the first.
    """

    def __init__(
        self,
        folded: FoldedNetwork,
        calibration: np.ndarray,
        images: np.ndarray,
        target: Target = None,
        reads: Sequence[int] = (),
    ) -> None:
        self.weights = weight_format(target)
        self.steps, self.classes, self.voters = folded.timesteps, folded.classes, folded.voters
        self.reads = tuple(reads) or (self.steps,)
        self.samples = len(images)
        self.encoder: Encoder | None = None
        self.host_macs: int | None = None
        self.input_spikes: np.ndarray | None = None
        self._fixed: dict[Unit, tuple[DeployedUnit, UnitRun]] = {}
        self.root = (
            self._events(folded, calibration, images) if folded.frames else self._stem(folded, calibration, images)
        )
        self.found = [self.root.found]  # of the stem, then of what stands between it and the first slot
        if units := front_units(folded):
            (self.root,) = self.grow(self.root, [units])
            self.found.append(self.root.found)

    def _stem(self, folded: FoldedNetwork, calibration: np.ndarray, images: np.ndarray) -> Prefix:
        conv, self.encoder, layer, frames = calibrated_stem(folded, calibration, self.weights)
        channels, height, width = images.shape[1:]
        self.host_macs = host_macs(self.encoder, (channels, height, width))
        trains, totals, driven = [], np.zeros((len(self.reads), *layer.shape), np.int64), 0
        for part in _parts(len(images), self._at_once(layer.shape)):
            values = encode(self.encoder, images[part])
            driven += int(np.count_nonzero(values))
            spikes = stem_spikes(layer, values, self.steps)
            totals += self._read(spikes)
            trains.append(packed([spikes], self.steps))
        found = Found((totals,), () if conv.norm is None else (known(conv.norm),))
        activities = (held(layer, totals, driven, self.reads),)
        return Prefix((layer,), activities, totals, found, packed(frames, self.steps), joined(trains))

    def _events(self, folded: FoldedNetwork, calibration: np.ndarray, images: np.ndarray) -> Prefix:
        """The input without neurons, then the stem as a layer of the chip."""
        layer = InputLayer("input", folded.image, payload=folded.payload)
        self.input_spikes = (images > 0).sum(axis=(0, 1), dtype=np.int64)
        kept = packed if folded.payload == 1 else values_kept
        known, judged = (kept(event_batches(frames, folded.payload), self.steps) for frames in (calibration, images))
        sent = Prefix((layer,), (), self.input_spikes[None], Found(()), known, judged)
        return self.grow(sent, [[stem_unit(folded)]])[0]

    def grow(self, prefix: Prefix, branches: Sequence[Sequence[Unit]]) -> list[Prefix]:
        """The prefixes longer by each of `branches`, which are units in order; one without units is `prefix` itself."""
        with torch.inference_mode():
            grown = [self._calibrated(prefix, units) for units in branches]
            assert prefix.images is not None
            largest = max([_values(made.unit) for branch in grown for made in branch.made], default=1)
            for part in _parts(self.samples, self._at_once((largest,))):
                frames = prefix.images.frames(part.start, part.stop)
                for branch in grown:
                    self._run(branch, frames)
        return [self._done(prefix, branch) if branch.made else prefix for branch in grown]

    def activity(self, prefix: Prefix, read: int = -1) -> Activity:
        """What a network that ends with `prefix`, its readout included, did until one of the reads; summed over the samples."""
        assert prefix.outputs is not None
        return Activity(
            tuple(layer[read] for layer in prefix.activities),
            samples=self.samples,
            timesteps=self.reads[read],
            outputs=prefix.outputs[read],
            input_spikes=self.input_spikes,
            host_macs=self.host_macs,
        )

    def _at_once(self, shape: tuple[int, ...]) -> int:
        return max(FEWEST, VALUES_AT_ONCE // (self.steps * int(np.prod(shape))) // FEWEST * FEWEST)

    def _calibrated(self, prefix: Prefix, units: Sequence[Unit]) -> _Branch:
        """The units' statistics and integers, from the calibration images alone."""
        assert prefix.calibration is not None
        largest = max((_values(unit) for unit in units), default=1)
        # How estimates sample large maps depends on batches of whole eights (`statistics.sampled`).
        size = self._at_once((largest,)) if prefix.calibration.samples % FEWEST == 0 else FEWEST
        frames = carried = list(prefix.calibration.batches(size)) if units else []
        made, runs = [], []
        for unit in units:
            if unit.first:
                carried = frames
            deployed, run = self._deployed(unit, frames, carried)
            made.append(deployed)
            runs.append(run)
            if unit.kind != "dense":
                frames = [run(x, source) for x, source in zip(frames, carried)]
        ends = bool(units) and units[-1].kind == "dense"
        return _Branch(
            made,
            runs,
            None if ends or not units else packed(frames, self.steps),
            [np.zeros((len(self.reads), *_own(m.unit)), np.int64) for m in made],
        )

    def _deployed(
        self, unit: Unit, frames: list[torch.Tensor], carried: list[torch.Tensor]
    ) -> tuple[DeployedUnit, UnitRun]:
        """A unit without batch norm to estimate is the same behind every prefix."""
        if unit in self._fixed:
            return self._fixed[unit]
        estimated = estimate(unit, frames, carried, self.steps, self.weights)
        made = deploy_unit(estimated, self.weights, classes=self.classes, voters=self.voters)
        ready = made, UnitRun(made.unit, made.integers, self.steps, self.weights)
        if all(norm.mean is not None for norm in norms(unit)):
            self._fixed[unit] = ready
        return ready

    def _run(self, branch: _Branch, frames: torch.Tensor) -> None:
        """The branch's units on some images."""
        carried = frames
        for run, totals in zip(branch.runs, branch.totals):
            if run.unit.first:
                carried = frames
            frames = run(frames, carried)
            if run.unit.kind == "dense":
                fired = frames.view(self.steps, -1, frames.shape[1])
                outputs = np.stack([fired[:steps].sum(dim=0, dtype=torch.int64).numpy() for steps in self.reads])
                branch.outputs.append(outputs)
                totals += outputs.sum(axis=1)
            else:
                totals += self._read(frames)
        if branch.made and branch.made[-1].unit.kind != "dense":
            branch.trains.append(packed([frames], self.steps))

    def _read(self, frames: torch.Tensor) -> np.ndarray:
        """int64 (reads, C, H, W): spikes of each neuron until each read."""
        samples = len(frames) // self.steps
        parts = [frames[first * samples : last * samples] for first, last in zip((0, *self.reads), self.reads)]
        return np.cumsum([neuron_totals([part]) for part in parts], axis=0)

    def _done(self, prefix: Prefix, branch: _Branch) -> Prefix:
        grown = extended(prefix, branch.made, branch.totals)
        if branch.outputs:
            return replace(grown, outputs=np.concatenate(branch.outputs, axis=1))
        return replace(grown, calibration=branch.calibration, images=joined(branch.trains))


def _parts(count: int, size: int) -> Iterator[slice]:
    return (slice(first, min(count, first + size)) for first in range(0, count, size))


def _values(unit: Unit) -> int:
    return max(int(np.prod(unit.shape)), int(np.prod(unit.in_shape)))


def _own(unit: Unit) -> tuple[int, ...]:
    return unit.shape[:1] if unit.kind == "dense" else unit.shape
