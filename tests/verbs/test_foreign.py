"""Networks of other frameworks in one call: the very file that the command writes, calibrated and fine-tuned as it is asked for."""

import inspect
import json
from pathlib import Path

import nir
import numpy as np
import pytest
import snntorch
import torch
from support.command_line import run

from autosnn_hw import from_nir, from_torch, import_network, write
from autosnn_hw.commands.import_network import command

MODULE = """
import torch, snntorch
def lif(): return snntorch.Leaky(beta=0.5, threshold=0.2, reset_mechanism="zero", init_hidden=True)
def net():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(6, 4), lif(), torch.nn.Linear(4, 2), lif())
"""
CALIBRATED, TUNED = {}, {"finetune_epochs": 2, "seed": 3, "samples": 20}


def lif():
    return snntorch.Leaky(beta=0.5, threshold=0.2, reset_mechanism="zero", init_hidden=True)


def module():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(6, 4), lif(), torch.nn.Linear(4, 2), lif())


def graph():
    """Two layers, the first with a weight much larger than all others on an input that never spikes: data cut it."""
    rng = np.random.default_rng(0)
    neurons = lambda n: nir.LIF(tau=np.full(n, 4.0), r=np.full(n, 4.0), v_leak=np.zeros(n), v_threshold=np.full(n, 0.7))  # noqa: E731
    first, second = rng.normal(0, 0.3, (4, 6)), rng.normal(0, 0.3, (2, 4))
    first[0, 0] = 9.0
    nodes = {"input": nir.Input({"input": np.array([6])}), "a": nir.Affine(first, np.zeros(4)), "n1": neurons(4),
             "b": nir.Affine(second, np.zeros(2)), "n2": neurons(2), "output": nir.Output({"output": np.array([2])})}  # fmt: skip
    return nir.NIRGraph(nodes=nodes, edges=list(zip(list(nodes), list(nodes)[1:])))


def samples(images=False, count=120):
    """Two classes, of which one has its first and one its last three inputs on; in frames the first never is."""
    rng = np.random.default_rng(1)
    y = np.arange(count) % 2
    chance = np.where((np.arange(6) < 3) == (y[:, None] == 0), 0.9, 0.1)
    if images:
        return (chance * 255).astype(np.uint8).reshape(count, 1, 2, 3), y
    frames = (rng.random((count, 8, 6)) < chance[:, None]).astype(np.uint8)
    frames[..., 0] = 0
    return frames, y


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("autosnn_hw.importing.chosen_integers.has_lava", lambda: False)
    Path("nets.py").write_text(MODULE)
    nir.write("net.nir", graph())
    for name, images in (("frames", False), ("images", True)):
        x, y = samples(images)
        np.savez(f"{name}.npz", x_train=x[:-30], y_train=y[:-30], x_test=x[-30:], y_test=y[-30:])


def written_by_the_command(source, *words, **choices):
    told = [word for name, value in choices.items() for word in (f"--{name.replace('_', '-')}", value)]
    done = run("import", source, "-o", "command.net", "--force", "--json", *words, *told)
    assert done.exit_code == 0, done.exception
    return Path("command.net").read_bytes(), json.loads(done.stdout)


@pytest.mark.parametrize("choices", [CALIBRATED, TUNED], ids=["calibrated", "fine-tuned"])
def test_a_nir_graph_becomes_the_commands_file_bit_for_bit(choices):
    words = ("--dt", "1", "--reset", "hard", "--fires-at-threshold", "--decay", "exponential")
    wanted, document = written_by_the_command("net.nir", *words, dataset="npz:frames.npz", **choices)
    how = {"dt": 1.0, "reset": "hard", "fires_at_threshold": True, "exponential": True}
    for source in ("net.nir", graph()):
        network = from_nir(source, **how, dataset="npz:frames.npz", **choices)
        assert write(network, "verb.net").read_bytes() == wanted
    assert min(document["calibration"].values()) < 1
    plain = from_nir("net.nir", **how)
    assert write(plain, "plain.net").read_bytes() != wanted
    done = import_network("net.nir", "npz:frames.npz", **how, **choices)
    assert write(done.network, "verb.net").read_bytes() == wanted
    for name in ("calibration", "finetuning", "comparison"):
        assert json.loads(json.dumps(getattr(done, name))) == document[name]


@pytest.mark.parametrize("data", ["frames", "images"])
def test_a_module_becomes_the_commands_file_bit_for_bit(data):
    choices = {"timesteps": 8, "finetune_epochs": 2, "dataset": f"npz:{data}.npz"}
    wanted, document = written_by_the_command("nets.py:net", "--input-shape", "6", **choices)
    assert write(from_torch(module(), (6,), **choices), "verb.net").read_bytes() == wanted
    done = import_network(module(), input_shape=(6,), **choices)
    assert write(done.network, "verb.net").read_bytes() == wanted
    assert json.loads(json.dumps(done.comparison)) == document["comparison"] and done.comparison["float_by"]
    assert json.loads(json.dumps(done.finetuning)) == document["finetuning"]


def test_samples_that_are_given_themselves_are_a_training_part_with_labels_and_else_what_scales_are_chosen_on():
    x, y = samples()
    np.savez("all.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    np.savez("some.npz", x_test=x)
    how = {"dt": 1.0, "reset": "hard"}
    for name, labels, choices in (("all", y, TUNED), ("some", None, CALIBRATED)):
        by_name = from_nir("net.nir", **how, dataset=f"npz:{name}.npz", **choices)
        given = from_nir("net.nir", **how, dataset=x, labels=labels, **choices)
        assert write(given, "a.net").read_bytes() == write(by_name, "b.net").read_bytes()


@pytest.mark.parametrize("verb", [from_nir, from_torch, import_network])
def test_what_is_not_chosen_is_what_the_command_has_by_default(verb):
    options = command.make_context("import", ["net.nir", "-o", "net.net"]).params
    own = {name: one.default for name, one in inspect.signature(verb).parameters.items() if name in options}
    assert own == {name: options[name] for name in own} | ({"source": own["source"]} if "source" in own else {})
    choices = {"reset", "timesteps", "dataset", "data_dir", "pixel_max", "finetune_epochs", "seed", "samples"}
    assert choices <= set(own)


def test_epochs_are_told():
    told = []

    class Told:
        def stage(self, name, total=None):
            told.append((name, total))

        def advance(self, done, text=""):
            told.append(done)

        def say(self, sentence): ...

    from_torch(module(), dataset="npz:frames.npz", finetune_epochs=2, reporter=Told())
    assert told[0] == ("fine-tune", 2) and told[-1] == 2
