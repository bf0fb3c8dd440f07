"""Two simulation documents beside each other: pairs, ratios, and which layer or core stands beside which."""

from copy import deepcopy

from autosnn_hw.documents.comparison import compare_documents


def test_a_ratio_is_b_over_a_and_unknown_where_a_side_is_or_a_is_0(document):
    other = deepcopy(document)
    other["synops"] *= 2
    other["energy"]["total"] = None
    document["messages"] = 0.0
    totals = compare_documents(document, other)["totals"]
    assert totals["synops"] == {"a": 42.0, "b": 84.0, "ratio": 2.0}
    assert totals["energy.total"] == {"a": 4e-6, "b": None, "ratio": None}
    assert totals["messages"]["ratio"] is None and totals["accuracy"] == {"a": 0.5, "b": 0.5, "ratio": 1.0}


def test_layers_stand_beside_each_other_by_name_in_the_order_of_a(document):
    other = deepcopy(document)
    other["layers"] = [layer for layer in other["layers"] if layer["name"] != "a"] + [{"name": "new", "spikes": 7.0}]
    layers = compare_documents(document, other)["layers"]
    assert [layer["name"] for layer in layers] == ["stem", "a", "out", "new"]
    assert layers[1]["spikes"] == {"a": 18.0, "b": None, "ratio": None} and layers[3]["spikes"]["b"] == 7.0


def test_cores_stand_beside_each_other_by_layer_and_number_wherever_they_are(document):
    other = deepcopy(document)
    other["per_core"].reverse()
    other["per_core"][2]["synops"] = 8.0  # the second core of a, as it is now
    cores = compare_documents(document, other)["cores"]
    assert [(core["layer"], core["number"]) for core in cores] == [("a", 0), ("a", 1), ("out", 0)]
    assert [core["synops"]["ratio"] for core in cores] == [1.0, 4.0, 1.0]


def test_the_same_file_is_the_same_network_and_an_unknown_one_is_not(document):
    assert compare_documents(document, document)["same_network"]
    unknown = deepcopy(document)
    unknown["network"]["sha256"] = None
    assert not compare_documents(unknown, unknown)["same_network"]
