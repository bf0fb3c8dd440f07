"""Samples through the tables of the event path, shared out over threads, and what each layer did read back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from autosnn_hw.arithmetic.compiled import aligned, share
from autosnn_hw.network import Role
from autosnn_hw.simulate.counting import LayerSums
from autosnn_hw.simulate.exact.events.add_rows import add_rows
from autosnn_hw.simulate.exact.events.event_tables import Tables
from autosnn_hw.simulate.exact.events.kernel import run_images
from autosnn_hw.simulate.exact.events.layout import interleave
from autosnn_hw.simulate.exact.events.turns import rest_address
from autosnn_hw.simulate.exact.layer_run import LayerRun


@dataclass(frozen=True, eq=False)
class Result:
    """What the kernel left.

    Args:
        totals: int64 (neurons,) spikes of each neuron of each array, over the samples.
        tallies: int64 (N, views, 3), see `kernel._tally`.
        outputs: uint16 (N, neurons of the last array) spikes over the steps, in its layout.
        final_v: int32 likewise, v after the last step.
        spikes: uint8 (N, bytes) of every array, where they were kept.
    """

    totals: np.ndarray
    tallies: np.ndarray
    outputs: np.ndarray
    final_v: np.ndarray
    spikes: np.ndarray | None


def run(tables: Tables, frames: np.ndarray, *, keep: bool, threads: int) -> Iterator[LayerRun]:
    """Run samples; each layer that is computed, in order. Of the network's last layer `tables.holds_last` must be true.

    Args:
        frames: held values int (N, *shape) of the input layer, or spikes (N, T, *shape) of the layer before.
        keep: give every layer's spikes; otherwise their counts, summed over the steps.
        threads: samples are shared out over so many threads; where there are fewer samples, threads share a sample's layers.
    """
    result = _execute(tables, _laid_out(tables, frames, threads), keep_spikes=keep, threads=threads)
    counts = None if keep else _counts(tables, result)
    final = len(tables.network_layers) - 1 if tables.ends else None
    for index, layer in enumerate(tables.network_layers):
        if index == 0 and not tables.held:
            continue
        done = LayerRun(layer, torch.as_tensor(_spikes(tables, result, index)) if keep else None)
        if counts is not None:
            done = done._replace(counts=counts[index])
        if index == final:
            done = done._replace(outputs=_last(tables, result.outputs), final_v=_last(tables, result.final_v))
        yield done


def _laid_out(tables: Tables, values: np.ndarray, threads: int) -> np.ndarray:
    """Held values int (N, *shape) or spikes (N, T, *shape) as int16 (N, ..) in the layout of the source's array."""
    array = tables.arrays[0]
    values = np.ascontiguousarray(values).reshape(len(values), -1, array.channels, array.rows * array.columns)
    placed = np.empty((*values.shape[:2], array.rows * array.columns, array.width), np.int16)
    share(lambda low, high: interleave(values[low:high], placed[low:high]), len(values), threads)
    return placed.reshape(len(values), -1)


def _execute(tables: Tables, values: np.ndarray, *, keep_spikes: bool, threads: int) -> Result:
    """Run samples through tables.

    Args:
        values: see `_laid_out`; one row a sample.
        keep_spikes: return every array's spikes; otherwise one sample's spikes are held per thread.
        threads: samples are shared out over so many threads; where there are fewer samples, threads share a sample's layers.
    """
    samples = len(values)
    spikes = np.empty((samples, tables.spike_bytes), np.uint8) if keep_spikes else None
    totals: list[np.ndarray] = []
    tallies = np.empty((samples, len(tables.view_starts), 3), np.int64)
    outputs = np.zeros((samples, tables.arrays[-1].neurons), np.uint16)
    final_v = np.zeros(outputs.shape, np.int32)

    team = max(1, threads // samples)
    states = np.zeros((samples, 1 + len(tables.layers)), np.int64)

    def work(low: int, high: int) -> None:
        total = np.zeros(tables.neurons, np.int64)
        totals.append(total)
        scratch = aligned(tables.spike_bytes, np.uint8)[None] if spikes is None else spikes

        def member(*_: int) -> None:
            run_images(
                add_rows.address,
                rest_address(),
                low,
                high,
                tables.steps,
                tables.layers,
                tables.parts,
                tables.phases,
                tables.tables,
                tables.frames,
                tables.thresholds,
                tables.keeps,
                tables.fans,
                tables.view_starts,
                values,
                scratch,
                spikes is not None,
                aligned(tables.largest_layer, np.int32),
                aligned(max(tables.largest_frame, tables.largest_layer), np.int16),
                aligned(tables.largest_layer, np.uint16),
                total,
                tallies,
                outputs,
                final_v,
                states,
            )

        share(member, team, team)

    share(work, samples, threads)
    return Result(totals[0] if len(totals) == 1 else np.sum(totals, axis=0), tallies, outputs, final_v, spikes)


def _spikes(tables: Tables, result: Result, index: int) -> np.ndarray:
    """uint8 (N, T, *shape): the spikes of layer `index` of the run (0: its source), out of its arrays."""
    assert result.spikes is not None
    shape, samples = tables.network_layers[index].shape, len(result.spikes)
    full = np.zeros((samples, tables.steps, shape[0], int(np.prod(shape[1:]))), np.uint8)
    for view in tables.views[index]:
        array, start = tables.arrays[view.array], int(tables.offsets[view.array])
        block = result.spikes[:, start : start + tables.steps * array.neurons]
        block = block.reshape(samples, tables.steps, array.rows * array.columns, array.width)
        full[:, :, view.layer_channels] = block[..., view.array_channels].transpose(0, 1, 3, 2)
    return full.reshape(samples, tables.steps, *shape)


def _counts(tables: Tables, result: Result) -> list[LayerSums]:
    """The counts of each layer of the run, its source first, summed over the steps."""
    samples = len(result.tallies)
    tallies = result.tallies.transpose(1, 2, 0)  # views, (spikes, operations, with zero weights), samples
    spikes = (tables.by_role @ tallies[:, 0]).reshape(-1, len(Role), samples, 1)
    sent = (tables.by_layer @ tallies[:, 1:].reshape(len(tallies), -1)).reshape(-1, 2, samples, 1)
    return [LayerSums(*sums, _neuron_spikes(tables, result, index)) for index, sums in enumerate(zip(spikes, sent))]


def _neuron_spikes(tables: Tables, result: Result, index: int) -> np.ndarray:
    """int64, the layer's shape."""
    shape = tables.network_layers[index].shape
    views = tables.counted[index]
    blocks = [result.totals[c.first : c.last].reshape(-1, c.width) for c in views]
    if views[0].whole:
        return blocks[0][:, : shape[0]].T.reshape(shape)  # no copy
    neurons = np.empty((shape[0], len(blocks[0])), np.int64)
    for counted, block in zip(views, blocks):
        neurons[counted.layer_channels] = block[:, counted.array_channels].T
    return neurons.reshape(shape)


def _last(tables: Tables, values: np.ndarray) -> np.ndarray:
    """int64 (N, neurons) in C, H, W order: `outputs` or `final_v` of the last layer."""
    assert tables.holds_last
    (view,), shape = tables.views[-1], tables.network_layers[-1].shape
    block = values.reshape(len(values), -1, tables.arrays[-1].width)
    placed = np.zeros((len(values), shape[0], block.shape[1]), np.int64)
    placed[:, view.layer_channels] = block[:, :, view.array_channels].transpose(0, 2, 1)
    return placed.reshape(len(values), -1)
