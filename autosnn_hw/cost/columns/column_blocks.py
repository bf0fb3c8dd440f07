"""Placement in columns: which neurons share a core. The rule that gives 74 of 74 cores of Intel's compiler for PilotNet LIF.

Input and conv layers are cut into blocks of columns, all rows and channels kept; where one column does not fit, a block's
channels are halved, then its rows. Dense layers are cut by their synaptic memory. Layers are placed from the last to the
first, because how many cores a neuron must send to (its output axons) is known only when its listeners are placed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from math import prod

import numpy as np

from autosnn_hw.cost.columns.mesh import positions
from autosnn_hw.cost.limits import limit_of
from autosnn_hw.cost.placement import Edges, LayerPlacement, Placement
from autosnn_hw.cost.reach import block_sums, is_weighted, kernel_taps, listening
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, InputLayer, Layer, SigmaDeltaNeuron
from autosnn_hw.network.connectivity import edges_of, volume
from hw_profiles.core_rules import MemoryFormat
from hw_profiles.schema import Profile


def place_columns(network: ChipNetwork, profile: Profile) -> Placement:
    """Place a network; a layer that fits nowhere has `broken` set and cores None."""
    placed: list[LayerPlacement] = []
    heard: np.ndarray | None = None
    for index in range(len(network.layers) - 1, -1, -1):
        layer = network.layers[index]
        source = network.layers[index - 1].shape if index else None
        found = _place_layer(layer, source, heard, profile)
        placed.insert(0, found)
        heard = None
        limited = profile.limits.output_axons is not None
        if limited and found.edges is not None and source is not None and isinstance(layer, (ConvLayer, DenseLayer)):
            heard = listening(layer, source, found.edges)[1]
    first, numbered = 0, []
    for found in placed:
        numbered.append(
            LayerPlacement(found.name, found.edges, first, found.block, found.use, found.broken, found.count)
        )
        first += found.cores or 0
    if any(found.cores is None for found in numbered):
        return Placement(tuple(numbered), None)
    chips = max(1, -(-first // profile.limits.cores_per_chip.value))
    return Placement(tuple(numbered), chips, positions(network, tuple(numbered), profile))


def _place_layer(
    layer: Layer, source: tuple[int, ...] | None, heard: np.ndarray | None, profile: Profile
) -> LayerPlacement:
    if isinstance(layer, InputLayer) and (layer.neuron is None or layer.host):
        return LayerPlacement(layer.name)
    blocks = _dense_blocks(layer, profile) if isinstance(layer, DenseLayer) else _column_blocks(layer, profile)
    tried = False
    for block, edges in blocks:
        use = core_use(layer, source, edges, block, heard, profile)
        if not exceeded(use, layer, profile):
            return LayerPlacement(layer.name, edges, 0, block, use)
        if not tried:
            tried = True
            use = core_use(layer, source, _single(layer), (1, 1, 1), heard, profile)
            if exceeded(use, layer, profile):
                break
    return LayerPlacement(layer.name, None, 0, (1, 1, 1), use, exceeded(use, layer, profile))


def _single(layer: Layer) -> Edges:
    """Borders of blocks of one neuron: what does not fit like this fits nowhere."""
    c, h, w = (np.arange(n + 1) for n in volume(layer.shape))
    return c, h, w


def _column_blocks(layer: Layer, profile: Profile) -> Iterator[tuple[tuple[int, int, int], Edges]]:
    """Blocks from the largest to a single neuron: fewer columns first, then channels halved, then rows halved."""
    channels, rows, columns = volume(layer.shape)
    most = channels.bit_length() + rows.bit_length()
    previous = None
    for halvings in range(most + 1):
        for of_rows in range(halvings + 1):
            c = -(-channels // (1 << (halvings - of_rows)))
            h = -(-rows // (1 << of_rows))
            if (c, h) == previous:
                continue
            previous = (c, h)
            room = _room(layer, profile) // (c * h)
            for p in _widths(columns, profile.placement.power_of_two):
                if p <= room or (c, h, p) == (1, 1, 1):
                    yield (c, h, p), (edges_of(channels, c), edges_of(rows, h), edges_of(columns, p))


def _room(layer: Layer, profile: Profile) -> int:
    """Neurons of a block that no core could exceed: saves trying blocks that are too large anyway."""
    limits = profile.limits
    room = limits.neurons_per_core.value
    return min(room, limits.block_neurons.value) if limits.block_neurons else room


def _widths(columns: int, power_of_two: bool) -> Iterator[int]:
    if power_of_two:
        width = 1 << (columns - 1).bit_length()
        while width:
            yield width
            width //= 2
        return
    last = 0
    for parts in range(1, columns + 1):
        width = -(-columns // parts)
        if width != last:
            yield width
        last = width


def _dense_blocks(layer: DenseLayer, profile: Profile) -> Iterator[tuple[tuple[int, int, int], Edges]]:
    """m times as many cores as the layer's memory needs on paper, m = 1, 2, ..., neurons spread evenly."""
    neurons, inputs = layer.weight.shape
    memory = profile.memory.dense
    least = (
        1
        if memory is None
        else max(1, -(-row_words(neurons, memory, delayed=_delayed(layer)) * inputs // memory.words.value))
    )
    cores = 0
    while cores < neurons:
        cores = min(neurons, cores + least)
        borders = np.linspace(0, neurons, cores + 1).round().astype(np.int64)
        whole = np.array([0, 1])
        yield (int(np.diff(borders).max()), 1, 1), (borders, whole, whole)


def _delayed(layer: DenseLayer) -> bool:
    return layer.delay is not None and bool(np.any(layer.delay))


def row_words(synapses: int, memory: MemoryFormat, *, delayed: bool = False) -> int:
    """Words that one input axon with this number of synapses takes; `delayed`: each of them carries its delay."""
    if synapses == 0:
        return 0
    bits = memory.weight_bits + memory.index_bits + (memory.delay_bits if delayed else 0)
    group = memory.group or synapses
    full, rest = divmod(synapses, group)
    words = full * -(-(group * bits + memory.header_bits) // memory.word_bits)
    return words + (-(-(rest * bits + memory.header_bits) // memory.word_bits) if rest else 0)


def _memory(layer: ConvLayer | DenseLayer, source: tuple[int, ...], edges: Edges, memory: MemoryFormat) -> int:
    """Words of the fullest core."""
    starts = edges[0][:-1]
    sizes = np.diff(edges[0])
    if isinstance(layer, DenseLayer):
        inputs = layer.weight.shape[1]
        words = partial(row_words, memory=memory, delayed=_delayed(layer))
        if memory.zeros:
            return words(int(sizes.max())) * inputs
        rows = np.add.reduceat(layer.weight != 0, starts, axis=0, dtype=np.int64)
        kinds, counts = zip(*(np.unique(row, return_counts=True) for row in rows))
        return max(sum(words(int(k)) * int(n) for k, n in zip(ks, ns)) for ks, ns in zip(kinds, counts))
    if not memory.shared:
        fan_out = kernel_taps(layer, edges[0]).sum(axis=(2, 3)).max()
        return row_words(int(fan_out), memory) * int(listening(layer, source, edges)[0].max())
    kernel = layer.weight.reshape(layer.weight.shape[0], -1)
    stored = np.full(len(kernel), kernel.shape[1]) if memory.zeros else (kernel != 0).sum(axis=1)
    return row_words(int(np.add.reduceat(stored, starts).max()), memory)


def _distinct(layer: Layer, edges: Edges, names: tuple[str, ...]) -> int:
    """Most distinct combinations of neuron parameters in one core."""
    neuron = layer.neuron
    if isinstance(neuron, SigmaDeltaNeuron):
        return 1
    arrays = [np.broadcast_to(np.asarray(getattr(neuron, n)).reshape(-1), layer.shape[:1]) for n in names]
    if all(np.ndim(getattr(neuron, n)) == 0 for n in names):
        return 1
    table = np.stack(arrays, axis=1)
    return max(len(np.unique(table[a:b], axis=0)) for a, b in zip(edges[0][:-1], edges[0][1:]))


def core_use(
    layer: Layer,
    source: tuple[int, ...] | None,
    edges: Edges,
    block: tuple[int, int, int],
    heard: np.ndarray | None,
    profile: Profile,
) -> dict[str, int]:
    """What the fullest core of a layer cut along `edges` takes of every resource that the profile limits.

    Args:
        heard: int64 (C, H, W), the cores each neuron sends to; None where nobody listens, or no limit asks for it.
    """
    limits = profile.limits
    use = {"neurons_per_core": int(np.prod([np.diff(axis).max() for axis in edges]))}
    if limits.block_neurons and not isinstance(layer, DenseLayer):
        use["block_neurons"] = prod(block)
    if limits.neuron_configurations:
        use["neuron_configurations"] = _distinct(layer, edges, ("v_decay", "i_decay"))
    if limits.thresholds:
        use["thresholds"] = _distinct(layer, edges, ("vth_mant",))
    if limits.output_axons:
        use["output_axons"] = 0 if heard is None else int(block_sums(heard.reshape(volume(layer.shape)), edges).max())
    if is_weighted(layer):
        assert isinstance(layer, (ConvLayer, DenseLayer)) and source is not None
        memory = profile.memory.dense if isinstance(layer, DenseLayer) else profile.memory.conv
        if limits.input_axons:
            use["input_axons"] = int(listening(layer, source, edges)[0].max())
        if memory:
            use["synapse_memory"] = _memory(layer, source, edges, memory)
    return use


def exceeded(use: Mapping[str, int], layer: Layer, profile: Profile) -> tuple[str, ...]:
    """Resources of which `use` takes more than the profile allows."""
    dense = isinstance(layer, DenseLayer)
    limits = {resource: limit_of(resource, dense, profile) for resource in use}
    return tuple(r for r, limit in limits.items() if limit is not None and use[r] > limit.value)
