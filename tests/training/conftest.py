"""Data that tests of training share."""

from dataclasses import replace

import pytest
import torch

from autosnn_hw.training.data import datasets


@pytest.fixture(scope="session")
def digits():
    return datasets.load("digits")


@pytest.fixture(scope="session")
def few(digits):
    return replace(digits, x_train=digits.x_train[:96], y_train=digits.y_train[:96], sha256="few")


@pytest.fixture(scope="session")
def images(digits):
    return torch.from_numpy(digits.normalise(digits.x_train[:32]))


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)
