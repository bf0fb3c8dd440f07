"""Each sentence of a verdict says what was seen, and nothing where nothing was."""

import pytest

from autosnn_hw.documents.searches import verdict

ENERGY = {"total": {"value": 4e-6, "low": 2e-6, "high": 8e-6}, "assumed_share": 0.41}
WINNER = {
    "architecture": "SRB_k3,skip",
    "accuracy": {"exact_test": 0.97, "lava": 0.97},
    "spikes": {"chip": 1234.0},
    "energy": ENERGY,
    "cores": 12,
}
SUMMARY = {"target": "loihi2", "dataset": "digits", "winner": WINNER, "baselines": []}


def with_winner(**changes):
    return {**SUMMARY, "winner": {**WINNER, **changes}}


def test_the_headline_is_accuracy_spikes_energy_and_cores():
    assert verdict.headline(SUMMARY) == (
        "SRB_k3,skip for loihi2: 97.0 % of the test samples of digits right, 1,234 spikes and 4.00 µJ an inference (estimate), 12 cores."
    )
    assert "unknown" in verdict.headline({"winner": {}})


def test_the_accuracy_is_that_of_the_integer_network_on_the_most_samples():
    assert verdict.accuracy_of({"float": 0.9, "exact": 0.8, "exact_test": 0.7}) == 0.7
    assert verdict.accuracy_of({"float": 0.9, "lava": 0.8}) == 0.8 and verdict.accuracy_of(0.5) == 0.5
    assert verdict.accuracy_of(None) is None


def test_lava_confirms_or_the_reason_is_said():
    assert verdict.confirmation(SUMMARY) == (
        True,
        "Lava ran it and reached the accuracy of the exact simulator, 97.0 %.",
    )
    confirmed, sentence = verdict.confirmation(
        {**SUMMARY, "certificate": {"samples": 3, "neuron_steps": 1000, "mismatches": 0}}
    )
    assert confirmed and "3 samples, 1,000 neuron-steps compared, 0 different" in sentence
    confirmed, sentence = verdict.confirmation(
        {**with_winner(accuracy={"exact": 0.9}), "lava": {"reason": "no Lava here."}}
    )
    assert not confirmed and sentence.endswith("(no Lava here).")


@pytest.mark.parametrize(
    ("judged", "said"),
    [
        (
            1000,
            "41.8 % of all 2,500 validation samples, which it was not trained on, before (39.1 % of the 1,000 that the search judged by) and 48.0 % after.",
        ),
        (2500, "41.8 % of the validation samples, which it was not trained on, before and 48.0 % after."),
    ],
)
def test_the_accuracy_before_training_is_told_from_the_one_on_fewer_samples_that_the_search_judged_by(judged, said):
    accuracy = {"supernet": 0.391, "validation": 0.48, "exact_test": 0.49}
    winner = with_winner(accuracy=accuracy, weights="inherited", steps={"inherited": 0.418, "tuned": 0.48})
    summary = {**winner, "held_out_samples": 2500, "validation_samples": judged}
    assert verdict.weights_sentence(summary) == (
        False,
        f"Its weights are inherited from the super-network, trained on: {said}",
    )


def test_a_total_is_found_alone_or_among_parts():
    assert verdict.total_energy(ENERGY) == verdict.total_energy(ENERGY["total"]) == ENERGY["total"]
    assert verdict.total_energy(2.0) == {"value": 2.0, "low": 2.0, "high": 2.0} and verdict.total_energy(None) is None


@pytest.mark.parametrize(
    ("accuracy", "energy", "said"),
    [
        (0.98, 2e-6, "1.0 points less accuracy, 100 % more energy."),
        (0.95, 8e-6, "2.0 points more accuracy, 50 % less energy."),
    ],
)
def test_a_baseline_is_points_and_parts(accuracy, energy, said):
    summary = {**SUMMARY, "baselines": [{"name": "AutoSNN", "accuracy": accuracy, "energy": energy}]}
    assert verdict.against(summary) == [f"Against AutoSNN: {said}"]


def test_a_baseline_that_is_the_winner_is_called_so():
    same = {"name": "all_SRB_k3", "architecture": WINNER["architecture"], "accuracy": 0.97, "energy": ENERGY}
    assert verdict.against({**SUMMARY, "baselines": [same]}) == [
        "The winner is all_SRB_k3: one network, found by the search."
    ]
    trained_otherwise = {**SUMMARY, "baselines": [same | {"accuracy": 0.96}]}
    assert verdict.against(trained_otherwise)[0].startswith("Against all_SRB_k3: 1.0 points more accuracy")


def test_a_difference_that_the_test_samples_make_alone_is_called_noise():
    """One image of 360 is no difference, 36 of them are; without their number nothing is said."""
    summary = {**with_winner(accuracy={"exact_test": 355 / 360}), "test_samples": 360}
    summary["baselines"] = [{"name": "near", "accuracy": 354 / 360, "energy": 8e-6}, {"name": "far", "accuracy": 319 / 360, "energy": 8e-6}]  # fmt: skip
    assert verdict.against(summary) == [
        "Against near: 0.3 points more accuracy (within the noise of 360 test samples), 50 % less energy.",
        "Against far: 10.0 points more accuracy, 50 % less energy.",
    ]
    assert "noise" not in verdict.against(summary | {"test_samples": None})[0]
    there = {"against_loihi2": {"accuracy": 356 / 360, "difference": -1 / 360}}
    assert verdict.against_loihi2(summary | there).endswith("(98.9 %), within the noise of 360 test samples.")


def test_the_headline_has_the_interval_of_its_test_samples():
    headline = verdict.headline({**with_winner(accuracy={"exact_test": 355 / 360}), "test_samples": 360})
    assert "98.6 % (95 %: 96.8 to 99.4) of the 360 test samples of digits right" in headline


def test_a_ranking_that_is_not_resolved_is_said_in_the_verdict():
    ranking = {"tau": 0.02, "low": -0.6, "high": 0.57, "networks": 12}
    assert any("is not resolved" in text for text in verdict.sentences({**SUMMARY, "ranking": ranking}))


def test_baselines_of_another_chip_and_unknown_ones_are_not_set_against_the_winner():
    others = [
        {"name": "x", "target": "loihi1", "accuracy": 0.9, "energy": 1e-6},
        {"name": "y", "accuracy": None, "energy": 1e-6},
    ]
    assert verdict.against({**SUMMARY, "baselines": others}) == []


def test_what_was_charged_is_said_where_it_is_not_the_total():
    assert verdict.used_cores_sentence(SUMMARY) is None
    charged = with_winner(energy={**ENERGY, "fitness": {"value": 1e-6, "low": 1e-6, "high": 1e-6}})
    assert verdict.used_cores_sentence(charged).endswith("1.00 µJ an inference.")
    assert verdict.against({**charged, "baselines": [{"name": "AutoSNN", "accuracy": 0.97, "energy": 2e-6}]}) == [
        "Against AutoSNN: 0.0 points more accuracy, 50 % less energy of the cores in use."
    ]


def test_measurements_are_a_check_or_information():
    measured = {**SUMMARY, "measured": 12, "feedback": {"relative_error_after": 0.0, "kendall_tau_before": 0.5}}
    assert "measured in a simulator during the search: spikes confirmed." in verdict.feedback_sentence(measured)
    assert verdict.feedback_sentence(measured).endswith("Kendall's tau 0.50.")
    board = {**measured, "feedback": {"relative_error_after": 0.1, "informative": True}}
    assert "measured on the board during the search; the modelled energy was 10.0 % off." in verdict.feedback_sentence(
        board
    )
    assert verdict.feedback_sentence(SUMMARY) is None


def test_a_supernet_that_learnt_nothing_is_named():
    assert verdict.learnt(SUMMARY) is None
    lost = {**SUMMARY, "supernet": {"accuracy": 0.11, "chance": 0.1, "learnt": False}}
    assert verdict.learnt(lost).startswith("The super-network had NOT learnt") and "(chance: 10.0 %)" in verdict.learnt(
        lost
    )


def test_the_verdict_begins_with_headline_confirmation_and_the_estimate():
    first, second, third, *rest = verdict.sentences(SUMMARY)
    assert first == verdict.headline(SUMMARY) and second == verdict.confirmation(SUMMARY)[1] and not rest
    assert third == (
        "Energy is the cost model's estimate: 4.00 µJ (2.00 to 8.00 µJ) an inference; 41 % of it comes from constants that are themselves estimates."
    )
