"""Compiled loops that lay out what `kernel.run_images` reads: lookup tables of weights, and the values that samples begin with."""

from __future__ import annotations

from autosnn_hw.arithmetic.compiled import compiled


@compiled
def fill_table(weights, bits, table):  # type: ignore[no-untyped-def]
    """Sums of weight rows for every pattern of `bits` spikes: weights int16 (groups * bits, n) -> table (groups, 2^bits, n)."""
    for group in range(table.shape[0]):
        for pattern in range(1, table.shape[1]):
            low = 0
            while not (pattern >> low) & 1:
                low += 1
            rest = table[group, pattern & (pattern - 1)]
            row = weights[group * bits + low]
            target = table[group, pattern]
            for j in range(len(target)):
                target[j] = rest[j] + row[j]


@compiled
def interleave(values, placed):  # type: ignore[no-untyped-def]
    """values (N, T, channels, positions) -> placed int16 (N, T, positions, width), padding channels 0."""
    for n in range(values.shape[0]):
        for t in range(values.shape[1]):
            source, target = values[n, t], placed[n, t]
            for position in range(target.shape[0]):
                for channel in range(source.shape[0]):
                    target[position, channel] = source[channel, position]
                for channel in range(source.shape[0], target.shape[1]):
                    target[position, channel] = 0
