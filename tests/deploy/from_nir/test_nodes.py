"""What stands in a NIR file, whether it can be mapped or not; what cannot is named all at once."""

import h5py
import numpy as np
import pytest

from autosnn_hw import from_nir
from autosnn_hw.deploy.from_nir import nodes_of
from autosnn_hw.errors import InputError


@pytest.fixture
def path(tmp_path):
    """A chain of an input, two nodes that are not known and neurons; one edge leads to nowhere."""
    with h5py.File(tmp_path / "odd.nir", "w") as file:
        node = file.create_group("node")
        node["type"] = np.bytes_("NIRGraph")
        edges = [("input", "pool"), ("pool", "gone"), ("gone", "lif"), ("pool", "odd"), ("odd", "lif")]
        node["edges"] = np.array(edges, np.bytes_)
        for name, kind, values in (
            ("input", "Input", {"shape": [2, 4, 4]}),
            ("pool", "MaxPool2d", {"kernel_size": [2, 2]}),
            ("odd", "Wavelet", {"weight": "text"}),
            ("lif", "IF", {"r": np.ones(3), "v_threshold": [1.0, 2.0, 3.0]}),
        ):
            part = node.create_group(f"nodes/{name}")
            part["type"] = np.bytes_(kind)
            for key, value in values.items():
                part[key] = value
    return tmp_path / "odd.nir"


def test_every_node_is_there_and_what_is_not_known_has_no_constants(path):
    found = {node["node"]: node for node in nodes_of(path)}
    assert found["input"] == {"node": "input", "kind": "Input", "shape": [2, 4, 4], "from": [], "read": {}}
    assert found["odd"] == {"node": "odd", "kind": "Wavelet", "shape": [], "from": ["pool"], "read": {}}
    assert found["lif"]["read"] == {"r": 1.0, "v_threshold": [1.0, 3.0]} and found["lif"]["from"] == ["odd"]


def test_all_nodes_and_edges_that_cannot_be_mapped_are_named_in_one_refusal(path):
    with pytest.raises(InputError) as error:
        from_nir(path, dt=1.0, reset="hard")
    first, *lines = str(error.value).splitlines()
    assert first == f"{path} has 3 problems:" and all(line.startswith("- ") for line in lines) and len(lines) == 3
    text = str(error.value)
    assert "node 'pool' is of type 'MaxPool2d' (nearest: SumPool2d and Threshold)" in text
    assert "node 'odd' is of type 'Wavelet'" in text and text.count("known are Input, Output, Linear") == 1
    assert "leads from 'pool' to 'gone', and there is no node 'gone'" in text


def test_values_that_are_not_finite_are_counted(path):
    with h5py.File(path, "a") as file:
        del file["node/nodes/lif/v_threshold"]
        file["node/nodes/lif/v_threshold"] = [np.nan, 1.0, np.inf]
    with pytest.raises(InputError, match=r"nodes/lif/v_threshold holds NaN or infinite values \(2 of 3\)"):
        from_nir(path, dt=1.0, reset="hard")
