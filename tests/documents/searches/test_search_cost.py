"""What a search cost, in a sentence."""

from autosnn_hw.documents.searches import verdict
from autosnn_hw.documents.searches.search_cost import cost_sentence

COST = {
    "images": 2.4e6, "block_passes": 1.2e7, "cpu_seconds": 420.0, "kwh": 0.0014, "kwh_low": 0.0004, "kwh_high": 0.0028,
    "core_watts": 12.0, "how": "processor time x 12 W a busy core",
}  # fmt: skip


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


def test_the_verdict_ends_with_what_the_search_cost():
    with_cost = {"winner": {"architecture": "x"}, "wall_time": 240.0, "cost_of_search": COST}
    assert verdict.sentences(with_cost)[-1] == cost_sentence(with_cost)
