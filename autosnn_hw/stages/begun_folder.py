"""The folder that one network is delivered in: a command that was ended in the middle of it is given again and goes on there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.run_folder import LOCK, RunFolder, read_json, write_json
from autosnn_hw.stages.manifest import code_sha256
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.words.progress import Reporter
from hw_profiles.schema import Profile

BEGUN = "begun.json"  # which network the folder is of; the first file in it
AGAIN = "give the same command again"
# Choices that no single network depends on, or that stand in the data's and the profile's hashes, wherever their files are.
ELSEWHERE = {
    *("target", "dataset", "data_dir", "download", "supernet", "storage", "workers", "scheduler", "core_watts"),
    *("finalists", "generations", "budget", "seeds", "baselines"),
}
NAME = "name"  # in a network: what the user called it, of which one network may have several
MACRO = "macro_architecture"  # in a network: blocks alone do not say it
SHOWN = 3  # differences that a refusal names


def network_of(
    architecture: str,
    config: SearchConfig,
    data: Dataset,
    profile: Profile | None,
    supernet: str | None = None,
    *,
    space: str | None = None,
    name: str | None = None,
) -> dict[str, Any]:
    """All that a network follows from, by name, as JSON has it.

    Args:
        profile: None where no chip network is made.
        supernet: sha256 of the file that its weights are inherited from.
        space: its macro-architecture, where that is not the config's space, as of a run.
        name: what it was asked for by, which a refusal says.
    """
    made_of = {
        **({} if name is None else {NAME: name}),
        **({} if space is None else {MACRO: space}),
        "architecture": architecture,
        "target": None if profile is None else profile.name,
        "target_sha256": None if profile is None else profile.sha256,
        "dataset": data.name,
        "dataset_sha256": data.sha256,
        "supernet_sha256": supernet,
        **{name: value for name, value in config.model_dump().items() if name not in ELSEWHERE},
    }
    if space is not None:
        del made_of["space"]  # of a file it has the blocks, too, that other networks may hold
    return dict(json.loads(json.dumps(made_of)))


@contextmanager
def begun(path: str | Path, network: Mapping[str, Any], finished: str, reporter: Reporter) -> Iterator[RunFolder]:
    """A new folder for a network, or the one in which the same network was begun and not finished; held within the block.

    Args:
        network: of `network_of`.
        finished: the file that is written last.

    Raises:
        InputError: the folder holds something else, a finished network or another one, or another process works on it.
        RunError: it cannot be written.
    """
    folder = RunFolder(path) if Path(path).is_dir() else RunFolder.create(path)
    _require_same(folder, network, finished)
    try:
        with folder.held(then=AGAIN):
            known = _require_same(folder, network, finished)  # another process may have had it until now
            code = code_sha256()
            if known is None or not _holds_work(folder):
                write_json(folder / BEGUN, {"network": dict(network), "code_sha256": code})
            else:
                reporter.say(f"{path} holds a part of this network: going on with it.")
                if known.get("code_sha256") != code:
                    reporter.say(
                        f"note: {path} was begun with another version of this program: what it holds is kept as it was computed then."
                    )
            yield folder
    except KeyboardInterrupt as stopped:
        goes_on = (
            "the same command goes on with it" if _holds_work(folder) else "nothing yet; the same command begins anew"
        )
        stopped.args = stopped.args or (goes_on,)
        raise


def _holds_work(folder: RunFolder) -> bool:
    """Whether there is more than what says which network it is of: training writes its first checkpoint after some seconds."""
    return any(entry.name not in (BEGUN, LOCK) and not entry.name.startswith(".") for entry in folder.path.iterdir())


def _require_same(folder: RunFolder, network: Mapping[str, Any], finished: str) -> dict[str, Any] | None:
    """What the folder says of itself; None of one that holds nothing yet."""
    path = folder.path
    if not folder.has(BEGUN):
        # A file beside the one that it becomes is all that an end in the first moment leaves.
        if all(entry.name == LOCK or entry.name.startswith(f".{BEGUN}.") for entry in path.iterdir()):
            return None
        raise InputError(
            f"{path} exists already and holds no {BEGUN} of a network to go on with; choose another --out."
        )
    known = read_json(folder / BEGUN)
    there = known.get("network") if isinstance(known, dict) else None
    if not isinstance(there, dict):
        raise InputError(f"{folder / BEGUN} is damaged; choose another --out.")
    differing = [name for name, value in network.items() if there.get(name, value) != value]
    other = [name for name in differing if name != NAME]
    if other:
        shown = differing[: SHOWN + 1] if NAME in differing else other[:SHOWN]
        said = ", ".join(f"{name} {_short(there[name])} there, {_short(network[name])} now" for name in shown)
        more = f" and {len(other) - SHOWN} more" if len(other) > SHOWN else ""
        raise InputError(
            f"{path} was begun for another network ({said}{more}); give what it was begun with, or choose another --out."
        )
    if MACRO in network and MACRO not in there:
        raise InputError(
            f"{path} was begun by an earlier version of this program, which did not keep the macro-architecture of its network "
            f"({network[MACRO]} now): it may be of another one; choose another --out."
        )
    if folder.has(finished):
        raise InputError(
            f"{path} holds this network, finished, already ({finished}); choose another --out to make it again."
        )
    return dict(known)


def _short(value: Any) -> str:
    """A value in a sentence; of a hash the first digits, of a choice that is left to the program that it is."""
    text = "not given" if value is None else str(value)
    return f"{text[:12]}.." if len(text) == 64 and " " not in text and "," not in text else text
