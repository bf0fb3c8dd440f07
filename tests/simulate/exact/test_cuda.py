"""The simulator on a CUDA device (the machine's, or the stand-in): what the CPU computes, by every path."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer
from autosnn_hw.simulate.exact import reference, run, trace
from autosnn_hw.simulate.exact.neurons_cuda import integrate_on_cuda
from autosnn_hw.simulate.trace import compare

relaxed = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
PATHS = ("auto", "int8", "float32", "float64", "reference")


def same(ours, theirs):
    np.testing.assert_array_equal(ours.outputs, theirs.outputs)
    np.testing.assert_array_equal(ours.final_v, theirs.final_v)
    for one, other in zip(ours.layers, theirs.layers):
        for quantity in ("spikes", "synops", "synops_dense", "neuron_spikes", "active_neurons"):
            np.testing.assert_array_equal(getattr(one, quantity), getattr(other, quantity), err_msg=quantity)


@relaxed
@given(data=st.data(), path=st.sampled_from(PATHS), per_step=st.booleans(), active=st.booleans())
def test_activity_is_the_cpu_s(networks, cuda, data, path, per_step, active):
    network, inputs, graded = data.draw(networks())
    settings = {"graded": graded, "per_step": per_step, "active": active}
    ours = run(network, inputs, device=cuda, path=path, chunk=data.draw(st.sampled_from([None, 1])), **settings)
    same(ours, run(network, inputs, **settings, path="reference"))
    assert not {"int8", "events"} & set(ours.details["paths"].values())


@relaxed
@given(data=st.data(), path=st.sampled_from(PATHS), states=st.booleans())
def test_traces_are_the_cpu_s(networks, cuda, data, path, states):
    network, inputs, graded = data.draw(networks())
    ours = trace(network, inputs, graded=graded, states=states, device=cuda, path=path)
    assert compare(ours, trace(network, inputs, graded=graded, states=states, path="reference")) is None


def test_networks_that_go_event_by_event_on_a_cpu_do_not_there(cuda):
    rng = np.random.default_rng(0)
    network = ChipNetwork(
        (
            InputLayer("stem", (2, 5, 5), CubaNeuron(20, 2048, 4096)),
            ConvLayer(
                "a", (4, 5, 5), rng.integers(-60, 60, (4, 2, 3, 3)) * 2, CubaNeuron(90, 2048, 4096), padding=(1, 1)
            ),
            DenseLayer("out", (6,), rng.integers(-60, 60, (6, 100)), CubaNeuron(60, 2048, 4096)),
        ),
        timesteps=6,
    )
    images = rng.integers(-20, 60, (3, 2, 5, 5))
    ours, theirs = run(network, images, device=cuda), run(network, images)
    assert "events" in theirs.details["paths"].values()
    assert set(ours.details["paths"].values()) == {"values", "float32"}
    assert sum(layer.spikes.sum() for layer in ours.layers) > 0
    for quantity in ("outputs", "final_v"):
        np.testing.assert_array_equal(getattr(ours, quantity), getattr(theirs, quantity))


@pytest.mark.parametrize("states", [True, False])
def test_the_neuron_kernel_wraps_and_clips_as_the_reference(cuda, states):
    rng = np.random.default_rng(1)
    layer = DenseLayer(
        "n",
        (300,),  # more than one block, and not a whole number of them
        np.zeros((300, 1), np.int64),
        CubaNeuron(rng.integers(0, 1 << 17, 300), rng.integers(0, 4097, 300), rng.integers(0, 4097, 300)),
        bias=rng.integers(-40000, 40000, 300),
    )
    reach = np.where(np.arange(300) < 100, 1 << 31, 1 << 17)
    currents = torch.from_numpy(rng.integers(-reach, reach, (2, 9, 300)))
    expected = reference.integrate(layer, currents)
    spikes, u, v, last = integrate_on_cuda(layer, currents.to(cuda), states)
    assert 0 < int(expected.spikes.sum()) < expected.spikes.numel()
    assert torch.equal(spikes.cpu(), expected.spikes) and torch.equal(last.cpu(), expected.v[:, -1])
    if states:
        assert torch.equal(u.cpu(), expected.u) and torch.equal(v.cpu(), expected.v)
    else:
        assert u is None and v is None
