"""Images through consecutive layers in one numba kernel: table lookups for the synapses, a fused step for the neurons.

What is exact here is decided by `eligible`; this file only executes the tables. Layout of spikes is (T, H, W, channels),
channels padded to a multiple of 8. Sums are int16: intermediate wrap-around cancels where the final sum fits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numba import njit

from autosnn_hw.arithmetic.compiled import compiled
from autosnn_hw.simulate.exact.events import add_rows as row_adder
from autosnn_hw.simulate.exact.events import columns, turns
from autosnn_hw.simulate.exact.events.add_rows import call_add_rows
from autosnn_hw.simulate.exact.events.columns import CONV, DIAGONAL, FIRE, GATE, HELD, SENT, PartColumn, Phase, Step
from autosnn_hw.simulate.exact.events.turns import claim, publish, wait_for

(_KIND, _FIRST_PART, _LAST_PART, _ROWS, _COLUMNS, _WIDTH, _FRAME, _FRAME_SIZE, _FRAME_ROW, _ORIGIN, _NEURON, _OUT, _COUNTS,
 _FIRST_VIEW, _LAST_VIEW, _SOURCE, _SOURCE_ROWS, _SOURCE_COLUMNS, _WINDOW_H, _WINDOW_W, _STRIDE_H, _STRIDE_W, _PAD_H,
 _PAD_W) = (int(s) for s in Step)  # fmt: skip
(_P_KIND, _P_SOURCE, _P_ROWS, _P_COLUMNS, _P_WIDTH, _P_STRIDE_H, _P_STRIDE_W, _P_PAD_H, _P_PAD_W, _P_PHASES, _P_BITS,
 _P_WEIGHTS, _P_POSITION) = (int(p) for p in PartColumn)  # fmt: skip
_H_ROWS, _H_COLUMNS, _H_VECTORS, _H_TABLE, _H_BYTES = (int(h) for h in Phase)

_V_HIGHEST, _V_LOWEST = np.int32((1 << 23) - 1), np.int32(1 - (1 << 23))


@njit(nogil=True)
def _convolve(adder, part, phases, spikes, source, tables, frame, origin, pitch, width):  # type: ignore[no-untyped-def]
    """Add what the spikes of one step, from byte `source` on, send to the sums in `frame`."""
    height, breadth, channels = part[_P_ROWS], part[_P_COLUMNS], part[_P_WIDTH]
    stride_h, stride_w, pad_h, pad_w = part[_P_STRIDE_H], part[_P_STRIDE_W], part[_P_PAD_H], part[_P_PAD_W]
    spike_address = np.int64(spikes.ctypes.data) + source
    frame_address = np.int64(frame.ctypes.data) + 2 * origin
    zero = np.int64(0)
    for phase_h in range(stride_h):
        for phase_w in range(stride_w):
            phase = phases[part[_P_PHASES] + phase_h * stride_w + phase_w]
            first_x = (phase_w - pad_w) % stride_w
            if phase[_H_ROWS] == 0 or first_x >= breadth:
                continue
            left = (first_x + pad_w) // stride_w - (phase[_H_COLUMNS] - 1)
            for y in range((phase_h - pad_h) % stride_h, height, stride_h):
                call_add_rows(adder, (
                    frame_address + 2 * ((y + pad_h) // stride_h * pitch + left * width), 2 * width, 2 * pitch,
                    phase[_H_ROWS], spike_address + (y * breadth + first_x) * channels, channels // 8, stride_w * channels,
                    tables + phase[_H_TABLE], zero, phase[_H_BYTES], 32 * phase[_H_VECTORS], part[_P_BITS],
                    (breadth - first_x + stride_w - 1) // stride_w,
                ))  # type: ignore[call-arg]  # fmt: skip


@njit(nogil=True)
def _connect(adder, part, phase, spikes, source, tables, frame):  # type: ignore[no-untyped-def]
    """The same for a dense layer: each position of the source has a table of its own, and all reach the same sums."""
    zero, one = np.int64(0), np.int64(1)
    call_add_rows(adder, (
        np.int64(frame.ctypes.data), zero, zero, one, np.int64(spikes.ctypes.data) + source, part[_P_WIDTH] // 8, part[_P_WIDTH],
        tables + phase[_H_TABLE], part[_P_POSITION], phase[_H_BYTES], phase[_H_BYTES], part[_P_BITS],
        part[_P_ROWS] * part[_P_COLUMNS],
    ))  # type: ignore[call-arg]  # fmt: skip


@njit(nogil=True)
def _diagonal(part, spikes, source, weights, frame, origin, pitch):  # type: ignore[no-untyped-def]
    """Add weight * spike neuron by neuron: an identity shortcut."""
    size = part[_P_COLUMNS] * part[_P_WIDTH]
    for y in range(part[_P_ROWS]):
        fired = spikes[source + y * size : source + (y + 1) * size]
        sums = frame[origin + y * pitch : origin + y * pitch + size]
        for j in range(size):
            sums[j] += weights[j] * np.int16(fired[j])


@njit(nogil=True)
def _fire(layer, frame, thresholds, keeps, v, spikes, out, counts):  # type: ignore[no-untyped-def]
    """One step of memoryless-current CUBA neurons on the sums in `frame`, which hold synapses and bias."""
    size = layer[_COLUMNS] * layer[_WIDTH]
    for y in range(layer[_ROWS]):
        sums = frame[layer[_ORIGIN] + y * layer[_FRAME_ROW] :][:size]
        held, fired, counted = v[y * size :][:size], spikes[out + y * size :][:size], counts[y * size :][:size]
        for j in range(size):
            # numba widens every result to 64 bits; the casts keep the arithmetic in 32-bit lanes.
            before = held[j]
            # before * keep / 4096 rounded toward zero, without a 64-bit product: high and low part of `before` apart, and
            # what is lost below the point added back where it is negative.
            high = np.int32(np.int32(before >> np.int32(12)) * keeps[j])
            low = np.int32(np.int32(before & np.int32(4095)) * keeps[j])
            lost = np.int32(np.int32(before >> np.int32(31)) & np.int32(4095))
            kept = np.int32(high + np.int32(np.int32(low + lost) >> np.int32(12)))
            now = np.int32(kept + np.int32(np.int32(sums[j]) * np.int32(64)))
            now = min(max(now, _V_LOWEST), _V_HIGHEST)
            spike = now > thresholds[j]
            held[j] = np.int32(0) if spike else now
            fired[j] = np.uint8(spike)
            counted[j] += np.uint16(spike)


@njit(nogil=True)
def _gate(layer, words, source, out, width):  # type: ignore[no-untyped-def]
    """OR of the taps of a window, eight channels at a time."""
    rows, columns = layer[_SOURCE_ROWS], layer[_SOURCE_COLUMNS]
    for y in range(layer[_ROWS]):
        top = y * layer[_STRIDE_H] - layer[_PAD_H]
        for x in range(layer[_COLUMNS]):
            left = x * layer[_STRIDE_W] - layer[_PAD_W]
            first, last = max(0, left), min(columns, left + layer[_WINDOW_W])
            for k in range(width):
                word = np.uint64(0)
                for row in range(max(0, top), min(rows, top + layer[_WINDOW_H])):
                    for column in range(first, last):
                        word |= words[source + (row * columns + column) * width + k]
                words[out + (y * layer[_COLUMNS] + x) * width + k] = word


@njit(nogil=True)
def _tally(counts, fan, result):  # type: ignore[no-untyped-def]
    """Add up an image's spikes and the operations they cause; result: spikes, operations, operations with zero weights."""
    spikes, sent, dense = np.int64(0), np.int64(0), np.int64(0)
    for j in range(len(counts)):
        count = np.int64(counts[j])
        spikes += count * np.int64(fan[0, j])
        sent += count * np.int64(fan[1, j])
        dense += count * np.int64(fan[2, j])
    result[0] = spikes
    result[1] = sent
    result[2] = dense


def _kernel(callees: int) -> Any:
    """Numba's cache key knows this file only; as a closure variable the checksum of the files it uses joins it."""

    @compiled
    def run_images(
        adder, rest, first, last, steps, layers, parts, phases, tables, frames, thresholds, keeps, fans, views, values, spikes, per_image, v,
        frame, counts, totals, tallies, outputs, final_v, states,
    ):  # type: ignore[no-untyped-def]  # fmt: skip
        """Images first..last through all layers of a plan.

        Several threads may call it for one image: each takes the next layer that none has taken, and computes its step t as soon
        as the layers before have theirs. They share everything but `v`, `frame` and `counts`.

        Args:
            adder: address of `row_adder.add_rows`; rest: of `turns.rest_address`. steps: T.
            layers, parts, phases: int64 tables, columns `Step`, `PartColumn`, `Phase`.
            tables: int16 lookup tables; frames: int16 bias frames and diagonal weights.
            thresholds, keeps: int32 64 * vth_mant and 4096 - v_decay of one row of neurons of each layer.
            fans: int32 (3, ..) of each counted neuron: 1 where it is of the view, its synapses, with zero weights; views: int64 (views, 2) where a view's fan begins, its array.
            values: int16 (N, neurons) values held by the input neurons, or (N, T * neurons) spikes sent in; layout of the spikes.
            spikes: uint8 (slots, bytes): one slot for each image if per_image, else slot 0 is reused.
            v, frame, counts: scratch. totals: int64 (neurons) spikes of each neuron, added to.
            tallies: int64 (N, views, 3), see `_tally`. outputs: uint16 and final_v: int32 (N, neurons of the last array).
            states: int64 (N, 1 + layers) zeros: layers taken, and the steps that each has done.
        """
        if callees == 0:
            return
        table_address = np.int64(tables.ctypes.data)
        for image in range(first, last):
            scratch = spikes[image if per_image else 0]
            words = scratch.view(np.uint64)
            state = np.int64(states.ctypes.data) + 8 * image * states.shape[1]
            while True:
                index = claim(state)  # type: ignore[call-arg, var-annotated]
                if index >= len(layers):
                    break
                done = state + 8 * (index + 1)
                layer = layers[index]
                size = layer[_COLUMNS] * layer[_WIDTH]
                neurons = layer[_ROWS] * size
                counted = counts[:neurons]
                counted[:] = np.uint16(0)
                if layer[_KIND] == SENT:
                    sent = values[image]
                    for t in range(steps):
                        for j in range(neurons):
                            fired_now = sent[t * neurons + j] != 0
                            scratch[layer[_OUT] + t * neurons + j] = np.uint8(fired_now)
                            counted[j] += np.uint16(fired_now)
                        publish(done, t + 1)
                elif layer[_KIND] == GATE:
                    source_size = layer[_SOURCE_ROWS] * layer[_SOURCE_COLUMNS] * layer[_WIDTH]
                    for t in range(steps):
                        wait_for(state, index, t, rest)
                        out = layer[_OUT] + t * neurons
                        _gate(layer, words, (layer[_SOURCE] + t * source_size) // 8, out // 8, layer[_WIDTH] // 8)
                        fired = scratch[out : out + neurons]
                        for j in range(neurons):
                            counted[j] += np.uint16(fired[j])
                        publish(done, t + 1)
                else:
                    v[:neurons] = np.int32(0)
                    pattern = frames[layer[_FRAME] : layer[_FRAME] + layer[_FRAME_SIZE]]
                    for t in range(steps):
                        if layer[_KIND] == HELD:
                            if t == 0:
                                held = values[image]
                                for j in range(neurons):
                                    frame[j] = held[j] + pattern[j]
                        else:
                            frame[: layer[_FRAME_SIZE]] = pattern
                            wait_for(state, index, t, rest)
                        for p in range(layer[_FIRST_PART], layer[_LAST_PART]):
                            part = parts[p]
                            source = part[_P_SOURCE] + t * part[_P_ROWS] * part[_P_COLUMNS] * part[_P_WIDTH]
                            if part[_P_KIND] == CONV:
                                _convolve(
                                    adder, part, phases, scratch, source, table_address, frame, layer[_ORIGIN], layer[_FRAME_ROW],
                                    layer[_WIDTH],
                                )  # fmt: skip
                            elif part[_P_KIND] == DIAGONAL:
                                weights = frames[part[_P_WEIGHTS] : part[_P_WEIGHTS] + size]
                                _diagonal(part, scratch, source, weights, frame, layer[_ORIGIN], layer[_FRAME_ROW])
                            else:
                                _connect(adder, part, phases[part[_P_PHASES]], scratch, source, table_address, frame)
                        neuron = slice(layer[_NEURON], layer[_NEURON] + size)
                        _fire(
                            layer,
                            frame,
                            thresholds[neuron],
                            keeps[neuron],
                            v,
                            scratch,
                            layer[_OUT] + t * neurons,
                            counted,
                        )
                        publish(done, t + 1)
                for j in range(neurons):
                    totals[layer[_COUNTS] + j] += np.int64(counted[j])
                for view in range(layer[_FIRST_VIEW], layer[_LAST_VIEW]):
                    _tally(counted, fans[:, views[view] : views[view] + neurons], tallies[image, view])
                if index == len(layers) - 1:
                    outputs[image] = counts[: outputs.shape[1]]
                    if layer[_KIND] == FIRE:
                        final_v[image] = v[: final_v.shape[1]]

    return run_images


run_images = _kernel(crc32(b"".join(Path(str(m.__file__)).read_bytes() for m in (columns, row_adder, turns))) | 1)
