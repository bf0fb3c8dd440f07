"""A run small enough to be counted by hand: 2 samples of 3 steps, a stem, a convolution with relays, and a readout."""

import numpy as np
import pytest

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.cost_report import ZERO, CoreCost, CostReport, FitReport, Interval, LayerCost
from autosnn_hw.documents.simulation import simulation_document
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Readout, Role


@pytest.fixture
def network():
    neuron = CubaNeuron(25, 1024)
    weight = np.zeros((3, 1, 1, 1), int)
    weight[:2] = 4
    return ChipNetwork(
        (
            InputLayer("stem", (1, 2, 2), neuron),
            ConvLayer("a", (3, 2, 2), weight, neuron, bias=[1, 2, 3], roles=[Role.OWN, Role.POOL, Role.RELAY], block="TBD1"),
            DenseLayer("out", (2,), np.ones((2, 12), int), neuron),
        ),
        timesteps=3,
        readout=Readout(2),
        architecture="skip",
    )  # fmt: skip


@pytest.fixture
def activity():
    """Spikes: stem 1 a step; a 2 own, 1 relay, 3 pool a step; out 1 a step. The classes get 3 and 0, then 0 and 3."""

    def spikes(*by_role):
        return np.repeat(np.array(by_role)[:, None, None], 3, 2).repeat(2, 1)

    layers = (
        LayerActivity("stem", spikes(1, 0, 0), synops=np.zeros((2, 3), int), synops_dense=np.zeros((2, 3), int)),
        LayerActivity("a", spikes(2, 1, 3), synops=np.full((2, 3), 2), synops_dense=np.full((2, 3), 3)),
        LayerActivity("out", spikes(1, 0, 0), synops=np.full((2, 3), 12), synops_dense=np.full((2, 3), 12)),
    )
    backend = {"name": "exact", "kind": "simulator", "version": "1"}
    return Activity(layers, 2, 3, np.array([[3, 0], [0, 3]]), host_macs=16.0, backend=backend)


@pytest.fixture
def cost():
    layer = {
        "spikes": 3.0,
        "synops": 6.0,
        "synops_dense": 9.0,
        "neuron_updates": 12.0,
        "messages": 4.0,
        "neuron_active": 5.0,
    }
    energy = Interval(2e-6, 1e-6, 4e-6)
    core = {
        "chip": 0,
        "neurons": 4,
        "synops": 2.0,
        "neuron_updates": 4.0,
        "spikes_out": 1.0,
        "messages_in": 1.0,
        "time": Interval(1e-6, 1e-6, 2e-6),
    }
    return CostReport(
        target="chip",
        profile_sha256="ab" * 32,
        timesteps=3,
        energy_total=2 * energy,
        energy_dynamic=energy,
        energy_static=energy,
        energy_host=None,
        fitness_energy=2 * energy,
        time_per_step=Interval(1e-6, 1e-6, 1e-6),
        latency=Interval(5e-6, 5e-6, 5e-6),
        throughput=Interval(1e5, 1e5, 1e5),
        edp=Interval(2e-11, 1e-11, 3e-11),
        assumed_share=0.25,
        cores_used=3,
        cores_available=128,
        chips=1,
        messages=8.0,
        neuron_updates=36.0,
        neuron_active=15.0,
        layers=(
            LayerCost(name="stem", cores=0, energy=ZERO, **layer),
            LayerCost(name="a", cores=2, energy=energy, energy_parts={"synops": energy}, **layer),
            LayerCost(name="out", cores=1, energy=energy, **layer),
        ),
        cores=tuple(CoreCost(index=i, layer=name, utilisation={"axons": 0.5}, **core) for i, name in enumerate(("a", "a", "out"))),
        not_counted=("the host",),
    )  # fmt: skip


@pytest.fixture
def fit():
    return FitReport(target="chip", fits=True, cores_used=3, cores_available=128, chips=1, layers=())


@pytest.fixture
def document(network, activity, cost, fit):
    return simulation_document(
        network,
        activity,
        cost,
        fit,
        file="x.net",
        file_sha256="cd" * 32,
        dataset="d",
        split="test",
        labels=np.array([0, 0]),
    )
