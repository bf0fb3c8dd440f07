"""CIFAR-10's shapes, C = 16, T = 8: some architectures of the grouped space fit one TrueNorth chip, the others are refused with
their count. Fit does not depend on what a network has learnt, so none is trained here."""

import numpy as np
import pytest

from autosnn_hw.architecture import Architecture
from autosnn_hw.cost import check
from autosnn_hw.search.candidate import unpriced_record, violations_of
from autosnn_hw.search.groups import slot_groups
from autosnn_hw.search.space import search_space
from autosnn_hw.stages.manifest import Prepared
from autosnn_hw.stages.published import published, untrained, variants
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.modules.fabric import Fabric
from hw_profiles import load


@pytest.fixture(scope="module")
def prepared():
    """CIFAR-10's shapes without its images."""
    profile = load("truenorth")
    nothing, labels = np.zeros((1, 3, 32, 32), np.uint8), np.zeros(1, np.int64)
    parts = (nothing, labels) * 3
    data = Dataset("shapes", *parts, 10, (3, 32, 32), np.full(3, 0.5), np.full(3, 0.25), 255.0, "0")
    space = search_space("SNN_1", width=16, timesteps=8, groups=slot_groups("SNN_1", 16, profile))
    return Prepared(data, profile, space, Fabric.of(profile))


def fit(architecture, prepared):
    return check(untrained(architecture, prepared.data, prepared.profile), prepared.profile, remedies=False)


@pytest.mark.slow
def test_of_a_seeded_sample_some_fit_the_chip_and_the_others_are_refused_with_their_count(prepared):
    rng = np.random.default_rng(1)
    reports = [fit(prepared.space.sample(rng), prepared) for _ in range(8)]
    fitting = [report for report in reports if report.fits]
    refused = [report for report in reports if not report.fits]
    assert fitting and refused
    assert all(report.cores_used <= 4096 and report.cores_available == 4096 for report in fitting)
    for report in refused:
        (violation,) = report.violations  # nothing but the number of cores
        assert (violation.resource, violation.needed, violation.limit) == ("cores", report.cores_used, 4096)
        record = unpriced_record("x", report)
        assert f"cores {report.cores_used} > 4096" in record.violation() and violations_of(report)


@pytest.mark.slow
def test_the_published_architecture_fits_with_fewer_channels_a_group_only(prepared):
    ways = variants("AutoSNN", prepared.space)
    assert len(ways) == 16 and ways[0].groups == (4, 8, 1, 8, 16) and ways[-1].groups == (8, 16, 1, 16, 32)
    assert not fit(ways[0], prepared).fits and fit(ways[-1], prepared).fits
    chosen = published(prepared)
    assert set(chosen) == {"all_SCB_k3", "all_SRB_k3", "AutoSNN"}
    for name, architecture in chosen.items():
        assert architecture.blocks == Architecture.parse(name).blocks and fit(architecture, prepared).fits
        wider = variants(name, prepared.space)
        assert not any(fit(way, prepared).fits for way in wider[: wider.index(architecture)][-2:])
