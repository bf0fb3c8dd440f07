"""How the winner behaves on test samples, kept in the run folder for the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autosnn_hw.documents.behaviour import behaviour, raster_of
from autosnn_hw.documents.run_reading import sound
from autosnn_hw.documents.winner_models import Behaviour
from autosnn_hw.run_and_price import sha256
from autosnn_hw.run_folder import WINNER_BEHAVIOUR, WINNER_NET, RunFolder, write_json
from autosnn_hw.simulate import exact
from autosnn_hw.training.data.datasets import Dataset
from exporters import netx

MOST_SAMPLES = 1000  # test samples that are looked at


def show_winner(data: Dataset, folder: RunFolder, float_layers: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Write what winner.net does on the first test samples; what is there of this file already is kept.

    Args:
        float_layers: spikes of its weights as floats by layer, mean of all test samples; None is unknown.

    Returns:
        `documents.behaviour.behaviour` with the hash of the network and, where known, "floats": {"samples", "spikes" by layer}.
    """
    digest = sha256(folder / WINNER_NET)
    known: dict[str, Any] | None = sound(folder / WINNER_BEHAVIOUR, Behaviour)
    if known is not None and known.get("network_sha256") == digest:
        return known
    network = netx.read(folder / WINNER_NET)
    inputs, labels = data.x_test[:MOST_SAMPLES], data.y_test[:MOST_SAMPLES]
    activity = exact.run(network, inputs)
    predictions = activity.predictions(network.readout)
    shown = int(np.argmax(predictions == labels))  # the first that is right; the first where none is
    traced = exact.trace(network, inputs[shown : shown + 1])
    raster = raster_of(
        network,
        {layer.name: layer.spikes[0] for layer in traced.layers},
        sample=shown,
        label=int(labels[shown]),
        prediction=int(predictions[shown]),
    )
    said = behaviour(network, activity, inputs, labels, raster=raster, classes=data.class_names)
    floats = None if float_layers is None else {"samples": len(data.x_test), "spikes": dict(float_layers)}
    document = {"network_sha256": digest, "dataset": {"name": data.name, "split": "test"}, **said, "floats": floats}
    write_json(folder / WINNER_BEHAVIOUR, document)
    return document
