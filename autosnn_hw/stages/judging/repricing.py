"""The candidates of a walked run priced on another target, from what the walk kept: nothing is trained, estimated or simulated."""

from __future__ import annotations

import gzip
import json
import shlex
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig, read_config
from autosnn_hw.deploy.lowering import chip_network
from autosnn_hw.deploy.planned_layers import front_units, stem_unit
from autosnn_hw.deploy.shared_prefixes.prefix import Prefix
from autosnn_hw.deploy.shared_prefixes.replay import Replay
from autosnn_hw.deploy.weight_format import weight_format
from autosnn_hw.errors import InputError, RunError
from autosnn_hw.files import whole_file
from autosnn_hw.run_folder import CONFIG, MANIFEST, SUPERNET, RunFolder, read_json
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.database.study import read_records
from autosnn_hw.search.genes import Gene
from autosnn_hw.search.space import SearchSpace
from autosnn_hw.search.walking.walk import subtrees
from autosnn_hw.search.workers.processes import Workers, worker_count
from autosnn_hw.simulate.stem import host_macs
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator, EvaluationTools, evaluation_tools, judged
from autosnn_hw.stages.judging.subtree import Root, branches
from autosnn_hw.stages.judging.walked import FOLDER, SubtreeReader, part_file
from autosnn_hw.stages.manifest import Prepared, code_sha256, prepare
from autosnn_hw.training.compute.threads import one_thread
from hw_profiles.schema import Profile


def priced_on(run: str | Path, target: str, workers: int = 0) -> list[CandidateRecord]:
    """All candidates of a walked run, priced on another target that holds the same integers.

    Args:
        run: the run folder.
        target: profile name or file.
        workers: processes; 0 is one a core, at most four. No number depends on it.

    Raises:
        InputError: the run did not walk its space, the target has other neurons or weights, or the data are others now.
    """
    import hw_profiles

    folder = RunFolder.open(run)
    config = read_config(folder / CONFIG)
    prepared, profile = prepare(config.with_changes(backend="lava")), hw_profiles.load(target)
    if not part_file(folder.path, prepared.space.digits(subtrees(prepared.space)[0])).is_file():
        raise InputError(
            f"{run} did not walk its space, so that only what it judged for {config.target} is known; for {target} run "
            f"`autosnn-hw search --target {shlex.quote(target)} --supernet {shlex.quote(str(run))} --strategy walk`."
        )
    require_same_integers(folder, prepared, profile)
    require_same_data(folder, prepared)
    judge = _evaluator(config, folder, target)
    kept = _Kept(folder.path, profile)
    known = kept.read()
    if known is not None:
        return known
    generations = {record.genotype: record.generation for record in read_records(**folder.study())}
    with Workers(SubtreePricer(judge, prepared.space, str(folder.path)), worker_count(workers)) as pool:
        found = [record for records in pool.map(subtrees(prepared.space)) for record in records]
    records = [replace(record, generation=generations.get(record.genotype, 0)) for record in found]
    kept.write(records)
    return records


def priced_alone(run: str | Path, target: str, genotype: str) -> CandidateRecord:
    """One candidate of a run, which its search did not price (`autosnn_hw.search.walking.lazily`), on a target of the same integers.

    Raises:
        InputError: the architecture is not in the run's space, or its data are others now.
    """
    folder = RunFolder.open(run)
    config = read_config(folder / CONFIG)
    prepared = prepare(config.with_changes(backend="lava"))
    require_same_data(folder, prepared)
    return _evaluator(config, folder, target)(prepared.space.parse(genotype))


def _evaluator(config: SearchConfig, folder: RunFolder, target: str) -> CandidateEvaluator:
    return CandidateEvaluator(
        str(folder / SUPERNET),
        config.dataset,
        config.data_dir,
        target,
        config.evaluate,
        config.seed,
        float_view=False,
        graded=config.graded,
    )


def require_same_integers(folder: RunFolder, prepared: Prepared, profile: Profile) -> None:
    """Refuse a target with other neurons or weights than a run's.

    Raises:
        InputError: with what would work.
    """
    if weight_format(profile) != weight_format(prepared.profile):
        raise InputError(
            f"{folder.path} was searched with the neurons and weights of {prepared.profile.name}, and {profile.name} has others; "
            f"run `autosnn-hw search --target {profile.name}`, which trains a super-network for them."
        )


def require_same_data(folder: RunFolder, prepared: Prepared) -> None:
    """Refuse data that are not those of a run.

    Raises:
        InputError: with what is needed.
    """
    if read_json(folder / MANIFEST)["dataset"]["sha256"] != prepared.data.sha256:
        raise InputError(f"{prepared.data.name} is not what {folder.path} was searched on; the same data are needed.")


class _Kept:
    """Records priced on a target, kept in the run folder for the next question; of another profile or code they are none."""

    def __init__(self, folder: Path, profile: Profile) -> None:
        self._file = folder / FOLDER / f"priced-{profile.name}.json.gz"
        self._key = {"profile_sha256": profile.sha256, "code_sha256": code_sha256()}

    def read(self) -> list[CandidateRecord] | None:
        try:
            document = json.loads(gzip.decompress(self._file.read_bytes()))
        except (OSError, EOFError, ValueError, zlib.error):
            return None
        if not isinstance(document, dict) or document.get("key") != self._key:
            return None
        return [CandidateRecord.from_json(record) for record in document["records"]]

    def write(self, records: Sequence[CandidateRecord]) -> None:
        text = json.dumps({"key": self._key, "records": [record.to_json() for record in records]})
        with suppress(RunError):  # a folder that cannot be written into is only asked again
            whole_file.replace(self._file, gzip.compress(text.encode(), mtime=0))


@dataclass(frozen=True)
class SubtreePricer:
    """A picklable function of the first genes: records of all candidates that begin with them, as walked.

    Args:
        evaluator: names the target that is priced, and the data whose labels give the accuracy.
        space: of the run.
        folder: the run folder, which holds what was walked.
    """

    evaluator: CandidateEvaluator
    space: SearchSpace
    folder: str

    def __call__(self, genes: tuple[Gene, ...]) -> list[CandidateRecord]:
        with one_thread():
            return list(_pricing(self, evaluation_tools(self.evaluator)).subtree(genes))


@lru_cache(maxsize=1)
def _pricing(pricer: SubtreePricer, tools: EvaluationTools) -> _Pricing:
    return _Pricing(pricer, tools)


class _Pricing:
    """What pricing needs in its process."""

    def __init__(self, pricer: SubtreePricer, tools: EvaluationTools) -> None:
        self.tools, self.space, self.folder = tools, pricer.space, Path(pricer.folder)
        self.labels = pricer.evaluator.inputs()[1]
        self._root: Root | None = None

    def _enter(self, root: Root) -> None:
        """Make the networks of a width and a placement of pools the present ones."""
        if root != self._root:
            self._root = root
            self.folded, self.units = branches(self.tools.supernet, self.tools.data, self.space, *root)

    def subtree(self, genes: tuple[Gene, ...]) -> Iterator[CandidateRecord]:
        """Records of all architectures that begin with `genes`."""
        width, pools, blocks, _ = self.space.parts(genes)
        self._enter((width, pools))
        reader = SubtreeReader(part_file(self.folder, self.space.digits(genes)), len(self.space.reads))
        replay = self._replay(reader)
        if units := front_units(self.folded):
            replay.root = replay.grow(replay.root, units, reader.node(units))
        prefix = replay.root
        for slot, gene in enumerate(blocks):
            prefix = self._grown(replay, reader, prefix, slot, gene)
        yield from self._leaves(replay, reader, blocks, prefix)

    def _replay(self, reader: SubtreeReader) -> Replay:
        profile, reads = self.tools.profile, self.space.reads
        if reader.driven is None:
            root = reader.node((stem_unit(self.folded),))
            return Replay(self.folded, root, profile, input_spikes=reader.input_spikes, reads=reads)
        stem = self.folded.blocks[0]
        norm = stem.convs[0].norm
        root = reader.stem(0 if norm is None else len(norm.gamma), stem.stage.out_shape)
        return Replay(self.folded, root, profile, driven=reader.driven, reads=reads)

    def _grown(self, replay: Replay, reader: SubtreeReader, prefix: Prefix, slot: int, gene: Gene) -> Prefix:
        units = self.units[slot][gene]
        return replay.grow(prefix, units, reader.node(units)) if units else prefix

    def _leaves(
        self, replay: Replay, reader: SubtreeReader, genes: tuple[Gene, ...], prefix: Prefix
    ) -> Iterator[CandidateRecord]:
        slot = len(genes)
        if slot == self.space.slots:
            for read, steps in enumerate(self.space.reads):
                width, pools = self._root or (None, None)
                architecture = self.space.of_blocks(genes, width, steps, pools)
                yield self._record(replay, reader, architecture, prefix, read)
            return
        for gene in self.space.genes[slot]:
            child = self._grown(replay, reader, prefix, slot, gene)
            yield from self._leaves(replay, reader, (*genes, gene), child)

    def _record(
        self, replay: Replay, reader: SubtreeReader, architecture: Architecture, prefix: Prefix, read: int
    ) -> CandidateRecord:
        network = chip_network(
            self.folded,
            replay.encoder,
            prefix.layers,
            self.tools.profile,
            str(architecture),
            self.tools.data.name,
        )
        network = replace(network, timesteps=architecture.timesteps)
        predicted = reader.predictions()
        activity = Activity(
            tuple(layer[read] for layer in prefix.activities),
            samples=reader.samples,
            timesteps=architecture.timesteps,
            # Of the votes only who won is kept: all go to that class.
            outputs=np.eye(self.folded.classes, dtype=np.int64)[predicted].repeat(self.folded.voters, axis=1),
            input_spikes=reader.input_spikes,
            host_macs=None if replay.encoder is None else host_macs(replay.encoder, self.tools.data.image),
        )
        known = {"parameters": self.tools.parameters(architecture)}
        return judged(architecture, network, lambda: activity, self.labels, self.tools.profile, known)
