"""Figures of other rules: MACs against a count by hand, and every number with its rule and source."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from autosnn_hw.cost import price
from autosnn_hw.cost.pricing.estimates import ann_operations, reference


def test_macs_of_the_ann_are_those_of_its_convolutions(make_network):
    """all_SCB_k3 at C = 4 on 8 x 8: k3 convolutions with padding 1, taps outside the image not counted; 80 outputs."""
    network = make_network("all_SCB_k3", 4, (1, 8, 8), voters=8)

    def conv(cin: int, cout: int, side: int) -> int:
        return cin * cout * (3 * side - 2) ** 2

    blocks = [(4, 4, 8), (4, 4, 8), (4, 8, 4), (8, 8, 4), (8, 8, 4), (8, 8, 4), (8, 16, 4), (16, 16, 4), (16, 16, 4)]
    expected = sum(conv(*block) for block in [*blocks, (16, 16, 4)]) + 16 * 16 * 80
    operations = ann_operations(network)
    assert operations.macs == expected
    assert operations.comparisons == 4 * 8 * 8


def test_relays_are_no_work_of_the_ann_but_its_shortcuts_are(make_network):
    residual = ann_operations(make_network("SRB_k3,skip,skip,skip,skip", 4, (1, 8, 8)))
    plain = ann_operations(make_network("SCB_k3,skip,skip,skip,skip", 4, (1, 8, 8)))
    assert residual.macs - plain.macs == 4 * 8 * 8  # one addition a position and channel
    assert residual.outputs == plain.outputs


def test_figures_carry_rule_and_source_and_scale_with_the_spikes(make_network, make_activity, loihi2):
    network = make_network("AutoSNN", 8, (3, 16, 16))
    activity = dataclasses.replace(make_activity(network), host_macs=5000.0)
    report = price(network, activity, loihi2)
    figures = report.estimates
    synops = sum(layer.synops for layer in report.layers)
    assert math.isclose(figures["synops_only_45nm"]["value"], synops * 0.9e-12 + 5000 * 4.6e-12)
    assert "ISSCC 2014" in reference()["source"]
    for name in ("synops_only_45nm", "memory_inclusive_45nm", "ann_int8_memory_inclusive_45nm"):
        assert figures[name]["unit"] == "J" and figures[name]["rule"] and figures[name]["source"]
    assert figures["memory_inclusive_45nm"]["value"] > figures["synops_only_45nm"]["value"]
    ratio = figures["memory_inclusive_45nm"]["value"] / figures["ann_int8_memory_inclusive_45nm"]["value"]
    assert figures["snn_over_ann"]["value"] == pytest.approx(ratio)
    assert price(network, activity, loihi2, estimates=False).estimates == {}
    quiet = dataclasses.replace(
        activity,
        layers=tuple(
            dataclasses.replace(layer, spikes=layer.spikes * 0, neuron_spikes=np.zeros_like(layer.neuron_spikes))
            for layer in activity.layers
        ),
    )
    assert (
        price(network, quiet, loihi2).estimates["memory_inclusive_45nm"]["value"]
        < figures["memory_inclusive_45nm"]["value"]
    )
