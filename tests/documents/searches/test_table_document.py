"""Means over seeds with their intervals, and what of the paper's orderings they show."""

import numpy as np
import pytest
from scipy import stats

from autosnn_hw.architecture.published_results import DESIGN
from autosnn_hw.documents.searches.table_document import difference, interval, table_document

values = [0.41, 0.44, 0.40]


def seed(accuracy, spikes, number=0):
    return {
        "seed": number, "accuracy_float": accuracy, "accuracy": accuracy - 0.01, "spikes_float": spikes, "firing_rate": 0.1,
        "spikes": {"chip": 2 * spikes}, "energy": {"value": 2.0, "low": 1.0, "high": 3.0}, "cores": 7, "fits": True,
        "samples": 100, "silent": [], "lava": {"samples": 2, "mismatches": 0, "reason": None} if number == 0 else None,
    }  # fmt: skip


def made(accuracy, spikes, seeds=3):
    """The table of design in which macro-architecture i has these means; seeds differ by a little."""
    rows = [
        {
            "name": name, "space": name[:5], "architecture": "", "width": 8, "spike_regularisation": 0.0,
            "seeds": [seed(accuracy[name[:5]] + 0.002 * i, spikes[name[:5]] * (1 + 0.01 * i), i) for i in range(seeds)],
        }
        for name in DESIGN
    ]  # fmt: skip
    return {"table": "design", "settings": {"dataset": "cifar10"}, "rows": rows, "missing": 0}


def test_intervals_are_students_and_welchs():
    found = interval(values)
    low, high = stats.t.interval(0.95, 2, loc=np.mean(values), scale=stats.sem(values))
    assert (found["low"], found["high"]) == (pytest.approx(low), pytest.approx(high))
    other = [0.5, 0.61, 0.43, 0.52]
    expected = stats.ttest_ind(other, values, equal_var=False).confidence_interval()
    found = difference(other, values)
    assert (found["low"], found["high"]) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert interval([0.5]) == {"value": 0.5, "low": None, "high": None} and interval([])["value"] is None
    assert difference([0.5], values)["low"] is None


def test_intervals_of_shares_stay_within_0_and_1_and_of_counts_above_0():
    rows = [
        {**row, "seeds": [seed(accuracy, spikes, number) for number, (accuracy, spikes) in enumerate([(0.98, 1.0), (0.4, 900.0)])]}
        for row in made({name[:5]: 0.5 for name in DESIGN}, {name[:5]: 100 for name in DESIGN})["rows"]
    ]  # fmt: skip
    row = table_document({**made({n[:5]: 0.5 for n in DESIGN}, {n[:5]: 1 for n in DESIGN}), "rows": rows})["rows"][0]
    assert (row["accuracy_float"]["low"], row["accuracy_float"]["high"]) == (0, 1)
    assert row["spikes_float"]["low"] == 0 and row["spikes_float"]["high"] > 900


@pytest.mark.parametrize(
    ("accuracy", "spikes", "verdicts"),
    [
        ((0.8, 0.7, 0.9, 0.5), (100, 120, 200, 150), ["shown"] * 4),
        ((0.6, 0.7, 0.9, 0.8), (100, 90, 50, 150), ["refuted"] * 4),
        ((0.7, 0.7, 0.7, 0.7), (100, 100, 100, 100), ["open"] * 4),
    ],
)
def test_the_orderings_are_shown_refuted_or_open(accuracy, spikes, verdicts):
    spaces = [f"SNN_{i}" for i in (1, 2, 3, 4)]
    document = table_document(made(dict(zip(spaces, accuracy)), dict(zip(spaces, spikes))))
    assert [entry["verdict"] for entry in document["orderings"]] == verdicts * 2
    strided = document["orderings"][3]
    assert strided["value"] == pytest.approx(spikes[2] / spikes[0]) and strided["paper"] == pytest.approx(222 / 154)


def test_one_seed_and_missing_networks_decide_nothing():
    spaces = dict.fromkeys((f"SNN_{i}" for i in (1, 2, 3, 4)), 0.5)
    one = table_document(made(spaces, dict.fromkeys(spaces, 10), seeds=1))
    assert {entry["verdict"] for entry in one["orderings"]} == {"open"}
    assert (
        one["rows"][0]["accuracy_float"]["low"] < 0.5 < one["rows"][0]["accuracy_float"]["high"]
    )  # of its test samples
    some = made(spaces, dict.fromkeys(spaces, 10))
    some["rows"][2]["seeds"] = []
    verdicts = {entry["block"]: entry["verdict"] for entry in table_document(some)["orderings"]}
    assert verdicts == {"SCB_k3": "not made", "SRB_k3": "open"}


def test_a_row_holds_what_the_paper_has_and_what_it_has_not():
    spaces = dict.fromkeys((f"SNN_{i}" for i in (1, 2, 3, 4)), 0.5)
    row = table_document(made(spaces, dict.fromkeys(spaces, 10)))["rows"][0]
    assert row["published"]["accuracy"] == 0.8693 and row["published"]["spikes"] == 154e3
    assert row["energy"] == {"value": 2.0, "low": 1.0, "high": 3.0} and row["cores"] == 7 and row["fits"]
    assert row["lava"]["samples"] == 2 and row["chip_spikes"]["value"] == pytest.approx(20.2)


def as_floats(accuracy, spikes, number):
    nothing = dict.fromkeys(("accuracy", "spikes", "energy", "cores", "fits"))
    lava = {"samples": 0, "mismatches": None, "reason": "no chip network"} if number == 0 else None
    return seed(accuracy, spikes, number) | nothing | {"not_lowered": "why", "lava": lava}


def test_what_a_chip_network_alone_has_is_over_the_seeds_that_have_one():
    rows = made({name[:5]: 0.5 for name in DESIGN}, {name[:5]: 100 for name in DESIGN})["rows"][:1]
    ran = {"samples": 2, "mismatches": 0, "reason": None}
    rows[0]["seeds"] = [as_floats(0.9, 100.0, 0), seed(0.5, 200.0, 1) | {"lava": ran}, seed(0.6, 300.0, 2)]
    (row,) = table_document({"table": "blocks", "settings": {"dataset": "x"}, "rows": rows})["rows"]
    assert row["accuracy_float"]["value"] == pytest.approx(2 / 3) and row["accuracy"]["value"] == pytest.approx(0.54)
    assert (row["chip_spikes"]["value"], row["fits"], row["lowered"], row["lava"]) == (500.0, True, 2, ran)
    assert row["not_lowered"] == "why"

    rows[0]["seeds"] = rows[0]["seeds"][:2]
    (row,) = table_document({"table": "blocks", "settings": {"dataset": "x"}, "rows": rows})["rows"]
    assert row["accuracy"]["low"] < 0.49 < row["accuracy"]["high"] and row["lowered"] == 1  # Wilson's, of one seed

    rows[0]["seeds"] = rows[0]["seeds"][:1]
    (row,) = table_document({"table": "blocks", "settings": {"dataset": "x"}, "rows": rows})["rows"]
    assert (row["fits"], row["lowered"], row["accuracy"]["value"]) == (None, 0, None)
    assert row["lava"]["reason"] == "no chip network"


def test_random_architectures_without_a_chip_network_are_left_out_of_the_quantiles_of_integers():
    rows = made({name[:5]: 0.5 for name in DESIGN}, {name[:5]: 100 for name in DESIGN})["rows"]
    rows = [row | {"seeds": row["seeds"][:1]} for row in rows if row["space"] in ("SNN_1", "SNN_2")]
    rows[0]["seeds"] = [as_floats(0.5, 100.0, 0)]
    for row in rows[2:]:
        row["seeds"] = [as_floats(0.5, 100.0, 0)]
    first, second = table_document({"table": "spaces", "settings": {"dataset": "x"}, "rows": rows})["distributions"]
    assert first["accuracy"] == [pytest.approx(0.49)] * 5 and first["networks"] == 2
    assert second["accuracy"] is None and second["accuracy_float"] == [0.5] * 5
