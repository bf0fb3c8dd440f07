"""Small honest files of every kind that the tool reads, and ways to damage them: bytes of any file, and values where its structure is known."""

import io
import json
import re
import sqlite3
import zipfile

import h5py
import numpy as np
import onnx

from autosnn_hw.config import SearchConfig
from autosnn_hw.cost.calibration.rows import ENERGY_COLUMNS
from autosnn_hw.cost.cores import core_network
from autosnn_hw.network import (
    ChipNetwork,
    ConvLayer,
    CubaNeuron,
    DenseLayer,
    InputLayer,
    Readout,
    SigmaDeltaNeuron,
    SigmaDeltaPart,
)
from autosnn_hw.search.runner import run_search
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.verbs import trace
from exporters import cores, netx, nir
from exporters import onnx as onnx_exporter
from hw_profiles import load
from support.searches import synthetic_search

ODD = [0, -1, 1, 2, 255, 2**31, 2**62, -(2**63), 1e308, -1e-308, 0.5, "", "nan", "x" * 300, "\x00", None, True, [], {}, [[]], [1, [2]], {"a": {}}]  # fmt: skip


def network(memoryless=False):
    rng = np.random.default_rng(0)
    neuron = CubaNeuron(1, 4096) if memoryless else CubaNeuron(np.array([9, 8, 7]), 700, 2000)
    conv = ConvLayer(
        "TBD1.a", (3, 4, 4), rng.integers(-1, 2, (3, 2, 3, 3)), neuron, np.array([1, 0, -1]), padding=(1, 1)
    )
    last = DenseLayer(
        "fc", (4,), rng.integers(-1, 2, (4, 48)), CubaNeuron(1, 4096) if memoryless else CubaNeuron(9, 300)
    )
    return ChipNetwork((InputLayer("in", (2, 4, 4)), conv, last), timesteps=5, readout=Readout(2, 2))


def sigma_delta_network():
    rng = np.random.default_rng(0)
    weight, hidden = rng.integers(-9, 9, (3, 2, 3, 3)), SigmaDeltaNeuron(SigmaDeltaPart.SIGMA_DELTA, 5)
    conv = ConvLayer("conv", (3, 4, 4), weight, hidden, np.array([1, 0, -1]), padding=(1, 1))
    last = DenseLayer("fc", (4,), rng.integers(-9, 9, (4, 48)), SigmaDeltaNeuron(SigmaDeltaPart.SIGMA))
    return ChipNetwork((InputLayer("in", (2, 4, 4), SigmaDeltaNeuron(SigmaDeltaPart.DELTA, 1), host=True), conv, last))


def write_all(folder):
    """kind -> path of an honest file."""
    rng = np.random.default_rng(0)
    paths = {}

    def path(kind, name):
        paths[kind] = folder / name
        return paths[kind]

    netx.write(network(), path("net", "a.net"))
    netx.write(sigma_delta_network(), path("sdnn", "sdnn.net"))
    nir.write(network(), path("nir", "a.nir"))
    onnx_exporter.write(network(), path("onnx", "a.onnx"))
    frames = (rng.random((3, 5, 2, 4, 4)) < 0.5).astype(np.uint8)
    np.savez(path("npz", "a.npz"), x_test=frames, y_test=np.arange(3))
    trace(network(), frames, out=path("trace", "t.npz"))
    path("toml", "chip.toml").write_text('extends = "loihi2"\nname = "mine"\n[limits.cores_per_chip]\nvalue = 40\nsource = "a file of a test, invented"\nverified = false\n')  # fmt: skip
    rows = [["name", "steps", "chips", "cores", "dynamic_energy", *ENERGY_COLUMNS]]
    rows += [[f"net {i}", 8, 1, 3, 1e-6 * (i + 1), *rng.integers(1, 5000, len(ENERGY_COLUMNS))] for i in range(6)]
    path("csv", "m.csv").write_text("\n".join(",".join(map(str, row)) for row in rows))
    path("config", "config.toml").write_text(SearchConfig(epochs=3, max_cores=9).to_toml())
    cores.write(core_network(network(memoryless=True), load("truenorth")), path("cores", "a.cores.json"))
    settings = SearchSettings(population=4, generations=1, reference=2, measure=0)
    study = synthetic_search.study_in(folder, settings)
    run_search(synthetic_search.SPACE, synthetic_search.evaluate, study, settings)
    paths["study"] = folder / "study.db"
    import torch

    from autosnn_hw.training.checkpoint import write_checkpoint

    write_checkpoint(path("safetensors", "s.safetensors"), {"a": torch.zeros(3, 2), "b": torch.ones(4)}, {"width": 2, "timesteps": 2})  # fmt: skip
    return paths


def damage(kind, honest, path, rng):
    """Write a damaged copy of the honest file to `path`."""
    if rng.random() < 0.4 or kind not in STRUCTURED:
        path.write_bytes(damaged_bytes(honest.read_bytes(), rng))
    else:
        path.write_bytes(honest.read_bytes())
        STRUCTURED[kind](path, rng)


def damaged_bytes(content, rng):
    content = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(0, max(1, len(content))))
        length = int(rng.integers(1, 40))
        way = rng.integers(0, 6)
        if way == 0:
            for place in rng.integers(0, max(1, len(content)), length if rng.random() < 0.5 else 1):
                if content:
                    content[int(place)] = int(rng.integers(0, 256))
        elif way == 1:
            del content[at:]
        elif way == 2:
            content[at:at] = rng.bytes(length)
        elif way == 3:
            content[at : at + length] = bytes([int(rng.choice([0, 255]))]) * length
        elif way == 4:
            content[at:at] = content[at : at + 400]
        else:
            del content[at : at + length]
    return bytes(content)


def _held(file, place):
    """Whether the file holds it: what a link out of the file has replaced it does not."""
    try:
        return isinstance(file.get(place, getlink=True), h5py.HardLink)
    except KeyError:
        return False


def odd_hdf5(path, rng):
    """Datasets and groups replaced: other values, types, sizes that nobody has written, links out of the file."""
    with h5py.File(path, "a") as file:
        places = []
        file.visit(places.append)
        for place in rng.choice(places, 2):
            if not _held(file, place):
                continue
            parent, name = file[place].parent, place.rpartition("/")[2]
            small = isinstance(file[place], h5py.Dataset) and (file[place].size or 0) < 10**6
            old = file[place][()] if small else None
            del file[place]
            way = int(rng.integers(0, 10))
            if way == 0:
                parent[name] = h5py.ExternalLink("/etc/passwd", "/")
            elif way == 1:
                parent[name] = h5py.SoftLink("/")
            elif way == 2:
                parent.create_dataset(name, (2**31, 2**20), "f8", chunks=(1, 1024))
            elif way == 3:
                parent.create_dataset(name, data=np.zeros((3000, 3000)), compression="gzip")
            elif way == 4 and isinstance(old, np.ndarray) and old.dtype.kind in "iuf":
                parent[name] = np.full_like(old, rng.choice([-1, 0, 100, 127]))
            elif way == 5 and isinstance(old, np.ndarray):
                parent[name] = old.reshape(-1)[: int(rng.integers(0, 4))]
            elif way == 6:
                parent.create_group(name)
            elif way == 7:
                parent[name] = h5py.Empty("f4")
            else:
                value = ODD[int(rng.integers(0, 13))]
                parent[name] = np.float64(value) if isinstance(value, int) and abs(value) > 2**62 else (value or 0)


def odd_json_text(path, rng):
    """A number or a text replaced by something else, a part left out or said twice."""
    text = path.read_text(errors="replace")
    found = list(re.finditer(r'-?\d+(\.\d+)?([eE]-?\d+)?|"[^"\n]*"|true|false|\[[^\[\]]*\]', text))
    for match in sorted(rng.choice(len(found), min(int(rng.integers(1, 3)), len(found)), replace=False), reverse=True):
        value = ODD[int(rng.integers(0, len(ODD)))]
        low, high = found[match].span()
        if text[low:high].lstrip("-").isdigit() and rng.random() < 0.5:
            value = int(text[low:high]) + int(rng.integers(-2, 3))  # all but right
        text = text[:low] + (json.dumps(value) if rng.random() < 0.9 else "[" * 3000) + text[high:]
    path.write_bytes(text.encode())


def odd_csv(path, rng):
    rows = [line.split(",") for line in path.read_text().splitlines()]
    for _ in range(2):
        row = rows[int(rng.integers(0, len(rows)))]
        row[int(rng.integers(0, len(row)))] = str(ODD[int(rng.integers(0, len(ODD)))])
    path.write_bytes("\n".join(",".join(row) for row in rows).encode())


def odd_npz(path, rng):
    """Headers that claim other shapes and types, arrays of objects, members left out."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = str(rng.choice(list(members)))
    way = int(rng.integers(0, 6))
    if way == 0:
        del members[name]
    elif way == 1:
        members[name] = re.sub(rb"'shape': \([^)]*\)", b"'shape': (%d, 7)" % int(rng.integers(0, 2**40)), members[name])
    elif way == 2:
        members[name] = members[name].replace(
            b"|u1", str(rng.choice(["|O", "<f8", "|S9", "<i8"])).encode().ljust(3)[:3]
        )
    else:
        value = [np.array(["a", None], object), np.full((3, 5, 2, 4, 4), np.nan), np.zeros((0, 3)), np.float32(3), np.full(3, -(2**60)), np.arange(12).reshape(3, 4)][int(rng.integers(0, 6))]  # fmt: skip
        image = io.BytesIO()
        np.save(image, value, allow_pickle=True)
        members[name] = image.getvalue()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)


def odd_onnx(path, rng):
    model = onnx.load_model(path)
    graph = model.graph
    if rng.random() < 0.5:
        graph = next(a.g for node in graph.node for a in node.attribute if a.HasField("g"))
    way = int(rng.integers(0, 6))
    node = graph.node[int(rng.integers(0, len(graph.node)))]
    if way == 0:
        node.op_type = str(rng.choice(["Loop", "If", "Add", "Conv", "Nothing"]))
    elif way == 1 and node.input:
        node.input[0] = str(rng.choice(["", "nowhere", "frames", node.output[0]]))
    elif way == 2 and graph.initializer:
        tensor = graph.initializer[int(rng.integers(0, len(graph.initializer)))]
        tensor.dims[:] = [int(n) for n in rng.integers(0, 2**20, 3)]
    elif way == 3 and graph.initializer:
        tensor = graph.initializer[int(rng.integers(0, len(graph.initializer)))]
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="/etc/passwd")
    elif way == 4:
        del node.attribute[:]
    else:
        model.metadata_props[int(rng.integers(0, len(model.metadata_props)))].value = str(
            ODD[int(rng.integers(0, len(ODD)))]
        )
    path.write_bytes(model.SerializeToString())


def odd_sqlite(path, rng):
    with sqlite3.connect(path) as database:
        tables = [row[0] for row in database.execute("select name from sqlite_master where type = 'table'")]
        table = str(rng.choice(tables))
        columns = [row[1] for row in database.execute(f"pragma table_info({table})")]
        value = ODD[int(rng.integers(0, len(ODD)))]
        text = (
            value
            if isinstance(value, int | float | str) and not (isinstance(value, int) and abs(value) > 2**63 - 1)
            else json.dumps(value)
        )
        try:
            if rng.random() < 0.8:
                database.execute(f"update {table} set {rng.choice(columns)} = ?", (text,))
            else:
                database.execute(f"drop table {table}")
        except sqlite3.Error:
            database.execute("pragma user_version = 7")


def odd_safetensors(path, rng):
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + size].decode()
    path.write_text(header)
    odd_json_text(path, rng)
    changed = path.read_bytes()
    claimed = len(changed) if rng.random() < 0.8 else int(rng.choice([0, 2**40, 2**63]))
    path.write_bytes(claimed.to_bytes(8, "little") + changed + content[8 + size :])


STRUCTURED = {
    "net": odd_hdf5, "sdnn": odd_hdf5, "nir": odd_hdf5, "onnx": odd_onnx, "npz": odd_npz, "trace": odd_npz, "toml": odd_json_text, "csv": odd_csv,
    "config": odd_json_text, "cores": odd_json_text, "study": odd_sqlite, "safetensors": odd_safetensors,
}  # fmt: skip
