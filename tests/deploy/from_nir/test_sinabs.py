"""Networks that sinabs trained and wrote (`tests/support/peers/sinabs_nets.py`), against the spikes that sinabs itself gave."""

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.peers.sinabs_nets import KINDS, TEST, digit_frames

from autosnn_hw import from_nir, simulate
from autosnn_hw.deploy.from_graph import float_run
from autosnn_hw.deploy.from_nir import plan_nir
from autosnn_hw.simulate import exact

DATA = Path(__file__).parents[2] / "data/sinabs"
DOCS = Path(__file__).parents[3] / "docs/import.md"


@functools.cache
def held_out():
    frames, labels = digit_frames()
    return frames[-TEST:], labels[-TEST:]


def how(kind):
    """The conventions that docs/import.md names for sinabs."""
    return {"fires_at_threshold": True, "exponential": kind.startswith("lif")}


@functools.cache
def by_sinabs(kind):
    with np.load(DATA / f"{kind}.npz") as file:
        return file["spikes"]


@functools.cache
def imported(kind):
    return from_nir(DATA / f"{kind}.nir", dt=1.0, reset="hard", **how(kind))


def right(outputs):
    return float((outputs.argmax(axis=1) == held_out()[1]).mean())


@pytest.mark.parametrize("kind", ["iaf_reset", "lif_reset"])
def test_what_a_chip_can_do_keeps_its_accuracy_as_integers(kind):
    frames, _ = held_out()
    activity = exact.run(imported(kind), frames)
    assert right(by_sinabs(kind).sum(1)) > 0.8
    assert abs(right(activity.outputs) - right(by_sinabs(kind).sum(1).astype(int))) <= 0.01 + 1e-9


@pytest.mark.parametrize("kind", ["iaf_reset", "lif_reset"])
def test_the_equations_in_floats_are_what_sinabs_does(kind):
    """Its float32 sums stand beside float64 here: single spikes at ties."""
    frames, _ = held_out()
    plan = plan_nir(DATA / f"{kind}.nir", 1.0, "hard", **how(kind))
    ours = float_run.run(plan, frames).spikes[plan.layers[-1].name]
    assert (ours != by_sinabs(kind)).mean() < 1e-3


def differing(kind, **conventions):
    """Output spikes (neuron-steps) of the integers that are not sinabs' own."""
    network = from_nir(DATA / f"{kind}.nir", dt=1.0, reset="hard", **conventions)
    trace = exact.trace(network, held_out()[0])
    return int((trace.layers[-1].spikes != by_sinabs(kind)).sum())


def table():
    """kind -> cells of the table in docs/import.md."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in DOCS.read_text().splitlines() if "|" in line]
    return {row[0].strip("`"): row[1:] for row in rows if row and row[0].strip("`") in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_says_by_how_many_spikes_conventions_differ(kind):
    cells = table()[kind]
    assert int(cells[2].split()[0]) == differing(kind, **how(kind)), "with its conventions"
    assert int(cells[3].split()[0]) == differing(kind), "as NIR reads it"
    accuracies = right(by_sinabs(kind).sum(1).astype(int)), right(exact.run(imported(kind), held_out()[0]).outputs)
    assert [cells[0], cells[1]] == [f"{100 * value:.1f} %" for value in accuracies]
    assert re.search(rf"of {by_sinabs(kind).size:,} neuron-steps", DOCS.read_text())


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_lava_agrees_and_the_network_is_priced(kind):
    pytest.importorskip("lava")
    from autosnn_hw.simulate import lava, trace

    frames, _ = held_out()
    network = imported(kind)
    assert trace.compare(exact.trace(network, frames[:60]), lava.trace(network, frames[:60])) is None
    assert simulate(network, frames[:60]).cost.energy_total.value > 0


@pytest.mark.slow
def test_a_file_is_what_the_script_makes(tmp_path):
    """Trained again by sinabs, where it is installed: the same network, to float32."""
    folder = os.environ.get("NIR_PEERS", "")
    if not (Path(folder) / "sinabs").is_dir():
        pytest.skip("sinabs is not in the folder NIR_PEERS")
    script, kind = Path(__file__).parents[2] / "support/peers/sinabs_nets.py", "lif_reset"
    environment = {**os.environ, "PYTHONPATH": folder}
    subprocess.run(
        [sys.executable, str(script), str(tmp_path), kind], check=True, env=environment, stdout=subprocess.DEVNULL
    )
    with np.load(tmp_path / f"{kind}.npz") as file:
        assert abs(right(file["spikes"].sum(1).astype(int)) - right(by_sinabs(kind).sum(1).astype(int))) < 0.05
