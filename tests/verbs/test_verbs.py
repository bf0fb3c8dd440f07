"""The verbs in Python: their examples run, they say what the commands say, and importing their names loads nothing."""

import doctest
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import autosnn_hw
from autosnn_hw import verbs
from autosnn_hw.cli import VERBS, group
from autosnn_hw.errors import DoesNotFitError, InputError
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer
from exporters import netx

QUICK = [name for name in autosnn_hw._PUBLIC if autosnn_hw._PUBLIC[name] == "autosnn_hw.verbs"] + ["simulate"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    layer = DenseLayer("out", (2,), np.array([[4, 4, 2], [-2, 1, 1]]), CubaNeuron(vth_mant=18, v_decay=512))
    netx.write(ChipNetwork((InputLayer("in", (3,)), layer), timesteps=4), "tiny.net")
    np.savez("frames.npz", x_test=np.ones((2, 4, 3), np.uint8))


def run_examples(verb):
    found = doctest.DocTestFinder(recurse=False).find(verb, globs={})
    examples = [test for test in found if test.examples]
    assert examples, f"{verb.__name__} has no example"
    runner = doctest.DocTestRunner()
    said = []
    for test in examples:
        runner.run(test, out=said.append)
    assert runner.failures == 0, "".join(said)


@pytest.mark.parametrize("name", QUICK)
def test_the_example_in_a_verbs_docstring_is_true(name, folder, monkeypatch):
    monkeypatch.setattr("autosnn_hw.importing.chosen_integers.has_lava", lambda: False)
    run_examples(getattr(verbs, name))


@pytest.mark.slow
def test_the_example_of_search_is_true(folder):
    run_examples(verbs.search)


@pytest.mark.parametrize("name", ["search", "simulate"])
@pytest.mark.parametrize("before", ["pass", "import autosnn_hw.{name}.{inner}"])
def test_a_verb_is_called_whether_its_package_was_loaded_or_not(name, before):
    inner = {"search": "space", "simulate": "trace"}[name]
    code = f"{before.format(name=name, inner=inner)}\nfrom autosnn_hw import {name}, verbs\nimport autosnn_hw.{name}.{inner} as inner, inspect\n"
    code += f"assert inspect.signature({name}) == inspect.signature(verbs.{name})\n"
    code += f"verbs.{name} = lambda *a, **k: (a, k)\nassert {name}(1, two=3) == ((1,), dict(two=3))"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_every_name_loads_nothing_heavy():
    code = (
        f"import sys, json; from autosnn_hw import {', '.join(autosnn_hw.__all__)};"
        "light = [m for m in ('optuna', 'plotly', 'sklearn', 'lava', 'numba', 'onnx', 'torch', 'nir') if m in sys.modules];"
        "print(json.dumps(light))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
    none = (
        "import sys, autosnn_hw; assert not [m for m in sys.modules if m.startswith(('numpy', 'h5py', 'autosnn_hw.'))]"
    )
    subprocess.run([sys.executable, "-c", none], check=True)


def test_the_stub_names_what_the_package_does():
    stub = (inspect.getsourcefile(autosnn_hw) or "") + "i"
    with open(stub) as file:
        named = {line.split(" as ")[-1].strip() for line in file if line.startswith("from ")}
    assert named == set(autosnn_hw.__all__) - {"__version__"}
    for name in named:
        assert callable(getattr(autosnn_hw, name)) and getattr(autosnn_hw, name).__doc__


def test_a_verb_says_what_its_command_says(folder):
    words = ["simulate", "tiny.net", "--dataset", "npz:frames.npz", "--json"]
    printed = json.loads(CliRunner().invoke(group, words).stdout)
    assert verbs.simulate("tiny.net", "npz:frames.npz").document == printed
    fit = json.loads(CliRunner().invoke(group, ["check", "tiny.net", "--target", "truenorth", "--json"]).stdout)
    assert [v["resource"] for v in fit["violations"]] == [
        v.resource for v in verbs.check("tiny.net", "truenorth").violations
    ]


def test_inputs_are_given_themselves_with_labels_or_without(folder):
    frames = np.load("frames.npz")["x_test"]
    assert verbs.simulate("tiny.net", frames).document["accuracy"]["value"] is None
    assert verbs.simulate(verbs.read("tiny.net"), frames, [0, 1]).document["accuracy"]["value"] == 0.5
    with pytest.raises(InputError, match=r"2 inputs and labels of shape \(3,\)"):
        verbs.simulate("tiny.net", frames, [0, 1, 1])


FRAMES = np.ones((2, 4, 3), np.uint8)


@pytest.mark.parametrize(
    "call, said",
    [
        (lambda: verbs.simulate("tiny.net", FRAMES, ["a", "b"]), "labels are the numbers of classes, whole and from 0; 'a', 'b' were"),
        (lambda: verbs.simulate("tiny.net", FRAMES, [1.5, 2]), "whole and from 0; 1.5, 2 were given"),
        (lambda: verbs.simulate("tiny.net", FRAMES, [-1, 0]), "whole and from 0; -1, 0 were given"),
        (lambda: verbs.simulate("tiny.net", FRAMES, [np.nan, 0]), "whole and from 0; nan, 0 were given"),
        (lambda: verbs.simulate("tiny.net", FRAMES, [0, 200]), "labels go up to 200; tiny.net tells 2 classes apart, 0 to 1"),
        (lambda: verbs.simulate("tiny.net", FRAMES, 3), r"2 inputs and labels of shape \(\)"),
        (lambda: verbs.simulate("tiny.net", None), "or an array of numbers, .* nothing was given"),
        (lambda: verbs.simulate("tiny.net", [[1, 2], [3]]), "or an array of numbers, .* list was given"),
        (lambda: verbs.simulate("tiny.net", FRAMES.astype(object)), "an array of shape .2, 4, 3. and type object was given"),
        (lambda: verbs.simulate("tiny.net", FRAMES, samples="a"), "samples is 'a'; a whole number is needed"),
        (lambda: verbs.simulate("tiny.net", FRAMES, timesteps=1.5), "timesteps is 1.5; a whole number is needed"),
        (lambda: verbs.simulate("tiny.net", FRAMES, device="tpu"), "device is 'tpu'; cpu and cuda are known"),
        (lambda: verbs.simulate(3, FRAMES), "a network is a ChipNetwork or the path of a .net file; int was given"),
        (lambda: verbs.price("tiny.net", None), "activity is of type NoneType; what `simulate"),
        (lambda: verbs.check(3), "a network is a ChipNetwork or the path of a .net file"),
        (lambda: verbs.place(None), "a network is a ChipNetwork or the path of a .net file; nothing was given"),
        (lambda: verbs.read(None), "a network is a ChipNetwork or the path"),
        (lambda: verbs.write("tiny.net", None), "a network is written to a path; nothing was given"),
        (lambda: verbs.trace("tiny.net", FRAMES, out=None), "a trace is written to a path"),
        (lambda: verbs.compare_traces(3, 4), "a trace is the path of an npz file"),
        (lambda: verbs.data(3), "a data set has a name, or npz:PATH; int was given"),
        (lambda: verbs.from_nir(3), "int is no NIR graph; the path of a .nir file"),
        (lambda: verbs.from_torch(3, (2,)), "int is no torch.nn.Module"),
        (lambda: verbs.import_network(3), "int is no NIR graph"),
        (lambda: verbs.from_nir("a.nir", labels=[0, 1]), "labels are of samples that are given themselves"),
        (lambda: verbs.from_nir("a.nir", dataset=3.5), "samples are the name of a data set"),
        (lambda: verbs.from_nir("a.nir", dataset=FRAMES, labels=[0, 1]), "2 training samples are too few"),
        (lambda: verbs.from_nir("a.nir", finetune_epochs=1), "fine-tuning needs a data set with training samples"),
        (lambda: verbs.from_nir("a.nir", finetune_epochs=-1), "finetune_epochs is -1; 0 or more"),
        (lambda: verbs.from_nir("a.nir", dataset="npz:frames.npz", samples=0), "samples is 0; at least 1"),
        (lambda: verbs.from_nir("a.nir", timesteps="8"), "timesteps is '8'; a whole number"),
        (lambda: verbs.from_torch(None, "a"), "input_shape is 'a'; .C, H, W."),
    ],
)  # fmt: skip
def test_what_is_of_another_kind_is_an_input_error_before_anything_is_done(call, said, folder, tmp_path):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=said) as error:
        call()
    assert "\n" not in str(error.value) and sorted(tmp_path.iterdir()) == before


def test_the_pages_name_as_functions_what_is_one_and_every_other_command_as_one():
    """README's sentence and docs/python.md's first paragraph, beside the command line's own list."""
    root = Path(__file__).parents[2]
    sentence = next(line for line in (root / "README.md").read_text().splitlines() if "are functions of Python" in line)
    named = re.findall(r"`(\w+)", sentence.partition("are functions of Python")[0])
    paragraph = (root / "docs/python.md").read_text().split("\n\n")[1]
    functions, commands = (re.findall(r"`([\w.]+)", part) for part in paragraph.partition("`train`")[::2])
    renamed = {
        "export",
        "import",
        "targets",
        "data",
    }  # commands whose functions are called something else, or stand elsewhere
    assert {name for name in named if name not in renamed | {"help"}} <= set(autosnn_hw.__all__)
    assert {name for name in functions if "." not in name and name not in renamed} <= set(autosnn_hw.__all__)
    assert callable(verbs.data) and "autosnn_hw.verbs.data" in functions
    without = {"train", *commands} & set(VERBS)
    assert {name for name in functions if name in VERBS} | without == set(VERBS)
    assert not (without - {"search", "targets"}) & set(autosnn_hw.__all__)


def test_labels_are_taken_as_any_whole_numbers(folder):
    for labels in ([0.0, 1.0], np.array([0, 1], np.uint8), (0, 1)):
        assert verbs.simulate("tiny.net", FRAMES, labels).document["accuracy"]["value"] == 0.5


def test_what_is_not_written_is_said(folder, tmp_path):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match="none of the endings .net, .onnx"):
        verbs.write("tiny.net", "tiny.png")
    with pytest.raises(InputError, match="format 'png' is not known"):
        verbs.write("tiny.net", "tiny.net", form="png")
    with pytest.raises(DoesNotFitError, match="does not fit truenorth: layer 'out'"):
        verbs.write("tiny.net", "b.net", target="truenorth")
    assert sorted(tmp_path.iterdir()) == before
