"""The stand-in refuses what a GPU refuses; otherwise tests on it would say nothing."""

import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from autosnn_hw.arithmetic.device import require_device
from autosnn_hw.errors import InputError


@pytest.fixture
def device(played):
    with played.CudaStandIn():
        yield "cuda"


@pytest.mark.parametrize(
    "make",
    [
        lambda device: torch.ones(3, device=device),
        lambda device: torch.ones(3).to(device),
        lambda device: torch.ones(3).cuda(),
        lambda device: torch.as_tensor(np.ones(3, np.float32), device=device),
        lambda device: torch.ones_like(torch.zeros(3, device=device)),
        lambda device: torch.ones(3, device=device).double().float(),
        lambda device: nn.Linear(3, 3).to(device).weight.detach()[0] * 0 + 1,
    ],
)
def test_tensors_made_or_moved_there_are_there_until_they_come_back(device, make):
    x = make(device)
    assert x.device.type == "cuda" and x.is_cuda
    assert (x + x).device.type == "cuda"
    assert x.cpu().device.type == "cpu" and x.to("cpu").tolist() == [1, 1, 1] and float(x.sum()) == 3


def test_devices_are_not_mixed(device):
    x, y = torch.ones(3, device=device), torch.ones(3)
    for wrong in (lambda: x + y, lambda: torch.stack([x, y]), lambda: nn.Linear(3, 1)(x), lambda: x.add_(y)):
        with pytest.raises(RuntimeError, match="same device"):
            wrong()
    x += torch.tensor(1.0)  # a number
    x[1:] = torch.zeros(2)  # a copy
    assert x.cpu().tolist() == [2, 0, 0]
    assert x[torch.tensor([0, 0])].cpu().tolist() == [2, 2]


def test_what_cuda_lacks_is_refused(device):
    x = torch.ones(2, 2, dtype=torch.int64, device=device)
    with pytest.raises(RuntimeError, match="not implemented"):
        x @ x
    with pytest.raises(RuntimeError, match="not implemented"):
        functional.conv2d(x[None, None], x[None, None])
    with pytest.raises(TypeError, match="numpy"):
        x.numpy()
    with pytest.raises(TypeError, match="numpy"):
        np.asarray(x)


def test_gradients_and_updates_in_place_are_those_of_the_cpu(device):
    weights = []
    for where in (device, "cpu"):
        torch.manual_seed(0)
        layer = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(12, 1))
        x = torch.randn(4, 2, 4, 4)
        layer.to(where)
        optimiser = torch.optim.SGD(layer.parameters(), 0.1)
        for _ in range(3):
            optimiser.zero_grad()
            layer(x.to(where)).square().sum().backward()
            optimiser.step()
        weights.append([value.detach().cpu() for value in layer.state_dict().values()])
    for ours, theirs in zip(*weights):
        torch.testing.assert_close(ours, theirs)


def test_nothing_is_left_behind(played):
    before = torch.cuda.is_available(), torch.__future__.get_overwrite_module_params_on_conversion()
    with pytest.raises(ZeroDivisionError), played.CudaStandIn():
        require_device("cuda")
        _ = 1 / 0
    assert before == (torch.cuda.is_available(), torch.__future__.get_overwrite_module_params_on_conversion())


def test_modules_keep_their_files(device):
    pytest.importorskip("triton")
    from autosnn_hw.training.modules.neurons import memoryless

    assert memoryless(torch.tensor([2.0, 0.5]).to(device)).cpu().tolist() == [1, 0]
    assert all(isinstance(getattr(m, "__file__", None), str | None) for m in list(sys.modules.values()))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_refused():
    require_device("cpu")
    with pytest.raises(InputError, match="device cuda: torch .* sees no CUDA device here; cpu works"):
        require_device("cuda")
