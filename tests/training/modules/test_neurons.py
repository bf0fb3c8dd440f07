import os
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.training.compute.kernels import torch_reference
from autosnn_hw.training.compute.surrogate import ALPHA
from autosnn_hw.training.modules.neurons import Memoryless, Plif, memoryless, plif

DTYPES = {torch.float32: 2e-6, torch.float64: 1e-13}


def _gradients(function, x, k, weight):
    x, k = x.clone().requires_grad_(), k.clone().requires_grad_()
    spikes = function(x, k)
    (spikes * weight).sum().backward()
    return spikes.detach(), x.grad, k.grad


@settings(max_examples=25, deadline=None)
@given(
    timesteps=st.integers(1, 9),
    count=st.integers(1, 2500),
    constant=st.booleans(),
    dtype=st.sampled_from(list(DTYPES)),
    seed=st.integers(0, 1 << 30),
)
def test_numba_plif_is_autograd_of_plain_torch(timesteps, count, constant, dtype, seed):
    torch.manual_seed(seed)
    x = torch.randn(1 if constant else timesteps, count, dtype=dtype) * 2
    k, weight = torch.rand((), dtype=dtype), torch.randn(timesteps, count, dtype=dtype)
    ours = _gradients(lambda x, k: plif(x, k, timesteps, constant=constant, kernel="numba"), x, k, weight)
    theirs = _gradients(lambda x, k: torch_reference.plif(x, k, timesteps), x, k, weight)
    assert torch.equal(ours[0], theirs[0])
    torch.testing.assert_close(ours[1], theirs[1], rtol=10 * DTYPES[dtype], atol=DTYPES[dtype])
    scale = weight.abs().sum()
    assert abs(ours[2] - theirs[2]) <= 10 * DTYPES[dtype] * scale


@settings(max_examples=20, deadline=None)
@given(count=st.integers(1, 3000), dtype=st.sampled_from(list(DTYPES)), seed=st.integers(0, 1 << 30))
def test_numba_memoryless_is_autograd_of_plain_torch(count, dtype, seed):
    torch.manual_seed(seed)
    x, weight = torch.randn(3, count, dtype=dtype) + 1, torch.randn(3, count, dtype=dtype)
    k = torch.zeros(())
    ours = _gradients(lambda x, k: memoryless(x, kernel="numba") + k, x, k, weight)
    theirs = _gradients(lambda x, k: memoryless(x, kernel="torch") + k, x, k, weight)
    assert torch.equal(ours[0], theirs[0])
    torch.testing.assert_close(ours[1], theirs[1], rtol=10 * DTYPES[dtype], atol=DTYPES[dtype])


def test_a_memoryless_neuron_is_plif_with_k_one():
    x = torch.randn(4, 300, dtype=torch.float64)
    expected = plif(x, torch.ones((), dtype=torch.float64), 4, kernel="torch")
    assert torch.equal(memoryless(x), expected)


def atan_primitive(x):
    """The smooth step whose derivative the surrogate is: atan(pi alpha x / 2) / pi + 1/2."""
    return torch.atan(torch.pi / 2 * ALPHA * x) / torch.pi + 0.5


class _Smooth(torch.autograd.Function):
    """The smooth step in the forward, with resets given from outside, and the kernel's backward."""

    @staticmethod
    def forward(ctx, x, k, resets):
        ctx.save_for_backward(x, k)
        voltage, out = torch.zeros_like(x[0]), []
        for t in range(len(x)):
            voltage = voltage + (x[t] - voltage) * k
            out.append(atan_primitive(voltage - 1))
            voltage = voltage * (1 - resets[t])
        return torch.stack(out)

    @staticmethod
    def backward(ctx, grad):
        x, k = (tensor.detach().requires_grad_() for tensor in ctx.saved_tensors)
        with torch.enable_grad():
            spikes = plif(x, k, len(x), kernel="numba")
            grads = torch.autograd.grad(spikes, (x, k), grad)
        return *grads, None


def test_backward_is_the_numerical_gradient_of_the_smooth_step():
    """With the (detached) resets held, the surrogate is the true derivative of the smooth step: checked by differences."""
    torch.manual_seed(3)
    x = (torch.randn(5, 12, dtype=torch.float64) * 2 + 0.5).requires_grad_()
    k = torch.tensor(0.6, dtype=torch.float64, requires_grad=True)
    resets = plif(x, k, 5).detach()
    assert 0.1 < resets.mean() < 0.9
    assert torch.autograd.gradcheck(_Smooth.apply, (x, k, resets), eps=1e-6, atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2])
def test_number_of_threads_changes_no_bit(threads):
    torch.manual_seed(0)
    x, weight, k = torch.randn(4, 70000), torch.randn(4, 70000), torch.tensor(0.4)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        result = _gradients(lambda x, k: plif(x, k, 4, kernel="numba"), x, k, weight)
        torch.set_num_threads(1)
        single = _gradients(lambda x, k: plif(x, k, 4, kernel="numba"), x, k, weight)
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(one, other) for one, other in zip(result, single))


@pytest.mark.parametrize("layer", [Plif(), Memoryless()])
def test_channels_last_changes_nothing_but_the_order_in_memory(layer):
    torch.manual_seed(0)
    x = torch.randn(6, 5, 4, 3) + 1
    weight = torch.randn(6, 5, 4, 3)
    results = []
    for memory_format in (torch.contiguous_format, torch.channels_last):
        leaf = x.clone(memory_format=memory_format).requires_grad_()
        spikes = layer(leaf, 2)
        (spikes * weight).sum().backward()
        assert spikes.is_contiguous(memory_format=memory_format)
        results.append((spikes.detach(), leaf.grad))
    assert torch.equal(results[0][0], results[1][0])
    assert torch.equal(results[0][1], results[1][1])


def test_spikes_are_those_of_norse_lif_box():
    lif_box = pytest.importorskip("norse.torch.functional.lif_box")
    torch.manual_seed(0)
    x = torch.randn(8, 500, dtype=torch.float64) * 3
    for k in (0.2, 0.5, 0.9):
        parameters = lif_box.LIFBoxParameters(tau_mem_inv=torch.tensor(k * 1000, dtype=torch.float64))
        state = lif_box.LIFBoxFeedForwardState(v=torch.zeros(500, dtype=torch.float64))
        expected = []
        for step in x:
            spike, state = lif_box.lif_box_feed_forward_step(step, state, parameters, dt=0.001)
            expected.append(spike)
        spikes = plif(x, torch.tensor(k, dtype=torch.float64), 8)
        assert 0.02 < spikes.mean() < 0.6
        assert torch.equal(spikes, torch.stack(expected))


def test_gradients_are_those_of_spikingjelly():
    neuron = pytest.importorskip("spikingjelly.activation_based.neuron")
    torch.manual_seed(0)
    x, weight = torch.randn(6, 200) * 2, torch.randn(6, 200)
    from spikingjelly.activation_based.surrogate import ATan

    peer = neuron.ParametricLIFNode(2.0, surrogate_function=ATan(2.0), detach_reset=True, step_mode="m")
    ours, results = Plif(2.0), []
    for layer, call in ((peer, peer), (ours, lambda x: ours(x, 6))):
        leaf = x.clone().requires_grad_()
        spikes = call(leaf)
        (spikes * weight).sum().backward()
        results.append((spikes.detach(), leaf.grad, layer.w.grad))
    for one, other in zip(*results):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_a_tie_fires_and_a_constant_input_is_refused_by_memoryless_neurons():
    assert plif(torch.full((1, 1), 2.0), torch.tensor(0.5), 1).item() == 1.0
    assert memoryless(torch.tensor([[1.0, 0.999]])).tolist() == [[1.0, 0.0]]
    with pytest.raises(ValueError, match="constant"):
        Memoryless()(torch.zeros(2, 2), 4, constant=True)


TRITON_ON_CPU = """
import torch
from autosnn_hw.training.compute.kernels import cuda, torch_reference
from autosnn_hw.training.compute.surrogate import atan_constants
torch.manual_seed(0)
a, c = atan_constants()
for timesteps, count, constant in ((4, 1500, False), (3, 10, True), (1, 2048, False)):
    x = (torch.randn(1 if constant else timesteps, count) * 2).requires_grad_()
    k = torch.tensor(0.4, requires_grad=True)
    weight = torch.randn(timesteps, count)
    expected = torch_reference.plif(x, k, timesteps)
    (expected * weight).sum().backward()
    spikes, reached = cuda.plif_forward(x.detach(), k.detach(), timesteps)
    grad_x, grad_k = cuda.plif_backward(x.detach(), k.detach(), reached, weight, a, c)
    assert torch.equal(spikes, expected)
    torch.testing.assert_close(grad_x, x.grad, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(grad_k, k.grad, rtol=1e-4, atol=1e-3)
x = (torch.randn(1, 1500) + 1).requires_grad_()
weight = torch.randn(1, 1500)
expected = torch_reference.memoryless(x, 1)
(expected * weight).sum().backward()
assert torch.equal(cuda.memoryless_forward(x.detach()), expected)
torch.testing.assert_close(cuda.memoryless_backward(x.detach(), weight, a, c), x.grad)
print("equal")
"""


def test_triton_kernels_in_its_interpreter_are_plain_torch():
    pytest.importorskip("triton")
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    result = subprocess.run([sys.executable, "-c", TRITON_ON_CPU], env=environment, capture_output=True, text=True)
    assert result.stdout.strip() == "equal", result.stderr[-2000:]


def test_triton_kernels_on_cuda_are_plain_torch(cuda):
    pytest.importorskip("triton")
    torch.manual_seed(0)
    x, weight = torch.randn(4, 5000, device="cuda") * 2, torch.randn(4, 5000, device="cuda")
    k = torch.tensor(0.4, device="cuda")
    ours = _gradients(lambda x, k: plif(x, k, 4, kernel="triton"), x, k, weight)
    theirs = _gradients(lambda x, k: torch_reference.plif(x, k, 4), x, k, weight)
    assert torch.equal(ours[0], theirs[0])
    torch.testing.assert_close(ours[1], theirs[1], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(ours[2], theirs[2], rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize(("k", "steps"), [(0.5, 25), (0.75, 13), (0.89, 8), (0.99, 4)])
def test_a_mean_of_spikes_reaches_the_threshold_by_rounding_alone(k, steps):
    """AutoSNN's average pools: v approaches 1 and is 1 in float32 once (1 - k)^t < 2^-25; in float64 it takes far more steps."""
    for kernel in ("numba", "torch"):
        spikes = plif(torch.ones(1, 1), torch.tensor(k), 30, constant=True, kernel=kernel)
        assert spikes.flatten().tolist().index(1.0) + 1 == steps
    double = plif(torch.ones(1, 1, dtype=torch.float64), torch.tensor(k, dtype=torch.float64), steps, constant=True)
    assert not double.any()
