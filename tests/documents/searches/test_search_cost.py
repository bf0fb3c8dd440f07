"""Sentences on what a search cost and what other seeds say."""

from autosnn_hw.documents.searches import verdict
from autosnn_hw.documents.searches.search_cost import cost_sentence, seeds_sentence

COST = {
    "images": 2.4e6, "block_passes": 1.2e7, "cpu_seconds": 420.0, "kwh": 0.0014, "kwh_low": 0.0004, "kwh_high": 0.0028,
    "core_watts": 12.0, "how": "processor time x 12 W a busy core",
}  # fmt: skip


def spread(mean, reach, count=3):
    return {"accuracies": [mean] * count, "validation": [], "mean": mean, "low": mean - reach, "high": mean + reach}


def test_the_cost_is_time_images_and_an_energy_with_its_bounds():
    text = cost_sentence({"wall_time": 240.0, "cost_of_search": COST})
    for part in (
        "4 min (7 min of processor time)",
        "2.4 million images",
        "12.0 million through single blocks",
        "1.40 Wh",
    ):
        assert part in text
    assert "0.400 to 2.80" in text and "12 W a busy core" in text
    unknown = cost_sentence(
        {"wall_time": 90.0, "cost_of_search": {**COST, "kwh": None, "cpu_seconds": None, "how": "unknown: x"}}
    )
    assert "90 s and put" in unknown and unknown.endswith("its energy is unknown: x.")
    assert cost_sentence({"wall_time": 240.0}) is None


def test_seeds_are_told_of_all_alike_and_noise_is_called_noise():
    summary = {
        "winner": {"seeds": spread(0.98, 0.01)},
        "baselines": [
            {"name": "near", "seeds": spread(0.97, 0.01)},
            {"name": "far", "seeds": spread(0.90, 0.01)},
            {"name": "unknown", "seeds": None},
        ],
    }
    text = seeds_sentence(summary)
    assert "Over 3 seeds" in text and "winner 98.0 % (97.0 to 99.0)" in text
    assert "near 97.0 % (96.0 to 98.0), no difference beyond that noise" in text
    assert "far 90.0 % (89.0 to 91.0)." in text and "unknown" not in text
    assert seeds_sentence({"winner": {"seeds": None}}) is None and seeds_sentence({}) is None


def test_the_verdict_ends_with_what_the_search_cost():
    with_cost = {"winner": {"architecture": "x"}, "wall_time": 240.0, "cost_of_search": COST}
    assert verdict.sentences(with_cost)[-1] == cost_sentence(with_cost)
