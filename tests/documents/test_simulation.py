"""The `simulate --json` document holds the promised keys, means an inference, and null for what is not known."""

import json
from dataclasses import replace

import numpy as np
import pytest

from autosnn_hw.cost_report import Violation
from autosnn_hw.documents.simulation import health_sentence, measured_by_board, neurobench, simulation_document

PROMISED = {
    "tool", "backend", "target", "network", "dataset", "accuracy", "spikes", "synops", "synops_dense", "neuron_updates", "messages",
    "host_macs", "energy", "latency", "time_per_step", "throughput", "edp", "cores", "layers", "not_counted", "neurobench",
    "fits", "violations",
}  # fmt: skip
LAYER = {
    "name",
    "role",
    "kind",
    "shape",
    "neurons",
    "spikes",
    "synops",
    "neuron_updates",
    "messages",
    "energy",
    "cores",
}


def made(network, activity, cost, fit, **choices):
    given = {"file": None, "file_sha256": None, "dataset": "d", "split": "test", "labels": None} | choices
    return simulation_document(network, activity, cost, fit, **given)


def test_the_promised_keys_are_there_and_json_keeps_every_number(document):
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document.keys() >= PROMISED and "predictions" not in document
    assert all(layer.keys() >= LAYER for layer in document["layers"])
    assert document["neurobench"].keys() == {
        "footprint",
        "connection_sparsity",
        "activation_sparsity",
        "synaptic_operations",
    }


def test_counts_are_means_an_inference(document):
    assert document["spikes"] == {"paper": 21.0, "chip": 24.0, "own": 12.0, "relay": 3.0, "pool": 9.0}
    assert (document["synops"], document["synops_dense"]) == (42.0, 45.0)
    stem, conv, out = document["layers"]
    assert (conv["spikes"], conv["relay_spikes"], conv["synops"], conv["synops_dense"]) == (18.0, 3.0, 6.0, 9.0)
    assert (stem["kind"], conv["kind"], out["kind"]) == ("input", "conv", "dense")
    assert (stem["role"], conv["role"], out["role"]) == ("block", "block", "readout")
    assert conv["energy_parts"] == {"synops": {"value": 2e-6, "low": 1e-6, "high": 4e-6}}
    assert document["cores"] == {"used": 3, "available": 128, "chips": 1}
    assert [core["layer"] for core in document["per_core"]] == ["a", "a", "out"]


def test_the_accuracy_is_of_the_labels_and_predictions_are_given_where_asked_for(
    network, activity, cost, fit, document
):
    assert document["accuracy"]["value"] == 0.5
    asked = made(network, activity, cost, fit, labels=np.array([0, 1]), with_predictions=True)
    assert asked["predictions"] == [0, 1] and asked["accuracy"]["value"] == 1.0
    assert made(network, activity, cost, fit)["accuracy"] == {"value": None, "low": None, "high": None}


def test_what_nobody_counted_is_null_and_not_zero(network, activity, cost, fit):
    layers = tuple(replace(layer, synops=None if layer.name == "a" else layer.synops) for layer in activity.layers)
    document = made(network, replace(activity, layers=layers, host_macs=None), cost, fit)
    assert (
        document["synops"] is None
        and document["layers"][1]["synops"] is None
        and document["layers"][2]["synops"] == 36.0
    )
    assert document["host_macs"] is None and document["energy"]["host"] is None and document["measured"] is None
    assert document["neurobench"]["synaptic_operations"]["effective_acs"] is None


def test_neurobench_by_hand(network, activity):
    found = neurobench(network, activity)
    assert found["footprint"] == (3 + 24) + 2 * 3 + 6 * (4 + 12 + 2)  # weights, biases, u and v
    assert found["connection_sparsity"] == 1 / 27
    assert found["activation_sparsity"] == pytest.approx(1 - 8 * 3 * 2 / (18 * 3 * 2))
    assert found["synaptic_operations"] == {
        "effective_acs": 42.0,
        "effective_macs": 16.0,
        "dense": 3.0 * (4 * 3 + 12 * 2),
    }


def test_a_board_says_power_times_time(activity):
    board = {"power_watts": {"total_power": 2.0, "static_total_power": 0.5}, "seconds_per_step": 1e-5, "steps": 100}
    counters = {"core_idx": np.array([7, 9]), "syn_ops": np.array([100, 300])}
    found = measured_by_board(replace(activity, details={"board": board}, core_counters=counters))
    assert found["energy_total"] == pytest.approx(2.0 * 3e-5)
    assert found["energy_dynamic"] == pytest.approx(1.5 * 3e-5) and found["energy_static"] == pytest.approx(0.5 * 3e-5)
    assert found["core_counters"] == {"core_idx": [7, 9], "syn_ops": [1.0, 3.0]}
    assert measured_by_board(activity) is None


def test_a_finding_is_said_in_its_own_sentence_or_by_its_fields():
    assert health_sentence("as it is") == health_sentence({"sentence": "as it is", "layer": "a"}) == "as it is"
    assert health_sentence({"layer": "a", "share": 0.5}) == "layer a, share 0.5"


def test_what_does_not_fit_is_priced_with_its_violations_before_the_numbers(network, activity, cost, fit):
    broken = Violation("a", "axons", needed=300, limit=256, source="a paper", remedies=("groups 4 would fit.",))
    found = made(network, activity, cost, replace(fit, fits=False, violations=(broken,)))
    assert found["fits"] is False and made(network, activity, cost, fit)["violations"] == []
    assert found["violations"] == [
        {"layer": "a", "resource": "axons", "needed": 300, "limit": 256, "source": "a paper", "verified": True}
    ]
    assert list(found).index("violations") < list(found).index("accuracy")
