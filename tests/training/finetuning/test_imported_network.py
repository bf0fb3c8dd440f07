"""What is trained on is what the chip runs: the forward is the exact simulator's, and training makes it better."""

import nir
import numpy as np
import pytest
import torch

from autosnn_hw.deploy.from_graph import float_run
from autosnn_hw.deploy.from_graph.calibration import calibrated
from autosnn_hw.deploy.from_graph.network import chip_network
from autosnn_hw.deploy.from_nir import plan_nir
from autosnn_hw.errors import InputError
from autosnn_hw.network import Role
from autosnn_hw.simulate import exact
from autosnn_hw.training.finetuning.imported_network import ImportedNetwork, accuracy, fit


def neurons(kind, shape, rng):
    threshold = np.full(shape, 0.6)
    if kind == "IF":
        return nir.IF(r=np.ones(shape), v_threshold=threshold)
    if kind == "LIF":
        return nir.LIF(
            tau=np.full(shape, 4.0), r=np.full(shape, 4.0), v_leak=np.full(shape, 0.1), v_threshold=threshold
        )
    if kind == "LI":
        return nir.LI(tau=np.full(shape, 8.0), r=np.full(shape, 8.0), v_leak=np.zeros(shape))
    tau = np.full(shape, 2.0)
    return nir.CubaLIF(tau_syn=tau, tau_mem=2 * tau, r=2 * tau, v_leak=0 * tau, v_threshold=threshold, w_in=tau)


def graph(kind, last="LIF", seed=0, residual=True):
    """2 x 6 x 6 -> conv 3 -> conv 3 (with a shortcut) -> sum pool -> dense 4."""
    rng = np.random.default_rng(seed)
    conv = lambda o, i: nir.Conv2d((6, 6), rng.normal(0, 0.3, (o, i, 3, 3)), 1, 1, 1, 1, rng.normal(0, 0.1, o))  # noqa: E731
    nodes = {
        "input": nir.Input({"input": np.array([2, 6, 6])}),
        "conv1": conv(3, 2), "n1": neurons(kind, (3, 6, 6), rng),
        "conv2": conv(3, 3), "n2": neurons(kind, (3, 6, 6), rng),
        "conv3": conv(3, 3), "n3": neurons(kind, (3, 6, 6), rng),
        "pool": nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
        "flat": nir.Flatten({"input": np.array([3, 3, 3])}, 0, -1),
        "fc": nir.Affine(rng.normal(0, 0.2, (4, 27)), np.zeros(4)), "n4": neurons(last, (4,), rng),
        "output": nir.Output({"output": np.array([4])}),
    }  # fmt: skip
    chain = list(nodes)
    edges = list(zip(chain, chain[1:])) + ([("n1", "n3")] if residual else [])
    return nir.NIRGraph(nodes=nodes, edges=edges, type_check=False)


def frames(count=12, steps=8, seed=0):
    return (np.random.default_rng(seed).random((count, steps, 2, 6, 6)) < 0.4).astype(np.uint8)


@pytest.mark.parametrize("kind", ["IF", "LIF", "CubaLIF"])
@pytest.mark.parametrize("last", ["LIF", "LI"])
def test_the_forward_is_the_exact_simulator(kind, last):
    """Every spike of every layer, relays and folded pools included, and the outputs."""
    plan = plan_nir(graph(kind, last), 1.0, "hard")
    network, x, kept = chip_network(plan), frames(), {}
    outputs = ImportedNetwork(plan)(x, kept).detach().numpy()
    for layer, trace in zip(network.layers[1:], exact.trace(network, x).layers):
        if layer.name in kept:
            own = trace.spikes[:, :, layer.roles != Role.RELAY]
            assert own.any() and (own == kept[layer.name].detach().numpy().reshape(own.shape)).all()
    activity = exact.run(network, x)
    assert (outputs.argmax(1) == activity.predictions(network.readout)).all()


def teacher(plan, x):
    return float_run.run(plan, x).outputs.argmax(axis=1)


def test_training_finds_back_what_noise_took_and_keeps_the_best_epoch(one_thread):
    """Labels of the network itself, whose weights are then disturbed."""
    plan = plan_nir(graph("LIF", "LIF", residual=False), 1.0, "hard")
    x, held = frames(200), frames(100, seed=1)
    y, y_held = teacher(plan, x), teacher(plan, held)
    rng = np.random.default_rng(3)
    noisy = plan.with_floats(
        [
            type(layer.floats)(**{**vars(layer.floats), "weight": layer.floats.weight + rng.normal(0, 0.12, layer.floats.weight.shape) * (layer.floats.weight != 0)})
            for layer in plan.layers
        ]
    )  # fmt: skip
    done = fit(noisy, (x, y), (held, y_held), epochs=5)
    assert done.accuracies[done.best] == max(done.accuracies) and done.best > 0
    assert done.accuracies[done.best] > done.accuracies[0] + 0.1
    network = chip_network(done.plan)
    found = exact.run(network, held).predictions(network.readout)
    assert (found == y_held).mean() == done.accuracies[done.best] == accuracy(ImportedNetwork(done.plan), held, y_held)


def test_what_is_pruned_stays_pruned_and_neurons_stay():
    plan = plan_nir(graph("CubaLIF"), 1.0, "hard")
    plan.layers[0].floats.weight[:, 0] = 0
    x = frames(64)
    done = fit(plan, (x, np.arange(64) % 4), (x[:8], np.arange(8) % 4), epochs=1)
    tuned = done.plan.layers[0].floats
    if done.best == 1:
        assert (tuned.weight[:, 1] != plan.layers[0].floats.weight[:, 1]).any()
    assert (tuned.weight[:, 0] == 0).all() and (tuned.threshold == plan.layers[0].floats.threshold).all()


def test_labels_that_no_output_stands_for_are_refused():
    plan = plan_nir(graph("IF"), 1.0, "hard")
    with pytest.raises(InputError, match="go up to 4; the network has 4 outputs"):
        fit(plan, (frames(5), np.arange(5)), (frames(5), np.arange(5)), epochs=1)


def test_one_weight_that_is_huge_does_not_set_the_step_of_a_layer():
    plan = plan_nir(graph("LIF", residual=False), 1.0, "hard")
    x = frames(32)
    _, shares = calibrated(plan, x)
    assert set(shares) == {"n1", "n2", "n3", "n4"} and shares["n2"] > 0.5
    weight = plan.layers[1].floats.weight
    weight[0, 0, 0, 0] = -60 * np.abs(weight).max()  # a neuron that it silences in any case
    wide, shares = calibrated(plan, x)
    assert shares["n2"] < 1

    def wrong(found):
        network = chip_network(found)
        trace = exact.trace(network, x).layers[1].spikes
        return int((trace != float_run.run(plan, x).spikes["n2"]).sum())

    assert wrong(wide) < wrong(plan)


def test_gradients_are_finite_and_reach_every_layer():
    plan = plan_nir(graph("LIF", "LI"), 1.0, "hard")
    network = ImportedNetwork(plan)
    torch.nn.functional.cross_entropy(network(frames()), torch.arange(12) % 4).backward()
    for layer in network.layers:
        assert torch.isfinite(layer.weight.grad).all() and layer.weight.grad.abs().sum() > 0
