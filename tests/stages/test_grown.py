"""A run that is gone on with has more of what was asked for, and stays the search that it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.stages.growing import grown
from autosnn_hw.stages.searching import settings

BUDGETS = st.none() | st.integers(2, 400)


@given(BUDGETS, st.integers(1, 12), st.integers(0, 60), st.integers(2, 600))
def test_a_larger_budget_keeps_the_architectures_of_the_mean_cost(budget, generations, samples, asked):
    kept = SearchConfig(strategy="evolution", budget=budget, generations=generations, mean_cost_samples=samples)
    try:
        changes, notes = grown(kept, {"budget": asked}, "run")
    except InputError as error:
        before = settings(kept)
        assert asked < max(before.total, 3 * before.references) and "or more is needed" in str(error)
        return
    before, after = settings(kept), settings(kept.with_changes(**changes))
    assert after.references == before.references and not notes
    assert after.total == asked >= before.total
    again, _ = grown(kept.with_changes(**changes), {"budget": asked + 7}, "run")
    assert settings(kept.with_changes(**changes).with_changes(**again)).references == before.references


@pytest.mark.parametrize(
    ("more", "said"), [({"budget": 100}, "--budget 100 changes"), ({"generations": 9}, "--generations 9 changes")]
)
def test_a_walk_has_judged_everything_and_says_so(more, said):
    changes, notes = grown(SearchConfig(strategy="walk"), {**more, "finalists": 12}, "runs/one")
    assert changes == {"finalists": 12} and len(notes) == 1
    assert notes[0].startswith(said) and notes[0].endswith("runs/one walks its whole space.")


def test_generations_say_nothing_beside_a_budget():
    kept = SearchConfig(strategy="evolution", budget=60)
    changes, (note,) = grown(kept, {"generations": 9}, "run")
    assert changes == {} and note == "--generations 9 changes nothing: its budget, 60, says how many are judged."
    changes, (note,) = grown(kept, {"generations": 9, "budget": 90}, "run")
    assert changes == {"budget": 90, "mean_cost_samples": 20} and "its budget, 90" in note
    assert grown(SearchConfig(strategy="evolution"), {"generations": 9}, "run") == ({"generations": 9}, [])
