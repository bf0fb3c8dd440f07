"""The `simulate --json` document of an ONNX file: what a runtime that knows nothing of chips can say, the rest null."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autosnn_hw import __version__
from autosnn_hw.documents.accuracy import confusion, wilson

UNKNOWN = (
    "synops", "synops_dense", "neuron_updates", "neuron_active", "messages", "host_macs", "latency", "time_per_step",
    "throughput", "edp", "fits", "neurobench",
)  # fmt: skip
NOTES = ("onnxruntime counts spikes only: operations, energy and time are those of the .net file's own simulation.",)


def onnx_document(
    layers: Sequence[str],
    spikes: np.ndarray,
    predictions: np.ndarray,
    *,
    file: str,
    file_sha256: str,
    timesteps: int,
    version: str,
    dataset: str,
    split: str,
    labels: np.ndarray | None,
    with_predictions: bool = False,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """JSON-able document of a run in onnxruntime.

    Args:
        spikes: int64 (samples, layers).
        notes: what was made of the samples, in sentences.
    """
    samples = len(predictions)
    means = spikes.sum(axis=0) / samples
    document: dict[str, Any] = {
        "tool": {"name": "autosnn-hw", "version": __version__},
        "backend": {"name": "onnxruntime", "kind": "simulator", "version": version},
        "target": {"name": None, "sha256": None},
        "network": {"file": file, "sha256": file_sha256, "timesteps": timesteps, "layers": len(layers)},
        "dataset": {"name": dataset, "split": split, "samples": samples},
        "accuracy": wilson(0, 0) if labels is None else wilson(int((predictions == labels).sum()), samples),
        "confusion": None if labels is None else confusion(labels, predictions, 0),
        "spikes": {"chip": float(means.sum()), "paper": None, "own": None, "relay": None, "pool": None},
        "energy": {"total": None, "dynamic": None, "static": None, "host": None, "assumed_share": None},
        "cores": {"used": None, "available": None, "chips": None},
        **dict.fromkeys(UNKNOWN),
        "layers": [{"name": name, "spikes": float(mean)} for name, mean in zip(layers, means)],
        "constants": [],
        "violations": [],
        "not_counted": [],
        "notes": [*notes, *NOTES],
    }
    if with_predictions:
        document["predictions"] = predictions.tolist()
    return document
