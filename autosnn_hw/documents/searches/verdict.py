"""What a search found, in sentences: what was seen, by whom it was confirmed, and what is an estimate."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any

from autosnn_hw.documents.accuracy import Z_95, differ, on_samples
from autosnn_hw.documents.searches.kept_limits import passed_limits_sentence
from autosnn_hw.documents.searches.ranking import close_finalists_sentence, unresolved_sentence
from autosnn_hw.documents.searches.search_cost import cost_sentence
from autosnn_hw.documents.searches.several_seeds import seeds_sentence
from autosnn_hw.words.quantities import UNKNOWN, at, count, number, percent, quantity, with_bounds


def total_energy(energy: Any) -> Mapping[str, float] | None:
    """The total's interval, whether it stands alone or as {"total": ..}."""
    if isinstance(energy, Mapping):
        return energy["total"] if isinstance(energy.get("total"), Mapping) else energy
    return None if energy is None else {"value": energy, "low": energy, "high": energy}


def accuracy_of(accuracy: Any) -> float | None:
    """The accuracy that compares networks: of the integer network on the whole test split, else the best known."""
    return number(accuracy, "exact_test", "exact", "lava", "float")


def confirmation(summary: Mapping[str, Any]) -> tuple[bool, str]:
    """(confirmed, sentence): what Lava, or nobody, has confirmed of the winner.

    Reads winner.accuracy.{exact, lava} and, where there, `certificate` (winner.certificate.json) and `lava` ({"reason"}).
    """
    accuracy = at(summary, "winner", "accuracy") or {}
    certificate = summary.get("certificate") or {}
    if not isinstance(accuracy, Mapping) or accuracy.get("lava") is None:
        reason = at(summary, "lava", "reason")
        return (
            False,
            "Lava did not confirm this network: its accuracy and spikes are those of the exact simulator alone"
            + (f" ({str(reason).rstrip('.')})." if reason else "."),
        )
    steps = certificate.get("neuron_steps")
    if steps is None:
        return True, f"Lava ran it and reached the accuracy of the exact simulator, {percent(accuracy['lava'])}."
    return True, (
        f"Lava confirmed it: {count(certificate.get('samples'))} samples, {count(steps)} neuron-steps compared, "
        f"{count(certificate.get('mismatches'))} different; accuracy in both {percent(accuracy['lava'])}."
    )


def learnt(summary: Mapping[str, Any]) -> str | None:
    """What the super-network had learnt, or None where the summary does not say (`supernet`: {"accuracy", "chance"})."""
    mean, chance = at(summary, "supernet", "accuracy"), at(summary, "supernet", "chance")
    if mean is None:
        return None
    beside = "" if chance is None else f" (chance: {percent(chance)})"
    word = "had learnt" if at(summary, "supernet", "learnt") is not False else "had NOT learnt"
    return f"The super-network {word}: random architectures with its weights reach {percent(mean)} on average{beside}."


def against(summary: Mapping[str, Any]) -> list[str]:
    """One sentence a baseline: accuracy in points, and whether that is noise of the test samples, and energy in parts, winner against it;
    or that it is the winner.

    Where the search charged static power by core the energies compared are those: whole chips all cost the same.
    """
    winner = summary.get("winner") or {}
    accuracy, energy = accuracy_of(winner.get("accuracy")), charged(winner.get("energy"))
    by_core = energy is not None and energy != number(total_energy(winner.get("energy")))
    sentences = []
    for baseline in alike(summary):
        other, cost = accuracy_of(baseline.get("accuracy")), charged(baseline.get("energy"))
        if None in (accuracy, energy, other, cost) or not cost:
            continue
        if baseline.get("architecture", "") == winner.get("architecture") and (accuracy, energy) == (other, cost):
            sentences.append(f"The winner is {baseline['name']}: one network, found by the search.")
            continue
        points = 100 * (accuracy - other)  # type: ignore[operator]
        change = energy / cost - 1  # type: ignore[operator]
        noise = _noise(accuracy, other, summary)
        sentences.append(
            f"Against {baseline['name']}{_not_fitting(baseline, summary)}: {abs(points):.1f} points {'more' if points >= 0 else 'less'} accuracy{f' ({noise})' if noise else ''}, "
            f"{percent(abs(change), 0)} {'less' if change <= 0 else 'more'} energy{' of the cores in use' if by_core else ''}."
        )
    return sentences


def _noise(own: float | None, other: float | None, summary: Mapping[str, Any]) -> str:
    """Words for a difference that the luck of the test samples makes alone, judged as `compare` does; "" where it is more, or unknown."""
    samples = number(summary.get("test_samples"))
    apart = differ(on_samples(own, samples), on_samples(other, samples))
    return f"within the noise of {count(samples)} test samples" if apart is False else ""


def _not_fitting(baseline: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Words for a baseline that its target cannot hold: it was trained and priced all the same."""
    if baseline.get("fits") is not False:
        return ""
    cores = number(baseline.get("cores"))
    return f", which does not fit {summary.get('target')}" + ("" if cores is None else f" ({cores:,.0f} cores)")


def charged(energy: Any) -> float | None:
    """The energy that a search minimises: with static power of the cores in use where the target says so, else the total."""
    own = number(at(energy, "fitness"))
    return number(total_energy(energy)) if own is None else own


def alike(summary: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The baselines on the search's own target: only their energies can be set against the winner's."""
    own = summary.get("target")
    return [baseline for baseline in summary.get("baselines") or () if baseline.get("target", own) == own]


def against_loihi2(summary: Mapping[str, Any]) -> str | None:
    """What the target cost in accuracy, or None where the winner was not deployed on Loihi 2, too (`against_loihi2`)."""
    there, difference = at(summary, "against_loihi2", "accuracy"), at(summary, "against_loihi2", "difference")
    if there is None or difference is None:
        return None
    word = "more" if difference >= 0 else "less"
    noise = _noise(there + difference, there, summary)
    alone = at(summary, "against_loihi2", "weights") == "scratch" and at(summary, "winner", "weights") == "inherited"
    trained = "trained from scratch" if alone else "trained alike"
    return (
        f"Against Loihi 2: {abs(100 * difference):.1f} points {word} accuracy than the same architecture, {trained}, has "
        f"there with PLIF neurons, 8-bit weights and a dense readout ({percent(there)}){f', {noise}' if noise else ''}."
    )


def used_cores_sentence(summary: Mapping[str, Any]) -> str | None:
    """What the search charged, where that is not the total: static power of the cores in use alone."""
    energy = at(summary, "winner", "energy")
    own, total = charged(energy), number(total_energy(energy))
    if own is None or total is None or own == total:
        return None
    return (
        f"The total holds the static power of the whole chip; the search charged that of the cores in use: "
        f"{quantity(own, 'J')} an inference."
    )


def feedback_sentence(summary: Mapping[str, Any]) -> str | None:
    """What the measurements of the search say of model and float proxy, or None where nothing was measured."""
    feedback = summary.get("feedback") or {}
    error, tau = feedback.get("relative_error_after"), feedback.get("kendall_tau_before")
    if not summary.get("measured") or error is None:
        return None
    ranked = (
        "" if tau is None else f" The float super-network's spikes would have ranked them with Kendall's tau {tau:.2f}."
    )
    if not feedback.get("informative"):  # equal spikes have equal modelled energies: no figure that says anything
        return f"{summary['measured']} candidates were measured in a simulator during the search: spikes confirmed.{ranked}"
    return (
        f"{summary['measured']} candidates were measured on the board during the search; the modelled energy was "
        f"{percent(error)} off.{ranked}"
    )


def headline(summary: Mapping[str, Any]) -> str:
    """The winner in one sentence, its accuracy with the interval that the number of test samples leaves (Wilson, 95 %)."""
    winner = summary.get("winner") or {}
    samples = number(summary.get("test_samples"))
    accuracy = on_samples(accuracy_of(winner.get("accuracy")), samples)
    low, high = accuracy["low"], accuracy["high"]
    within = "" if low is None or high is None else f" (95 %: {100 * low:.1f} to {100 * high:.1f})"
    of = "the test samples" if low is None else f"the {count(samples)} test samples"
    return (
        f"{winner.get('architecture', UNKNOWN)} for {summary.get('target', UNKNOWN)}: "
        f"{percent(accuracy['value'])}{within} of {of} of {summary.get('dataset', UNKNOWN)} right, "
        f"{count(number(winner.get('spikes'), 'chip'))} spikes and "
        f"{quantity(number(total_energy(winner.get('energy'))), 'J')} an inference (estimate), {count(winner.get('cores'))} cores."
    )


def weights_sentence(summary: Mapping[str, Any]) -> tuple[bool, str] | None:
    """(whether it must be read first, sentence): where the delivered weights are from and what training on did to them.

    Must be read first: the delivered network is worse than the searched one by more than noise (two binomial samples, 95 %),
    or training it on made it worse and was dropped. None for summaries that do not say where weights are from.
    """
    weights, searched = at(summary, "winner", "weights"), number(at(summary, "winner", "accuracy", "supernet"))
    if weights is None or searched is None:
        return None
    own = number(at(summary, "winner", "accuracy", "validation"))
    drawn, samples = number(summary.get("held_out_samples")), number(summary.get("validation_samples"))
    where = "validation samples"
    if own is None:  # trained on the validation samples: only the test samples can say
        own, where = accuracy_of(at(summary, "winner", "accuracy")), "test samples, against the validation samples"
        drawn = number(summary.get("test_samples"))
    if own is not None and _worse(own, drawn, searched, samples):
        return True, (
            f"The delivered network is worse than the searched one by more than noise: {percent(own)} (weights "
            f"{_from(weights)}) against {percent(searched)} with the super-network's weights ({where})."
        )
    steps = at(summary, "winner", "steps") or {}
    before = number(steps, "inherited", "quantised")
    later = [steps[name] for name in ("trained", "tuned") if steps.get(name) is not None]
    after = max(later) if later else None
    origin = f"Its weights are {_from(weights)}{_other_way(summary)}"
    if before is None or after is None:
        return False, f"{origin}."
    if after < before:
        return True, (
            f"The delivered network is the {'searched one as it was' if weights == 'inherited' else 'plainly quantised one'}: "
            f"training it on made it worse on the validation samples ({percent(before)} to {percent(after)}) and "
            "was dropped."
        )
    every, judged = "the validation samples", ""
    # Two accuracies of one network, both true: of all samples, and of those that the search judged by.
    if drawn and samples and drawn > samples:
        every = f"all {count(drawn)} validation samples"
        judged = f" ({percent(searched)} of the {count(samples)} that the search judged by)"
    return False, (
        f"{origin}, trained on: {percent(before)} of {every}, which it was not trained on, before{judged} and {percent(after)} after."
    )


def _from(weights: str) -> str:
    return "inherited from the super-network" if weights == "inherited" else "learnt from scratch"


def _other_way(summary: Mapping[str, Any]) -> str:
    """Words for the network of --retrain both that was not taken."""
    other = at(summary, "winner", "other")
    if not isinstance(other, Mapping):
        return ""
    return (
        f" (those {_from(other['weights'])} reach {percent(other.get('validation'))} of the validation samples and "
        f"{percent(other.get('exact_test'))} of the test samples)"
    )


def _worse(own: float, drawn: float | None, other: float, samples: float | None) -> bool:
    """Whether `own`, of `drawn` samples, is below `other` by more than noise; an unknown or empty sample says nothing."""
    if not drawn or not samples:
        return False
    pooled = (own * drawn + other * samples) / (drawn + samples)
    return other - own > Z_95 * sqrt(pooled * (1 - pooled) * (1 / drawn + 1 / samples))


def sentences(summary: Mapping[str, Any]) -> list[str]:
    """The verdict: a warning where one is due, headline, weights, confirmation, what is estimated, Loihi 2, seeds, what was learnt, an order that is
    not resolved, feedback, baselines, and what the search itself cost."""
    energy = at(summary, "winner", "energy")
    share = at(energy, "assumed_share")
    estimate = f"Energy is the cost model's estimate: {with_bounds(total_energy(energy), 'J')} an inference"
    if share is not None:
        estimate += f"; {percent(share, 0)} of it comes from constants that are themselves estimates"
    result = [headline(summary), confirmation(summary)[1], estimate + "."]
    weights = weights_sentence(summary)
    if weights is not None:
        first, sentence = weights
        result.insert(0 if first else 1, sentence)
    passed = passed_limits_sentence(summary)
    if passed is not None:
        result.insert(0, passed)
    more = (
        used_cores_sentence,
        against_loihi2,
        close_finalists_sentence,
        seeds_sentence,
        learnt,
        unresolved_sentence,
        feedback_sentence,
    )
    result += [text for sentence in more if (text := sentence(summary))]
    cost = cost_sentence(summary)
    return [*result, *against(summary), *([] if cost is None else [cost])]
