"""A point of a finished search, delivered: the network that the search itself would make of it, with a winner's files."""

import json
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from support.searches.untrained_run import SIZES, untrained_supernet

from autosnn_hw import pipeline
from autosnn_hw.architecture import SEARCH_BLOCKS, Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import DoesNotFitError, InputError
from autosnn_hw.run_and_price import sha256
from autosnn_hw.run_folder import write_json, write_text
from autosnn_hw.simulate.lava import lava_status
from autosnn_hw.stages.final_training import retraining
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.judging import evaluator
from autosnn_hw.stages.winner import delivery, point
from autosnn_hw.training import loop
from autosnn_hw.training.checkpoint import read_checkpoint
from autosnn_hw.training.data import datasets

ARCHITECTURE = "SRB_k3,skip,skip,SCB_k3,skip"
FILES = (
    "winner.net",
    "winner.onnx",
    "winner.step.onnx",
    "winner_in_lava.py",
    "winner.simulation.json",
    "deployed.json",
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run folder as far as deploying needs it: choices, data, super-network; few images."""
    digits = datasets.load("digits")
    cut = {f"{axis}_{part}": getattr(digits, f"{axis}_{part}")[:48] for axis in "xy" for part in ("train", "val")}
    cut |= {f"{axis}_test": getattr(digits, f"{axis}_test")[:8] for axis in "xy"}
    monkeypatch.setattr(datasets, "load", lambda *_, **__: replace(digits, **cut, sha256="few"))
    evaluator.evaluation_tools.cache_clear()
    folder = tmp_path / "run"
    folder.mkdir()
    write_text(folder / "config.toml", SearchConfig(**SIZES).to_toml())
    write_json(folder / "manifest.json", {"dataset": {"sha256": "few"}})
    untrained_supernet(folder / "supernet.safetensors", blocks=SEARCH_BLOCKS)
    yield folder
    evaluator.evaluation_tools.cache_clear()


@pytest.fixture
def no_lava(monkeypatch):
    monkeypatch.setattr(delivery, "lava_status", lambda: (False, "Lava is not installed"))


def test_a_point_is_what_the_search_would_deliver(run, tmp_path, no_lava):
    document = pipeline.deploy(run, ARCHITECTURE, tmp_path / "out")
    config = SearchConfig(**SIZES)
    (tmp_path / "nets").mkdir()
    alone = NetworkJob.of(config, tmp_path / "nets", supernet=str(run / "supernet.safetensors"))
    made = alone(Architecture.parse(ARCHITECTURE, space="SNN_1", width=4, timesteps=2))
    assert sha256(made.file) == sha256(tmp_path / "out" / "winner.net") == document["certificate"]["network_sha256"]
    assert document == json.loads((tmp_path / "out" / "deployed.json").read_text())
    assert all((tmp_path / "out" / name).stat().st_size for name in FILES)
    assert document["network"]["accuracy"] == made.accuracy.to_json() and not document["lava"]["confirmed"]
    assert document["certificate"]["backends"] == ["exact"] and "not installed" in document["lava"]["reason"]


PLACES = {
    "while it is trained": (loop.TrainingRun, "_write"),
    "when it is judged": (retraining, "measure"),
    "before its document": (retraining, "write_json"),
    "in the export": (delivery.onnx, "write"),
    "before the certificate": (delivery, "certify_winner"),
    "before deployed.json": (point, "write_json"),
}


def files_of(folder):
    """Contents of all files by name, with the folder's own name in them replaced."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    del files["lock"]
    return {name: content_of(path).replace(str(folder).encode(), b"DIR") for name, path in files.items()}


def content_of(path):
    if path.suffix != ".safetensors":
        return path.read_bytes()
    tensors, known = read_checkpoint(path)  # whose file has its metadata in any order
    return repr((sorted((name, tensor.numpy().tobytes()) for name, tensor in tensors.items()), known)).encode()


@pytest.mark.parametrize(
    ("retrain", "place"), [*(("inherit", place) for place in PLACES), ("both", "while it is trained")]
)
def test_ended_in_the_middle_the_same_call_goes_on_to_the_same_files(
    run, tmp_path, no_lava, monkeypatch, place, retrain
):
    write_text(run / "config.toml", SearchConfig(**SIZES, retrain=retrain).to_toml())
    whole = pipeline.deploy(run, ARCHITECTURE, tmp_path / "whole")
    owner, name = PLACES[place]
    real, calls = getattr(owner, name), []

    def once_and_no_more(*given, **named):
        calls.append(name)
        if name == "_write":
            real(*given, **named)
        raise RuntimeError("the power failed")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="power"):
        patched.setattr(owner, name, once_and_no_more)
        pipeline.deploy(run, ARCHITECTURE, tmp_path / "out")
    assert calls and not (tmp_path / "out" / "deployed.json").exists()
    with pytest.raises(InputError, match="another network"):
        pipeline.deploy(run, "skip,skip,skip,skip,skip", tmp_path / "out")
    again = pipeline.deploy(run, ARCHITECTURE, tmp_path / "out")
    assert files_of(tmp_path / "out") == files_of(tmp_path / "whole")
    assert again == whole | {"file": again["file"], "network": whole["network"] | {"file": again["network"]["file"]}}
    with pytest.raises(InputError, match="finished, already"):
        pipeline.deploy(run, ARCHITECTURE, tmp_path / "out")


KILLED = """
import os, signal, sys
from autosnn_hw import cli
from autosnn_hw.training.loop import TrainingRun
real = TrainingRun._write
def once_and_no_more(self, *given):
    real(self, *given)
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv.pop(1) == "killed":
    TrainingRun._write = once_and_no_more
cli.main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["front", "export", "train"])
def test_killed_in_training_the_same_command_goes_on_to_the_same_files(folder, prepared, tmp_path, verb):
    write_json(folder / "manifest.json", {"dataset": {"sha256": prepared.data.sha256}})
    words = {
        "front": ("front", folder.path, "--deploy", ARCHITECTURE),
        "export": ("export", folder.path, "--architecture", ARCHITECTURE),
        "train": (
            "train",
            ARCHITECTURE,
            "--dataset",
            prepared.data.name,
            "--width",
            4,
            "--timesteps",
            2,
            "--epochs",
            2,
        ),
    }[verb]

    def give(how, out):
        line = [sys.executable, "-c", KILLED, how, *map(str, words), "--quiet", "--out", str(out)]
        return subprocess.run(line, capture_output=True, text=True, check=False)

    assert give("killed", tmp_path / "out").returncode == -signal.SIGKILL
    for out in ("out", "whole"):
        done = give("whole", tmp_path / out)
        assert done.returncode == 0, done.stderr
    assert files_of(tmp_path / "out") == files_of(tmp_path / "whole")
    refused = give("whole", tmp_path / "out")
    assert refused.returncode == 2 and "finished, already" in refused.stderr and "--resume" not in refused.stderr


@pytest.mark.skipif(not lava_status()[0], reason="there is no Lava here")
@pytest.mark.slow
def test_lava_confirms_a_point_on_another_target(run, tmp_path):
    document = pipeline.deploy(run, ARCHITECTURE, tmp_path / "out", "loihi1")
    assert document["target"] == "loihi1" and document["lava"]["confirmed"]
    assert document["certificate"]["mismatches"] == 0 and document["certificate"]["samples"] == 8


@pytest.mark.parametrize(
    ("architecture", "target", "said"),
    [
        ("SRB_k3,skip", None, "needs 5"),
        ("SRB_k7,skip,skip,skip,skip", None, "SRB_k7"),
        (ARCHITECTURE, "truenorth", "neurons and weights"),
        (ARCHITECTURE, "loihi9", "loihi9"),
    ],
)
def test_what_cannot_be_deployed_is_refused_before_a_folder_is_made(run, tmp_path, architecture, target, said):
    with pytest.raises(InputError, match=said):
        pipeline.deploy(run, architecture, tmp_path / "out", target)
    assert not (tmp_path / "out").exists()


def test_other_data_and_an_unfinished_run_are_refused(run, tmp_path):
    (run / "supernet.safetensors").unlink()
    with pytest.raises(InputError, match="--resume"):
        point.point(run, ARCHITECTURE)
    write_json(run / "manifest.json", {"dataset": {"sha256": "other"}})
    with pytest.raises(InputError, match="the same data"):
        point.point(run, ARCHITECTURE)


def test_what_does_not_fit_is_refused_with_the_reason(run, tmp_path):
    small = tmp_path / "small.toml"
    low = '{ value = 2, unit = "taps a side", source = "this test", verified = true }'
    small.write_text(f'extends = "loihi2"\nname = "small"\n[limits]\nkernel_size = {low}\n')
    with pytest.raises(DoesNotFitError, match="small"):
        pipeline.deploy(run, ARCHITECTURE, tmp_path / "out", str(small))
    assert not (tmp_path / "out").exists()
