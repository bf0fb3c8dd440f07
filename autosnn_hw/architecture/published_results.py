"""What the AutoSNN paper's slides say, row by row (Na et al., ICML 2022): accuracy, spikes an image over all steps, firing rate.

Numbers that are only in the paper's figures, or that no public source has, are not here; a row without numbers is unknown.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Published:
    """One row. Args: accuracy: share; spikes: mean an image; firing_rate: share; width: C, where it is not the table's."""

    accuracy: float
    spikes: float | None = None
    firing_rate: float | None = None
    width: int | None = None


SETTINGS = {"timesteps": 8, "width": 16, "epochs": 600, "images": 50_000, "dataset": "cifar10", "seeds": 1}
"""Of the tables of design, blocks and regularisation."""

TABLES = ("design", "blocks", "regularisation", "searched", "spaces", "transfer")
WEIGHTS = (0.0, 1.0, 0.1, 0.01)
"""lambda_reg of the table of regularisation."""

DESIGN = {
    "SNN_1_SCB_k3": Published(0.8693, 154e3),
    "SNN_1_SRB_k3": Published(0.8754, 146e3),
    "SNN_2_SCB_k3": Published(0.8505, 168e3),
    "SNN_2_SRB_k3": Published(0.8582, 168e3),
    "SNN_3_SCB_k3": Published(0.8794, 222e3),
    "SNN_3_SRB_k3": Published(0.8918, 221e3),
    "SNN_4_SCB_k3": Published(0.7959, 293e3),
    "SNN_4_SRB_k3": Published(0.8379, 291e3),
}
BLOCKS = {
    "SNN_1_SCB_k3": Published(0.8693, 154e3, 0.18),
    "SNN_1_SRB_k3": Published(0.8754, 146e3, 0.17),
    "SNN_1_SIB_k3_e1": Published(0.8107, 243e3, 0.23),
    "SNN_1_SIB_k3_e3": Published(0.8845, 374e3, 0.17),
}
_REGULARISED = {
    "SCB_k3": ((0.8693, 154e3), (0.6436, 83e3), (0.7909, 84e3), (0.8639, 124e3)),
    "SRB_k3": ((0.8754, 146e3), (0.7276, 49e3), (0.8325, 70e3), (0.8659, 109e3)),
    "SIB_k3_e1": ((0.8107, 243e3), (0.5661, 89e3), (0.7353, 119e3), (0.8105, 155e3)),
    "SIB_k3_e3": ((0.8845, 374e3), (0.7471, 136e3), (0.8459, 186e3), (0.8761, 249e3)),
}


def regularised_name(name: str, weight: float) -> str:
    """What a row of the table of regularisation is called."""
    return f"{name}, lambda_reg {weight:g}" if weight else name


REGULARISATION = {
    regularised_name(f"SNN_1_{block}", weight): Published(accuracy, spikes)
    for block, row in _REGULARISED.items()
    for weight, (accuracy, spikes) in zip(WEIGHTS, row)
}
TRANSFER = {
    ("cifar100", "Fang2021_CIFAR"): Published(0.6683, 716e3, width=256),
    ("cifar100", "AutoSNN"): Published(0.6916, 326e3, width=64),
    ("svhn", "Fang2021_CIFAR"): Published(0.9138, 462e3, width=256),
    ("svhn", "AutoSNN"): Published(0.9174, 215e3, width=64),
    ("tiny-imagenet", "Fang2021_CIFAR"): Published(0.4543, 1724e3, width=256),
    ("tiny-imagenet", "AutoSNN"): Published(0.4679, 680e3, width=64),
    ("cifar10-dvs", "Wu2019b_CIFARNet"): Published(0.6050, width=128),
    ("cifar10-dvs", "Fang2021_CIFAR10DVS"): Published(0.6910, 4521e3, width=128),
    ("cifar10-dvs", "Zheng2021_ResNet17"): Published(0.6610, 1550e3, width=64),
    ("cifar10-dvs", "AutoSNN"): Published(0.7250, 1269e3, width=16),
    ("dvs128-gesture", "He2020_DVSGesture"): Published(0.9340, width=64),
    ("dvs128-gesture", "Kaiser2020_DVSGesture"): Published(0.9554, width=64),
    ("dvs128-gesture", "Fang2021_DVSGesture"): Published(0.9549, 1459e3, width=128),
    ("dvs128-gesture", "Zheng2021_ResNet17"): Published(0.9653, 1667e3, width=64),
    ("dvs128-gesture", "AutoSNN"): Published(0.9653, 423e3, width=16),
}


def published(table: str, dataset: str, name: str) -> dict[str, Any] | None:
    """What the paper has for a row, None where it has nothing."""
    found = {"design": DESIGN, "blocks": BLOCKS, "regularisation": REGULARISATION}.get(table, {}).get(name)
    if table == "transfer":
        found = TRANSFER.get((dataset.partition(":")[0], name))
    return None if found is None else asdict(found)
