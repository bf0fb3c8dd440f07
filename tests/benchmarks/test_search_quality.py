"""What search_quality.py compares: points against a front."""

import pytest
import search_quality


def of(accuracy, energy):
    return {"accuracy": accuracy, "energy": energy}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (of(0.97, 2.0), (True, True, True)),  # as accurate, dearer
        (of(0.97, 1.0), (True, True, True)),  # the same point
        (of(0.975, 0.9), (False, True, True)),  # better in both, in accuracy by less than noise
        (of(1.0, 0.9), (False, False, False)),
        (of(1.0, 1.1), (True, True, False)),  # another point of the front
        (of(0.5, 0.1), (True, True, True)),
    ],
)
def test_where_a_winner_stands_to_the_front_of_others(other, said):
    assert tuple(search_quality.against_front(of(0.97, 1.0), [other], 360).values()) == said


def test_seeds_are_counted_in_which_the_winner_is_at_least_the_others_within_noise():
    def row(evolution, baseline, best_random):
        others = {"evolution": {"fitness": evolution}, "baseline_fitness": {"a": 0.1, "b": baseline}}
        return {"winner_fitness": 0.5, "best_random_fitness": best_random, "noise": 0.02, **others}

    reached = search_quality.seeds_reached([row(0.51, 0.4, 0.5), row(0.53, 0.4, 0.6), row(0.52, 0.55, 0.5)])
    assert reached == {
        "at_least_best_random_within_noise": 2,
        "at_least_evolution_within_noise": 2,
        "at_least_baselines_within_noise": 2,
    }
