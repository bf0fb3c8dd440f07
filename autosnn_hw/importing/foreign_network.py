"""One network of another framework: from a NIR file or a torch module to the chip's integers, calibrated and fine-tuned on data and
beside its floats where data is given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from autosnn_hw.errors import InputError
from autosnn_hw.importing.imported import ImportChoices, Imported

if TYPE_CHECKING:
    from autosnn_hw.importing.import_data import ImportData


def import_network(
    source: str | Path | Any,
    data: ImportData | None = None,
    choices: ImportChoices | None = None,
    *,
    dt: float | None = None,
    reset: str | None = None,
    fires_at_threshold: bool = False,
    exponential: bool = False,
    input_shape: tuple[int, ...] | None = None,
) -> Imported:
    """What `autosnn-hw import` does, but for writing.

    Args:
        source: path of a NIR file, or a `nir.NIRGraph`; MODULE:NAME of a torch module, or the module.
        data: samples to choose scales on and to compare on.
        dt, fires_at_threshold, exponential: of a NIR file.
        input_shape: of a module; that of a frame where it is not given.

    Raises:
        InputError: what cannot be read or mapped; an option that the source has no use for; nothing to fine-tune on.
        RunError: the process of the module's framework died.
    """
    from autosnn_hw.deploy.from_torch.module_name import is_module
    from autosnn_hw.importing.nir_graph import of_nir
    from autosnn_hw.importing.torch_module import of_module

    choices = choices or ImportChoices()
    if is_module(source):
        if dt is not None or fires_at_threshold or exponential:
            raise InputError(
                "dt, firing at the threshold and exponential decays are of NIR files; a module says them itself."
            )
        return of_module(source, data, choices, reset=reset, input_shape=input_shape)
    if isinstance(source, str | Path):
        _refuse_another_kind(Path(source))
    return of_nir(
        source, data, choices, dt=dt, reset=reset, fires_at_threshold=fires_at_threshold, exponential=exponential
    )


def _refuse_another_kind(source: Path) -> None:
    if source.suffix == ".py":
        raise InputError(
            f"{source} is a Python file; which module of it is meant, {source}:NAME says: a torch module, or a function that gives it."
        )
    if source.suffix == ".onnx":
        raise InputError(
            f"{source} is an ONNX file, which is not imported; a NIR file, or the torch module itself as MODULE:NAME, is."
        )
