"""Modules of other frameworks as chip networks: spike for spike what the framework's own neurons do, where floats can be exact."""

import norse.torch as norse
import numpy as np
import pytest
import snntorch as snn
import torch
from spikingjelly.activation_based import layer, neuron
from torch import nn

from autosnn_hw import from_torch
from autosnn_hw.deploy.from_graph.beside_floats import beside
from autosnn_hw.deploy.from_torch import framework_run
from autosnn_hw.deploy.from_torch.traced_module import trace
from autosnn_hw.errors import InputError
from autosnn_hw.network import ConvLayer, Role


def whole(module, seed=0, high=4):
    """Small whole numbers for weights and biases, so that every sum is exact."""
    rng = np.random.default_rng(seed)
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Conv1d | nn.Linear):
            part.weight.data = torch.tensor(rng.integers(-2, high, part.weight.shape)).float()
            if part.bias is not None:
                part.bias.data = torch.tensor(rng.integers(-1, 2, part.bias.shape)).float()
        if isinstance(part, nn.BatchNorm2d | nn.BatchNorm1d):
            count = part.num_features
            part.running_var.data = torch.full((count,), 1 - part.eps) * 4
            part.running_mean.data = torch.tensor(rng.integers(-2, 3, count)).float()
            part.weight.data = 2.0 * torch.ones(count) * torch.sqrt(part.running_var + part.eps) / 2
            part.bias.data = torch.tensor(rng.integers(-1, 3, count)).float()
    return module


def frames(*shape, seed=1, rate=0.35):
    return (np.random.default_rng(seed).random(shape) < rate).astype(np.uint8)


def compare(module, network, x, labels=None, lava=False):
    """Without a process of its own, which gives the same (test_framework_process.py)."""
    return beside(network, x, labels, lambda part: framework_run.run(module, trace(module), part), lava=lava)


def assert_equal(module, shape, steps=8, lava=False, **how):
    network = from_torch(module, shape, **how)
    done = compare(module, network, frames(3, steps, *shape), np.zeros(3, np.int64), lava=lava)
    assert done["first_difference"] is None and done["equal_predictions"] == 1
    assert all(layer["differ"] == 0 for layer in done["layers"]) and sum(
        one["spikes_integer"] for one in done["layers"]
    )
    assert done["accuracy"]["float"] == done["accuracy"]["integer"]
    return network


class Residual(nn.Module):
    """SpikingJelly: batch norm, an addition past a layer, average pool, a flat end; at its threshold a neuron fires."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1, self.sn1 = layer.Conv2d(2, 4, 3, padding=1), layer.BatchNorm2d(4), neuron.IFNode(3.0)
        self.conv2, self.sn2 = layer.Conv2d(4, 3, 3, padding=1, bias=False), neuron.IFNode(4.0)
        self.conv3, self.sn3 = layer.Conv2d(3, 4, 3, padding=1, groups=1), neuron.IFNode(4.0)
        self.pool, self.fc, self.sn4 = layer.AvgPool2d(2), layer.Linear(36, 5), neuron.IFNode(2.0)

    def forward(self, x):
        first = self.sn1(self.bn1(self.conv1(x)))
        out = self.sn3(self.conv3(self.sn2(self.conv2(first))) + first)
        return self.sn4(self.fc(torch.flatten(self.pool(out) * 4, 1)))


def test_a_residual_module_of_spikingjelly_spikes_as_it_does_there():
    network = assert_equal(whole(Residual()), (2, 6, 6))
    assert [int((layer.roles == Role.RELAY).sum()) for layer in network.layers] == [0, 0, 4, 0, 0]
    assert network.provenance["import"]["fires"] == "at the threshold"


def test_max_pooling_of_spikes_is_an_or_layer():
    module = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), norse.IAFCell(), nn.MaxPool2d(3, 2, 1), nn.Conv2d(4, 3, 2), norse.IAFCell())  # fmt: skip
    network = assert_equal(whole(module), (2, 6, 6))
    pool = network.layers[2]
    assert isinstance(pool, ConvLayer) and set(pool.roles) == {Role.POOL} and pool.shape == (4, 3, 3)


class Looped(nn.Module):
    """snnTorch's usual form: states by hand, a loop over time."""

    def __init__(self, steps=5):
        super().__init__()
        self.steps = steps
        self.conv, self.lif1 = nn.Conv2d(1, 3, 3), snn.Leaky(beta=0.0, reset_mechanism="zero", threshold=2.0)
        self.fc, self.lif2 = nn.Linear(48, 4), snn.Leaky(beta=1.0, reset_mechanism="zero", threshold=9.0)

    def forward(self, x):
        mem1, mem2 = self.lif1.init_leaky(), self.lif2.init_leaky()
        spikes, voltages = [], []
        for _ in range(self.steps):
            spk1, mem1 = self.lif1(self.conv(x), mem1)
            spk2, mem2 = self.lif2(self.fc(spk1.view(spk1.size(0), -1)), mem2)
            spikes.append(spk2)
            voltages.append(mem2)
        return torch.stack(spikes), torch.stack(voltages)


@pytest.mark.parametrize("lava", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_loop_over_time_is_one_step_and_runs_in_lava(lava):
    if lava:
        pytest.importorskip("lava")
    network = assert_equal(whole(Looped()), (1, 6, 6), lava=lava)
    assert [layer.name for layer in network.layers] == ["input", "lif1", "lif2"]
    assert [layer.neuron.v_decay for layer in network.layers[1:]] == [4095, 0]


@pytest.mark.parametrize(
    "make, decays",
    [
        (lambda: snn.Leaky(beta=0.75, reset_mechanism="zero", threshold=6.3, init_hidden=True), (1024, 4096)),
        (lambda: snn.Leaky(beta=0.75, reset_mechanism="zero", threshold=6.3, init_hidden=True, reset_delay=False), (1024, 4096)),
        (lambda: snn.Synaptic(alpha=0.5, beta=0.75, reset_mechanism="zero", threshold=6.3, init_hidden=True, reset_delay=False), (1024, 2048)),
        (lambda: norse.LIFBoxCell(norse.LIFBoxParameters(tau_mem_inv=torch.tensor(250.0), v_th=torch.tensor(1.6))), (1024, 4096)),
        (lambda: norse.LIFCell(norse.LIFParameters(tau_mem_inv=torch.tensor(250.0), tau_syn_inv=torch.tensor(500.0), v_th=torch.tensor(1.6))), (1024, 2048)),
        (lambda: norse.LIF(norse.LIFParameters(tau_mem_inv=torch.tensor(250.0), tau_syn_inv=torch.tensor(500.0), v_th=torch.tensor(1.6))), (1024, 2048)),
        (lambda: neuron.LIFNode(tau=4.0, v_threshold=1.6), (1024, 4096)),
        (lambda: neuron.LIFNode(tau=4.0, v_threshold=6.3, decay_input=False, step_mode="m"), (1024, 4096)),
        (lambda: neuron.ParametricLIFNode(init_tau=4.0, v_threshold=1.6), (1024, 4096)),
    ],
    ids=lambda value: "",
)  # fmt: skip
def test_leaky_neurons_of_every_framework_keep_their_constants(make, decays):
    """Decays that 4,096 divides: what is left are voltages below 1/64 of a weight's unit."""
    module = whole(nn.Sequential(nn.Linear(20, 6), make()))
    network = from_torch(module, (20,))
    assert (network.layers[1].neuron.v_decay, network.layers[1].neuron.i_decay) == decays
    (found,) = compare(module, network, frames(8, 50, 20, rate=0.3))["layers"]
    assert found["spikes_float"] > 0.03 * found["of"] and found["differ"] <= 0.01 * found["of"]


def test_a_readout_by_voltage():
    module = nn.Sequential(nn.Linear(9, 4), norse.IAFCell(), nn.Linear(4, 3), norse.LICell())
    network = assert_equal(whole(module), (9,))
    assert network.readout.accumulates
    last = snn.Leaky(beta=1.0, reset_mechanism="none", init_hidden=True, output=True)
    module = nn.Sequential(nn.Linear(9, 4), snn.Leaky(beta=1.0, threshold=3.0, reset_mechanism="zero", init_hidden=True), nn.Linear(4, 3), last)  # fmt: skip
    assert assert_equal(whole(module), (9,)).readout.accumulates


def test_reset_by_subtraction_is_asked_for_and_its_cost_is_measured():
    module = whole(nn.Sequential(nn.Linear(12, 5), snn.Leaky(beta=0.9, threshold=2.0, init_hidden=True)))
    with pytest.raises(InputError, match="neurons '1' subtract their threshold .* --reset hard"):
        from_torch(module, (12,))
    network = from_torch(module, (12,), reset="hard")
    assert "trained with reset by subtraction (1)" in network.provenance["notes"][0]
    done = compare(module, network, frames(4, 12, 12))
    first = done["first_difference"]
    assert first["layer"] == "1" and first["float"] == 1 and first["integer"] == 0 and done["accuracy"]["float"] is None
    assert done["layers"][0]["differ"] > 0


@pytest.mark.parametrize(
    "module, said",
    [
        (nn.Sequential(nn.Linear(4, 2)), "no neurons that are known; known are snntorch: Leaky"),
        (nn.Sequential(nn.Linear(4, 2), nn.ReLU(), norse.IAFCell()), "module '1' .torch's ReLU. cannot be mapped"),
        (nn.Sequential(nn.ConvTranspose2d(1, 2, 3), norse.IAFCell()), "module '0' .torch's ConvTranspose2d"),
        (nn.Sequential(nn.Linear(4, 2), neuron.IFNode(v_reset=-1.0)), "neuron '1' .IFNode. resets to -1"),
        (nn.Sequential(nn.Linear(4, 2), snn.Leaky(0.5, reset_mechanism="zero", inhibition=True)), "inhibition"),
        (nn.Sequential(nn.Linear(4, 2), norse.IAFCell(), nn.Linear(2, 2), neuron.IFNode()), "neurons of several frameworks"),
        (nn.Sequential(nn.Linear(3, 2), norse.IAFCell()), r"node '0' .Affine.: its weight has shape \(2, 3\); what comes in has 4"),
    ],
)  # fmt: skip
def test_what_cannot_be_mapped_is_named(module, said):
    with pytest.raises(InputError, match=said) as error:
        from_torch(module, (4,) if not isinstance(module[0], nn.ConvTranspose2d) else (1, 6, 6))
    assert "\n" not in str(error.value)


def test_all_that_cannot_be_mapped_is_named_at_once_each_with_what_comes_nearest():
    module = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.LayerNorm(4), nn.Linear(4, 2), neuron.IFNode(v_reset=-1.0))
    with pytest.raises(InputError) as error:
        from_torch(module, (4,))
    first, *lines, last = str(error.value).splitlines()
    assert first == "the module has 3 problems:" and last.startswith("Conv1d, Conv2d, Linear")
    assert [line.split(" cannot")[0] for line in lines[:2]] == ["- module '1' (torch's ReLU)", "- module '2' (torch's LayerNorm)"]  # fmt: skip
    assert lines[0].endswith("(nearest: spiking neurons in its place)") and "nearest: BatchNorm" in lines[1]
    assert lines[2].startswith("- neuron '4' (IFNode) resets to -1")


def test_a_forward_names_all_that_it_cannot_be_mapped_for_once_though_it_is_called_in_every_step():
    class Steps(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.sn, self.act, self.last = nn.Linear(4, 2), neuron.IFNode(), nn.Tanh(), nn.GroupNorm(1, 2)

        def forward(self, x):
            for _ in range(3):
                out = self.sn(self.last(torch.sigmoid(self.act(self.fc(x)))))
            return out

    with pytest.raises(InputError) as error:
        from_torch(Steps(), (4,))
    text = str(error.value)
    assert (
        text.startswith("the module has 3 problems:") and text.count("'act'") == text.count("(torch's GroupNorm)") == 1
    )
    assert "module 'last' works on what 'sigmoid' gives" in text


@pytest.mark.parametrize(
    "value, where, said",
    [
        (np.nan, "weight", r"module '0' \(Linear\): 2 of 8 values of its weight are NaN or infinite"),
        (np.inf, "bias", r"module '0' \(Linear\): 1 of 2 values of its bias are NaN or infinite"),
        (np.nan, "threshold", r"module '1' \(Leaky\): 1 of 1 values of its v_threshold are NaN or infinite"),
    ],
)
def test_values_that_are_not_finite_are_counted_where_they_stand_before_anything_is_rounded(
    value, where, said, recwarn
):
    module = nn.Sequential(nn.Linear(4, 2), snn.Leaky(0.5, reset_mechanism="zero", init_hidden=True))
    with torch.no_grad():
        if where == "weight":
            module[0].weight[0, :2] = value
        elif where == "bias":
            module[0].bias[1] = value
        else:
            module[1].threshold.fill_(value)
    with pytest.raises(InputError, match=said):
        from_torch(module, (4,))
    assert not [warning for warning in recwarn if "invalid value" in str(warning.message)]


def test_a_forward_that_no_one_can_trace_is_one_sentence():
    class Data(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.sn = nn.Linear(4, 2), neuron.IFNode()

        def forward(self, x):
            return torch.stack([self.sn(self.fc(frame)) for frame in range(x.shape[0])])

    with pytest.raises(InputError, match="Data.forward cannot be traced .TypeError.* one time step"):
        from_torch(Data(), (4,))

    class Voltage(Data):
        def forward(self, x):
            return self.sn(torch.sigmoid(self.fc(x)))

    with pytest.raises(InputError, match="module 'sn' works on what 'sigmoid' gives"):
        from_torch(Voltage(), (4,))


def test_the_module_stays_as_it_is():
    module = whole(Residual()).train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    compare(module, from_torch(module, (2, 6, 6)), frames(2, 3, 2, 6, 6))
    assert module.training and all(torch.equal(before[name], value) for name, value in module.state_dict().items())
