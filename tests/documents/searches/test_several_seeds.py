"""What other seeds say: all alike in a sentence, every network by its seed, old summaries with what they have."""

import pytest

from autosnn_hw.documents.searches.several_seeds import by_seed, seeds_sentence


def spread(mean, reach, count=3):
    return {"accuracies": [mean] * count, "validation": [], "mean": mean, "low": mean - reach, "high": mean + reach}


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
    assert text.endswith("Delivered is the first, 98.0 %.")
    assert seeds_sentence({"winner": {"seeds": None}}) is None and seeds_sentence({}) is None


def test_every_network_is_told_by_its_seed_and_the_delivered_one_is_marked():
    networks = [
        {"seed": seed, "accuracy": 0.9 + seed / 100, "validation": None, "energy": 2e-6, "spikes": 5.0, "cores": 3, "delivered": not seed}
        for seed in range(3)
    ]  # fmt: skip
    energy = {"mean": 2e-6, "low": 1e-6, "high": 3e-6}
    own = {**spread(0.91, 0.01), "energy": energy, "networks": networks}
    told = by_seed(
        {"winner": {"seeds": own}, "baselines": [{"name": "old", "seeds": spread(0.8, 0.1)}, {"name": "none"}]}
    )
    assert [entry["name"] for entry in told] == ["winner", "old"]
    assert told[0]["networks"] == networks and told[0]["energy"] == energy
    assert told[0]["accuracy"] == pytest.approx({"mean": 0.91, "low": 0.90, "high": 0.92})
    assert [one["seed"] for one in told[1]["networks"]] == [0, 1, 2]
    assert not any(one["delivered"] or one["energy"] for one in told[1]["networks"]) and told[1]["energy"] is None
    assert [one["delivered"] for one in by_seed({"winner": {"seeds": spread(0.9, 0)}})[0]["networks"]] == [
        True,
        False,
        False,
    ]
    assert by_seed({"winner": {"seeds": None}}) == by_seed({}) == []
