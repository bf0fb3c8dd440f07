"""What a core and a chip of a profile can hold: limits, memory, weights, neurons, placement, mesh.

Data only; what each entry means is written in docs/profiles.md.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hw_profiles.constants import Limit, Table, Text

NeuronKind = Literal["leaky", "integrate", "memoryless", "sigma_delta"]


class Limits(Table):
    """Limits of one core unless the name says otherwise; a limit that is absent is not checked, and the report says so."""

    cores_per_chip: Limit
    neurons_per_core: Limit
    block_neurons: Limit | None = Field(None, description="neurons of one block of columns of an input or conv layer")
    input_axons: Limit | None = Field(None, description="source neurons that a core listens to")
    output_axons: Limit | None = Field(None, description="sum over a core's neurons of the cores each sends to")
    fan_in: Limit | None = Field(None, description="synapses of one neuron")
    kernel_size: Limit | None = Field(None, description="side of a convolution kernel")
    neuron_configurations: Limit | None = Field(None, description="distinct (v_decay, i_decay) pairs in one core")
    thresholds: Limit | None = Field(None, description="distinct thresholds in one core")
    threshold: Limit | None = Field(None, description="largest threshold mantissa")
    bias: Limit | None = Field(None, description="largest absolute bias mantissa")
    v_decay: Limit | None = Field(
        None, description="largest voltage decay of a neuron that is not memoryless by itself"
    )
    i_decay: Limit | None = Field(None, description="largest current decay")
    payload: Limit | None = Field(None, description="largest value of a graded spike; absent: spikes carry no values")
    synaptic_delay: Limit | None = Field(None, description="largest delay of a synapse in steps")
    timesteps: Limit | None = Field(None, description="steps of one sample")
    axon_types: Limit | None = Field(
        None, description="crossbar: axon types of a core, so distinct weights of a neuron"
    )
    leak: Limit | None = Field(None, description="crossbar: largest absolute leak")
    delivery_delay: Limit | None = Field(None, description="crossbar: largest delivery delay of a neuron in ticks")
    destinations: Limit | None = Field(None, description="crossbar: axons that one neuron drives")


class MemoryFormat(Table):
    """How a core stores weights: `words` of `word_bits`; a row of synapses (one input axon) begins with `header_bits` for
    every `group` synapses and is rounded up to whole words. With `shared`, a convolution stores its kernel once."""

    words: Limit
    word_bits: int = Field(ge=1, le=1024)
    weight_bits: int = Field(ge=1, le=64)
    index_bits: int = Field(0, ge=0, le=64)
    delay_bits: int = Field(0, ge=0, le=64, description="of each synapse, where a layer has synaptic delays")
    header_bits: int = Field(0, ge=0, le=1024)
    group: int = Field(0, ge=0, description="synapses that share a header; 0 for all of a row")
    shared: bool = False
    zeros: bool = Field(True, description="zero weights take room, too")


class Memory(Table):
    dense: MemoryFormat | None = None
    conv: MemoryFormat | None = None


class Weights(Table):
    """Weight format. loihi: `bits` wide, a layer with both signs within [-2^(b-1), 2^(b-1) - 1] or even within twice that,
    a layer of one sign up to 2^b - 1. crossbar: signed `bits` wide, one weight for each axon type of a neuron."""

    format: Literal["loihi", "crossbar"]
    bits: int = Field(ge=1, le=32)
    source: Text
    verified: bool


class Neuron(Table):
    kinds: tuple[NeuronKind, ...] = Field(min_length=1)
    image_biases: bool = Field(
        description="biases can be rewritten for each image, so the stem's neurons may be on chip"
    )
    source: Text
    verified: bool


class PlacementRule(Table):
    """columns: blocks of columns of a (C, H, W) layer, all rows and channels kept. crossbar: TrueNorth's cores."""

    kind: Literal["columns", "crossbar"]
    power_of_two: bool = Field(True, description="the columns of a block are a power of two")
    padded_blocks: bool = Field(
        False, description="a core also computes columns of its last block beyond the layer's edge"
    )
    source: Text
    verified: bool


class Mesh(Table):
    """Tiles of one chip; chips stand in one row, left to right."""

    columns: int = Field(ge=1, le=4096)
    rows: int = Field(ge=1, le=4096)
    cores_per_tile: int = Field(ge=1, le=4096)
    source: Text
    verified: bool
