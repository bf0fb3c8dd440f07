import numpy as np
import pytest

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, Encoder, InputLayer
from autosnn_hw.simulate.stimulus import stimulus

NEURON = CubaNeuron(10, 4096)


def network(neuron=None, encoder=None, timesteps=None, shape=(1, 2, 2)):
    inputs = int(np.prod(shape))
    readout = DenseLayer("out", (2,), np.ones((2, inputs), int), NEURON)
    return ChipNetwork((InputLayer("in", shape, neuron), readout), timesteps, encoder)


ENCODER = Encoder(
    np.ones((1, 1, 1, 1), np.int8),
    np.zeros(1, np.int32),
    np.ones(1, np.int32),
    0,
    table=np.arange(256)[None] % 128,
    padding=(0, 0),
)


def test_images_go_through_the_encoder():
    sent = stimulus(network(NEURON, ENCODER, timesteps=3), np.full((2, 1, 2, 2), 7, np.uint8))
    assert (sent.kind, sent.timesteps, sent.graded, sent.host_macs) == ("constant", 3, False, 4)
    assert sent.values.dtype == np.int64 and (sent.values == 7).all()


def test_without_an_encoder_an_image_is_the_bias_mantissa_as_it_is():
    sent = stimulus(network(NEURON), np.full((2, 1, 2, 2), -300.0), timesteps=5)
    assert (sent.kind, sent.timesteps, sent.host_macs) == ("constant", 5, None)
    assert (sent.values == -300).all()


def test_frames_give_the_timesteps_and_are_spikes_where_positive():
    frames = np.array([-2, 0, 1, 9] * 3).reshape(1, 3, 1, 2, 2)
    sent = stimulus(network(timesteps=8), frames)
    assert (sent.kind, sent.timesteps, sent.graded) == ("frames", 3, False)
    assert sent.values.reshape(3, 4).tolist() == [[0, 0, 1, 1]] * 3
    assert stimulus(network(), frames, graded=True).values.reshape(3, 4).tolist() == [[-2, 0, 1, 9]] * 3


def test_frames_to_input_neurons_are_their_values():
    frames = np.array([-2, 0, 1, 9]).reshape(1, 1, 1, 2, 2)
    assert stimulus(network(NEURON), frames).values.ravel().tolist() == [-2, 0, 1, 9]


def test_dense_networks_take_flat_frames():
    assert stimulus(network(shape=(4,)), np.ones((2, 3, 4))).values.shape == (2, 3, 4)


@pytest.mark.parametrize(
    ("net", "inputs", "options", "said"),
    [
        (network(NEURON), np.zeros((1, 1, 2, 2)), {}, "timesteps"),
        (network(NEURON), np.zeros((1, 1, 2, 2)), {"timesteps": 0}, "at least 1"),
        (network(), np.zeros((1, 1, 2, 2)), {"timesteps": 2}, "takes frames"),
        (network(), np.zeros((1, 3, 1, 2, 2)), {"timesteps": 2}, "3 steps"),
        (network(), np.zeros((1, 0, 1, 2, 2)), {}, "no steps"),
        (network(), np.zeros((1, 3, 1, 3, 2)), {}, r"takes \(N, T, 1, 2, 2\)"),
        (network(), np.zeros((0, 3, 1, 2, 2)), {}, "no samples"),
        (network(), np.full((1, 3, 1, 2, 2), np.nan), {}, "NaN"),
        (network(), np.full((1, 3, 1, 2, 2), 0.5), {"graded": True}, "fractions"),
        (network(NEURON, timesteps=2), np.full((1, 1, 2, 2), 0.5), {}, "fractions"),
        (network(NEURON, ENCODER, timesteps=2), np.zeros((1, 1, 3, 2), np.uint8), {}, "stem neurons"),
    ],
)
def test_bad_inputs_are_refused_with_what_would_work(net, inputs, options, said):
    with pytest.raises(InputError, match=said):
        stimulus(net, inputs, **options)
