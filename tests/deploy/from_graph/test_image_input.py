"""Images that a network saw as a constant current: what the host and the chip make of them is what the framework makes of them."""

import numpy as np
import pytest
import snntorch
import torch
from torch import nn

from autosnn_hw.deploy.from_graph import float_run
from autosnn_hw.deploy.from_graph.beside_floats import beside
from autosnn_hw.deploy.from_graph.calibration import calibrated
from autosnn_hw.deploy.from_graph.image_input import SeenImages
from autosnn_hw.deploy.from_graph.network import chip_network
from autosnn_hw.deploy.from_torch import framework_run
from autosnn_hw.deploy.from_torch.network import plan_torch
from autosnn_hw.deploy.from_torch.traced_module import trace
from autosnn_hw.errors import InputError
from autosnn_hw.training.finetuning.imported_network import ImportedNetwork
from exporters import netx

STEPS = 9


def leaky(**more):
    return snntorch.Leaky(beta=0.75, reset_mechanism="zero", init_hidden=True, **more)


def convolutional():
    return nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, stride=2), nn.BatchNorm2d(4), leaky(threshold=0.4), nn.Flatten(), nn.Linear(64, 5), leaky(threshold=0.2))  # fmt: skip


def flat():
    return nn.Sequential(nn.Flatten(), nn.Linear(128, 12), leaky(threshold=0.3), nn.Linear(12, 5), leaky(threshold=0.2))


def planned(make, shape):
    torch.manual_seed(0)
    net = make().eval()
    traced = trace(net)
    return net, traced, plan_torch(traced, shape)


def pictures(as_bytes, count=40):
    rng = np.random.default_rng(0)
    if as_bytes:
        return rng.integers(0, 256, (count, 2, 8, 8), dtype=np.uint8), SeenImages((2, 8, 8), STEPS, 255.0, 1.0, True)
    x = rng.normal(0, 1, (count, 2, 8, 8)).astype(np.float32)
    return x, SeenImages((2, 8, 8), STEPS, 1.0, float(np.abs(x).max()), False)


@pytest.mark.parametrize("as_bytes", [True, False])
@pytest.mark.parametrize("make, shape", [(convolutional, (2, 8, 8)), (flat, (2, 8, 8)), (lambda: flat()[1:], (128,))])
def test_the_chip_does_with_images_what_the_framework_does(make, shape, as_bytes):
    net, traced, plan = planned(make, shape)
    x, images = pictures(as_bytes)
    plan, _ = calibrated(plan, x, images)
    network = chip_network(plan, images=images)

    def itself(part):
        return framework_run.run(net, traced, images.seen(part).reshape(len(part), *shape), STEPS)

    found = beside(network, x, None, itself)
    assert found["timesteps"] == STEPS and found["equal_predictions"] >= 0.9
    first, last = found["layers"]
    assert first["spikes_float"] > 0 and first["differ"] < 0.02 * first["of"] and last["differ"] < 0.04 * last["of"]
    ours, theirs = float_run.run(plan, x, images), itself(x)
    assert all((ours.spikes[name] != theirs.spikes[name]).mean() < 1e-3 for name in ours.spikes)


def test_what_is_trained_on_is_what_the_file_does(tmp_path):
    _, _, plan = planned(convolutional, (2, 8, 8))
    x, images = pictures(True)
    netx.write(chip_network(plan, images=images), tmp_path / "a.net")
    network = netx.read(tmp_path / "a.net")
    from autosnn_hw.simulate import exact

    outputs = ImportedNetwork(plan, images)(x).detach().numpy()
    assert outputs.any() and (outputs == exact.run(network, x).outputs).all()


def test_a_current_that_the_chip_would_have_to_filter_is_refused_with_what_would_work():
    synaptic = snntorch.Synaptic(alpha=0.5, beta=0.75, reset_mechanism="zero", init_hidden=True, reset_delay=False)
    _, _, plan = planned(lambda: nn.Sequential(nn.Conv2d(2, 4, 3), synaptic), (2, 8, 8))
    with pytest.raises(InputError, match="without a synaptic current.*give spike frames"):
        chip_network(plan, images=pictures(True)[1])
