"""The event-driven path: samples through a plan, on as many threads as torch uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autosnn_hw.simulate.compiled import aligned, share
from autosnn_hw.simulate.counting import LayerSums
from autosnn_hw.simulate.exact.event_kernel import run_images
from autosnn_hw.simulate.exact.event_layout import interleave
from autosnn_hw.simulate.exact.event_tables import EventTables
from autosnn_hw.simulate.exact.lookup import add_rows


@dataclass(frozen=True, eq=False)
class EventResult:
    """What a run through a plan left.

    Args:
        totals: int64 (neurons,) spikes of each neuron of each array, over the samples.
        tallies: int64 (N, views, 3), see `event_kernel`.
        outputs: uint16 (N, neurons of the last array) spikes over the steps, in its layout.
        final_v: int32 likewise, v after the last step.
        spikes: uint8 (N, bytes) of every array, where they were kept.
    """

    totals: np.ndarray
    tallies: np.ndarray
    outputs: np.ndarray
    final_v: np.ndarray
    spikes: np.ndarray | None


def laid_out(tables: EventTables, values: np.ndarray, threads: int) -> np.ndarray:
    """Held values int (N, *shape) or spikes (N, T, *shape) as int16 (N, ..) in the layout of the source's array."""
    array = tables.arrays[tables.source]
    values = np.ascontiguousarray(values).reshape(len(values), -1, array.channels, array.rows * array.columns)
    placed = np.empty((*values.shape[:2], array.rows * array.columns, array.width), np.int16)
    share(lambda low, high: interleave(values[low:high], placed[low:high]), len(values), threads)
    return placed.reshape(len(values), -1)


def run_events(tables: EventTables, values: np.ndarray, *, keep_spikes: bool, threads: int) -> EventResult:
    """Run samples through a plan.

    Args:
        values: see `laid_out`; one row a sample.
        keep_spikes: return every array's spikes; otherwise one sample's spikes are held per thread.
        threads: samples are shared out over so many threads.
    """
    samples = len(values)
    spikes = np.empty((samples, tables.spike_bytes), np.uint8) if keep_spikes else None
    totals: list[np.ndarray] = []
    tallies = np.empty((samples, len(tables.view_starts), 3), np.int64)
    outputs = np.zeros((samples, tables.arrays[-1].neurons), np.uint16)
    final_v = np.zeros(outputs.shape, np.int32)

    def work(low: int, high: int) -> None:
        totals.append(np.zeros(tables.neurons, np.int64))
        scratch = aligned(tables.spike_bytes, np.uint8)[None] if spikes is None else spikes
        run_images(
            add_rows.address,
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
            totals[-1],
            tallies,
            outputs,
            final_v,
        )

    share(work, samples, threads)
    return EventResult(totals[0] if len(totals) == 1 else np.sum(totals, axis=0), tallies, outputs, final_v, spikes)


def layer_spikes(tables: EventTables, result: EventResult, index: int, shape: tuple[int, ...]) -> np.ndarray:
    """uint8 (N, T, *shape): the spikes of layer `index` of the run (0: its source), out of its arrays."""
    assert result.spikes is not None
    samples = len(result.spikes)
    full = np.zeros((samples, tables.steps, shape[0], int(np.prod(shape[1:]))), np.uint8)
    for view in tables.views[index]:
        array, start = tables.arrays[view.array], int(tables.offsets[view.array])
        block = result.spikes[:, start : start + tables.steps * array.neurons]
        block = block.reshape(samples, tables.steps, array.rows * array.columns, array.width)
        full[:, :, view.layer_channels] = block[..., view.array_channels].transpose(0, 1, 3, 2)
    return full.reshape(samples, tables.steps, *shape)


def layer_counts(tables: EventTables, result: EventResult, index: int, shape: tuple[int, ...]) -> LayerSums:
    """The counts of layer `index` of the run, summed over the steps."""
    samples = len(result.tallies)
    spikes, sent = np.zeros((3, samples, 1), np.int64), np.zeros((2, samples, 1), np.int64)
    neurons: np.ndarray | None = None
    for counted in tables.counted[index]:
        view = counted.view
        spikes[view.role, :, 0] += result.tallies[:, counted.number, 0]
        sent[:, :, 0] += result.tallies[:, counted.number, 1:].T
        block = result.totals[counted.first : counted.last].reshape(-1, counted.width)
        if counted.whole:
            neurons = block[:, : shape[0]].T  # no copy
            continue
        if neurons is None:
            neurons = np.zeros((shape[0], len(block)), np.int64)
        neurons[view.layer_channels] = block[:, view.array_channels].T
    assert neurons is not None
    return LayerSums(spikes, sent, neurons.reshape(shape))


def last_layer(tables: EventTables, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """int64 (N, neurons) in C, H, W order: `outputs` or `final_v` of the last layer, which must be the last array."""
    (view,) = tables.views[-1]
    block = values.reshape(len(values), -1, tables.arrays[-1].width)
    placed = np.zeros((len(values), shape[0], block.shape[1]), np.int64)
    placed[:, view.layer_channels] = block[:, :, view.array_channels].transpose(0, 2, 1)
    return placed.reshape(len(values), -1)
