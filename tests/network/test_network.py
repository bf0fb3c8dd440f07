"""A network that no simulator could give a meaning to is refused, with the layer's name."""

import numpy as np
import pytest

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Readout
from autosnn_hw.network.chip_layers import effective_bias, every_neuron, per_neuron

NEURON = CubaNeuron(10, 2048)


def conv(name="conv", shape=(4, 6, 6), weight=None, **more):
    weight = np.ones((4, 2, 3, 3)) if weight is None else weight
    return ConvLayer(name, shape, weight, NEURON, **{"padding": 1, **more})


def test_integers_in_any_dtype_become_int64():
    assert conv(weight=np.ones((4, 2, 3, 3), np.float32)).weight.dtype == np.int64


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: conv(weight=np.full((4, 2, 3, 3), np.nan)), "'conv'.*NaN"),
        (lambda: conv(weight=np.full((4, 2, 3, 3), 1.5)), "'conv'.*fractions"),
        (lambda: conv(weight=np.ones((3, 2, 3, 3))), "'conv'.*weight has shape"),
        (lambda: conv(bias=np.ones(5)), "'conv'.*bias has shape"),
        (lambda: conv(groups=3), "'conv'.*groups is 3"),
        (lambda: conv(stride=0), "'conv'.*stride"),
        (lambda: CubaNeuron(-1, 0), "vth_mant is negative"),
        (lambda: CubaNeuron(1, 4097), "v_decay is 4097"),
        (lambda: DenseLayer("fc", (3,), np.ones((2, 4)), NEURON), "'fc'.*weight has shape"),
        (lambda: DenseLayer("fc", (3,), np.ones((3, 4)), NEURON, delay=-np.ones((3, 4))), "'fc'.*delay"),
        (lambda: InputLayer("in", (2, 0, 3)), "'in'.*shape"),
    ],
)
def test_a_senseless_layer_is_refused_by_name(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_layers_that_do_not_meet_are_refused():
    entry = InputLayer("in", (2, 6, 6))
    with pytest.raises(InputError, match="'conv'.*gives \\(5, 6\\)"):
        ChipNetwork((InputLayer("in", (2, 5, 6)), conv()))
    with pytest.raises(InputError, match="'fc'.*takes 7 inputs"):
        ChipNetwork((entry, conv(), DenseLayer("fc", (3,), np.ones((3, 7)), NEURON)))
    with pytest.raises(InputError, match="unique"):
        ChipNetwork((entry, conv("in")))
    with pytest.raises(InputError, match="readout"):
        ChipNetwork((entry, conv()), readout=Readout(10, 10))


@pytest.mark.parametrize("stride, padding, size, dilation", [(1, 0, 3, 1), (2, 1, 3, 1), (3, 2, 5, 2), (2, 0, 1, 1)])
def test_an_input_that_does_not_fit_is_told_which_one_would(stride, padding, size, dilation):
    conv = ConvLayer("c", (2, 7, 6), np.ones((2, 1, size, size)), CubaNeuron(9, 99), stride=(stride,) * 2, padding=(padding,) * 2, dilation=(dilation,) * 2)  # fmt: skip
    with pytest.raises(InputError) as refused:
        ChipNetwork((InputLayer("in", (1, 90, 90)), conv))
    height, width = (int(n) for n in str(refused.value).split("; (")[1].split(")")[0].split(", "))
    assert ChipNetwork((InputLayer("in", (1, height, width)), conv)).layers[1] is conv


def test_neuron_layers_leave_out_an_input_without_neurons():
    plain = ChipNetwork((InputLayer("in", (2, 6, 6)), conv()))
    driven = ChipNetwork((InputLayer("in", (2, 6, 6), NEURON), conv()))
    assert [layer.name for layer in plain.neuron_layers] == ["conv"]
    assert [layer.name for layer in driven.neuron_layers] == ["in", "conv"]


def test_a_parameter_reaches_every_neuron_in_order():
    assert per_neuron(3, (2, 1, 2)).shape == (1, 1, 1)
    assert every_neuron(3, (2, 1, 2)).tolist() == [3] * 4
    assert every_neuron(np.array([3, 5]), (2, 1, 2)).tolist() == [3, 3, 5, 5]
    assert every_neuron(np.arange(4).reshape(2, 1, 2), (2, 1, 2)).tolist() == [0, 1, 2, 3]
    assert every_neuron(np.array([3, 5]), (2,)).tolist() == [3, 5]


def test_a_bias_is_shifted_and_wraps_at_16_bits():
    layer = InputLayer("in", (2, 1, 1), CubaNeuron(1, 1), bias=np.array([40000, -3]))
    assert effective_bias(layer).tolist() == [[[-25536 * 64]], [[-3 * 64]]]
    assert effective_bias(InputLayer("in", (2, 1, 1))).tolist() == [[[0]]]
