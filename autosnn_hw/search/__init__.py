"""Search: space, fitness, evolution, feedback and the study that stores it."""

from autosnn_hw.callable_package import make_callable

make_callable(__name__)
