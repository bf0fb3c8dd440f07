"""What a run evaluates, made ready for machines that hold none of its files: inputs travel by hash, files come back.

On a worker the images, the super-network and the target's profile are what the run holds, and files are written into a folder
of the worker, from where they come home with the result.
"""

from __future__ import annotations

import atexit
import platform
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import InputError
from autosnn_hw.files import whole_file
from autosnn_hw.run_and_price import sha256
from autosnn_hw.run_folder import write_json
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.final_training.rung_training import RungJob, RungTask
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator, Remembering
from autosnn_hw.stages.judging.measurer import LavaMeasurement
from autosnn_hw.stages.judging.subtree import SubtreeEvaluator
from autosnn_hw.stages.manifest import code_sha256, version
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.datasets import Dataset

Away = CandidateEvaluator | SubtreeEvaluator | NetworkJob | RungJob | LavaMeasurement
Function = Away | Remembering
Files = dict[str, bytes]  # by path below the folder of the function


@dataclass(frozen=True, eq=False)
class Inputs:
    """A run's inputs: its images, and the tables of its target's profile with all that it extends."""

    data: Dataset
    profile: Mapping[str, Any]


class Travelling:
    """A function of a run as `autosnn_hw.search.workers.cluster.Portable`."""

    def __init__(self, function: Function, inputs: Inputs) -> None:
        self._function, self._inputs = function, inputs
        away = function.evaluate if isinstance(function, Remembering) else function
        self._supernet, self._home = _supernet(away), _folder(away)
        self._data_key = f"data-{inputs.data.sha256}-{inputs.data.payload}"
        self._supernet_key = None if self._supernet is None else f"supernet-{sha256(self._supernet)}"
        self._packed = Packed(away, self._data_key, self._supernet_key, inputs.profile, versions())

    def carries(self) -> Mapping[str, Callable[[], Any]]:
        """See `Portable.carries`."""
        needs: dict[str, Callable[[], Any]] = {self._data_key: lambda: self._inputs.data}
        if self._supernet_key is not None and self._supernet is not None:
            needs[self._supernet_key] = Path(self._supernet).read_bytes
        return needs

    def at_home(self, task: Any) -> Any | None:
        """A candidate that is remembered, or a network that is trained already."""
        if isinstance(self._function, Remembering):
            return self._function.known.get(str(task))
        if isinstance(self._function, (NetworkJob, RungJob)) and self._function.finished(task):
            return self._function(task)
        return None

    def packed(self) -> Callable[[Mapping[str, Any]], Callable[[Any], Any]]:
        """See `Portable.packed`."""
        return self._packed

    def sent(self, task: Any) -> tuple[Any, Files]:
        """The task with the files that it goes on from: a network's checkpoints, where a rung has left them."""
        job = self._function.job if isinstance(self._function, RungJob) else self._function
        if not isinstance(job, NetworkJob) or job.config.rungs == 1:
            return task, {}
        files = job.checkpoints(task.architecture if isinstance(task, RungTask) else task)
        return task, {file.name: file.read_bytes() for file in files if file.is_file()}

    def received(self, task: Any, result: tuple[Any, Files]) -> Any:
        """The result, once its files stand in the run folder."""
        found, files = result
        if isinstance(self._function, NetworkJob):
            return _network_home(self._function, task, found, files)
        if isinstance(self._function, RungJob):  # what says that it is done comes last
            done = self._function.file(task).name
            files = dict(sorted(files.items(), key=lambda file: file[0] == done))
        _write(self._home, files)
        return found


@dataclass(frozen=True)
class Packed:
    """What is sent to workers.

    Args:
        data, supernet: names of what is carried.
        profile: tables of the target's profile.
        versions: of the code and the libraries that numbers depend on; a worker must have the same.
    """

    function: Away
    data: str
    supernet: str | None
    profile: Mapping[str, Any]
    versions: Mapping[str, str | None]

    def __call__(self, carried: Mapping[str, Any]) -> Callable[[Any], tuple[Any, Files]]:
        """On a worker: the function with what was carried there.

        Raises:
            InputError: the worker has other versions.
        """
        import tomli_w

        here = versions()
        differing = [name for name in here if here[name] != self.versions.get(name)]
        if differing:
            name = differing[0]
            raise InputError(
                f"the worker on {platform.node()} has {name} {here[name]}, the search {self.versions.get(name)}; the same are "
                "needed, or numbers would depend on where they come from."
            )
        place = _place()
        supernet = None
        if self.supernet is not None:
            supernet = str(place / f"{self.supernet}.safetensors")
            whole_file.replace(supernet, carried[self.supernet])
        target = place / "profile.toml"
        whole_file.replace(target, tomli_w.dumps(self.profile).encode())
        moved = _moved(self.function, datasets.hand_over(carried[self.data]), supernet, str(target), place / "out")
        return partial(_with_files, moved, place / "out")


def versions() -> dict[str, str | None]:
    """What the numbers of a run depend on, besides its inputs."""
    known = {name: version(name) for name in ("torch", "numpy", "numba", "lava-nc", "lava-dl")}
    return {"code": code_sha256(), "python": platform.python_version(), **known}


@lru_cache(maxsize=1)
def _place() -> Path:
    """This process's folder for inputs and what it writes."""
    folder = Path(tempfile.mkdtemp(prefix="autosnn-hw-worker-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _with_files(function: Callable[[Any], Any], folder: Path, sent: tuple[Any, Files]) -> tuple[Any, Files]:
    """The result of a task, which goes on from the files that came with it, and the files that it wrote."""
    task, begun = sent
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    _write(str(folder), begun)
    result = function(task)
    return result, {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def _moved(function: Any, data: str, supernet: str | None, target: str, out: Path) -> Any:
    """The function with other places for its inputs and files."""
    if isinstance(function, CandidateEvaluator):
        return replace(function, supernet=str(supernet), dataset=data, data_dir=None, target=target)
    if isinstance(function, RungJob):
        return replace(function, job=_moved(function.job, data, supernet, target, out))
    if isinstance(function, NetworkJob):
        config = function.config.with_changes(dataset=data, data_dir=None)
        return replace(function, folder=str(out), config=config, target=target, supernet=supernet)
    judge = _moved(function.evaluator, data, supernet, target, out)
    if isinstance(function, SubtreeEvaluator):
        return replace(function, evaluator=judge, folder=None if function.folder is None else str(out))
    return replace(function, evaluator=judge)


def _supernet(function: Any) -> str | None:
    function = function.job if isinstance(function, RungJob) else function
    return function.supernet if isinstance(function, (CandidateEvaluator, NetworkJob)) else function.evaluator.supernet


def _folder(function: Any) -> str | None:
    function = function.job if isinstance(function, RungJob) else function
    return function.folder if isinstance(function, (SubtreeEvaluator, NetworkJob)) else None


def _write(folder: str | None, files: Files) -> None:
    for name, content in files.items():
        path = Path(str(folder)) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        whole_file.replace(path, content)


def _network_home(job: NetworkJob, architecture: Architecture, network: Any, files: Files) -> Any:
    """A trained network as if it had been trained here; what says that it is finished is written last."""
    done, file = job.file(architecture, ".json"), job.file(architecture)
    _write(job.folder, {name: content for name, content in files.items() if name != done.name})
    document = network.document
    if document is not None:
        document = document | {"network": document["network"] | {"file": str(file)}}
    network = replace(network, file=str(file), document=document)
    write_json(done, network.to_json())
    return network
