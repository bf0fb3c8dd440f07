"""`search` interrupted in each of its stages: one sentence, exit code 130, nothing left running, and --resume ends as if nothing had been."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from support.searches.small_space import small_space

from autosnn_hw.simulate.lava import lava_status

pytestmark = pytest.mark.timeout(1200)  # whole searches: see test_pipeline

COMMAND = [sys.executable, "-c", "from autosnn_hw.cli import main; main()", "search"]
SIZES = """--width 8 --timesteps 3 --epochs 8 --batch 16 --learning-rate 0.01 --strategy evolution --generations 2 --pool 3 --mean-cost-samples 3
--measure 1 --samples 8 --retrain-epochs 3 --finetune-epochs 1 --workers 2 --quiet"""
LAVA = lava_status()[0]


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    """Options of a search that takes seconds: three classes that a tiny super-network tells apart after some epochs."""
    folder = tmp_path_factory.mktemp("bright")
    random = np.random.default_rng(0)

    def images(count):
        labels = np.arange(count) % 3
        pixels = random.integers(0, 60, (count, 1, 8, 8))
        for pixel, label in zip(pixels, labels):
            pixel[0, :, 3 * label : 3 * label + 2] += 190
        return pixels.astype(np.uint8), labels

    (x_train, y_train), (x_test, y_test) = images(300), images(60)
    np.savez(folder / "bright.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    space = small_space(folder / "space.toml")
    return ["--dataset", f"npz:{folder / 'bright.npz'}", "--space", space, *SIZES.split()]


def heed_ctrl_c():
    signal.signal(signal.SIGINT, signal.default_int_handler)


def begin(*words, **keywords):
    """A command in a process group of its own, as a shell would start it: one that ignores SIGINT hands that on otherwise."""
    return subprocess.Popen(
        [*COMMAND, *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **{"preexec_fn": heed_ctrl_c, **keywords},
    )


def finish(*words, **keywords):
    with begin(*words, **keywords) as process:
        error = process.communicate(timeout=900)[1]
    return process.returncode, error


@pytest.fixture(scope="module")
def whole(options, tmp_path_factory):
    """What a search gives that nobody interrupts."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    code, error = finish("--out", folder, *options)
    assert code == 0, error
    return result(folder)


def result(folder):
    """summary.json without what depends on the clock."""
    summary = json.loads((folder / "summary.json").read_text())
    for name in ("wall_time", "stages"):
        summary.pop(name)
    summary["supernet"].pop("seconds")
    for name in ("cpu_seconds", "kwh", "kwh_low", "kwh_high"):
        summary["cost_of_search"].pop(name)
    return summary


def lava_is_running(process):
    """Whether Lava's models have been forked: a job is under way."""
    for child in process.children():
        with suppress(psutil.NoSuchProcess):
            if "lava.child" in " ".join(child.cmdline()) and len(child.children()) > 5:
                return True
    return False


def logged(folder, stage):
    """Whether a stage has ended."""
    log = folder / "log.jsonl"
    return log.exists() and f'"name": "{stage}"' in log.read_text()


MOMENTS = {
    "super-network": lambda folder, process: (folder / "supernet.safetensors").exists(),
    "search": lambda folder, process: lava_is_running(process) or (not LAVA and (folder / "study.db").exists()),
    "winner": lambda folder, process: logged(folder, "random baseline"),
    "Lava": lambda folder, process: (folder / "winner_in_lava.py").exists() and (not LAVA or lava_is_running(process)),
}


def wait_for(moment, folder, process, seconds=600):
    deadline = time.monotonic() + seconds
    while not MOMENTS[moment](folder, psutil.Process(process.pid)):
        assert process.poll() is None, f"ended before {moment}: {process.stderr.read()}"
        assert time.monotonic() < deadline, f"no {moment}"
        time.sleep(0.02)


def leaked(before):
    """New segments of shared memory that no living process has mapped."""
    maps = []
    for process in psutil.process_iter():
        with suppress(OSError):
            maps.append(Path(f"/proc/{process.pid}/maps").read_text())
    return {name for name in set(os.listdir("/dev/shm")) - before if not any(name in text for text in maps)}


def interrupt(folder, moment, number, *words):
    """Begin, send the signal in the middle of a stage, and see that nothing is left. Returns code and words.

    SIGINT goes to the whole group, as Ctrl-C does; SIGTERM and SIGKILL to the command alone.
    """
    before = set(os.listdir("/dev/shm"))
    process = begin(*words)
    wait_for(moment, folder, process)
    family = psutil.Process(process.pid).children(recursive=True)
    # A job in Lava has begun: a process killed in the middle of sem_open would leave its temporary name.
    time.sleep(0.5)
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    error = process.communicate(timeout=60)[1]
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == [], f"{moment}: {[' '.join(p.cmdline())[:120] for p in alive]}"
    deadline = time.monotonic() + 10
    while leaked(before):
        assert time.monotonic() < deadline, leaked(before)
        time.sleep(0.1)
    return process.returncode, error


@pytest.mark.slow
def test_a_search_interrupted_in_every_stage_ends_as_if_it_had_not_been(options, whole, tmp_path):
    folder = tmp_path / "run"
    words = ["--out", folder, *options]
    for moment in MOMENTS:
        code, error = interrupt(folder, moment, signal.SIGINT, *words)
        assert code == 130, (moment, error)
        how = f"go on with: autosnn-hw search --resume {folder}"
        assert error.strip() == f"autosnn-hw: interrupted; what was finished is kept: {how}"
        words = ["--resume", folder, "--quiet"]
    assert not (folder / "summary.json").exists()
    code, error = finish(*words)
    assert code == 0, error
    assert result(folder) == whole


@pytest.mark.slow
def test_sigterm_ends_a_search_as_ctrl_c_does(options, whole, tmp_path):
    folder = tmp_path / "run"
    code, error = interrupt(folder, "search", signal.SIGTERM, "--out", folder, *options)
    assert code == 143
    assert error.strip().startswith("autosnn-hw: ended by SIGTERM; what was finished is kept: go on with:")
    code, error = finish("--resume", folder, "--quiet")
    assert code == 0, error
    assert result(folder) == whole


@pytest.mark.slow
def test_a_killed_search_leaves_nothing_and_goes_on(options, whole, tmp_path):
    folder = tmp_path / "run"
    code, _ = interrupt(folder, "search", signal.SIGKILL, "--out", folder, *options)
    assert code == -signal.SIGKILL
    code, error = finish("--resume", folder, "--quiet")
    assert code == 0, error
    assert result(folder) == whole


@pytest.mark.slow
def test_a_search_whose_disk_is_full_says_so_and_goes_on(options, whole, tmp_path):
    """A limit on the size of a file stands for the full disk."""

    def little_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))

    folder = tmp_path / "run"
    code, error = finish("--out", folder, *options, preexec_fn=little_room)
    assert code == 1 and len(error.splitlines()) == 1, error
    assert "disk is full" in error or "disk full" in error
    code, error = finish("--resume", folder, "--quiet")
    assert code == 0, error
    assert result(folder) == whole


@pytest.mark.slow
def test_without_lava_a_search_finds_the_same_and_says_that_nobody_confirmed_it(options, whole, tmp_path):
    (tmp_path / "lava").mkdir()
    (tmp_path / "lava" / "__init__.py").write_text("raise ImportError('blocked')")
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    folder = tmp_path / "run"
    done = subprocess.run(
        [*COMMAND, "--out", str(folder), *options],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
    assert done.returncode == 0, done.stderr
    summary = result(folder)
    assert summary["measured"] == 0 and summary["winner"]["accuracy"]["lava"] is None
    assert not summary["lava"]["confirmed"] and "blocked" in summary["lava"]["reason"]
    for name in ("architecture", "spikes", "energy"):
        assert summary["winner"][name] == whole["winner"][name]
    for text in (done.stdout, (folder / "report.html").read_text()):
        assert "Lava did not confirm this network" in " ".join(text.split())
