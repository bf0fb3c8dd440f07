"""Nodes and chains of NIR for tests: small whole weights, thresholds that no voltage meets."""

import nir
import numpy as np


def conv(rng, outputs, inputs, kernel, *, bias=True, groups=1, **how):
    weight = rng.integers(-3, 5, (outputs, inputs // groups, kernel, kernel)).astype(float)
    values = rng.integers(-2, 3, outputs).astype(float) if bias else np.zeros(outputs)
    settings_ = {"stride": 1, "padding": kernel // 2, "dilation": 1, "groups": groups} | how
    return nir.Conv2d(None, weight, bias=values, **settings_)


def integrate(rng, shape):
    # Half-integers: no voltage of whole numbers is ever at the threshold.
    return nir.IF(r=np.ones(shape), v_threshold=np.full(shape, int(rng.integers(1, 6)) + 0.5))


def graph_of(nodes, edges):
    return nir.NIRGraph(nodes=nodes, edges=edges, type_check=False)


def chain(*nodes):
    names = ["input", *map(str, range(len(nodes) - 2)), "output"]
    return graph_of(dict(zip(names, nodes)), list(zip(names, names[1:])))


def ends(shape, out):
    return nir.Input({"input": np.array(shape)}), nir.Output({"output": np.array(out)})


def frames(rng, *shape):
    return (rng.random(shape) < 0.35).astype(np.uint8)
