"""Nothing hangs, nothing is left behind: processes and /dev/shm segments are counted before and after."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import psutil
import pytest

from autosnn_hw.errors import RunError
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer
from autosnn_hw.simulate import lava
from autosnn_hw.simulate.lava import measure
from autosnn_hw.simulate.lava.loaded import Loaded
from autosnn_hw.simulate.lava.process import LavaChild, LavaFailed, LavaUnavailable
from autosnn_hw.simulate.lava.process_group import members
from exporters import netx

pytestmark = pytest.mark.skipif(not lava.lava_status()[0], reason=lava.lava_status()[1])
WEIGHT = np.random.default_rng(0).integers(-60, 90, (4, 6))
NETWORK = ChipNetwork((InputLayer("input", (6,)), DenseLayer("out", (4,), WEIGHT, CubaNeuron(100, 1500))))
SHORT = np.ones((2, 3, 6))
LONG = np.ones((1, 200_000, 6))


def segments():
    return set(os.listdir("/dev/shm"))


def leaked(before):
    """New segments of shared memory that no living process has mapped (another Lava may be running on this machine)."""
    maps = []
    for process in psutil.process_iter():
        with suppress(OSError):
            maps.append(Path(f"/proc/{process.pid}/maps").read_text())
    return {name for name in segments() - before if not any(name in text for text in maps)}


def living(group):
    return [member.pid for member in members(group) if member.alive]


def until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def nothing_left(monkeypatch, tmp_path):  # tmp_path is made before TMPDIR is another
    """A test that uses this leaves no process, no segment of shared memory and no folder behind."""
    temporary = tempfile.mkdtemp(prefix="t")  # a short path: sockets are made in it
    monkeypatch.setenv("TMPDIR", temporary)
    monkeypatch.setattr(tempfile, "tempdir", None)
    before, children = segments(), {p.pid for p in psutil.Process().children(recursive=True)}
    yield
    until(lambda: not leaked(before), 5)
    assert {p.pid for p in psutil.Process().children(recursive=True)} - children == set()
    os.rmdir(temporary)


@pytest.fixture(scope="module")
def shared():
    """One child for the module: tests that end it get another at their next job."""
    before = segments()
    with LavaChild(stall=5.0) as child:
        yield child
    until(lambda: not leaked(before), 5)
    assert child.pid is None


@pytest.fixture
def child(shared):
    shared.wait_ready()
    return shared


def models(child):
    """Forked models of a running job (the child itself and multiprocessing's own helpers left out)."""
    leader = psutil.Process(child.pid)
    return [p for p in leader.children() if "resource_tracker" not in " ".join(p.cmdline())]


def signal_a_model(child, number):
    """Send a signal to one model as soon as a job is under way."""

    def later():
        until(lambda: child.pid is not None and len(models(child)) >= 5)
        time.sleep(1.0)
        models(child)[-2].send_signal(number)

    thread = threading.Thread(target=later)
    thread.start()
    return thread


def test_jobs_follow_each_other_in_one_process(child):
    pid = child.pid
    first, second = lava.run(NETWORK, SHORT, child=child), lava.run(NETWORK, SHORT, child=child)
    assert child.pid == pid and len(living(pid)) <= 2
    np.testing.assert_array_equal(first.outputs, second.outputs)
    leader = psutil.Process(pid)
    files = leader.num_fds()
    for _ in range(3):
        lava.run(NETWORK, SHORT, child=child)
    assert leader.num_fds() == files, "a job leaves no file open"


@pytest.mark.parametrize("damage", ["corrupt", "all zero"])
def test_a_file_that_lava_cannot_load_leaves_the_child_alive(child, tmp_path, damage, monkeypatch):
    file, pid = tmp_path / "bad.net", child.pid
    netx.write(NETWORK, file)
    if damage == "corrupt":
        file.write_bytes(file.read_bytes()[:600])
    else:
        with h5py.File(file, "a") as f:
            f["layer/1/weight"][...] = 0
    monkeypatch.setattr(netx, "read", lambda path: NETWORK)  # past our own reader, which refuses such files
    monkeypatch.setattr(netx, "ends_in_average", lambda path: False)
    with pytest.raises(LavaFailed) as failure:
        lava.run(file, SHORT, child=child)
    assert failure.value.reusable and failure.value.trace
    monkeypatch.undo()
    netx.write(NETWORK, file)  # and holds no lock on the file
    assert lava.run(file, SHORT, child=child).samples == 2
    assert child.pid == pid


@pytest.mark.slow
@pytest.mark.timeout(60)  # it is noticed, not waited for
def test_a_killed_model_is_noticed_and_the_child_replaced(child):
    pid, before = child.pid, segments()
    thread = signal_a_model(child, signal.SIGKILL)
    with pytest.raises(LavaFailed, match="killed by SIGKILL"):
        lava.run(NETWORK, LONG, child=child)
    thread.join()
    assert living(pid) == []
    until(lambda: not leaked(before), 5)
    assert lava.run(NETWORK, SHORT, child=child).samples == 2
    assert child.pid not in (pid, None)


@pytest.mark.slow
def test_a_hanging_model_meets_the_deadline(child):
    pid = child.pid
    thread = signal_a_model(child, signal.SIGSTOP)
    with pytest.raises(LavaFailed, match="not finished a step for 5 s"):
        lava.run(NETWORK, LONG, child=child)
    thread.join()
    assert living(pid) == []
    with pytest.raises(LavaFailed, match="in time"):
        lava.run(NETWORK, LONG, child=child, timeout=3.0)


def test_a_failing_model_gives_its_traceback(child, monkeypatch):
    """A source that fails in its third step would make Lava hang without a word."""
    submit = LavaChild.submit

    def more_steps_than_frames(self, job, **keywords):
        return submit(self, {**job, "timesteps": 4, "interval": 4}, **keywords)

    monkeypatch.setattr(LavaChild, "submit", more_steps_than_frames)
    pid = child.pid
    with pytest.raises(LavaFailed, match="IndexError") as failure:
        lava.run(NETWORK, SHORT, child=child)
    assert "run_spk" in failure.value.trace and not failure.value.reusable
    assert living(pid) == []


@pytest.fixture
def heeding_ctrl_c():
    """A shell that runs the tests in the background lets them ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
def test_ctrl_c_ends_the_job_and_its_processes(heeding_ctrl_c, child):
    pid = child.pid
    thread = threading.Thread(
        target=lambda: (until(lambda: len(models(child)) >= 5), os.kill(os.getpid(), signal.SIGINT))
    )
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        lava.run(NETWORK, LONG, child=child)
    thread.join()
    assert living(pid) == [] and child.pid is None


PARENT = """
import sys
import numpy as np
from autosnn_hw.simulate import lava
child = lava.LavaChild()
child.wait_ready()
print(child.pid, child.folder, flush=True)
lava.run(sys.argv[1], np.ones((1, 200_000, 6)), child=child)
"""


@pytest.mark.slow
def test_kill_minus_9_of_the_caller_leaves_nothing(nothing_left, tmp_path):
    netx.write(NETWORK, tmp_path / "a.net")
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "a.net")], stdout=subprocess.PIPE, text=True
    ) as parent:
        first, folder = parent.stdout.readline().split()
        group = int(first)
        until(lambda: len(living(group)) >= 6, 60)
        assert len(os.listdir(folder)) > 1
        parent.kill()
    until(lambda: living(group) == [], 15)
    assert not os.path.exists(folder)


def test_without_lava_one_sentence_says_so(nothing_left, tmp_path, monkeypatch):
    (tmp_path / "lava").mkdir()
    (tmp_path / "lava" / "__init__.py").write_text("raise ImportError('blocked')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(LavaUnavailable, match=r"ImportError: blocked.*exact backend"):
        lava.run(NETWORK, SHORT)


def test_a_full_disk_is_one_sentence(monkeypatch, tmp_path):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(measure.os, "posix_fallocate", full)
    with pytest.raises(RunError, match=r"no room for .* MB.*TMPDIR"):
        job = Loaded(NETWORK, tmp_path, SimpleNamespace(folder=tmp_path))
        measure.measure(job, lava.backend.stimulus(NETWORK, SHORT), [])


SMALL_SHM = """
import numpy as np
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, InputLayer
from autosnn_hw.simulate import lava
neuron = CubaNeuron(100, 1000)
same = [ConvLayer(f"c{i}", (16, 16, 16), np.ones((16, 16, 3, 3), int), neuron, padding=1) for i in range(3)]
network = ChipNetwork((InputLayer("in", (16, 16, 16), neuron), *same), timesteps=8)
lava.run(network, np.full((2, 16, 16, 16), 50), timeout=200)
"""


def test_a_caller_with_thousands_of_open_files_has_its_lava(nothing_left):
    """Descriptors beyond 1,023: what waits for them with select() raises."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        pytest.skip(f"at most {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    opened = []
    try:
        while not opened or opened[-1] < 1024:
            opened.append(os.open(os.devnull, os.O_RDONLY))
        with LavaChild() as child:
            assert lava.run(NETWORK, SHORT, child=child).outputs.shape[0] == len(SHORT)
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.slow
def test_a_full_dev_shm_is_named(nothing_left):
    mount = "mount -t tmpfs -o size=600k tmpfs /dev/shm"
    if subprocess.run(["unshare", "-m", "sh", "-c", mount], capture_output=True).returncode:
        pytest.skip("a small /dev/shm cannot be mounted here")
    command = ["unshare", "-m", "sh", "-c", f'{mount} && exec "$@"', "sh", sys.executable, "-c", SMALL_SHM]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0 and "LavaFailed" in done.stderr and "--shm-size" in done.stderr
