"""NIR files of ours in other frameworks, each in a process of its own: the table of docs/nir.md.

norse and snnTorch are installed with the project; the folder NIR_PEERS may hold others (`make test-slow` fills it).
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer
from autosnn_hw.simulate import exact
from exporters import nir as exporter

RUNNER = Path(__file__).parents[2] / "support/peers/nir_peers.py"
FOLDER = os.environ.get("NIR_PEERS", "")

KINDS = {
    "keeps all": {"v_decay": 0, "vth": 9},
    "keeps nothing": {"v_decay": 4096, "vth": 9},
    "leaks": {"v_decay": 1024, "vth": 12},
    "leaks by a third": {"v_decay": 1365, "vth": 12},
    "leaks, with a current": {"v_decay": 1024, "i_decay": 2048, "vth": 20},
    "leaks, with a bias": {"v_decay": 1024, "vth": 12, "bias": 3},
    "leaks, with a current and a bias": {"v_decay": 1024, "i_decay": 2048, "vth": 20, "bias": 3},
}
HOW = {"norse": (1.0, False), "snntorch": (1e-4, False), "spikingjelly": (1e-4, True), "sinabs": (1.0, True)}
"""dt, and whether thresholds are for v >= threshold, as docs/nir.md says to write them for each."""


def network_of(v_decay, vth, i_decay=4096, bias=0):
    rng = np.random.default_rng(0)

    def part(layer, shape, *weight, **where):
        weights = rng.integers(-4, 7, weight)
        values = bias * rng.integers(-2, 3, shape[0])
        return layer(f"TBD.{layer.__name__}{len(shape)}{shape[-1]}", shape, weights, CubaNeuron(vth, v_decay, i_decay), values if bias else None, **where)  # fmt: skip

    return ChipNetwork((
        InputLayer("image", (2, 6, 6)),
        part(ConvLayer, (4, 6, 6), 4, 2, 3, 3, padding=(1, 1)),
        part(ConvLayer, (4, 3, 3), 4, 4, 2, 2, stride=(2, 2)),
        part(DenseLayer, (6,), 6, 36),
    ))  # fmt: skip


def spikes_of(peer, path, frames, dt, folder):
    """Output spikes (N, T, neurons), or the sentence of the refusal."""
    np.savez(folder / "frames.npz", frames=frames)
    words = [sys.executable, str(RUNNER), peer, str(path), str(folder / "frames.npz"), str(folder / "out.npz"), str(dt)]
    extra = {"PYTHONPATH": FOLDER} if peer in ("spikingjelly", "sinabs") else {}
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, env={**os.environ, **extra})
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    with np.load(folder / "out.npz") as out:
        return out["spikes"]


def table():
    """kind of neuron -> peer -> what docs/nir.md says: "same", or what else it is."""
    text = (Path(__file__).parents[3] / "docs/nir.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
    header = next(row for row in rows if row[0] == "neurons")
    return {row[0]: dict(zip(header[1:], row[1:])) for row in rows if row[0] in KINDS}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("peer", HOW)
def test_a_peer_does_with_a_file_what_the_table_says(peer, kind, tmp_path):
    if peer in ("spikingjelly", "sinabs") and not (Path(FOLDER) / peer).is_dir():
        pytest.skip(f"{peer} is not in the folder NIR_PEERS")
    network = network_of(**KINDS[kind])
    frames = (np.random.default_rng(1).random((16, 12, 2, 6, 6)) < 0.3).astype(np.uint8)
    ours = exact.trace(network, frames).layers[-1].spikes
    assert 0.03 < ours.mean() < 0.97
    dt, at = HOW[peer]
    exporter.write(network, tmp_path / "a.nir", dt=dt, fires_at_threshold=at)
    theirs = spikes_of(peer, tmp_path / "a.nir", frames, dt, tmp_path)
    said = table()[kind][peer]
    if isinstance(theirs, str):
        assert said.startswith("refuses"), theirs
        return
    differ = int((ours.reshape(theirs.shape) != theirs).sum())
    if said == "same":
        assert differ == 0
    else:
        assert abs(differ - int(re.match(r"(\d+) of", said).group(1))) <= 2 and f"of {ours.size}" in said, differ


def test_the_table_has_a_word_for_every_peer_and_kind():
    found = table()
    assert set(found) == set(KINDS) and all(set(row) == set(HOW) and all(row.values()) for row in found.values())
