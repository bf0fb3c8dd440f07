"""The command line where something around it is missing or breaks: no Lava, a Lava that dies, a full disk, files of others."""

import json
import os
import resource
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import psutil
import pytest

from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, Encoder, InputLayer, Readout
from autosnn_hw.simulate.lava import lava_status
from exporters import netx

NEEDS_LAVA = pytest.mark.skipif(not lava_status()[0], reason=lava_status()[1])
CLI = [sys.executable, "-c", "from autosnn_hw.cli import main; main()"]


@pytest.fixture
def net(tmp_path):
    """A small network for the digits, as a file."""
    rng = np.random.default_rng(3)
    neuron = CubaNeuron(100, 2048)
    layers = (
        InputLayer("stem", (4, 8, 8), neuron),
        ConvLayer("conv", (4, 8, 8), 2 * rng.integers(-40, 50, (4, 4, 3, 3)), neuron, padding=(1, 1)),
        DenseLayer("readout", (10,), 2 * rng.integers(-40, 50, (10, 256)), neuron),
    )
    encoder = Encoder(
        rng.integers(-20, 21, (4, 1, 3, 3)), np.zeros(4), np.full(4, 9), 4, table=np.arange(256).reshape(1, -1) % 16
    )
    path = tmp_path / "a.net"
    netx.write(ChipNetwork(layers, timesteps=4, encoder=encoder, readout=Readout(10)), path)
    return path


@pytest.fixture
def no_lava(tmp_path):
    """An environment in which Lava cannot be imported."""
    (tmp_path / "shadow" / "lava").mkdir(parents=True)
    (tmp_path / "shadow" / "lava" / "__init__.py").write_text("raise ImportError('blocked')")
    paths = [str(tmp_path / "shadow"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def run(*words, **keywords):
    """Exit code, stdout, stderr of a command in a process of its own; no traceback, whatever happens."""
    done = subprocess.run([*CLI, *map(str, words)], capture_output=True, text=True, timeout=600, **keywords)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def one_sentence(error):
    lines = error.strip().splitlines()
    return len(lines) == 1 and lines[0].startswith("autosnn-hw: ") and lines[0].endswith(".")


@pytest.mark.parametrize("verb", ["simulate", "check", "inspect", "export"])
@pytest.mark.parametrize("kind", ["affine", "pool", "cut"])
def test_a_file_that_netx_would_skip_parts_of_is_refused(net, tmp_path, verb, kind):
    if kind == "cut":
        net.write_bytes(net.read_bytes()[:2000])
    else:
        with h5py.File(net, "a") as file:
            del file["layer/2/type"]
            file["layer/2/type"] = np.bytes_(kind)
    more = ("--out", tmp_path / "b.net") if verb == "export" else ()
    code, out, error = run(verb, net, *more)
    assert code == 2 and out == "" and one_sentence(error), error
    assert (kind in error and "layer/2" in error) or kind == "cut"
    assert not (tmp_path / "b.net").exists()


@pytest.mark.slow
def test_without_lava_only_its_backend_is_missing(net, no_lava):
    code, out, error = run("simulate", net, "--samples", "4", "--backend", "lava", env=no_lava)
    assert code == 2 and out == "" and one_sentence(error) and "blocked" in error and "exact backend" in error
    code, out, error = run("simulate", net, "--samples", "4", "--json", env=no_lava)
    assert code == 0 and json.loads(out)["backend"]["name"] == "exact", error
    code, out, error = run("doctor", "--json", env=no_lava)
    lava = next(check for check in json.loads(out)["checks"] if check["name"] == "lava")
    assert code == 0 and not lava["ok"] and not lava["needed"] and "exact backend" in lava["sentence"], error


def lava_leader(process):
    """The process that runs Lava for a command, once its models are forked."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        for child in psutil.Process(process.pid).children():
            if "lava.child" in " ".join(child.cmdline()) and len(child.children()) > 5:
                return child
        time.sleep(0.05)
    raise AssertionError("no job in Lava")


@pytest.mark.slow
@NEEDS_LAVA
def test_a_lava_process_that_is_killed_ends_the_command_with_one_sentence(net):
    words = [*CLI, "simulate", str(net), "--backend", "lava", "--samples", "360"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        leader = lava_leader(process)
        family = [leader, *leader.children(recursive=True)]
        leader.send_signal(signal.SIGKILL)
        error = process.communicate(timeout=120)[1]
    assert process.returncode == 1 and one_sentence(error), error
    assert "Lava was killed by signal 9" in error
    assert psutil.wait_procs(family, timeout=10)[1] == []


def test_an_export_to_a_full_disk_leaves_nothing(net, tmp_path):
    def little_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, resource.RLIM_INFINITY))

    for form in ("netx", "onnx"):
        out = tmp_path / "copies" / f"b.{form}"
        out.parent.mkdir(exist_ok=True)
        code, _, error = run("export", net, "--format", form, "--out", out, preexec_fn=little_room)
        assert code == 1 and one_sentence(error), error
        assert list(out.parent.iterdir()) == []


@pytest.mark.slow
def test_a_doctor_without_shared_memory_says_what_to_do():
    mount = "mount -t tmpfs -o ro tmpfs /dev/shm"
    if subprocess.run(["unshare", "-m", "sh", "-c", mount], capture_output=True).returncode:
        pytest.skip("a read-only /dev/shm cannot be mounted here")
    command = ["unshare", "-m", "sh", "-c", f'{mount} && exec "$@"', "sh", *CLI, "doctor", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    for name in ("shared memory", "lava"):
        assert not checks[name]["ok"] and not checks[name]["needed"] and "\n" not in checks[name]["sentence"]
    assert "not writable" in checks["shared memory"]["sentence"]
    assert checks["torch"]["ok"] and checks["python"]["ok"]
