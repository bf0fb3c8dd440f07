"""Sigma-delta networks in Lava and in the exact simulator: every message, sum and value must be equal."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.files.lava_dl_files import shipped

from autosnn_hw.simulate import exact, lava
from autosnn_hw.simulate.certificate import certify
from autosnn_hw.simulate.trace import compare
from exporters import netx

IN_LAVA = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],  # an example takes half a second: shrinking would take minutes
)


@pytest.mark.parametrize("examples", [4, pytest.param(30, marks=pytest.mark.slow)])
@pytest.mark.parametrize("fast_conv", [True, False])
def test_lava_and_exact_simulator_agree_on_every_message_and_state(
    random_sigma_delta_network, lava_child, examples, fast_conv
):
    @settings(IN_LAVA, max_examples=examples)
    @given(seed=st.integers(0, 2**32 - 1))
    def agree(seed):
        network, inputs, keywords = random_sigma_delta_network(seed, tame=not fast_conv)
        expected = exact.trace(network, inputs, states=True, **keywords)
        measured = lava.trace(
            network, inputs, states=True, fast_conv=fast_conv, child=lava_child, timeout=120, **keywords
        )
        difference = compare(expected, measured)
        assert difference is None, str(difference)

    agree()


def test_lava_dls_own_pilotnet_runs_alike_on_several_samples(lava_child):
    path = shipped("gts/pilotnet_sdnn/network.net")
    image = np.load(shipped("gts/pilotnet_sdnn/input.npy"))[..., 0].transpose(2, 1, 0)
    frames = np.stack([[np.roll(image, step + sample, 2) for step in range(2)] for sample in range(2)])
    expected = exact.run(netx.read(path), frames, per_step=True)
    measured = lava.run(path, frames, child=lava_child, timeout=120)
    assert np.array_equal(expected.values, measured.values) and len(np.unique(measured.values)) == 4
    for ours, theirs in zip(expected.layers, measured.layers):
        assert np.array_equal(ours.spikes, theirs.spikes) and np.array_equal(ours.synops, theirs.synops)


def test_a_certificate_compares_every_message(random_sigma_delta_network, lava_child):
    seed = next(seed for seed in range(99) if random_sigma_delta_network(seed)[0].readout is not None)
    network, inputs, keywords = random_sigma_delta_network(seed)
    made = certify(network, inputs, child=lava_child, timeout=120, **keywords).certificate
    neurons = sum(int(np.prod(layer.shape)) for layer in network.neuron_layers)
    assert made.confirmed and made.mismatches == 0
    assert made.neuron_steps == neurons * len(inputs) * network.timesteps
