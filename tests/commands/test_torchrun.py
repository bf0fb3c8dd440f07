"""`search` as ranks of torchrun: rank 0 searches, the others train along; one of them says what goes wrong."""

import json
import signal
import time

import numpy as np
import psutil
import pytest
from support.processes import rank_processes

SEARCH = ("-m", "autosnn_hw", "search")
SIZES = """
--width 4 --timesteps 2 --epochs 6 --batch 16 --learning-rate 0.02 --strategy random --budget 4 --mean-cost-samples 3
--measure 0 --samples 4 --retrain-epochs 1 --finetune-epochs 1 --finalists 1 --no-baselines --workers 1
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Option and file of three classes that differ in where they are bright."""
    random, arrays = np.random.default_rng(0), {}
    for part, count in (("train", 240), ("test", 30)):
        labels = np.arange(count) % 3
        images = random.integers(0, 60, (count, 1, 8, 8))
        for image, label in zip(images, labels):
            image[0, :, 3 * label : 3 * label + 2] += 190
        arrays |= {f"x_{part}": images.astype(np.uint8), f"y_{part}": labels}
    path = tmp_path_factory.mktemp("bright") / "bright.npz"
    np.savez(path, **arrays)
    return ["--dataset", f"npz:{path}"]


def verdict(run):
    return json.loads((run / "supernet.json").read_text())


def events(run, name):
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if line["event"] == name]


@pytest.fixture(scope="module")
def alone(data, tmp_path_factory):
    """The run of one process."""
    run = tmp_path_factory.mktemp("alone") / "run"
    ((code, _, error),) = rank_processes.ended(
        rank_processes.begin([*SEARCH, *data, *SIZES.split(), "--out", run], count=1)
    )
    assert code == 0, error
    return run


def test_two_ranks_find_what_one_process_finds(data, alone, tmp_path):
    run = tmp_path / "run"
    done = rank_processes.torchrun(*SEARCH, *data, *SIZES.split(), "--out", run, "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)  # of rank 0 alone
    assert summary == json.loads((run / "summary.json").read_text())
    assert summary["cost_of_search"]["cpu_seconds"] is None  # the other rank's is not seen
    # In float32 the order of sums grows over epochs (tests/training/ranks: equal in float64); the first is the same still.
    np.testing.assert_allclose(verdict(run)["losses"][0], verdict(alone)["losses"][0], rtol=1e-3)
    assert verdict(run)["learnt"] and [path.name for path in tmp_path.iterdir()] == ["run"]
    stages = [entry["name"] for entry in events(run, "stage")]
    assert stages == [entry["name"] for entry in events(alone, "stage")] and len(events(run, "finished")) == 1
    # With a super-network that is trained there is nothing to do for the others.
    again = rank_processes.ended(rank_processes.begin([*SEARCH, "--resume", run, "--quiet"]))
    assert [code for code, _, _ in again] == [0, 0] and again[1][1:] == ("", "")


@pytest.mark.parametrize("lost", [0, 1])
def test_a_rank_that_is_killed_ends_the_other_with_a_sentence_and_one_process_goes_on(data, alone, tmp_path, lost):
    run = tmp_path / "run"
    longer = [*SIZES.split(), "--epochs", "400"]
    processes = rank_processes.begin([*SEARCH, *data, *longer, "--out", run, "--quiet"])
    until = time.monotonic() + 200
    while not (run / "supernet.safetensors").exists() and time.monotonic() < until:
        time.sleep(0.05)
    processes[lost].send_signal(signal.SIGKILL)
    ended = rank_processes.ended(processes)
    assert ended[lost][0] == -signal.SIGKILL
    code, out, error = ended[1 - lost]
    assert code == 1 and out == ""
    assert error.startswith("autosnn-hw: ") and error.count("\n") == 1 and "one of the 2 processes" in error
    assert lost == 0 or f"--resume {run}" in error
    assert (run / "supernet.safetensors").exists() and not (run / "supernet.json").exists()
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(run) in " ".join(p.info["cmdline"] or [])]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--batch", "1"], "batches of 1 samples cannot be shared among 2 processes; give --batch 4 or more"),
        (["--dataset", "npz:/no/such.npz"], "/no/such.npz"),
        (["--target", "loihi3"], "loihi3"),
    ],
)
def test_bad_input_is_one_sentence_of_rank_0_and_no_folder(data, tmp_path, options, sentence):
    words = [*SEARCH, *data, *SIZES.split(), *options, "--out", tmp_path / "run"]
    (code, out, error), (other, *nothing) = rank_processes.ended(rank_processes.begin(words))
    assert code == 2 and sentence in error and error.count("\n") == 1 and out == ""
    assert other == 0 and nothing == ["", ""]
    assert not (tmp_path / "run").exists()


def test_what_click_refuses_is_said_once(tmp_path):
    first, second = rank_processes.ended(rank_processes.begin([*SEARCH, "--no-such-option"]))
    assert first[0] == second[0] == 2 and "No such option" in first[2] and second[1:] == ("", "")


def test_data_that_differ_at_another_rank_are_refused_by_rank_0(data, tmp_path):
    """A relative path is each rank's own."""
    other = tmp_path / "other"
    for folder in (tmp_path, other):
        folder.mkdir(exist_ok=True)
        arrays = dict(np.load(data[1].removeprefix("npz:")))
        arrays["x_train"] = arrays["x_train"] // (1 + (folder == other))
        np.savez(folder / "mine.npz", **arrays)
    words = [*SEARCH, *SIZES.split(), "--dataset", "npz:mine.npz", "--out", tmp_path / "run", "--quiet"]
    (code, _, error), (another, *nothing) = rank_processes.ended(rank_processes.begin(words, folders=[tmp_path, other]))
    assert (code, another) == (2, 2) and nothing == ["", ""]
    assert error.startswith("autosnn-hw: rank 1 of 2: its data set is another than that of rank 0")
