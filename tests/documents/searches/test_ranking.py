"""The sentence on how well a search ranked: tau with its interval, what the ceiling is, and when it says nothing."""

from autosnn_hw.documents.searches.ranking import close_finalists_sentence, ranking_sentence, unresolved_sentence


def test_it_says_tau_with_its_interval_and_whether_the_ceiling_is_known():
    ranked = {"tau": 0.61, "low": 0.24, "high": 0.88, "ceiling": None, "networks": 11}
    text = ranking_sentence({"ranking": ranked})
    assert (
        "is 0.61 (95 %: 0.24 to 0.88) over 11 networks" in text and "was not measured" in text and "chance" not in text
    )
    text = ranking_sentence({"ranking": ranked | {"low": -0.1, "ceiling": 0.8}})
    assert "agree by 0.80, the ceiling" in text and "does not tell this order from chance" in text
    assert "agree by 0.80 over 5 of them, the ceiling" in ranking_sentence(
        {"ranking": ranked | {"ceiling": 0.8, "ceiling_networks": 5}}
    )
    assert ranking_sentence({"ranking": {"tau": None, "networks": 2}}) is None is ranking_sentence({})


def test_an_order_that_is_not_told_from_chance_is_said_to_be_unresolved():
    ranked = {"tau": 0.02, "low": -0.6, "high": 0.57, "networks": 12}
    text = unresolved_sentence({"ranking": ranked})
    assert text == (
        "The order of the 12 networks that were trained is not resolved: Kendall's tau between it and the search's is 0.02 (95 %: -0.60 to "
        "0.57), an interval that holds 0."
    )
    assert unresolved_sentence({"ranking": ranked | {"low": 0.01}}) is None
    assert unresolved_sentence({"ranking": ranked | {"low": None}}) is None is unresolved_sentence({})


def finalists(winner, *others):
    """A summary of finalists with these accuracies, cost alike, on 1,000 validation samples; the first is the winner."""
    rows = [{"architecture": str(n), "accuracy": a, "fitness": 1.1 * a} for n, a in enumerate((winner, *others))]
    return {"held_out_samples": 1000, "winner": {"architecture": "0", "fitness": 1.1 * winner}, "finalists": rows}


def test_finalists_that_the_validation_samples_do_not_tell_from_the_winner_are_counted():
    assert close_finalists_sentence(finalists(0.9, 0.89, 0.88, 0.5)) == (
        "2 of the 3 other finalists have a fitness within the noise of the 1,000 validation samples of the winner's, 0.990: other samples "
        "might have chosen another."
    )
    assert close_finalists_sentence(finalists(0.9, 0.89, 0.88)).startswith("All 2 other finalists have")
    assert close_finalists_sentence(finalists(0.9, 0.89)).endswith("might have chosen it.")
    assert close_finalists_sentence(finalists(0.9, 0.89, 0.5)).startswith("1 of the 2 other finalists has")
    assert close_finalists_sentence(finalists(0.9, 0.5)) is None is close_finalists_sentence(finalists(0.9))
    broken = finalists(0.9, 0.89)
    broken["finalists"][1]["fitness"] = None  # breaks a limit
    assert close_finalists_sentence(broken) is None is close_finalists_sentence({"finalists": 3})
