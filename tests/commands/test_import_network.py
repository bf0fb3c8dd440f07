"""`autosnn-hw import`: what a NIR file does not say is asked for, what was made of it is explained, and the file works."""

import json
import re
from pathlib import Path

import h5py
import numpy as np
import pytest
from support.command_line import run

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, Encoder, InputLayer, Readout
from exporters import netx

DATA = Path(__file__).parents[1] / "data/nir"
LIF = str(DATA / "lif_norse.nir")


def test_a_file_is_written_that_every_verb_reads(tmp_path):
    out = tmp_path / "lif.net"
    done = run("import", LIF, "-o", out, "--dt", "1e-4", "--reset", "hard", "--json")
    document = json.loads(done.stdout)
    assert (
        document["file"] == str(out) and document["dt"] == 1e-4 and document["layers"][0]["integers"]["vThMant"] == 635
    )
    assert netx.read(out).layers[1].weight.tolist() == [[254]]
    assert run("inspect", out).exit_code == run("check", out).exit_code == 0
    np.savez(tmp_path / "a.npz", x_test=np.ones((2, 30, 1), np.uint8))
    assert run("simulate", out, "--dataset", f"npz:{tmp_path / 'a.npz'}").exit_code == 0
    refused = run("import", LIF, "-o", out, "--dt", "1e-4", "--reset", "hard")
    assert "--force" in str(refused.exception)
    assert run("import", LIF, "-o", out, "--dt", "1e-4", "--reset", "hard", "--force").exit_code == 0


def test_the_explanation_names_constants_integers_and_rounding(tmp_path):
    done = run("import", LIF, "-o", tmp_path / "a.net", "--dt", "1e-4", "--reset", "hard", "--explain")
    for said in ("1 (LIF) 1, from input through 0", "tau 0.0025", "v_decay 0.04", "vThMant 635, vDecay 164", "weights are exact; v_decay 0.16", "dt 0.0001 (given), reset hard"):  # fmt: skip
        assert said in done.stdout


@pytest.mark.parametrize(
    "name, words, said",
    [
        ("lif_norse", ("--dt", "1e-4"), "does not say how its neurons reset"),
        ("lif_norse", ("--dt", "1e-4", "--reset", "subtract"), "reset by subtraction cannot be mapped"),
        ("lif_norse", ("--reset", "hard"), "does not say its time step"),
        ("braille_noDelay_bias_zero", ("--dt", "1e-4", "--reset", "hard"), "recurrent"),
        ("braille_noDelay_bias_zero_subgraph", ("--dt", "1e-4", "--reset", "hard"), "there is no node 'lif'"),
        ("nowhere", ("--reset", "hard"), "cannot be opened"),
    ],
)
def test_what_is_missing_or_cannot_be_mapped_is_one_sentence(name, words, said, tmp_path):
    done = run("import", DATA / f"{name}.nir", "-o", tmp_path / "a.net", *words)
    assert isinstance(done.exception, InputError) and said in str(done.exception) and "\n" not in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_fit_and_energy_are_those_of_check_and_simulate(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("autosnn_hw.importing.chosen_integers.has_lava", lambda: False)
    np.savez("a.npz", x_test=np.ones((3, 30, 1), np.uint8))
    words = ("import", LIF, "-o", "a.net", "--dt", "1e-4", "--reset", "hard", "--force")
    done = json.loads(run(*words, "--dataset", "npz:a.npz", "--target", "loihi1", "--json").stdout)
    priced = json.loads(run("simulate", "a.net", "--dataset", "npz:a.npz", "--target", "loihi1", "--json").stdout)
    assert done["energy"] == priced["energy"] and done["latency"] == priced["latency"]
    checked = json.loads(run("check", "a.net", "--target", "loihi1", "--json").stdout)
    assert done["fit"] == checked and checked["target"] == "loihi1" and checked["fits"]
    text = run(*words, "--dataset", "npz:a.npz").stdout
    assert "\nfits loihi2: 1 of 960 cores, 1 chip\n" in text and "J) an inference on loihi2 (estimate)\n" in text
    without = json.loads(run(*words, "--json").stdout)
    assert without["fit"]["fits"] and without["energy"] is without["latency"] is None
    assert "an inference" not in run(*words).stdout


def test_a_network_that_does_not_fit_is_written_and_said_not_to(tmp_path):
    done = run("import", LIF, "-o", tmp_path / "a.net", "--dt", "1e-4", "--reset", "hard", "--target", "truenorth")
    assert done.exit_code == 0 and (tmp_path / "a.net").exists()
    assert re.search(r"does not fit truenorth.*\n  1: leak 636, allowed 255 .*`check` says what would fit", done.stdout)
    refused = run("import", LIF, "-o", tmp_path / "b.net", "--dt", "1e-4", "--reset", "hard", "--target", "nowhere")
    assert isinstance(refused.exception, InputError) and not (tmp_path / "b.net").exists()


def test_a_network_of_a_target_that_is_not_known_here_is_written_without_a_fit(tmp_path):
    layer = DenseLayer("out", (2,), np.array([[4, 2], [-2, 2]]), CubaNeuron(vth_mant=18, v_decay=512))
    netx.write(ChipNetwork((InputLayer("in", (2,)), layer), timesteps=4, target="mine"), tmp_path / "a.net")
    assert run("export", tmp_path / "a.net", "--format", "nir", "--out", tmp_path / "a.nir").exit_code == 0
    done = run("import", tmp_path / "a.nir", "-o", tmp_path / "b.net")
    assert done.exit_code == 0 and "made for the target 'mine'" in done.stderr and "fits" not in done.stdout
    assert netx.read(tmp_path / "b.net").target == "mine"


@pytest.mark.parametrize(
    "name, said",
    [
        ("braille_noDelay_bias_zero", ("lif1.lif (CubaLIF), from lif1.w_rec, fc1", "lif1.w_rec (Affine) 38x38", "tau_mem 0.001")),
        ("braille_noDelay_bias_zero_subgraph", ("lif1.lif1 (CubaLIF)", "input (Input) 12")),
        ("nowhere", ()),
    ],
)  # fmt: skip
def test_the_explanation_of_a_file_that_is_refused_is_its_nodes_and_their_constants(name, said, tmp_path):
    words = ("import", DATA / f"{name}.nir", "-o", tmp_path / "a.net", "--dt", "1e-4", "--reset", "hard")
    done = run(*words, "--explain")
    assert isinstance(done.exception, InputError) and all(part in done.stdout for part in said)
    assert bool(said) == bool(done.stdout) and run(*words).stdout == "" and list(tmp_path.iterdir()) == []


def test_what_was_exported_comes_back_as_it_was(tmp_path):
    """With an image encoder, roles and a readout; written again it is the same file but for the time it was made."""
    stem = InputLayer("stem", (2, 4, 4), CubaNeuron(100, 1024), np.array([3, -4]))
    encoder = Encoder(np.ones((2, 1, 3, 3), np.int8), np.zeros(2, np.int32), np.full(2, 9, np.int32), 4, np.zeros((1, 256), np.int8))  # fmt: skip
    pool = ConvLayer("TBD1.pool", (2, 2, 2), np.full((2, 1, 2, 2), 2), CubaNeuron(1, 4096), stride=(2, 2), groups=2, roles=np.full(2, 2))  # fmt: skip
    fc = DenseLayer("readout", (4,), 2 * np.arange(-10, 22).reshape(4, 8), CubaNeuron(9, 300))
    network = ChipNetwork((stem, pool, fc), timesteps=4, encoder=encoder, readout=Readout(2, 2), target="loihi1")
    netx.write(network, tmp_path / "winner.net")
    assert run("export", tmp_path, "--format", "nir").exit_code == 0
    done = run("import", tmp_path / "winner.nir", "-o", tmp_path / "back.net")
    assert "the network that" in done.stdout
    assert (tmp_path / "back.net").read_bytes() == (tmp_path / "winner.net").read_bytes()
    document = json.loads(run("import", tmp_path / "winner.nir", "-o", tmp_path / "b.net", "--json").stdout)
    assert document["read_back"] is True
    refused = run("import", tmp_path / "winner.nir", "-o", tmp_path / "c.net", "--reset", "subtract")
    assert "reset by subtraction cannot be mapped" in str(refused.exception)
    anybodys = run("import", tmp_path / "winner.nir", "-o", tmp_path / "c.net", "--reset", "hard", "--dt", "2e-4")
    assert "dt 0.0002 is longer than its tau_syn" in str(anybodys.exception)
    refused = run("export", tmp_path / "winner.net", "--format", "onnx", "--dt", "1", "--out", tmp_path / "a.onnx")
    assert "are of the format nir" in str(refused.exception)


MODULE = """
import torch, snntorch
torch.manual_seed(0)
def lif(reset): return snntorch.Leaky(beta=0.5, threshold=0.2, reset_mechanism=reset, init_hidden=True)
def net(): return torch.nn.Sequential(torch.nn.Linear(6, 4), lif("zero"), torch.nn.Linear(4, 2), lif("zero"))
soft = torch.nn.Sequential(torch.nn.Linear(6, 4), lif("subtract"))
number = 3
def broken(): raise ValueError("no weights")
"""


def test_a_module_of_torch_is_imported_and_compared_with_its_framework(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("autosnn_hw.importing.chosen_integers.has_lava", lambda: False)
    Path("nets.py").write_text(MODULE)
    frames = (np.random.default_rng(0).random((5, 12, 6)) < 0.5).astype(np.uint8)
    np.savez("a.npz", x_test=frames, y_test=np.zeros(5, np.int64))
    done = run("import", "nets.py:net", "-o", "a.net", "--input-shape", "6", "--explain", "--timesteps", "12")
    assert "1 (LIF) 4, from input through 0" in done.stdout and "4 layers" not in done.stdout
    assert netx.read("a.net").timesteps == 12 and run("check", "a.net").exit_code == 0
    done = run("import", "nets:net", "-o", "b.net", "--dataset", "npz:a.npz", "--json")
    compared = json.loads(done.stdout)["comparison"]
    assert compared["samples"] == 5 and [layer["layer"] for layer in compared["layers"]] == ["1", "3"]
    assert compared["accuracy"]["float"] is not None and compared["accuracy"]["lava"] is None
    done = run("import", "nets:soft", "-o", "c.net", "--dataset", "npz:a.npz", "--reset", "hard")
    assert "trained with reset by subtraction" in done.stderr and "  first: layer '1', sample 0" in done.stdout


def blobs(tmp_path, images):
    """Two classes, of which one has its first and one its last three inputs on."""
    rng = np.random.default_rng(1)
    y = np.arange(800) % 2
    chance = np.where((np.arange(6) < 3) == (y[:, None] == 0), 0.9, 0.1)
    x = (chance * 255).astype(np.uint8).reshape(800, 1, 2, 3) if images else (rng.random((800, 8, 6)) < chance[:, None]).astype(np.uint8)  # fmt: skip
    np.savez(tmp_path / "b.npz", x_train=x[:-40], y_train=y[:-40], x_test=x[-40:], y_test=y[-40:])
    return f"npz:{tmp_path / 'b.npz'}"


@pytest.mark.slow
@pytest.mark.parametrize("images", [False, True])
def test_a_network_is_trained_on_with_the_integers_and_the_file_is_what_was_trained(images, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("autosnn_hw.importing.chosen_integers.has_lava", lambda: False)
    Path("seeded.py").write_text(
        MODULE.replace("def net(): return", "def net():\n    torch.manual_seed(0)\n    return")
    )
    data = blobs(tmp_path, images)
    words = ("import", "seeded.py:net", "-o", "a.net", "--dataset", data, "--finetune-epochs", "12", "--samples", "40", "--timesteps", "8", "--json")  # fmt: skip
    document = json.loads(run(*words, *(("--input-shape", "6") if images else ())).stdout)
    tuned, right = document["finetuning"], document["comparison"]["accuracy"]
    assert tuned["epochs"] == 12 and len(tuned["validation_accuracies"]) == 13 and right["integer"] > 0.75
    assert tuned["validation_accuracies"][tuned["best_epoch"]] == max(tuned["validation_accuracies"])
    again = json.loads(run("simulate", "a.net", "--dataset", data, "--json").stdout)
    assert again["accuracy"]["value"] == right["integer"] and again["network"]["timesteps"] == 8


@pytest.mark.parametrize(
    "words, said",
    [
        (("--finetune-epochs", "1"), "fine-tuning needs a data set with training samples"),
        (("--dataset", "images"), "images stand for some steps .* --timesteps"),
        (("--dataset", "frames", "--pixel-max", "2"), "holds spike frames; --pixel-max is for images"),
    ],
)
def test_data_that_does_not_do_is_one_sentence(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("nets.py").write_text(MODULE)
    words = [blobs(tmp_path, word == "images") if word in ("images", "frames") else word for word in words]
    done = run("import", "nets:net", "-o", "a.net", *words, "--input-shape", "6")
    assert isinstance(done.exception, InputError) and re.search(said, str(done.exception)), done.exception
    assert not Path("a.net").exists()


def test_samples_of_another_shape_are_one_sentence(tmp_path):
    done = run("import", LIF, "-o", tmp_path / "a.net", "--dt", "1e-4", "--reset", "hard", "--dataset", blobs(tmp_path, False))  # fmt: skip
    assert "the samples have shape (40, 8, 6); spike frames (N, T, 1), or images (N, 1) with --timesteps" in str(done.exception)  # fmt: skip


def test_reset_by_subtraction_is_refused_with_what_reset_to_zero_costs(tmp_path):
    frames = (np.random.default_rng(0).random((4, 40, 1)) < 0.5).astype(np.uint8)
    np.savez(tmp_path / "a.npz", x_test=frames, y_test=np.zeros(4, np.int64))
    words = ("import", LIF, "-o", tmp_path / "a.net", "--dt", "1e-4", "--dataset", f"npz:{tmp_path / 'a.npz'}")
    refused = run(*words, "--reset", "subtract")
    assert re.search("of 4 samples 100.0 % are then right, and 100.0 % by its equations", str(refused.exception))
    assert "--finetune-epochs" in str(refused.exception)


@pytest.mark.parametrize(
    "source, words, said",
    [
        ("nets.py:soft", ("--input-shape", "6"), "subtract their threshold"),
        ("nets.py:net", (), "give --input-shape"),
        ("nets.py:nothing", ("--input-shape", "6"), "nets.py has no 'nothing'"),
        ("nets.py:number", ("--input-shape", "6"), "is of type int; a torch.nn.Module is needed"),
        ("nets.py:broken", ("--input-shape", "6"), "failed .ValueError: no weights."),
        ("nowhere.py:net", ("--input-shape", "6"), "nowhere.py is not a file"),
        ("nets_odd.py", (), "which module of it is meant, nets_odd.py:NAME says"),
        ("w.onnx", (), "an ONNX file, which is not imported"),
        ("no.such:net", ("--input-shape", "6"), "no.such cannot be imported .ModuleNotFoundError"),
        ("nets.py:net", ("--input-shape", "6", "--dt", "1"), "are of NIR files"),
    ],
)
def test_a_module_that_is_none_is_one_sentence(source, words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("nets.py").write_text(MODULE)
    done = run("import", source, "-o", "a.net", *words)
    assert isinstance(done.exception, InputError) and re.search(said, str(done.exception)), done.exception
    assert "\n" not in str(done.exception) and not Path("a.net").exists()


def test_a_netx_file_is_no_nir_file(tmp_path):
    run("import", LIF, "-o", tmp_path / "a.net", "--dt", "1e-4", "--reset", "hard")
    done = run("import", tmp_path / "a.net", "-o", tmp_path / "b.net", "--reset", "hard")
    assert "has no group 'node'; a NIR file is needed" in str(done.exception)
    (tmp_path / "c.nir").write_text("hello")
    assert "a NIR file is needed" in str(run("import", tmp_path / "c.nir", "-o", tmp_path / "b.net").exception)


@pytest.mark.parametrize("seed", [*range(6), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(6, 30))])
def test_a_damaged_file_is_read_or_refused_in_one_sentence(seed, tmp_path):
    """Values, types, names and bytes replaced: a network, or one sentence, or a line for each of several problems."""
    rng = np.random.default_rng(seed)
    path = tmp_path / "a.nir"
    path.write_bytes((DATA / rng.choice(["lif_norse.nir", "two_lif_neurons.nir", "cnn_sinabs.nir"])).read_bytes())
    if seed % 3 == 0:
        content = bytearray(path.read_bytes())
        for position in rng.integers(0, len(content), 12):
            content[position] = rng.integers(0, 256)
        path.write_bytes(content)
    else:
        odd = [0, -1, 1e30, -0.5, "text", "LIF", "Conv2d", np.arange(4.0), np.zeros((2, 2)), 2**40, np.zeros(0), b"\xff", h5py.Empty("f4"), 8000]  # fmt: skip
        with h5py.File(path, "a") as file:
            places = []
            file.visit(places.append)
            for place in rng.choice(places, 2):
                if place in file and place != "node":
                    del file[place]
                    if rng.random() < 0.8:
                        file[place] = odd[rng.integers(len(odd))]
    done = run("import", path, "-o", tmp_path / "b.net", "--dt", "1e-4", "--reset", "hard")
    if done.exit_code:
        first, *problems = str(done.exception).split("\n")
        assert len(problems) != 1 and all(line.startswith("- ") for line in problems), done.exception
        assert not problems or first.endswith(f"has {len(problems)} problems:")
        assert max(map(len, (first, *problems))) < 700
    else:
        assert len(netx.read(tmp_path / "b.net").layers) >= 2
