"""Every script and file in examples/ does what it says."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from autosnn_hw import check, load_profile, place, read, simulate
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer
from exporters import netx

EXAMPLES = Path(__file__).parents[1] / "examples"


def example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # workers and pickles find it by its name
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_a_net_of_snntorch_keeps_its_accuracy_as_integers(tmp_path, capsys):
    there = example("your_snntorch_net").main(tmp_path)
    assert there["accuracy"]["float"] > 0.9 and abs(there["accuracy"]["float"] - there["accuracy"]["integer"]) <= 0.01
    said = capsys.readouterr().out
    assert "accuracy: snnTorch 0.9" in said and "uJ; cores" in said
    assert read(tmp_path / "digits.net").timesteps == 8


@pytest.mark.slow
def test_a_net_of_norse_says_where_it_differs(tmp_path, capsys):
    done = example("your_norse_net").main(tmp_path)
    assert [layer["layer"] for layer in done["layers"]] == ["1", "4", "7"]
    assert all(layer["differ"] < 0.05 * layer["of"] and layer["spikes_float"] for layer in done["layers"])
    assert (tmp_path / "norse.net").is_file() and (tmp_path / "norse.nir").is_file()


def test_a_nir_file_is_explained_and_run(capsys):
    done = example("your_nir_file").main(Path(__file__).parent / "data/nir/lif_norse.nir", "1e-4")
    assert "'vThMant': 635.0" in capsys.readouterr().out and done.cost.target == "loihi2"


def test_a_network_is_priced_on_two_chips(tmp_path, capsys):
    layer = DenseLayer("fc", (2,), np.array([[40, -20], [10, 30]]), CubaNeuron(50, 1024))
    netx.write(ChipNetwork((InputLayer("in", (2,)), layer)), tmp_path / "a.net")
    np.savez(tmp_path / "a.npz", x_test=np.ones((2, 9, 2), np.uint8))
    example("price_a_network").main(tmp_path / "a.net", tmp_path / "a.npz")
    assert "loihi2: 1 cores" in capsys.readouterr().out


def test_a_chip_of_ones_own_is_smaller():
    chip = load_profile(EXAMPLES / "own_chip.toml")
    layer = DenseLayer("fc", (3000,), np.tile([[4, -4]], (3000, 1)), CubaNeuron(50, 1024))
    network = ChipNetwork((InputLayer("in", (2,)), layer))
    assert place(network, chip).cores_used == 3 > place(network, "loihi2").cores_used and check(network, chip).fits
    frames = np.ones((1, 5, 2), np.uint8)
    own, whole = (simulate(network, frames, target=target).cost for target in (chip, "loihi2"))
    assert own.target == "small-loihi2" and own.energy_static.value < whole.energy_static.value
    for line in (EXAMPLES / "own_chip.md").read_text().splitlines():
        assert "own_chip" not in line or "examples/own_chip.toml" in line or "`own_chip.toml`" in line


@pytest.mark.slow
def test_a_search_from_python_leaves_a_run(tmp_path, capsys):
    example("search_from_python").main(str(tmp_path / "run"))
    assert (tmp_path / "run/winner.net").is_file()
