"""Which networks the tables of the AutoSNN paper have, and those of its random architectures that are drawn here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autosnn_hw.architecture import Architecture
from autosnn_hw.architecture.macro_architectures import CHOSEN, PAPER_BLOCKS, UNLOWERED
from autosnn_hw.architecture.published_results import TABLES, WEIGHTS, regularised_name
from autosnn_hw.architecture.size_list import one_size
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.search.space import search_space
from autosnn_hw.seeds import generator

SEARCHED = (
    "AutoSNN_lambda_0", "AutoSNN_lambda_0.08", "AutoSNN_lambda_0.16", "AutoSNN_lambda_0.24",
    "AutoSNN_by_random_lambda_0", "AutoSNN_by_random_lambda_0.08", "AutoSNN_searched_as_ANN",
)  # fmt: skip
# Of the table of transfer, with their widths in widths of AutoSNN, as the paper compares them (64 on images, 16 on event frames).
OF_IMAGES = {"Wu2019b_CIFARNet": 2, "Fang2021_CIFAR": 4, "Zheng2021_ResNet19": 2, "AutoSNN": 1}
OF_FRAMES = {
    "Wu2019b_CIFARNet": 8, "He2020_DVSGesture": 4, "Kaiser2020_DVSGesture": 4, "Fang2021_CIFAR10DVS": 8, "Fang2021_DVSGesture": 8,
    "Zheng2021_ResNet17": 4, "AutoSNN": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One network of a table.

    Args:
        name: as the table shows it.
        text: architecture or published name.
        space: macro-architecture, None where the name has its own.
        spike_regularisation: lambda_reg.
        widths: its width in widths of the table.
    """

    name: str
    text: str
    space: str | None = None
    spike_regularisation: float = 0.0
    widths: int = 1

    @property
    def key(self) -> str:
        """Name of its folder: alike in every table that has this network."""
        weight = f"-reg{self.spike_regularisation:g}" if self.spike_regularisation else ""
        return f"{self.space or ''}{'-' if self.space else ''}{self.text.replace(',', '-')}{weight}"

    def width(self, config: SearchConfig) -> int:
        """C."""
        return self.widths * one_size(config.width, "width")

    def architecture(self, config: SearchConfig) -> Architecture | None:
        """None where no chip network is made of it."""
        if self.text in UNLOWERED:
            return None
        timesteps = one_size(config.timesteps, "timesteps")
        return Architecture.parse(self.text, space=self.space, width=self.width(config), timesteps=timesteps)


def rows_of(table: str, *, frames: bool, networks: int, seed: int, weights: Sequence[float] = WEIGHTS) -> list[Row]:
    """The networks of a table.

    Args:
        frames: of event frames, which `transfer` has other networks for.
        networks, seed: random architectures of each macro-architecture in `spaces`, and what they are drawn by.
        weights: lambda_reg of each row of `regularisation`, each once.

    Raises:
        InputError: unknown table.
    """
    if table == "design":
        return [Row(name, name) for space in CHOSEN for block in PAPER_BLOCKS[:2] for name in (f"{space}_{block}",)]
    if table == "blocks":
        return [Row(name, name) for name in (f"SNN_1_{block}" for block in PAPER_BLOCKS)]
    if table == "regularisation":
        names = (f"SNN_1_{block}" for block in PAPER_BLOCKS)
        return [
            Row(regularised_name(name, weight), name, spike_regularisation=weight)
            for name in names
            for weight in weights
        ]
    if table == "searched":
        return [Row(name, name) for name in SEARCHED]
    if table == "transfer":
        return [Row(name, name, widths=n) for name, n in (OF_FRAMES if frames else OF_IMAGES).items()]
    if table == "spaces":
        return [row for space in CHOSEN for row in _drawn(space, networks, seed)]
    raise InputError(f"unknown table {table!r}; known are {', '.join(TABLES)}.")


def _drawn(space: str, networks: int, seed: int) -> Iterator[Row]:
    """Distinct random architectures of a macro-architecture; more of them begin with the same ones."""
    known, random = search_space(space), generator(seed, "tables", space)
    drawn: dict[str, None] = {}
    while len(drawn) < min(networks, known.size):
        drawn[str(known.sample(random))] = None
    return (Row(f"{space}: {text}", text, space) for text in drawn)
