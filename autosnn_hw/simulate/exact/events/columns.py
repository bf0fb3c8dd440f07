"""The columns of the tables that `kernel.run_images` executes, and the kinds of their rows."""

from __future__ import annotations

from enum import IntEnum


class Step(IntEnum):
    """Columns of the plan's layers."""

    KIND = 0
    FIRST_PART = 1
    LAST_PART = 2
    ROWS = 3
    COLUMNS = 4
    WIDTH = 5  # channels with padding
    FRAME = 6  # where the frame of biases begins in `frames`
    FRAME_SIZE = 7
    FRAME_ROW = 8
    ORIGIN = 9  # of the first neuron inside the frame
    NEURON = 10  # where its row of thresholds and decays begins
    OUT = 11  # where its spikes begin in the scratch
    COUNTS = 12  # where its neurons begin in the counts
    FIRST_VIEW = 13
    LAST_VIEW = 14
    SOURCE = 15  # gates only: where the source's spikes begin
    SOURCE_ROWS = 16
    SOURCE_COLUMNS = 17
    WINDOW_H = 18
    WINDOW_W = 19
    STRIDE_H = 20
    STRIDE_W = 21
    PAD_H = 22
    PAD_W = 23


class PartColumn(IntEnum):
    """Columns of the plan's parts: the spikes of one source array meeting one kernel."""

    KIND = 0
    SOURCE = 1
    ROWS = 2
    COLUMNS = 3
    WIDTH = 4
    STRIDE_H = 5
    STRIDE_W = 6
    PAD_H = 7
    PAD_W = 8
    PHASES = 9
    BITS = 10  # 8 or 4 spikes a lookup
    WEIGHTS = 11  # diagonal parts only: where the weights of a row begin in `frames`
    PER_POSITION = 12  # dense layers: bytes from a position's table to the next position's


class Phase(IntEnum):
    """Columns of a part's phases: the taps that a position reaches, by its remainder modulo the stride."""

    ROWS = 0
    COLUMNS = 1
    VECTORS = 2
    TABLE = 3
    ROW_BYTES = 4


# Kinds of layers: sums and neurons, OR of taps, neurons driven by a held value, spikes sent in.
FIRE, GATE, HELD, SENT = range(4)
CONV, DIAGONAL, DENSE = range(3)  # kinds of parts
