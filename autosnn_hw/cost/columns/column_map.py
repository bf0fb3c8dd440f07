"""What a convolution does along x to spikes that were summed over channels and rows: synapses, and messages by pair of cores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from autosnn_hw.network.connectivity import axis_taps

WHOLE = 1 << 15  # entries of a matrix that is multiplied faster than its factors


@dataclass(frozen=True, eq=False)
class LayerLoads:
    """What the spikes of one layer cause.

    Args:
        synops: float64 (cores of the next layer,), those of padded blocks included.
        arrived: operations at the next layer's neurons.
        spikes_out: float64 (cores of this layer,); a layer without cores (frames, host) has one entry.
        messages: float64 (pairs,), by pair of cores.
    """

    synops: np.ndarray
    arrived: float
    spikes_out: np.ndarray
    messages: np.ndarray


class ColumnMap:
    """What a convolution does along x, from the (n, W) table of `ConvTraffic.rows`: a function of shapes and cuts alone.

    Args:
        taps: bool (listening blocks, kernel columns, W), whether a column meets a block through a kernel column.
        computed: the same with the columns that a padded block computes beyond the layer's edge.
        own: borders of the source's blocks of columns.
        rows: blocks of channels and rows of the source, and of the listener.
        heard: code of kernel columns -> which (source block, listener block) rows of the table follow.
    """

    def __init__(
        self,
        taps: np.ndarray,
        computed: np.ndarray,
        own: tuple[int, ...],
        rows: tuple[int, int],
        heard: tuple[tuple[int, tuple[int, ...]], ...],
    ) -> None:
        self.listeners, self.kernel, self.width = taps.shape
        self.first, self.parts = rows
        self.own = np.array(own)
        self.senders = len(own) - 1
        flat = self.kernel * self.width
        self.computed = computed.reshape(self.listeners, flat).T.astype(np.float64)
        self.exact = taps.sum(axis=0).reshape(flat).astype(np.float64)
        self.messages: list[tuple[slice, np.ndarray]] = []
        at = self.first + self.parts * self.kernel
        ends = [np.zeros((2, 0), np.int64)]
        for code, used in heard:
            matrix, x, y = self._reach(taps, code)
            self.messages.append((slice(at, at + len(used)), matrix))
            at += len(used)
            row = np.array(used)[:, None]
            pairs = (row // self.parts * self.senders + x, row % self.parts * self.listeners + y)
            ends.append(np.stack([end.reshape(-1) for end in pairs]))
        self.sender, self.receiver = np.concatenate(ends, axis=1)
        self.sizes = [self.parts * self.listeners, 1, self.first * self.senders, len(self.sender)]
        self.at = np.cumsum(self.sizes[:-1]).tolist()
        self.whole = None
        if at * self.width * sum(self.sizes) <= WHOLE:
            unit = np.eye(at * self.width).reshape(-1, at, self.width)
            self.whole = np.stack([np.concatenate(self._factored(table)) for table in unit])

    def _reach(self, taps: np.ndarray, code: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """float64 (W, pairs): columns of a sending block that reach a listening one through the kernel columns in `code`;
        the sending and the listening block of each pair."""
        through = [j for j in range(self.kernel) if code >> j & 1]
        reached = taps[:, through].any(axis=1)
        sending = np.repeat(np.arange(self.senders), np.diff(self.own)) == np.arange(self.senders)[:, None]
        both = sending[:, None] & reached
        x, y = np.nonzero(both.any(axis=2))
        return both[x, y].T.astype(np.float64), x, y

    def _factored(self, table: np.ndarray) -> list[np.ndarray]:
        out, last = table[: self.first], self.first + self.parts * self.kernel
        out = np.add.reduceat(out, self.own[:-1], axis=1) if self.senders > 1 else out.sum(axis=1)
        met = table[self.first : last].reshape(self.parts, -1)
        synops, arrived = met @ self.computed, met.sum(axis=0) @ self.exact
        messages = [(table[part] @ matrix).reshape(-1) for part, matrix in self.messages]
        return [synops.reshape(-1), arrived.reshape(1), out.reshape(-1), np.concatenate([np.zeros(0), *messages])]

    def loads(self, table: np.ndarray) -> LayerLoads:
        if self.whole is None:
            synops, arrived, out, messages = self._factored(table)
            return LayerLoads(synops, float(arrived[0]), out, messages)
        flat, (a, b, c) = table.reshape(-1) @ self.whole, self.at
        return LayerLoads(flat[:a], float(flat[a]), flat[b:c], flat[c:])


@lru_cache(maxsize=1024)
def column_map(
    width: int,
    own: tuple[int, ...],
    there: tuple[int, ...],
    block: int,
    kernel: tuple[int, int, int, int],
    rows: tuple[int, int],
    heard: tuple[tuple[int, tuple[int, ...]], ...],
) -> ColumnMap:
    """The map of a convolution cut along x; kept for the next one of the same shapes and cuts.

    Args:
        width: columns of the source; own, there: borders of the source's and the listener's blocks of columns.
        block: width of a full block where the listener computes the columns beyond its edge, too; else 0.
        kernel: columns, stride, padding and dilation along x.
        rows, heard: see `ColumnMap`.
    """
    taps = axis_taps(width, np.array(there), *kernel)
    computed = axis_taps(width, np.arange(len(there)) * block, *kernel) if block else taps
    return ColumnMap(taps, computed, own, rows, heard)
