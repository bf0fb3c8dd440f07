"""The board backend against a fake of Intel's documented modules that records every call; no test here has seen a board."""

import json
import os

import numpy as np
import pytest

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Readout
from autosnn_hw.simulate import exact
from autosnn_hw.simulate.lava import board
from autosnn_hw.simulate.lava.process import LavaChild

# What lava-loihi and lava-dl offer, as netx tutorials use it. The fake board computes with the exact simulator, lays the
# spikes of layer i out i steps late as a pipelined chip does, and fires everything outside a layer's window.
FAKE = {
    "lava/lib/dl/netx.py": """
import numpy as np
from types import SimpleNamespace
from fake_log import call

class Port:
    def __init__(self, shape):
        self.shape, self.targets = shape, []
    def connect(self, other):
        self.targets.append(other)
        other.source = self

class hdf5:
    class Network:
        def __init__(self, net_config, reset_interval, reset_offset):
            from exporters import netx
            call("Network", reset_interval, reset_offset)
            self.chip = netx.read(net_config)
            self.interval, self.runs = reset_interval, 0
            self.layers = [
                SimpleNamespace(out=Port(layer.shape[::-1]), neuron=SimpleNamespace(bias_mant=SimpleNamespace(init=0)))
                for layer in self.chip.neuron_layers
            ]
            self.in_layer = self.layers[0]
            self.net_config = SimpleNamespace(f=SimpleNamespace(close=lambda: call("close")))
        def run(self, condition, run_cfg):
            assert self.runs == 0, "Lava crashes when a network is run again"
            self.runs += 1
            call("run", condition.num_steps, [type(fx).__name__ for fx in run_cfg.callback_fxs])
            from autosnn_hw.simulate.exact import trace
            image = self.in_layer.neuron.bias_mant.init
            assert image.dtype == np.int32
            found = trace(self.chip, image.transpose()[None], timesteps=self.interval)
            for i, (layer, seen) in enumerate(zip(self.layers, found.layers)):
                for adapter in layer.out.targets:
                    sink = adapter.owner.out.targets[0].owner
                    values = np.ones((*layer.out.shape, condition.num_steps), np.int32)
                    values[..., i : i + self.interval] = seen.spikes[0].transpose()
                    sink.values = values
            for fx in run_cfg.callback_fxs:
                fx.post_run(condition.num_steps)
        def stop(self):
            call("stop")
""",
    "lava/magma/core/run_conditions.py": """
class RunSteps:
    def __init__(self, num_steps):
        self.num_steps = num_steps
""",
    "lava/magma/core/run_configs.py": """
from fake_log import call
class Loihi2HwCfg:
    def __init__(self, callback_fxs=()):
        call("Loihi2HwCfg")
        self.callback_fxs = list(callback_fxs)
""",
    "lava/magma/runtime/message_infrastructure/multiprocessing.py": """
class SystemProcess:
    def run(self):
        pass
""",
    "lava/proc/embedded_io/__init__.py": "from . import spike\n",
    "lava/proc/embedded_io/spike.py": """
from fake_log import call
from lava.lib.dl.netx import Port
class NxToPyAdapter:
    def __init__(self, shape):
        call("NxToPyAdapter", list(map(int, shape)))
        self.inp, self.out = Port(shape), Port(shape)
        self.inp.owner = self
""",
    "lava/proc/io/__init__.py": "from . import sink\n",
    "lava/proc/io/sink.py": """
from types import SimpleNamespace
from lava.lib.dl.netx import Port
class RingBuffer:
    def __init__(self, shape, buffer):
        self.a_in = Port(shape)
        self.a_in.owner = self
        self.data = SimpleNamespace(get=lambda: self.values)
""",
    "lava/utils/loihi2_profiler.py": """
import numpy as np
class Loihi2Power:
    def __init__(self, num_steps):
        self.num_steps = num_steps
    def post_run(self, steps):
        assert steps == self.num_steps
        self.total_power = np.array([1.0, 3.0])
        self.static_total_power = np.array([1.5])
        self.vdd_power, self.vddm_power, self.vddio_power = np.array([1.0]), np.array([0.5]), np.array([0.25])
class Loihi2ExecutionTime:
    def post_run(self, steps):
        self.avg_time_per_step = 12.5
class Loihi2Memory:
    def post_run(self, steps):
        self.total_mpds = np.array([7, 8])
class Loihi2Activity:
    def post_run(self, steps):
        self.core_idx = np.array([0, 1])
        self.syn_ops, self.dendrite_updates = np.array([10, 20]), np.array([30, 40])
        self.axon_out, self.spikes_in = np.array([5, 6]), np.array([7, 8])
""",
    "fake_log.py": """
import json, os
def call(name, *arguments):
    with open(os.environ["FAKE_BOARD_LOG"], "a") as file:
        file.write(json.dumps([name, *arguments]) + "\\n")
""",
}


@pytest.fixture
def fake_board(tmp_path, monkeypatch):
    """A module tree like lava-loihi's on the path, and a host with a board; gives the log of calls."""
    root = tmp_path / "modules"
    for name, text in FAKE.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for folder, _, _ in os.walk(root / "lava"):  # packages, so that the real lava's namespace is not searched
        init = os.path.join(folder, "__init__.py")
        if not os.path.exists(init):
            open(init, "w").close()
    log = tmp_path / "calls"
    monkeypatch.syspath_prepend(str(root))
    monkeypatch.setenv("FAKE_BOARD_LOG", str(log))
    monkeypatch.setenv("NXSDKHOST", "a.board")
    import sys

    for name in [name for name in sys.modules if name == "lava" or name.startswith("lava.")]:
        monkeypatch.delitem(sys.modules, name)
    yield lambda: [json.loads(line) for line in log.read_text().splitlines()]
    for name in [name for name in sys.modules if name == "lava" or name.startswith("lava.")]:
        sys.modules.pop(name)


def network(**stem):
    rng = np.random.default_rng(1)
    neuron = CubaNeuron(150, 2048)
    return ChipNetwork(
        (
            InputLayer("stem", (2, 4, 5), CubaNeuron(100, 2048, stem.pop("i_decay", 4096)), **stem),
            ConvLayer("a", (3, 4, 5), rng.integers(-40, 70, (3, 2, 3, 3)), neuron, padding=1),
            DenseLayer("out", (4,), rng.integers(-40, 70, (4, 60)), neuron),
        ),
        timesteps=6,
        readout=Readout(4),
    )


IMAGES = np.random.default_rng(2).integers(0, 200, (3, 2, 4, 5))


@pytest.mark.slow
def test_what_the_board_sends_back_becomes_the_same_activity(fake_board):
    measured = board.run(network(), IMAGES, profile_steps=500)
    expected = exact.run(network(), IMAGES, per_step=True)
    for ours, theirs in zip(measured.layers, expected.layers):
        np.testing.assert_array_equal(ours.spikes, theirs.spikes)
        np.testing.assert_array_equal(ours.synops, theirs.synops)
        np.testing.assert_array_equal(ours.neuron_spikes, theirs.neuron_spikes)
    np.testing.assert_array_equal(measured.outputs, expected.outputs)
    assert measured.backend == {"name": "board", "kind": "silicon", "version": "lava-loihi"}
    assert measured.core_counters["syn_ops"].tolist() == [10, 20]
    found = measured.details["board"]
    assert found["seconds_per_step"] == pytest.approx(12.5e-6) and found["power_watts"]["total_power"] == 2.0
    assert found["joules_per_inference"] == pytest.approx(2.0 * 12.5e-6 * 6)


def test_the_report_is_the_simulators_with_measured_power_beside_the_model(fake_board):
    from autosnn_hw.documents.comparison import compare_documents
    from autosnn_hw.run_and_price import Samples, measure
    from hw_profiles import load

    samples = Samples(IMAGES, None, "x", "test")
    ours, theirs = (measure(network(), samples, load("loihi2"), backend=name).document for name in ("exact", "board"))
    assert json.loads(json.dumps(theirs)) == theirs and ours.keys() == theirs.keys()
    assert ours["measured"] is None and theirs["backend"]["kind"] == "silicon"
    found = theirs["measured"]
    assert found["power"]["total_power"] == 2.0 and found["time_per_step"] == pytest.approx(12.5e-6)
    assert found["energy_total"] == pytest.approx(2.0 * 12.5e-6 * 6)
    assert found["energy_dynamic"] + found["energy_static"] == pytest.approx(found["energy_total"])
    assert found["core_counters"]["syn_ops"] == [10 / found["steps"], 20 / found["steps"]]
    both = compare_documents(ours, theirs)
    for name in ("spikes.chip", "synops", "energy.total"):
        assert both["totals"][name]["ratio"] == pytest.approx(1.0)
    assert both["measured"]["a"] is None
    time = both["measured"]["b"]["time_per_step"]
    assert time == {"a": theirs["time_per_step"]["value"], "b": found["time_per_step"], "ratio": time["b"] / time["a"]}
    assert both["measured"]["b"]["synops_of_cores_busiest_first"][0]["b"] == 20 / found["steps"]
    assert len(both["cores"]) == ours["cores"]["used"]
    assert all(core["synops"]["a"] == core["synops"]["b"] for core in both["cores"])


@pytest.mark.slow
def test_a_search_takes_what_the_board_measured_for_its_feedback(fake_board):
    from autosnn_hw.architecture import Architecture
    from autosnn_hw.cost import price
    from autosnn_hw.stages.judging.measurer import ChipMeasurer
    from hw_profiles import load

    class Evaluator:
        def deploy(self, architecture):
            return network()

        def inputs(self, count):
            return IMAGES[:count], None

    profile = load("loihi2")
    with LavaChild() as child:
        measurer = ChipMeasurer(Evaluator(), profile, 2, child, "board")
        (found,) = measurer([Architecture.parse("all_SCB_k3", width=8, timesteps=6)], 3)
    report = price(network(), exact.run(network(), IMAGES[:2]), profile)
    assert (found.kind, found.backend, found.samples, found.generation) == ("silicon", "board", 2, 3)
    assert found.modelled["energy"] == report.fitness_energy.value
    # The fake board draws 2.0 W, 1.5 W of them static, and takes 12.5 us a step.
    assert found.measured["dynamic"] == pytest.approx((2.0 - 1.5) * 12.5e-6 * 6)
    assert found.measured["latency"] == pytest.approx(report.latency.value * 12.5e-6 / report.time_per_step.value)
    assert found.measured["spikes"] == found.modelled["spikes"]


@pytest.mark.slow
def test_calls_are_those_of_the_documented_interface(fake_board):
    board.run(network(), IMAGES[:2], profile_steps=500)
    profilers = ["Loihi2Power", "Loihi2ExecutionTime", "Loihi2Memory", "Loihi2Activity"]
    adapters = [["NxToPyAdapter", shape] for shape in ([5, 4, 2], [5, 4, 3], [4])]
    sample = [["Network", 6, 0], *adapters, ["Loihi2HwCfg"], ["run", 6 + 2, []], ["stop"], ["close"]]
    profiled = [["Network", 6, 0], ["Loihi2HwCfg"], ["run", 500, profilers], ["stop"], ["close"]]
    assert fake_board() == sample * 2 + profiled


def test_without_a_board_nothing_of_it_is_reached(monkeypatch):
    monkeypatch.setattr(LavaChild, "submit", lambda *_, **__: pytest.fail("the board was reached for"))
    ok, sentence = board.board_status()
    assert not ok and "lava-loihi is not installed" in sentence
    with pytest.raises(board.LoihiUnavailable, match="--backend exact"):
        board.run(network(), IMAGES)


def test_a_host_without_a_board_is_told_so(fake_board, monkeypatch, tmp_path):
    assert board.board_status()[0]
    monkeypatch.delenv("NXSDKHOST")
    monkeypatch.setenv("PATH", str(tmp_path))
    ok, sentence = board.board_status()
    assert not ok and "NXSDKHOST" in sentence
    (tmp_path / "sinfo").write_text("#!/bin/sh\n")
    (tmp_path / "sinfo").chmod(0o755)
    assert board.board_status()[0]


@pytest.mark.parametrize(
    ("chip", "images", "words"),
    [
        (network(), IMAGES * 100, "bias mantissa of a neuron holds 4095"),
        (network(i_decay=100), IMAGES, "iDecay below 4096"),
        (network(bias=np.array([1, 0])), IMAGES, "a bias of their own"),
        (network(), np.repeat(IMAGES[:, None], 6, axis=1), "images and an input with neurons"),
    ],
)
def test_what_a_bias_cannot_carry_is_refused(monkeypatch, chip, images, words):
    monkeypatch.setattr(board, "board_status", lambda: (True, ""))
    with pytest.raises(InputError, match=words):
        board.run(chip, images)
