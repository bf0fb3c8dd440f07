"""What the AutoSNN paper's slides say, row by row (Na et al., ICML 2022): accuracy, spikes an image over all steps, firing rate.

Numbers that are only in the paper's figures, or that no public source has, are not here; a row without numbers is unknown.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Published:
    """One row.

    Args:
        accuracy: share.
        spikes: mean an image.
        firing_rate: share.
        width: C, where it is not the table's.
        quoted: the accuracy of the network's own paper, which AutoSNN's authors did not train.
    """

    accuracy: float
    spikes: float | None = None
    firing_rate: float | None = None
    width: int | None = None
    quoted: bool = False


@dataclass(frozen=True)
class Settings:
    """How the networks of a table were trained; None where no public source says it.

    Args:
        dataset: its name here.
        sample: shape of an image, or of one event frame.
        images: training samples.
        width: C of AutoSNN's own networks.
        timesteps: T. In the public code it is an argument, and the only value in its scripts is that for CIFAR-10.
        epochs, batch, learning_rate, rate_decay: the defaults of the public code.
        seeds: trainings of each network.
    """

    dataset: str
    sample: tuple[int, int, int]
    images: int | None
    width: int
    timesteps: int | None
    epochs: int = 600
    seeds: int = 1
    batch: int = 96
    learning_rate: float = 1e-3
    rate_decay: str = "constant"


CIFAR10 = Settings("cifar10", (3, 32, 32), 50_000, 16, 8)
"""Of the tables of design, blocks and regularisation."""
TRANSFERRED = {
    made.dataset: made
    for made in (
        Settings("cifar100", (3, 32, 32), None, 64, None),
        Settings("svhn", (3, 32, 32), None, 64, None),
        Settings("tiny-imagenet", (3, 64, 64), None, 64, None),
        Settings("cifar10-dvs", (2, 128, 128), None, 16, None),
        Settings("dvs128-gesture", (2, 128, 128), None, 16, None),
    )
}
"""Of the table of transfer, by dataset."""

TABLES = ("design", "blocks", "regularisation", "searched", "spaces", "transfer")
WEIGHTS = (0.0, 1.0, 0.1, 0.01)
"""lambda_reg of the table of regularisation."""

BLOCKS = {
    "SNN_1_SCB_k3": Published(0.8693, 154e3, 0.18),
    "SNN_1_SRB_k3": Published(0.8754, 146e3, 0.17),
    "SNN_1_SIB_k3_e1": Published(0.8107, 243e3, 0.23),
    "SNN_1_SIB_k3_e3": Published(0.8845, 374e3, 0.17),
}
DESIGN = {
    **{
        name: BLOCKS[name] for name in ("SNN_1_SCB_k3", "SNN_1_SRB_k3")
    },  # the same networks, whose rates that table has
    "SNN_2_SCB_k3": Published(0.8505, 168e3),
    "SNN_2_SRB_k3": Published(0.8582, 168e3),
    "SNN_3_SCB_k3": Published(0.8794, 222e3),
    "SNN_3_SRB_k3": Published(0.8918, 221e3),
    "SNN_4_SCB_k3": Published(0.7959, 293e3),
    "SNN_4_SRB_k3": Published(0.8379, 291e3),
}
_REGULARISED = {
    "SCB_k3": ((0.6436, 83e3), (0.7909, 84e3), (0.8639, 124e3)),
    "SRB_k3": ((0.7276, 49e3), (0.8325, 70e3), (0.8659, 109e3)),
    "SIB_k3_e1": ((0.5661, 89e3), (0.7353, 119e3), (0.8105, 155e3)),
    "SIB_k3_e3": ((0.7471, 136e3), (0.8459, 186e3), (0.8761, 249e3)),
}
"""Accuracy and spikes at `WEIGHTS` above 0; without a penalty the networks are those of `BLOCKS`."""


def regularised_name(name: str, weight: float) -> str:
    """What a row of the table of regularisation is called."""
    return f"{name}, lambda_reg {weight:g}" if weight else name


REGULARISATION = {
    regularised_name(f"SNN_1_{block}", weight): made
    for block, row in _REGULARISED.items()
    for weight, made in zip(WEIGHTS, (BLOCKS[f"SNN_1_{block}"], *(Published(*numbers) for numbers in row)))
}
OF_CIFAR10 = {"design": DESIGN, "blocks": BLOCKS, "regularisation": REGULARISATION}
TRANSFER = {
    ("cifar100", "Fang2021_CIFAR"): Published(0.6683, 716e3, width=256),
    ("cifar100", "AutoSNN"): Published(0.6916, 326e3, width=64),
    ("svhn", "Fang2021_CIFAR"): Published(0.9138, 462e3, width=256),
    ("svhn", "AutoSNN"): Published(0.9174, 215e3, width=64),
    ("tiny-imagenet", "Fang2021_CIFAR"): Published(0.4543, 1724e3, width=256),
    ("tiny-imagenet", "AutoSNN"): Published(0.4679, 680e3, width=64),
    ("cifar10-dvs", "Wu2019b_CIFARNet"): Published(0.6050, width=128, quoted=True),
    ("cifar10-dvs", "Fang2021_CIFAR10DVS"): Published(0.6910, 4521e3, width=128),
    ("cifar10-dvs", "Zheng2021_ResNet17"): Published(0.6610, 1550e3, width=64),
    ("cifar10-dvs", "AutoSNN"): Published(0.7250, 1269e3, width=16),
    ("dvs128-gesture", "He2020_DVSGesture"): Published(0.9340, width=64, quoted=True),
    ("dvs128-gesture", "Kaiser2020_DVSGesture"): Published(0.9554, width=64, quoted=True),
    ("dvs128-gesture", "Fang2021_DVSGesture"): Published(0.9549, 1459e3, width=128),
    ("dvs128-gesture", "Zheng2021_ResNet17"): Published(0.9653, 1667e3, width=64),
    ("dvs128-gesture", "AutoSNN"): Published(0.9653, 423e3, width=16),
}


def published(table: str, dataset: str, name: str) -> dict[str, Any] | None:
    """What the paper has for a row, None where it has nothing."""
    found = OF_CIFAR10.get(table, {}).get(name)
    if table == "transfer":
        found = TRANSFER.get((_source(dataset), name))
    return None if found is None else asdict(found)


def settings(table: str, dataset: str) -> dict[str, Any] | None:
    """How the paper's networks of a table were trained (`Settings`), None where it has no numbers of that table.

    Args:
        dataset: ours, which decides what stands beside it in the table of transfer alone.
    """
    found = TRANSFERRED.get(_source(dataset)) if table == "transfer" else CIFAR10 if table in OF_CIFAR10 else None
    return None if found is None else asdict(found)


def _source(dataset: str) -> str:
    """The name of a dataset without what its frames are."""
    return dataset.partition(":")[0]
