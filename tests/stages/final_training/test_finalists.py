"""Who wins among finalists, and how well the search ranked them."""

from types import SimpleNamespace

import pytest

from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.runner import SearchResult
from autosnn_hw.stages.final_training.finalists import Finalist, best_of, next_chosen, ranking, rounds


def test_the_fittest_that_keeps_the_limits_wins_and_ties_go_to_the_search():
    finalists = [Finalist(name, None, value) for name, value in (("a", 0.5), ("b", 0.7), ("c", None), ("d", 0.7))]
    assert best_of(finalists).candidate == "b"
    assert best_of([Finalist("c", None, None)]) is None


def test_tau_counts_an_architecture_once_and_says_how_many():
    networks = [
        SimpleNamespace(architecture=name, accuracy=SimpleNamespace(inherited=first, validation=last))
        for name, first, last in (("a", 0.1, 0.2), ("b", 0.2, 0.3), ("c", 0.3, 0.4), ("c", 0.3, 0.4), ("d", 0.4, 0.1))
    ]
    found = ranking(networks, {"a": 0.1, "b": 0.2}, 0)
    assert found["networks"] == 4 and found["tau"] == pytest.approx(0.0) and found["ceiling"] is None
    assert [pair["architecture"] for pair in found["pairs"]] == ["a", "b", "c", "d"]
    assert found["pairs"][1] == {"architecture": "b", "searched": 0.2, "delivered": 0.3}
    assert -1 <= found["low"] <= found["tau"] <= found["high"] <= 1
    assert ranking(networks[:2], {}, 0)["tau"] is None


def test_more_finalists_begin_with_the_same():
    for finalists in range(1, 20):
        assert sum(rounds(finalists)) == finalists and max(rounds(finalists)) <= 4
        assert rounds(finalists + 2)[: len(rounds(finalists)) - 1] == rounds(finalists)[:-1]


def test_where_there_are_limits_those_that_are_expected_to_keep_them_come_next():
    records = [CandidateRecord(name, accuracy=0.9 - n / 100, cost=2.0 - n / 10) for n, name in enumerate("abcd")]
    found = SearchResult(records[0], tuple(records), tuple(records), 1.0, {}, (), {})
    plain = next_chosen(found, {"a": 0.9}, 100, -0.08, 2, ["a"])
    assert plain == ["b", "c"]
    kept = next_chosen(found, {"a": 0.9}, 100, -0.08, 2, ["a"], excesses={"a": 0.5, "b": 0.1, "c": -0.1, "d": 0.0})
    assert kept == ["c", "d"]
    one = next_chosen(found, {"a": 0.9}, 100, -0.08, 2, ["a"], excesses={"a": 0.5, "b": 0.1, "c": 0.2, "d": -0.1})
    assert one == ["d"], "what is expected to pass a limit is not trained beside it"
    none = next_chosen(found, {"a": 0.9}, 100, -0.08, 2, ["a"], excesses={"a": 0.5, "b": 0.1, "c": 0.2, "d": 0.05})
    assert none == ["d", "b"], "those that pass it by the least"
    first = next_chosen(found, {}, 100, -0.08, 2, [], excesses=dict.fromkeys("abcd", 0.5))
    assert first == ["a", "b"]
