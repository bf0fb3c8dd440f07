"""Several searches: what was not run alike is said, and a difference is judged only on the same data."""

import pytest

from autosnn_hw.documents.searches.runs import compare_runs, front_of


def run(accuracy, *, dataset="digits", target="loihi2", samples=400, energy=1e-6):
    winner = {"architecture": "a,b", "accuracy": {"exact_test": accuracy}, "energy": {"total": {"value": energy, "low": energy / 2, "high": 2 * energy}}}  # fmt: skip
    return {
        "dataset": dataset,
        "target": target,
        "objective": "energy",
        "test_samples": samples,
        "winner": winner,
        "seed": 0,
    }


def test_differences_are_noise_where_intervals_overlap_and_unjudged_on_other_data():
    found = compare_runs(
        [run(0.95), run(0.96, energy=3e-6), run(0.80), run(0.95, dataset="events")], [[]] * 4, list("wxyz")
    )
    pairs = {(pair["a"], pair["b"]): pair for pair in found["pairs"]}
    assert len(pairs) == 6 and pairs["a", "b"]["noise"] is True and pairs["a", "c"]["noise"] is False
    assert pairs["a", "d"]["noise"] is None and pairs["a", "c"]["difference"] == pytest.approx(-0.15)
    assert pairs["a", "b"]["energy_ratio"] == pytest.approx(3.0)
    (sentence,) = found["settings_that_differ"]
    assert sentence.startswith("dataset: a digits, b digits, c digits, d events;")


def test_means_over_seeds_are_judged_by_their_own_intervals():
    def several(mean, reach, dataset="digits"):
        found = run(0.95, dataset=dataset)
        found["winner"]["seeds"] = {"accuracies": [mean] * 3, "mean": mean, "low": mean - reach, "high": mean + reach}
        return found

    runs = [several(0.95, 0.01), several(0.96, 0.01), several(0.90, 0.02), run(0.95), several(0.95, 0.01, "events")]
    found = compare_runs(runs, [[]] * 5, list("vwxyz"))
    assert found["runs"][0]["over_seeds"] == {"seeds": 3, "mean": 0.95, "low": 0.94, "high": 0.96}
    assert found["runs"][3]["over_seeds"] is None
    pairs = {(pair["a"], pair["b"]): pair["over_seeds"] for pair in found["pairs"]}
    assert pairs["a", "b"] == {"difference": pytest.approx(0.01), "noise": True}
    assert pairs["a", "c"]["noise"] is False and pairs["a", "d"] is None and pairs["a", "e"]["noise"] is None


def test_energies_of_other_targets_are_not_divided_and_unknown_stays_unknown():
    other = run(0.9, target="truenorth")
    nothing = {"dataset": "digits", "target": "loihi2", "winner": {}}
    found = compare_runs([run(0.9), other, nothing], [[]] * 3, ["x", "y", "z"])
    assert all(pair["energy_ratio"] is None for pair in found["pairs"])
    assert found["runs"][2]["accuracy"] == {"value": None, "low": None, "high": None}
    assert [pair["noise"] for pair in found["pairs"]] == [True, None, None]


def test_a_front_takes_the_best_accuracy_known():
    rows = [
        {"genotype": "a", "feasible": True, "accuracy": 0.5, "cost": 1.0, "final_accuracy": 0.9, "accuracy_source": "measured"},
        {"genotype": "b", "feasible": True, "accuracy": 0.8, "cost": 2.0, "final_accuracy": None},
        {"genotype": "c", "feasible": False, "accuracy": 0.99, "cost": 0.1},
    ]  # fmt: skip
    assert front_of(rows) == [{"architecture": "a", "accuracy": 0.9, "source": "measured", "cost": 1.0}]
