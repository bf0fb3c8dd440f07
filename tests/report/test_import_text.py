"""`import` on the terminal: a line of fit and of energy, and of a file that was refused a line a node."""

from autosnn_hw.report.import_text import import_lines, node_lines

FIT = {
    "target": "loihi2",
    "fits": True,
    "violations": [],
    "cores": {"used": 3, "available": 960, "chips": 1},
}
DOCUMENT = {
    "source": "net.nir",
    "file": "net.net",
    "dt": 1.0,
    "dt_is": "given",
    "reset": "hard",
    "fires": "above the threshold",
    "layers": [],
    "calibration": None,
    "finetuning": None,
    "comparison": None,
    "fit": FIT,
    "energy": None,
}


def test_fit_stands_before_the_file_and_energy_where_samples_were_run():
    last = "net.net: 3 layers, dt 1 (given), reset hard, fires above the threshold"
    assert list(import_lines(DOCUMENT, 3)) == ["fits loihi2: 3 of 960 cores, 1 chip", last]
    energy = {"total": {"value": 6.91e-6, "low": 5.18e-6, "high": 1.1e-5}}
    assert list(import_lines({**DOCUMENT, "energy": energy}, 3))[1] == (
        "6.91 µJ (5.18 to 11.0 µJ) an inference on loihi2 (estimate)"
    )
    assert list(import_lines({**DOCUMENT, "fit": None}, 3)) == [last]


def test_of_what_does_not_fit_the_first_violation_is_said_and_how_many_more_there_are():
    broken = {"layer": "fc", "resource": "leak", "needed": 636, "limit": 255, "source": "a paper"}
    found = {**FIT, "fits": False, "violations": [broken, broken]}
    head, violation, _ = import_lines({**DOCUMENT, "fit": found}, 3)
    assert head.startswith("does not fit loihi2")
    assert violation == "  fc: leak 636, allowed 255 [a paper], and 1 more; `check` says what would fit"


def test_a_node_is_its_kind_shape_sources_and_constants():
    nodes = [
        {"node": "in", "kind": "Input", "shape": [2, 4], "from": [], "read": {}},
        {"node": "a", "kind": "LIF", "shape": [], "from": ["in", "b"], "read": {"tau": [1.0, 2.0]}},
    ]
    assert list(node_lines(nodes)) == ["in (Input) 2x4", "a (LIF), from in, b", "  read      tau 1..2"]
