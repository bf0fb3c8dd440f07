"""Of a whole space's candidates a page draws those that matter, and a cloud of the rest."""

import numpy as np

from autosnn_hw.pareto import pareto_front
from autosnn_hw.report.page.drawn_candidates import drawn


def rows(count):
    random = np.random.default_rng(0)
    return [
        {
            "genotype": f"net {number}",
            "generation": -1 if number % 100 == 7 else 0,
            "feasible": number % 9 != 0,
            "accuracy": float(random.random()),
            "cost": float(random.random() + 0.1),
            "fitness": float(random.random()),
            "measured_energy": 1.0 if number in (5, 1500) else None,
        }
        for number in range(count)
    ]


def test_few_candidates_are_all_drawn():
    assert drawn(rows(600)) == rows(600)


def test_of_many_those_that_matter_are_drawn_in_their_order():
    everyone = rows(3125)
    kept = drawn(everyone)
    assert len(kept) <= 600
    assert kept == [row for row in everyone if row in kept]
    fit = [row for row in everyone if row["feasible"]]
    front = [fit[index] for index in pareto_front([(row["accuracy"], row["cost"]) for row in fit])]
    fittest = sorted(fit, key=lambda row: -row["fitness"])[:200]
    measured = [row for row in everyone if row["measured_energy"] is not None or row["generation"] < 0]
    assert all(row in kept for row in [*front, *fittest, *measured])
    others = [row["cost"] for row in kept if row not in fittest]
    assert min(others) < 0.15 and max(others) > 1.05


def test_what_the_page_names_or_was_measured_with_final_weights_is_always_drawn():
    everyone = rows(3125)
    poorest = [row["genotype"] for row in sorted(everyone, key=lambda row: row["fitness"]) if row["generation"] == 0][
        :40
    ]
    named, made = poorest[:20], set(poorest[20:])
    told = [{**row, "accuracy_source": "measured"} if row["genotype"] in made else row for row in everyone]
    assert {*named, *made} - {row["genotype"] for row in drawn(everyone)}
    assert {*named, *made} <= {row["genotype"] for row in drawn(told, named)}


def test_the_front_is_that_of_costs_with_final_weights():
    everyone = rows(3125)
    best = max((row for row in everyone if row["feasible"] and row["generation"] == 0), key=lambda row: row["cost"])
    told = [
        {**row, "final_cost": 1e-3, "final_feasible": True, "fitness": 0.0} if row is best else row for row in everyone
    ]
    assert best["genotype"] in {row["genotype"] for row in drawn(told)}
