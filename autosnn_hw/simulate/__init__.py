"""Running a ChipNetwork: exact simulator, Lava, board; each gives the same Activity."""

from autosnn_hw.callable_package import make_callable

make_callable(__name__)
