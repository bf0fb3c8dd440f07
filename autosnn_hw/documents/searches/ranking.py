"""How well the search ranked what it trained, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autosnn_hw.words.quantities import at, count, number


def unresolved_sentence(summary: Mapping[str, Any]) -> str | None:
    """That the search's order of the networks is no better than chance, as far as it was measured; None where it is, or is unknown."""
    if not _holds_0(summary):
        return None
    tau, low, high = (number(at(summary, "ranking", key)) for key in ("tau", "low", "high"))
    return (
        f"The order of the {count(at(summary, 'ranking', 'networks'))} networks that were trained is not resolved: Kendall's tau between "
        f"it and the search's is {tau:.2f} (95 %: {low:.2f} to {high:.2f}), an interval that holds 0."
    )


def _holds_0(summary: Mapping[str, Any]) -> bool:
    """Whether the interval of tau does not tell the order from chance."""
    tau, low, high = (number(at(summary, "ranking", key)) for key in ("tau", "low", "high"))
    return tau is not None and low is not None and high is not None and low <= 0 <= high


def ranking_sentence(summary: Mapping[str, Any]) -> str | None:
    """Kendall's tau between searched and delivered accuracy with its interval and ceiling; None where the summary has no tau."""
    tau, networks = number(at(summary, "ranking", "tau")), at(summary, "ranking", "networks")
    if tau is None:
        return None
    low, high, ceiling = (number(at(summary, "ranking", key)) for key in ("low", "high", "ceiling"))
    within = "" if low is None or high is None else f" (95 %: {low:.2f} to {high:.2f})"
    ranked_again = number(at(summary, "ranking", "ceiling_networks"))
    over = f" over {count(ranked_again)} of them" if ranked_again else ""
    most = (
        "; how much other seeds of the same training would agree, the ceiling, was not measured"
        if ceiling is None
        else f"; other seeds of the same training agree by {ceiling:.2f}{over}, the ceiling"
    )
    chance = " An interval that holds 0 does not tell this order from chance." if _holds_0(summary) else ""
    return (
        f"Kendall's tau between the accuracy that the search ranked by and that of the trained networks, on validation samples, "
        f"is {tau:.2f}{within} over {count(networks)} networks; 1 is the same order{most}.{chance}"
    )
