"""One network and the config that it is trained by, out of what was chosen for `train`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autosnn_hw.architecture import Architecture, slot_name
from autosnn_hw.architecture.macro_architectures import CHOSEN
from autosnn_hw.architecture.own_space import ENDING, blocks_of
from autosnn_hw.architecture.pool_list import in_text, placements_of
from autosnn_hw.architecture.size_list import all_of, one_size
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.stages.chosen import config_for
from autosnn_hw.words.near_names import known_are


def chosen(text: str, space: str | None, choices: Mapping[str, Any]) -> tuple[Architecture, SearchConfig]:
    """The architecture that a text says, and the config that it is trained by.

    Args:
        text: as `Architecture.parse` takes it. Sizes that it does not name are those of `choices`, else of the space's file.
        space: macro-architecture by name, or a TOML file as a search takes it; None is the name's own, or SNN_1.
        choices: of `SearchConfig`.

    Raises:
        InputError: a bad choice, an unknown space or architecture, a block that its slot may not hold, several sizes of one kind.
    """
    of_file = space is not None and space.endswith(ENDING)
    if not of_file and space not in (None, *CHOSEN):
        raise InputError(
            f"--space {space} is unknown; {known_are(str(space), CHOSEN)}, or a file such as my_space{ENDING} of --space in search."
        )
    config = config_for({**choices, **({"space": space} if of_file else {})})
    macro, blocks = blocks_of(config.space) if of_file else (space, None)
    placements = placements_of(config.pools)
    sizes = {"width": all_of(config.width)[-1], "timesteps": all_of(config.timesteps)[-1]}
    architecture = Architecture.parse(text, space=macro, pools=placements[0] if placements else None, **sizes)
    for letter, name in (("C", "width"), ("T", "timesteps")):
        if letter not in architecture.named:
            one_size(getattr(config, name), name)
    if len(placements) > 1 and "P" not in architecture.named:
        raise InputError(
            f"{space} has pools {', '.join(map(in_text, placements))}: one network has one of them; write it behind ARCH, as "
            f"{with_pools(text, in_text(placements[0]))}."
        )
    for slot, (block, allowed) in enumerate(zip(architecture.blocks, blocks or ())):
        if block not in allowed:
            raise InputError(f"{slot_name(slot)} of {space} may hold {', '.join(allowed)}; {text} has {block} there.")
    return architecture, config.with_changes(width=architecture.width, timesteps=architecture.timesteps)


def with_pools(text: str, pools: str) -> str:
    """An architecture's text with other pools behind its @."""
    blocks, _, sizes = text.partition("@")
    width, steps, number = sizes.partition("T")
    return f"{blocks}@{width.partition('P')[0]}P{pools}{steps}{number}"
