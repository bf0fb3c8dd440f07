"""Numbers of neurons as AutoSNN counts them, written down from the paper and not from our table of blocks."""

import math


def neuron_layers(stage):
    """Neurons of each neuron layer of a stage, in order; a max pool and an identity skip have none."""
    size = math.prod(stage.out_shape)
    if stage.kind.startswith(("SCB", "SRB")):
        return (size, size)
    if stage.kind.startswith("SIB"):
        hidden = int(stage.kind.rpartition("_e")[2]) * stage.in_shape[0]
        return (hidden * math.prod(stage.in_shape[1:]), hidden * math.prod(stage.out_shape[1:]), size)
    if stage.kind == "max_pool" or (stage.kind == "skip" and stage.in_shape == stage.out_shape):
        return ()
    return (size,)


def spiking_units(stages):
    """Units by kind: "neurons" (stem, blocks and pools with neurons), "pool" (max-pool outputs), "readout".

    AutoSNN's firing rate is spikes / (T x all three).
    """
    units = {"neurons": 0, "pool": 0, "readout": 0}
    for stage in stages:
        if stage.kind == "max_pool":
            units["pool"] += math.prod(stage.out_shape)
        else:
            units["readout" if stage.kind == "readout" else "neurons"] += sum(neuron_layers(stage))
    return units
