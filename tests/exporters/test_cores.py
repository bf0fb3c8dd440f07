import base64
import json
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.errors import InputError, RunError
from autosnn_hw.network.core_network import AXON, NOWHERE, OUT, SPLITTER, Core, CoreLayer, CoreNetwork
from exporters import cores


def _core(rng, axons, neurons, dest):
    return Core(
        axon_types=rng.integers(0, 4, axons).astype(np.uint8),
        crossbar=rng.random((neurons, axons)) < 0.5,
        weights=rng.integers(-255, 256, (neurons, 4)).astype(np.int16),
        leak=rng.integers(-255, 256, neurons).astype(np.int32),
        alpha=np.zeros(neurons, np.int32),
        beta=np.zeros(neurons, np.int32),
        delay=rng.integers(1, 16, neurons).astype(np.uint8),
        dest=np.array(dest, np.int32),
        source=np.array([[1, n, 0, 0] for n in range(neurons - 1)] + [[SPLITTER, 0, 0, 0]], np.int32),
    )


def _network(axons=9, seed=0):
    """Two inputs, two cores of any integers: the second core's neurons go to the readout."""
    rng = np.random.default_rng(seed)
    first = _core(rng, axons, 3, [(AXON, 1, 0), (AXON, 1, 1), (NOWHERE, 0, 0)])
    second = _core(rng, 2, 3, [(OUT, 0, 0), (OUT, 1, 1), (OUT, 2, 0)])
    return CoreNetwork(
        timesteps=4,
        depth=2,
        layers=(CoreLayer("stem", (2, 1, 1), 0), CoreLayer("fc", (6,), 2)),
        input_pointer=np.array([0, 2, 3]),
        input_targets=np.array([[0, 0], [0, 1], [0, 2]], np.int32),
        cores=(first, second),
        classes=3,
        voters=2,
        provenance={"architecture": "skip"},
    )


def _same(a, b):
    assert (a.timesteps, a.depth, a.layers, a.classes, a.voters) == (
        b.timesteps,
        b.depth,
        b.layers,
        b.classes,
        b.voters,
    )
    assert (a.input_pointer == b.input_pointer).all() and (a.input_targets == b.input_targets).all()
    assert dict(a.provenance) == dict(b.provenance) and len(a.cores) == len(b.cores)
    for one, other in zip(a.cores, b.cores):
        for entry in fields(Core):
            x, y = getattr(one, entry.name), getattr(other, entry.name)
            assert x.dtype == y.dtype and x.shape == y.shape and (x == y).all(), entry.name


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(0, 2**32))
def test_what_is_written_is_read(tmp_path_factory, axons, seed):
    path = tmp_path_factory.mktemp("cores") / "winner.cores.json"
    network = _network(max(axons, 3), seed)
    cores.write(network, path)
    _same(cores.read(path), network)


def test_keys_are_those_of_the_documentation(tmp_path):
    path = tmp_path / "winner.cores.json"
    network = _network()
    cores.write(network, path)
    found = json.loads(path.read_text())
    assert {"T", "depth", "inputs", "cores"} <= set(found)
    assert found["inputs"] == [[[0, 0], [0, 1]], [[0, 2]]]
    core = found["cores"][0]
    assert set(core) == {"axon_types", "crossbar", "neurons"}
    assert set(core["neurons"][0]) == {"weights", "leak", "alpha", "beta", "delay", "dest", "source"}
    assert core["neurons"][0]["dest"] == [1, 0] and core["neurons"][2]["dest"] is None
    assert core["neurons"][2]["source"] == "splitter" and core["neurons"][1]["source"] == [1, 1, 0, 0]
    assert found["cores"][1]["neurons"][1]["dest"] == ["out", 1, 1]
    bits = base64.b64decode(core["crossbar"])
    assert len(bits) == 3 * 2, "rows of 9 bits take 2 bytes"
    assert (bits[0] >> 7 & 1, bits[1] >> 7 & 1) == (core_bit(network, 0, 0), core_bit(network, 0, 8)), "msb first"


def core_bit(network, neuron, axon):
    return int(network.cores[0].crossbar[neuron, axon])


def test_nothing_half_written_stays(tmp_path):
    with pytest.raises(RunError):
        cores.write(_network(), tmp_path / "missing" / "winner.cores.json")
    broken = replace(_network(), provenance={"x": object()})
    with pytest.raises(TypeError):
        cores.write(broken, tmp_path / "winner.cores.json")
    assert list(tmp_path.iterdir()) == []


def _set(*keys_and_value):
    *keys, value = keys_and_value

    def change(document):
        at = document
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = value

    return change


def _drop(*keys):
    def change(document):
        at = document
        for key in keys[:-1]:
            at = at[key]
        del at[keys[-1]]

    return change


NEURON = ("cores", 0, "neurons", 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("format", 2), "format is 2"),
        (_drop("T"), "lacks T"),
        (_set("T", 0), "T is 0"),
        (_set("T", True), "T is True"),
        (_set("T", 4.0), "T is 4.0"),
        (_set("depth", 3), "must start at depth"),
        (_set("layers", 0, "shape", [2, -1, 1]), "shape is -1"),
        (_set("layers", 0, "shape", [2**31 - 1] * 3), "inputs has 2 entries"),
        (_set("layers", {}), "layers is not a list"),
        (_set("readout", "classes", 10**30), "readout.classes"),
        (_set("inputs", [[[0, 0]]]), "inputs has 1 entries"),
        (_set("inputs", 0, 0, [0, 99]), "axon that does not exist"),
        (_set("inputs", 0, 0, [7, 0]), "axon that does not exist"),
        (_set("cores", 0, "axon_types", 0, 9), "axon type 9 has no weight"),
        (_set("cores", 0, "crossbar", "%%%"), "not base64"),
        (_set("cores", 0, "crossbar", "AAAA"), "3 bytes; 3 rows of 2"),
        (_set("cores", 0, "crossbar", base64.b64encode(b"\xff" * 6).decode()), "beyond its 9 axons"),
        (_set("cores", 0, "neurons", []), "no neurons"),
        (_drop(*NEURON, "leak"), "lacks leak"),
        (_set(*NEURON, "leak", None), "leak is None"),
        (_set(*NEURON, "weights", [1, 2]), "different numbers of weights"),
        (_set(*NEURON, "weights", 0, 40000), "weights is 40000"),
        (_set(*NEURON, "delay", 0), "delay is 0"),
        (_set(*NEURON, "dest", [5, 0]), "axon that does not exist"),
        (_set(*NEURON, "dest", ["out", 3, 0]), "voter that does not exist"),
        (_set(*NEURON, "dest", "out"), "dest is not a list"),
        (_set(*NEURON, "source", [3, 0, 0, 0]), "source names layer 3"),
        (_set(*NEURON, "source", [1, 6, 0, 0]), "outside layer 1"),
        (_set(*NEURON, "source", [1, 0]), "source has 2 values"),
        (_set("provenance", [1]), "provenance"),
    ],
)
def test_a_hostile_file_is_refused_with_what_is_wrong(change, message, tmp_path):
    path = tmp_path / "winner.cores.json"
    cores.write(_network(), path)
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(InputError) as refused:
        cores.read(path)
    assert message in str(refused.value) and str(path) in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{", b'{"T": NaN}', b'{"T": 1, "T": 2}', b"[" * 100_000, b"\xed\xa0\x80"],
    ids=["empty", "list", "cut off", "NaN", "a key twice", "deep", "no UTF-8"],
)
def test_what_is_no_cores_file_is_refused(text, tmp_path):
    path = tmp_path / "winner.cores.json"
    path.write_bytes(text)
    with pytest.raises(InputError, match=r"cores file"):
        cores.read(path)
    with pytest.raises(InputError, match=r"cores file"):
        cores.read(tmp_path / "missing.json")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=3))
def test_damaged_bytes_are_read_or_refused_and_nothing_else(tmp_path_factory, position, damage):
    path = tmp_path_factory.mktemp("cores") / "winner.cores.json"
    cores.write(_network(), path)
    text = bytearray(path.read_bytes())
    position %= len(text)
    text[position : position + len(damage)] = damage
    path.write_bytes(text)
    try:
        cores.read(path)
    except InputError as error:
        assert str(path) in str(error)
