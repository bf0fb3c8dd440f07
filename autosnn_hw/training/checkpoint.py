"""Checkpoints: one safetensors file with its JSON inside, written beside and renamed, never pickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from autosnn_hw.errors import InputError, RunError
from autosnn_hw.files import whole_file
from autosnn_hw.files.input_file import regular

FORMAT = "autosnn-hw checkpoint 1"
LARGEST_FILE = 64 << 30


def write_checkpoint(path: Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any]) -> None:
    """Write `tensors` and JSON `metadata`; the file at `path` is the old one or the new one, never a part.

    Raises:
        RunError: it could not be written (disk full, no such folder).
    """
    contents = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    try:
        with whole_file.beside(path) as partial:
            save_file(contents, str(partial), {"format": FORMAT, "json": json.dumps(dict(metadata))})
    except (OSError, SafetensorError) as error:
        raise RunError(f"the checkpoint {path} could not be written ({error}); is the disk full?") from error


def read_checkpoint(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Tensors and metadata of a file by `write_checkpoint`.

    Raises:
        InputError: missing, damaged, or not a checkpoint of this tool.
    """
    if not path.exists():
        raise InputError(f"no checkpoint at {path}.")
    regular(path, "a checkpoint", most=LARGEST_FILE)
    try:
        with safe_open(str(path), "pt") as file:
            described = file.metadata() or {}
            if described.get("format") != FORMAT:
                raise InputError(f"{path} is no checkpoint of autosnn-hw (format {described.get('format')!r}).")
            metadata = json.loads(described["json"])
            if not isinstance(metadata, dict):
                raise ValueError("its metadata are no JSON object")
            return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118
    except InputError:
        raise
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{path} is not a readable checkpoint ({error}).") from error


def load_into(module: torch.nn.Module, tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    """Copy the tensors under "model." into a module, in place.

    Raises:
        InputError: names or shapes differ from the module's.
    """
    state = {name.removeprefix("model."): tensor for name, tensor in tensors.items() if name.startswith("model.")}
    own = module.state_dict()
    wrong = [
        name
        for name in own.keys() | state.keys()
        if name not in own or name not in state or own[name].shape != state[name].shape
    ]
    if wrong:
        raise InputError(
            f"{path} holds another network: {len(wrong)} tensors differ in name or shape, such as {sorted(wrong)[0]}."
        )
    module.load_state_dict(state)
