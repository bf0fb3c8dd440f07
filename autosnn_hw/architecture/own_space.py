"""A macro-architecture and its blocks of one's own: a TOML file, read and checked, as the one line that a run keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from autosnn_hw.architecture import pool_list
from autosnn_hw.architecture.genotype import BLOCKS
from autosnn_hw.architecture.macro_architectures import Macro, in_words, own_macro
from autosnn_hw.architecture.size_list import SizeList
from autosnn_hw.errors import InputError
from autosnn_hw.files.input_file import toml_document
from autosnn_hw.words.near_names import did_you_mean

NAMED = ("SNN_1", "SNN_2", "SNN_3")  # that a search knows by name
ENDING = ".toml"
MOST_SLOTS = 16

PoolList = Annotated[tuple[str, ...] | None, BeforeValidator(pool_list.checked)]
Block = Annotated[str, AfterValidator(lambda name: _known(name))]


class Slot(BaseModel):
    """One place of a network that holds a block.

    Args:
        width: its output channels in units of C.
        blocks: what it may hold.
        stride: 2 halves the image's sides in the block's first convolution.
        pool: a pool follows it, which halves them.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    width: Annotated[int, Field(ge=1, le=64)]
    blocks: Annotated[list[Block], Field(min_length=1)]
    stride: Literal[1, 2] = 1
    pool: bool = False


class SpaceFile(BaseModel):
    """What a file says.

    Args:
        slots: from the stem to the readout.
        pool: kind of the pools.
        global_average: an average over all pixels before the readout.
        widths, timesteps, pools: to choose from, where the command line has none; `pools` as `1.3`, in the place of the slots' own.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    slots: Annotated[list[Slot], Field(min_length=1, max_length=MOST_SLOTS)]
    pool: Literal["max", "average"] = "max"
    global_average: bool = False
    widths: SizeList | None = None
    timesteps: SizeList | None = None
    pools: PoolList = None


def resolved(choices: Mapping[str, Any], folder: Path | None = None) -> dict[str, Any]:
    """Choices of a search in which a space's file is replaced by what it says.

    Args:
        folder: that a file's name is relative to; None is the present one.

    Raises:
        InputError: the file is missing or says what cannot be; all of it, a problem a line.
    """
    space = choices.get("space")
    if not isinstance(space, str) or not space.endswith(ENDING):
        return dict(choices)
    found = read(space if folder is None else folder / space)
    sizes = {"width": found.widths, "timesteps": found.timesteps, "pools": found.pools}
    known = {name: size for name, size in sizes.items() if size is not None} | dict(choices)
    if known.get("pools") is not None and found.pool != "max" and not any(slot.pool for slot in found.slots):
        raise InputError(
            f"{space}: pool is {found.pool}, but no slot has one; give a slot `pool = true`, which says the kind of those that --pools places."
        )
    return known | {"space": line(found)}


def read(path: str | Path) -> SpaceFile:
    """The space in a TOML file.

    Raises:
        InputError: it is missing, no TOML, or says what cannot be; all of it, a problem a line.
    """
    if not Path(path).exists():
        raise InputError(f"{path} was not found; the TOML file of a space, or one of {', '.join(NAMED)}, is needed.")
    try:
        return SpaceFile.model_validate(toml_document(path, "the TOML file of a space"))
    except ValidationError as error:
        problems = [_sentence(detail) for detail in error.errors()]
        if len(problems) == 1:
            raise InputError(f"{path}: {problems[0]}.") from None
        raise InputError("\n- ".join([f"{path} has {len(problems)} problems:", *problems])) from None


def line(space: SpaceFile) -> str:
    """The space in one line, its sizes left out (`macro_architectures.own_macro` reads it)."""
    macro = Macro(
        tuple((slot.width, slot.stride) for slot in space.slots),
        frozenset(number for number, slot in enumerate(space.slots) if slot.pool),
        "max_pool" if space.pool == "max" else "avg_pool",
        space.global_average,
    )
    return in_words(macro, [slot.blocks for slot in space.slots])


def blocks_of(space: str) -> tuple[str, tuple[tuple[str, ...], ...] | None]:
    """(macro-architecture, blocks that each slot may hold) of a name or a line; None for a name, whose slots hold any."""
    if space in NAMED:
        return space, None
    macro, blocks = own_macro(space)
    return in_words(macro), blocks


def _checked(space: str) -> str:
    if space in NAMED:
        return space
    try:
        _, blocks = own_macro(space)
        unknown = {block for slot in blocks for block in slot} - set(BLOCKS)
    except InputError:
        unknown = {space}
    if unknown or not all(blocks):
        raise ValueError(f"{space!r}; allowed are {', '.join(NAMED)}, or a file such as my_space.toml")
    return space


SpaceChoice = Annotated[str, AfterValidator(_checked)]


def _known(name: str) -> str:
    if name in BLOCKS:
        return name
    meant = did_you_mean(name, BLOCKS, most=1)
    raise ValueError(f"{meant} Known are {', '.join(BLOCKS)}".lstrip())


def _sentence(detail: Any) -> str:
    """One problem, as pydantic describes it, in words; slots are counted from 1 as in `TBD1`."""
    numbered = [f"slot {part + 1}" if isinstance(part, int) else part for part in detail["loc"][:3]]
    place = [str(part) for part in numbered]
    where = ", ".join(part for part in place if part != "slots") or "slots"
    kind, found, more = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "missing":
        return f"{where} is missing"
    if kind == "extra_forbidden":
        fields = SpaceFile.model_fields if len(detail["loc"]) == 1 else Slot.model_fields
        return f"{where} is unknown; allowed are {', '.join(fields)}"
    shown = repr(found) if isinstance(found, (int, float, str, bool)) else f"a {type(found).__name__} of {len(found)}"
    if kind == "value_error":
        return (
            f"{where}: {shown} is unknown; {more['error']}"
            if "blocks" in detail["loc"]
            else f"{where} is {more['error']}"
        )
    words = {
        "greater_than_equal": "at least {ge}",
        "less_than_equal": "at most {le}",
        "too_short": "a list of at least {min_length}",
        "too_long": "a list of at most {max_length}",
        "literal_error": "{expected}",
        "int_type": "a whole number",
        "bool_type": "true or false",
        "string_type": "text",
        "list_type": "a list",
        "model_type": "a table",
        "model_attributes_type": "a table",
    }
    return f"{where} is {shown}; allowed: {words[kind].format(**more) if kind in words else detail['msg']}"
