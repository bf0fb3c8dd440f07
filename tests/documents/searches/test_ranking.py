"""The sentence on how well a search ranked: tau with its interval, what the ceiling is, and when it says nothing."""

from autosnn_hw.documents.searches.ranking import ranking_sentence


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
