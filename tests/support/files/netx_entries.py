"""Entries of NetX files by hand, as dictionaries of datasets, for the tests of reading."""

import numpy as np

CUBA = {"type": "CUBA", "iDecay": 4096, "vDecay": 1024, "vThMant": 25}
CONV = {"type": "conv", "shape": [2, 4, 4], "stride": 1, "padding": 1, "dilation": 1, "groups": 1,
        "weight": np.ones((2, 1, 3, 3)), "neuron": CUBA}  # fmt: skip
DENSE = {"type": "dense", "shape": [3], "weight": np.arange(96).reshape(3, 32) - 40.0, "neuron": CUBA}
FRAMES = {"type": "input", "shape": [1, 4, 4]}
FLATTEN = {"type": "flatten", "shape": [32, 1, 1]}


def put(group, name, value):
    if isinstance(value, dict):
        child = group.create_group(name)
        for key, item in value.items():
            put(child, key, item)
    else:
        group[name] = np.bytes_(value) if isinstance(value, str) else value


def without(entry, name):
    return {key: value for key, value in entry.items() if key != name}
