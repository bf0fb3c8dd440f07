"""`chip_network`: a planned network as an integer network."""

from __future__ import annotations

import numpy as np

from autosnn_hw.deploy.from_graph.image_input import SeenImages
from autosnn_hw.deploy.from_graph.layer_maps import Plan
from autosnn_hw.deploy.from_graph.rounded_layers import chip_layers
from autosnn_hw.network import ChipNetwork, Readout


def chip_network(plan: Plan, timesteps: int | None = None, images: SeenImages | None = None) -> ChipNetwork:
    """The integer network of a plan; `provenance["import"]` is what the plan says of itself and the account of every layer.

    Args:
        timesteps: that travel with the network; of images their own.
        images: the network takes images instead of frames, and its first weights are host work.

    Raises:
        InputError: what cannot be mapped, by node, with the nearest that can.
    """
    chip, account, encoder = chip_layers(plan, images)
    last = plan.layers[-1]
    readout = None
    if last.constants.threshold is None:
        readout = Readout(int(np.prod(last.layer.shape)), 1, accumulates=True)
    notes = list(plan.notes)
    provenance = {"import": {**plan.about, "layers": account}, **({"notes": notes} if notes else {})}
    steps = timesteps if images is None else images.timesteps
    return ChipNetwork(tuple(chip), timesteps=steps, encoder=encoder, readout=readout, provenance=provenance)
