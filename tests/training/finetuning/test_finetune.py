import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.networks.learnable import events, network

from autosnn_hw.architecture import BLOCKS, SEARCH_BLOCKS, BlockKind
from autosnn_hw.deploy.lowering import lower
from autosnn_hw.deploy.quantise import EVEN, TERNARY, IntegerMap, neuron_for
from autosnn_hw.errors import InputError
from autosnn_hw.folded import FoldedConv
from autosnn_hw.network import CubaNeuron, Role
from autosnn_hw.simulate.exact import run, trace
from autosnn_hw.training.finetuning.finetune import fit
from autosnn_hw.training.finetuning.integer_layers import integer_neuron, rounded
from autosnn_hw.training.finetuning.integer_network import IntegerNetwork
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.regime import Regime

FORMATS = {"even": EVEN, "ternary": TERNARY}


def check_forward(folded, data, weights, count=3):
    """Every spike of the training forward against the exact simulator of the lowered network."""
    chip = lower(folded, weights)
    inner, kept = IntegerNetwork(folded, weights), {}
    with torch.no_grad():
        votes = inner(inner.drive(data.x_test[:count]), kept)
    seen = 0
    for layer, found in zip(chip.neuron_layers, trace(chip, data.x_test[:count]).layers, strict=True):
        assert layer.name == found.name
        spikes = kept[layer.name].contiguous().numpy()
        spikes = spikes.reshape(folded.timesteps, count, *spikes.shape[1:]).swapaxes(0, 1)
        np.testing.assert_array_equal(found.spikes[:, :, layer.roles != Role.RELAY], spikes, err_msg=layer.name)
        seen += int(spikes.sum())
    activity = run(chip, data.x_test[:count])
    np.testing.assert_allclose(activity.votes(chip.readout), votes.numpy() * folded.voters, atol=1e-4)
    return seen


@settings(max_examples=10, deadline=None)
@given(st.tuples(*[st.sampled_from(SEARCH_BLOCKS)] * 5), st.integers(0, 1000), st.sampled_from(["even", "ternary"]))
def test_the_forward_is_the_exact_simulation(names, seed, kind):
    folded, data = network(",".join(names), seed, neuron="plif" if kind == "even" else "memoryless")
    assert check_forward(folded, data, FORMATS[kind]) > 0


@settings(max_examples=5, deadline=None)
@given(
    st.tuples(*[st.sampled_from(SEARCH_BLOCKS)] * 5),
    st.integers(0, 1000),
    st.sampled_from(["even", "ternary"]),
    st.sampled_from([1, 3]),
)
def test_the_forward_of_event_frames_too(names, seed, kind, payload):
    """The stem is a layer of the chip, and what is above one event is one spike, or what is above three is three."""
    fabric = Fabric.of(FORMATS[kind], frames=True)
    assert fabric.stem_neuron == ("plif" if kind == "even" else "memoryless")
    folded, data = network(",".join(names), seed, fabric=fabric, data=replace(events(), payload=payload))
    assert data.x_test.max() > payload == lower(folded, FORMATS[kind]).input_layer.payload
    assert check_forward(folded, data, FORMATS[kind]) > 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMATS)
def test_event_frames_are_learnt_and_the_stem_with_them(kind):
    fabric = Fabric.of(FORMATS[kind], frames=True)
    folded, data = network("SRB_k3,skip,skip,skip,skip", fabric=fabric, data=events())
    result = fit(folded, data, epochs=12, seed=1, target=FORMATS[kind], learning_rate=1e-2, batch=8)
    assert max(result.accuracies) == result.accuracies[result.best] >= 0.8
    before, after = (
        one.blocks[0].convs[0] for one in (IntegerNetwork(folded, FORMATS[kind]).to_folded(), result.folded)
    )
    assert not np.array_equal(before.weight, after.weight) and not np.array_equal(before.bias, after.bias)
    chip = lower(result.folded, FORMATS[kind])
    assert chip.encoder is None and chip.input_layer.neuron is None and chip.layers[1].name == "stem"
    exact = (run(chip, data.x_val).predictions(chip.readout) == data.y_val).mean()
    assert exact == pytest.approx(result.accuracies[result.best])
    assert check_forward(result.folded, data, FORMATS[kind]) > 0


@pytest.mark.parametrize(
    "space, names",
    [
        ("SNN_2", "SIB_k3_e1,skip,SRB_k5,SCB_k3,SIB_k3_e3"),
        ("SNN_4", "SRB_k3,SRB_k3,skip,skip,SCB_k5"),
        ("SNN_3", "SRB_k3,SRB_k5,skip,SIB_k3_e1,skip,SCB_k3,skip,SRB_k3"),
        (None, "Fang2021_CIFAR"),
        (None, "Wu2019b_CIFARNet"),
        (None, "Zheng2021_ResNet17"),
    ],
)
def test_other_spaces_too(space, names):
    folded, data = network(names, space=space, image=(2, 16, 16), width=2)
    check_forward(folded, data, EVEN, count=2)


def test_the_forward_is_exact_where_u_wraps():
    """Weights of a huge fan-in can sum beyond 24 bits: the training forward wraps as the chip does."""
    integers = IntegerMap(np.zeros(1), np.zeros(1), neuron_for(100.0, 0.5), 0, None, None, np.full(1, 100.0), 0.5)
    current = torch.tensor([[131072.0], [131073.0], [-131072.0], [200000.0]])
    spikes = integer_neuron(current, torch.zeros(1), torch.tensor(0.5), integers, False, 4)
    # 131072 x 64 = 2^23 stays, one more is -2^23 + 64: silent, and so are the next two.
    assert spikes.flatten().tolist() == [1, 0, 1, 0]


def test_floats_come_back_as_they_were_trained():
    folded, data = network("SRB_k3,SRB_k5,skip,SCB_k3,skip")
    inner = IntegerNetwork(folded)
    with torch.no_grad():
        for parameter in inner.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.02)
    again = inner.to_folded()
    assert [block.stage for block in again.blocks] == [block.stage for block in folded.blocks]
    check_forward(again, data, EVEN)
    a, b = lower(again), lower(IntegerNetwork(again).to_folded())
    for one, two in zip(a.layers[1:], b.layers[1:]):
        np.testing.assert_array_equal(one.weight, two.weight)
    np.testing.assert_array_equal(a.encoder.weight, lower(folded).encoder.weight)


def plain_fire(current, bias, k, integers, memoryless, steps):
    """The same neuron by autograd in float64, one step at a time."""
    neuron, shape = integers.neuron, (-1,) + (1,) * (current.dim() - 2)
    current = current.double().view(steps, -1, *current.shape[1:])
    scale = torch.from_numpy(integers.scale).view(shape)
    if memoryless:
        x = (current + bias.view(shape) - 1) / scale + 1
        return surrogate(x - 1, current + bias.view(shape) > 0).flatten(0, 1)
    decay = through(4096 * k, torch.tensor(float(neuron.v_decay), dtype=torch.float64))
    v, spikes = torch.zeros_like(current[0]), []
    for x in current:
        kept = v * (4096 - decay) / 4096
        v = through(kept, torch.trunc(kept.detach())) + 64 * (x + bias.view(shape))
        fired = v.detach() > 64 * neuron.vth_mant
        spikes.append(surrogate(v * k / (64 * scale) - 1, fired))
        v = v * ~fired
    return torch.cat(spikes)


class Straight(torch.autograd.Function):
    """The second value, with the gradient of the first."""

    @staticmethod
    def forward(ctx, values, exact):
        return exact.to(values.dtype).clone()

    @staticmethod
    def backward(ctx, grad):
        return grad, None


through = Straight.apply


def surrogate(x, fired):
    return through(torch.atan(math.pi * x) / math.pi, fired)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.floats(0.1, 0.95), st.sampled_from([1, 3, 6]), st.booleans())
def test_gradients_are_those_of_autograd_through_every_rounding(seed, memoryless, k, steps, image):
    rng = np.random.default_rng(seed)
    scale = rng.uniform(20, 200, 3) if memoryless else np.full(3, 120.0)
    neuron = CubaNeuron(vth_mant=0, v_decay=4096) if memoryless else neuron_for(120.0, k)
    integers = IntegerMap(np.zeros(3), np.zeros(3), neuron, 0, None, None, scale, k)
    shape = (steps * 2, 3, 5, 4) if image else (steps * 2, 3)
    values = torch.from_numpy(rng.integers(-150, 300, shape).astype(np.float32))
    upstream = torch.from_numpy(rng.normal(0, 1, shape).astype(np.float32))
    results = []
    for function in (integer_neuron, plain_fire):
        current = values.clone().requires_grad_()
        if image:
            current = values.clone(memory_format=torch.channels_last).requires_grad_()
        bias = torch.tensor([3.0, -20.0, 40.0], requires_grad=True)
        constant = torch.tensor(k, dtype=torch.float64, requires_grad=True)
        spikes = function(current, bias, constant, integers, memoryless, steps)
        (spikes * upstream).sum().backward()
        results.append((spikes.detach().double(), current.grad, bias.grad, constant.grad))
    (ours, a, b, c), (plain, d, e, f) = results
    assert torch.equal(ours, plain)
    torch.testing.assert_close(a, d, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(b, e, rtol=1e-4, atol=1e-4)
    if memoryless:
        assert c is None and f is None
    else:
        # What the truncation cuts off, below 1 of 64 S, is left out of k's gradient.
        torch.testing.assert_close(c, f, rtol=1e-3, atol=5e-3)


def test_rounding_passes_the_gradient_times_the_scale():
    floats = torch.randn(2, 3, 1, 1, requires_grad=True)
    whole = rounded(floats, np.arange(6).reshape(2, 3, 1, 1), np.array([10.0, 20.0]))
    assert whole.flatten().tolist() == [0, 1, 2, 3, 4, 5]
    whole.sum().backward()
    assert floats.grad.view(2, 3).tolist() == [[10.0] * 3, [20.0] * 3]


@pytest.mark.parametrize("kind", ["even", "ternary"])
def test_fine_tuning_learns_and_is_what_is_deployed(kind):
    folded, data = network("SRB_k3,skip,skip,SCB_k3,skip", neuron="plif" if kind == "even" else "memoryless")
    seen = []
    result = fit(
        folded,
        data,
        epochs=12,
        seed=1,
        target=FORMATS[kind],
        learning_rate=5e-3,
        batch=16,
        progress=lambda epoch, epochs, value: seen.append((epoch, epochs, value)),
    )
    assert [entry[0] for entry in seen] == list(range(1, 13)) and len(result.accuracies) == 13
    assert result.losses[-1] < result.losses[0]
    assert max(result.accuracies) == result.accuracies[result.best] >= 0.8
    chip = lower(result.folded, FORMATS[kind])
    activity = run(chip, data.x_val)
    exact = (activity.predictions(chip.readout) == data.y_val).mean()
    assert exact == pytest.approx(result.accuracies[result.best])
    assert check_forward(result.folded, data, FORMATS[kind]) > 0


def test_the_same_seed_gives_the_same_network():
    folded, data = network("SRB_k3,skip,skip,skip,skip")
    one, two = (fit(folded, data, epochs=1, seed=3, full_train=True).folded for _ in range(2))
    other = fit(folded, data, epochs=1, seed=4, full_train=True).folded
    assert np.array_equal(one.blocks[1].convs[0].weight, two.blocks[1].convs[0].weight)
    assert not np.array_equal(one.blocks[1].convs[0].weight, other.blocks[1].convs[0].weight)
    assert np.array_equal(one.blocks[0].convs[0].weight, two.blocks[0].convs[0].weight)


def test_no_epoch_keeps_post_training_quantisation_and_full_training_keeps_the_last():
    folded, data = network("skip,skip,skip,skip,skip")
    result = fit(folded, data, epochs=0)
    assert result.best == 0 and result.losses == []
    assert fit(folded, data, epochs=2, full_train=True).best == 2


def test_crops_and_flips_are_drawn_from_the_seed():
    folded, data = network("skip,skip,skip,skip,skip")
    plain, augmented = (
        fit(folded, data, epochs=1, regime=Regime(augment=a), full_train=True).folded for a in ("none", "crop-flip")
    )
    assert not np.array_equal(plain.blocks[-1].convs[0].weight, augmented.blocks[-1].convs[0].weight)


def test_bad_input_is_refused():
    folded, data = network("SRB_k3,skip,skip,skip,skip")
    conv = folded.blocks[1].convs[0]
    broken = FoldedConv(conv.weight * np.nan, conv.bias, conv.stride, conv.padding)
    blocks = list(folded.blocks)
    blocks[1] = replace(blocks[1], convs=(broken, blocks[1].convs[1]))
    with pytest.raises(InputError, match=r"TBD1\.SRB_k3\.a.*NaN"):
        fit(replace(folded, blocks=tuple(blocks)), data, epochs=1)


def test_another_chain_of_convolutions_is_one_line_of_the_table(monkeypatch):
    """A block with three kernels of 3, 1 and 7, residual: built, lowered with relays through two layers, and equal to its simulation."""
    monkeypatch.setitem(BLOCKS, "new", BlockKind((3, 1, 7), expansion=2, residual=True))
    folded, data = network("new,skip,new,skip,skip", seed=5)
    assert [conv.weight.shape[2] for conv in folded.blocks[1].convs] == [3, 1, 7]
    chip = lower(folded)
    relays = {layer.name: int((layer.roles == Role.RELAY).sum()) for layer in chip.layers}
    assert [relays[f"TBD1.new.{part}"] for part in "abc"] == [4, 4, 0]
    assert check_forward(folded, data, EVEN) > 0
