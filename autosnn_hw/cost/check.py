"""`check`: whether a network fits a target, and what would make it fit."""

from __future__ import annotations

from dataclasses import replace

from autosnn_hw.cost.fit import assess
from autosnn_hw.cost.remedies.propose import propose
from autosnn_hw.cost_report import FitReport
from autosnn_hw.network import ChipNetwork
from hw_profiles.schema import Profile


def check(network: ChipNetwork, profile: Profile, *, remedies: bool = True) -> FitReport:
    """Whether a network fits a target. Not fitting is an answer, never an exception.

    Args:
        remedies: look for the smallest changes that would fit, each checked again before it is proposed.

    Returns:
        every violation of every layer, cores of each layer, and notes (smallest device that fits, limits not known).
    """
    report = assess(network, profile)
    if remedies and report.violations:
        violations = tuple(
            replace(violation, remedies=tuple(r.sentence for r in propose(network, profile, violation, report)))
            for violation in report.violations
        )
        report = replace(report, violations=violations)
    return report
