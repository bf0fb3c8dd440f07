"""A module run step by step by its framework's own modules, every spike kept."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import Any

import numpy as np
import torch
from torch import nn

from autosnn_hw.deploy.from_graph.beside_floats import FloatRun
from autosnn_hw.deploy.from_torch.traced_module import INPUT, Traced


def run(module: nn.Module, traced: Traced, frames: np.ndarray, held: int | None = None) -> FloatRun:
    """Run the module step by step with its own modules, in its own float32.

    Args:
        frames: (N, T, ..), taken as they are; or what the module sees of images, float32 (N, ..).
        held: steps for which images stand.
    """
    graph = traced.graph(frames.shape[2:] if held is None else frames.shape[1:])
    order = [
        name for name in TopologicalSorter({n: graph.into(n) for n in graph.nodes}).static_order() if name != INPUT
    ]
    heard = {start for start, _ in graph.edges}
    last = next(name for name in reversed(order) if name not in heard)
    fires = [name for name in order if name in traced.neurons or graph.nodes[name].kind == "MaxPool2d"]
    states: dict[str, Any] = dict.fromkeys(traced.neurons)
    kept: dict[str, list[np.ndarray]] = {name: [] for name in fires}
    outputs: list[np.ndarray] = []
    was_training = module.training
    module.eval()
    try:
        with torch.no_grad():
            for step in range(frames.shape[1] if held is None else held):
                now = frames[:, step].astype(np.float32) if held is None else frames
                values = {INPUT: torch.from_numpy(now)}
                for name in order:
                    before = graph.into(name)
                    into = values[before[0]]
                    for other in before[1:]:
                        into = into + values[other]
                    if name in traced.neurons:
                        values[name], states[name] = traced.neurons[name].step(into, states[name])
                    else:
                        values[name] = traced.calls[name](into)
                for name in fires:
                    kept[name].append(values[name].numpy().astype(np.float32))
                outputs.append(kept[last][-1].reshape(len(frames), -1).astype(float))
    finally:
        module.train(was_training)
    silent = "v_threshold" not in graph.nodes[last].values
    spikes = {
        name: np.stack(found, 1).astype(np.uint8) for name, found in kept.items() if not (silent and name == last)
    }
    return FloatRun(spikes, outputs[-1] if silent else np.sum(outputs, axis=0))
