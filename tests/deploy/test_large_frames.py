"""AutoSNN's net for DVS cameras at its published size: the exact simulator and Lava agree, and both chips can be asked about it."""

import resource

import numpy as np
import pytest

import hw_profiles
from autosnn_hw.cost import check
from autosnn_hw.deploy.batch_norm import deploy_candidate
from autosnn_hw.simulate import exact, lava
from autosnn_hw.simulate.certificate import certify


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not lava.lava_status()[0], reason=lava.lava_status()[1])
def test_128_x_128_events_over_20_steps(folded):
    net = folded(
        "SRB_k5,SRB_k5,skip,SRB_k3,SRB_k5",
        image=(2, 128, 128),
        classes=11,
        voters=10,
        width=16,
        timesteps=20,
        norm=True,
        frames=True,
    )
    events = (np.random.default_rng(0).random((32, 20, 2, 128, 128)) < 0.02).astype(np.uint8)
    network = deploy_candidate(net, events[:8], "loihi2")
    assert [layer.name for layer in network.layers][:5] == ["input", "stem", "stem_pool1", "stem_conv", "stem_pool2"]
    certificate = certify(network, events[:1]).certificate
    assert certificate.mismatches == 0 and certificate.neuron_steps == 20 * sum(
        int(np.prod(layer.shape)) for layer in network.neuron_layers
    )
    exact.run(network, events[:16])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    exact.run(network, events)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200_000  # kB: chunks of samples, not all of them at once; 16 more would be 470,000
    for target, fits in (("loihi2", True), ("loihi1", None)):
        report = check(network, hw_profiles.load(target), remedies=False)
        assert report.cores_used and (fits is None or report.fits == fits)
