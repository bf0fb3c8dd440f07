"""A search space of 81 architectures, for whole searches whose subject is not the space."""

from pathlib import Path

from autosnn_hw.architecture import own_space

SIZE = 81
_SLOTS = ("width = 1", "width = 2\npool = true", "width = 2", "width = 4")


def small_space(path: Path) -> str:
    """Write it as --space reads it; its name."""
    slots = "".join(f'[[slots]]\n{slot}\nblocks = ["skip", "SCB_k3", "SRB_k3"]\n' for slot in _SLOTS)
    path.write_text('pool = "max"\n' + slots)
    return str(path)


def in_words(path: Path) -> str:
    """The same in a line, as `SearchConfig.space` has it."""
    return own_space.line(own_space.read(small_space(path)))
