"""A module's own framework runs in a process of its own: it gives what it gives here, and nothing of it reaches this process."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import norse.torch as norse
import numpy as np
import psutil
import pytest
import snntorch as snn
import torch
from spikingjelly.activation_based import neuron
from support.command_line import run
from torch import nn

from autosnn_hw import from_torch
from autosnn_hw.deploy.from_graph.beside_floats import beside
from autosnn_hw.deploy.from_torch import compare, framework_run
from autosnn_hw.deploy.from_torch.framework_process import FrameworkProcess
from autosnn_hw.deploy.from_torch.traced_module import trace
from autosnn_hw.errors import InputError, RunError

NETS = """
import os, signal, torch, snntorch
torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
print("imported")

class Odd(torch.nn.Linear):
    def forward(self, x):
        self.act()
        return super().forward(x)

class Raises(Odd):
    def act(self): raise ValueError("no such gain.")

class Killed(Odd):
    def act(self): os.kill(os.getpid(), signal.SIGKILL)

class Full(Odd):
    def act(self): raise MemoryError

def of(kind):
    lif = snntorch.Leaky(beta=0.5, threshold=0.2, reset_mechanism="zero", init_hidden=True)
    return torch.nn.Sequential(kind(6, 4), lif).float()

def raises(): return of(Raises)
def killed(): return of(Killed)
def full(): return of(Full)
def fine(): return of(torch.nn.Linear)
"""


def of_snntorch():
    """A class and a closure that only this function knows."""
    share = 0.8

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.fc = nn.Conv2d(2, 4, 3, padding=1), nn.Linear(144, 5)
            self.one = snn.Leaky(beta=share, threshold=0.3, reset_mechanism="zero", init_hidden=True)
            self.two = snn.Synaptic(alpha=0.5, beta=share, threshold=0.3, init_hidden=True, reset_delay=False)

        def forward(self, x):
            return self.two(self.fc(torch.flatten(self.one(self.conv(x)), 1)))

    return Net()


def of_norse():
    p = norse.LIFParameters(v_th=torch.tensor(0.1))
    return nn.Sequential(nn.Conv2d(2, 4, 3), norse.LIFCell(p), nn.Flatten(), nn.Linear(64, 5), norse.LICell())


class OfSpikingJelly(nn.Module):
    """A class of a file that cannot be imported by its name, as this one cannot."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(72, 12), nn.Linear(12, 5)
        self.first, self.last = neuron.ParametricLIFNode(2.0), neuron.IFNode(v_reset=None)

    def forward(self, x):
        return self.last(self.two(self.first(self.one(torch.flatten(x, 1)))))


def frames(*shape):
    return (np.random.default_rng(1).random(shape) < 0.35).astype(np.uint8)


@pytest.fixture
def nets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "nets", raising=False)  # of a test before, which imports one here
    Path("nets.py").write_text(NETS)
    np.savez("a.npz", x_test=frames(5, 8, 6), y_test=np.zeros(5, np.int64))


@pytest.fixture
def left():
    """Processes that were started here since the test began and still run; others, of tests before, may be there."""
    before = set(psutil.Process().children())
    return lambda: set(psutil.Process().children()) - before


@pytest.mark.parametrize("make", [of_snntorch, pytest.param(OfSpikingJelly, marks=pytest.mark.slow)])
def test_every_spike_and_vote_is_that_of_the_module_here(make):
    torch.manual_seed(0)
    module, x = make(), frames(70, 6, 2, 6, 6)
    here = framework_run.run(module, trace(module), x)
    with FrameworkProcess(module) as there:
        found = there.run(x)
        images = there.run(x[:, 0].astype(np.float32), 4)
    assert found.spikes.keys() == here.spikes.keys() and sum(map(np.sum, here.spikes.values())) > 100
    for name, spikes in here.spikes.items():
        np.testing.assert_array_equal(found.spikes[name], spikes)
        assert found.spikes[name].dtype == spikes.dtype
    np.testing.assert_array_equal(found.outputs, here.outputs)
    held = framework_run.run(module, trace(module), x[:, 0].astype(np.float32), 4)
    np.testing.assert_array_equal(images.outputs, held.outputs)


@pytest.mark.slow
def test_the_comparison_is_the_one_that_is_made_here(left):
    torch.manual_seed(0)
    module, x, labels = of_norse(), frames(70, 6, 2, 6, 6), np.arange(70) % 5
    network = from_torch(module, (2, 6, 6))
    here = beside(network, x, labels, lambda part: framework_run.run(module, trace(module), part))
    assert compare(module, network, x, labels) == here and here["layers"][0]["spikes_float"] > 100
    assert not left()


def test_what_a_framework_sets_for_its_process_and_prints_is_neither_set_nor_said_here(nets, monkeypatch, capfd):
    monkeypatch.setattr("autosnn_hw.importing.chosen_integers.has_lava", lambda: False)
    done = run("import", "nets.py:fine", "-o", "a.net", "--dataset", "npz:a.npz", "--json")
    assert json.loads(done.stdout)["comparison"]["float_by"] == "its framework"
    assert torch.get_default_dtype() == torch.float32 and "nets" not in sys.modules
    said = capfd.readouterr()
    assert "imported" in said.err and said.out == ""


@pytest.mark.parametrize(
    "name, kind, said",
    [
        ("raises", InputError, r"Sequential failed in its framework on samples of shape \(5, 8, 6\) .ValueError: no such gain.; as it is, "),
        ("killed", RunError, "the process that runs nets.py:killed in its framework was killed by signal 9, most likely for lack of memory"),
        pytest.param("full", RunError, "has no memory left: run fewer samples", marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_a_module_that_fails_there_is_one_sentence_and_nothing_is_written_or_left(name, kind, said, nets, left):
    with pytest.raises(kind, match=said) as error:
        raise run("import", f"nets.py:{name}", "-o", "a.net", "--dataset", "npz:a.npz").exception
    assert "\n" not in str(error.value) and error.value.exit_code == (2 if kind is InputError else 1)
    assert sorted(os.listdir()) == ["a.npz", "nets.py"] and not left()


def test_a_module_that_cannot_be_copied_is_told_what_works():
    module = nn.Sequential(nn.Linear(4, 2), norse.IAFCell())
    network = from_torch(module, (4,))
    module.lock = threading.Lock()
    with pytest.raises(
        InputError, match=r"Sequential cannot be sent .*TypeError: cannot pickle '_thread.lock'.*FILE.py:NAME"
    ):
        compare(module, network, frames(2, 3, 4))


def test_no_process_is_started_where_nothing_is_compared(nets, monkeypatch):
    def refuse(*_):
        raise AssertionError("a process was started")

    monkeypatch.setattr(FrameworkProcess, "__init__", refuse)
    monkeypatch.setattr(torch, "set_default_dtype", lambda _: None)
    assert run("import", "nets.py:fine", "-o", "a.net", "--input-shape", "6").exit_code == 0
    module = nn.Sequential(nn.Linear(6, 4), norse.IAFCell())
    assert from_torch(module, (6,)).layers[1].shape == (4,)


@pytest.mark.slow
def test_it_ends_with_its_caller_however_that_ends(nets):
    code = (
        "import time\nfrom autosnn_hw.deploy.from_torch.framework_process import FrameworkProcess\n"
        "there = FrameworkProcess('nets.py:fine')\nprint(there.pid, flush=True)\ntime.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as caller:
        there = psutil.Process(int(caller.stdout.readline()))
        caller.send_signal(signal.SIGKILL)
    assert psutil.wait_procs([there], timeout=20)[1] == []
