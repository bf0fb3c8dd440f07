"""Operations add up to the energy, and metrics keep NeuroBench's names."""

import pytest

from autosnn_hw.documents.workload import ann_beside, neurobench, operations, part_energy

LAYER = {
    "energy_parts": {"synops": {"value": 1.0, "low": 0.5, "high": 2.0}, "hops": {"value": 0.0, "low": 0.0, "high": 0.0}}
}
STATIC = {"value": 6.0, "low": 5.0, "high": 7.0}
DOCUMENT = {
    "layers": [LAYER, LAYER, {"energy_parts": {}}],
    "synops": 100.0,
    "neuron_updates": 7.0,
    "energy": {"total": {"value": 8.0, "low": 6.0, "high": 11.0}, "static": STATIC, "host": None},
    "host_macs": None,
}  # fmt: skip


def test_shares_of_what_is_charged_add_up_to_one_and_what_is_free_is_said_to_be():
    rows = {row["what"]: row for row in operations(DOCUMENT)}
    assert sum(row["share"] or 0 for row in rows.values()) == pytest.approx(1.0)
    assert rows["synaptic operations"]["energy"] == {"value": 2.0, "low": 1.0, "high": 4.0}
    assert rows["neuron updates"] == {"what": "neuron updates", "count": 7.0, "energy": None, "share": None}
    assert "mesh hops" not in rows and not any("host" in what for what in rows)
    with_host = operations(DOCUMENT | {"host_macs": 5.0})[-1]
    assert with_host["count"] == 5.0 and with_host["share"] is None
    assert part_energy(DOCUMENT, "messages") is None


def test_metrics_have_neurobenchs_names_and_unknown_ones_are_left_out():
    document = {"neurobench": {"footprint": 10, "connection_sparsity": 0.1, "synaptic_operations": {"effective_acs": 5.0, "effective_macs": None}}, "accuracy": {"value": 0.5}}  # fmt: skip
    names = [row["name"] for row in neurobench(document)]
    assert names == [
        "Footprint",
        "Connection Sparsity",
        "Synaptic Operations, Effective_ACs",
        "Classification Accuracy",
    ]
    assert neurobench({}) == []


def test_the_ann_stands_under_the_same_rule_as_the_snn():
    figures = {"memory_inclusive_45nm": {"value": 4.0}, "ann_int8_memory_inclusive_45nm": {"value": 2.0, "source": "s"}, "snn_over_ann": {"value": 2.0}}  # fmt: skip
    found = ann_beside({"estimates": figures})
    assert found["ratio"] == found["snn"]["value"] / found["ann"]["value"] and found["source"] == "s"
    assert ann_beside({}) is None
