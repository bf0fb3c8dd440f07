"""The rows of a table that are asked for, each checked against the samples before the first is trained."""

from __future__ import annotations

from collections.abc import Sequence

from autosnn_hw.architecture import layout
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.stages.paper_tables.table_data import Amount
from autosnn_hw.stages.paper_tables.table_rows import Row, rows_of
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.unlowered_networks import require_size

Image = tuple[int, int, int]


def checked_rows(
    table: str, config: SearchConfig, amount: Amount, data: Dataset, whole: Dataset | None = None
) -> list[Row]:
    """The rows whose names hold `amount.only`.

    Args:
        data: what they are trained on.
        whole: the dataset that `data` are a part of; None where it is not at hand.

    Raises:
        InputError: unknown table, no such row, or samples that are too small for one.
    """
    every = rows_of(table, frames=data.is_frames, networks=amount.networks, seed=config.seed, weights=amount.weights)
    rows = [row for row in every if amount.only in row.name]
    if not rows:
        raise InputError(f"--only {amount.only}: the table has {', '.join(row.name for row in every[:20])}.")
    refused = {row.name: why for row in rows if (why := _refusal(row, data.image, config)) is not None}
    if refused:
        name, why = next(iter(refused.items()))
        more = f" ({len(refused) - 1} more rows are refused, too)" if len(refused) > 1 else ""
        raise InputError(f"{name}: {why.rstrip('.')}{more}{_advice(rows, every, refused, config, amount, whole)}.")
    return rows


def _refusal(row: Row, image: Image, config: SearchConfig) -> str | None:
    """Why there is no such network for samples (Cin, H, W), as a sentence; None where there is."""
    try:
        architecture = row.architecture(config)
        if architecture is None:
            require_size(row.text, image)
        else:
            layout(architecture, image, 2)  # how many classes decides nothing but the last layer's width
    except InputError as error:
        return str(error)
    return None


def _advice(
    rows: Sequence[Row],
    every: Sequence[Row],
    refused: dict[str, str],
    config: SearchConfig,
    amount: Amount,
    whole: Dataset | None,
) -> str:
    """What would work, at the end of a refusal: larger pixels, or rows that take such samples; nothing where neither does."""
    if whole is not None:
        channels, height, width = whole.image
        for side in range(amount.shrink - 1, 0, -1):
            if all(_refusal(row, (channels, height // side, width // side), config) is None for row in rows):
                return f"; --shrink {side} would work" if side > 1 else "; without --shrink it would work"
    for row in rows:
        if not any(row.name in other.name and other.name in refused for other in every) and row.name not in refused:
            return f"; rows that take them can be made alone, such as --only {row.name}"
    return ""
