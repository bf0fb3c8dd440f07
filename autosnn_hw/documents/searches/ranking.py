"""How well the search ranked what it trained, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autosnn_hw.documents.accuracy import differ, on_samples
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


def close_finalists_sentence(summary: Mapping[str, Any]) -> str | None:
    """How many finalists the validation samples do not tell from the winner; None where none is, or their fitness is unknown."""
    finalists, samples = summary.get("finalists"), number(summary.get("held_out_samples"))
    winner, fitness = at(summary, "winner", "architecture"), number(at(summary, "winner", "fitness"))
    if not isinstance(finalists, list) or not samples or fitness is None:
        return None
    known = {one["architecture"]: _fitness_within(one, samples) for one in finalists if one.get("fitness") is not None}
    own = known.pop(winner, None)
    if own is None or not known:
        return None
    close = sum(differ(own, one) is False for one in known.values())
    if close == 0:
        return None
    others = len(known)
    which = f"{count(close)} of the {count(others)} other finalists {'has' if close == 1 else 'have'}"
    if close == others:
        which = "The one other finalist has" if others == 1 else f"All {count(others)} other finalists have"
    return (
        f"{which} a fitness within the noise of the {count(samples)} validation samples of the winner's, "
        f"{fitness:.3f}: other samples might have chosen {'it' if others == 1 else 'another'}."
    )


def _fitness_within(finalist: Mapping[str, Any], samples: float) -> dict[str, float | None]:
    """A fitness with the interval that its accuracy leaves it, whose multiple it is: {"value", "low", "high"}."""
    accuracy = on_samples(number(finalist.get("accuracy")), samples)
    if not accuracy["value"]:
        return {"value": finalist["fitness"], "low": None, "high": None}
    scale = finalist["fitness"] / accuracy["value"]
    return {name: None if value is None else scale * value for name, value in accuracy.items()}


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
