"""`check` finds every broken limit at once, with its source, and names the smallest device."""

from __future__ import annotations

import numpy as np
from support.networks.small_nets import dense, overlaid

from autosnn_hw.cost import check
from autosnn_hw.cost.fit import assess
from autosnn_hw.network import CubaNeuron
from hw_profiles import load


def test_all_violations_are_listed_not_the_first(loihi2):
    network = dense(np.full((3, 13000), 300), CubaNeuron(200000, 4096), bias=np.full(3, 5000))
    found = {v.resource: (v.needed, v.limit) for v in assess(network, loihi2).violations}
    assert set(found) == {"weight", "threshold", "bias", "v_decay", "synapse_memory"}
    assert found["threshold"] == (200000, 131071) and found["bias"] == (5000, 4095)
    assert found["synapse_memory"] == (13000, 12000)


def test_limits_are_reported_with_source_and_whether_verified(loihi2):
    uses = {use.resource: use for use in assess(dense([[1, -2]]), loihi2).layers[1].limits}
    assert uses["synapse_memory"].verified and "PilotNet" in uses["synapse_memory"].source
    assert not uses["threshold"].verified


def test_the_smallest_device_that_fits_is_named(make_network):
    notes = check(make_network("all_SRB_k3", 32), load("loihi2")).notes
    assert any("Kapoho Point" in note for note in notes)
    notes = check(make_network("all_SRB_k3", 16), load("loihi2")).notes
    assert any("Oheo Gulch" in note for note in notes)


def test_too_many_cores_are_answered_with_chips_and_width(make_network):
    profile = overlaid("loihi2", device="Oheo Gulch")
    report = check(make_network("all_SRB_k3", 32, classes=4, voters=2), profile)
    (violation,) = report.violations
    assert (violation.layer, violation.resource, violation.limit) == ("network", "cores", 120)
    assert report.cores_used == violation.needed
    assert any("2 chips instead of 1, such as Kapoho Point" in remedy for remedy in violation.remedies)
    assert any("width" in remedy for remedy in violation.remedies)
