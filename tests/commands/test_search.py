"""`search` as a script calls it: one document on standard output, and in the run's log and on standard error every step."""

import json
import subprocess
import sys

import numpy as np
import pytest
from support.searches.small_space import small_space

pytestmark = pytest.mark.timeout(600)

SIZES = """--width 4 --timesteps 2 --epochs 6 --batch 16 --learning-rate 0.02 --strategy evolution --generations 2 --pool 3 --mean-cost-samples 3
--measure 0 --samples 4 --retrain-epochs 1 --finetune-epochs 1 --finalists 1 --no-baselines --workers 1"""


def search(*words):
    """Standard output and standard error, neither of which is a terminal."""
    command = [sys.executable, "-c", "from autosnn_hw.cli import main; main()", "search"]
    done = subprocess.run([*command, *map(str, words)], capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def logged(run, *names):
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if line["event"] in names]


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    """Of a search that takes seconds: three classes that differ in where they are bright."""
    folder, random, arrays = tmp_path_factory.mktemp("bright"), np.random.default_rng(0), {}
    for part, count in (("train", 240), ("test", 30)):
        labels = np.arange(count) % 3
        images = random.integers(0, 60, (count, 1, 8, 8))
        for image, label in zip(images, labels):
            image[0, :, 3 * label : 3 * label + 2] += 190
        arrays |= {f"x_{part}": images.astype(np.uint8), f"y_{part}": labels}
    np.savez(folder / "bright.npz", **arrays)
    return ["--dataset", f"npz:{folder / 'bright.npz'}", "--space", small_space(folder / "space.toml"), *SIZES.split()]


@pytest.mark.slow
def test_json_streams_the_document_alone_and_the_log_has_every_step_once(options, tmp_path):
    run = tmp_path / "run"
    out, error = search(*options, "--out", run, "--json")
    summary = json.loads(out)
    assert summary == json.loads((run / "summary.json").read_text()) and error == ""
    losses = json.loads((run / "supernet.json").read_text())["losses"]
    assert [(one["epoch"], one["loss"]) for one in logged(run, "epoch")] == list(enumerate(losses, 1))
    assert [one["generation"] for one in logged(run, "generation")] == [-1, 0, 1]
    (network,) = logged(run, "network")
    winner = summary["winner"]
    assert network["architecture"] == winner["architecture"]
    assert network["accuracy"] == winner["accuracy"]["exact_test"] and network["seconds"] > 0
    assert network["curves"] == winner["curves"]

    before = logged(run, "epoch", "generation", "network")
    (run / "summary.json").unlink()
    out, error = search("--resume", run, "--json")
    assert json.loads(out)["winner"] == winner and error == ""
    assert logged(run, "epoch", "generation", "network") == before


@pytest.mark.slow
def test_in_a_pipe_every_epoch_generation_and_network_is_a_line_on_standard_error(options, tmp_path):
    _, error = search(*options, "--out", tmp_path / "run")
    lines = error.splitlines()
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    losses = json.loads((tmp_path / "run" / "supernet.json").read_text())["losses"]
    epochs = [line for line in lines if line.startswith("super-network: ")]
    assert [line.split(";")[0] for line in epochs] == [
        f"super-network: {epoch} of 6, loss {loss:.4f}" for epoch, loss in enumerate(losses, 1)
    ]
    assert all(" left" in line for line in epochs[:-1])
    assert [line for line in lines if line.startswith("search: ") and "generation 1, best " in line]
    winner, right = summary["winner"]["architecture"], 100 * summary["winner"]["accuracy"]["exact_test"]
    assert [line for line in lines if line.startswith(f"finalists and baselines: 1 of 1, {winner}: {right:.1f} %; ")]
