from support.processes.terminal import shown

from autosnn_hw.report.simulation_table import simulation_table


def test_a_simulation_shows_totals_layers_health_and_its_boundary(winner):
    text = shown(simulation_table(winner))
    assert f"relay {winner['spikes']['relay']:,.0f}" in text
    for layer in winner["layers"]:
        (line,) = [line for line in text.splitlines() if line.startswith(layer["name"] + " ")]
        assert f"{layer['neurons']:,}" in line and layer["role"] in line
    assert "energy on loihi2" in text and "µJ (" in text
    assert "3 of 16 channels never fire" in text
    assert all(boundary[:40] in text for boundary in winner["not_counted"])


def test_a_simulation_without_labels_says_that_accuracy_is_unknown(winner):
    changed = {**winner, "accuracy": {"value": None, "low": None, "high": None}, "health": []}
    assert "unknown (no labels)" in shown(simulation_table(changed))


def test_what_does_not_fit_is_said_first_and_beside_every_number_of_the_target(winner):
    violation = {"layer": "TBD1.a", "resource": "axons", "needed": 300, "limit": 256, "source": "a paper"}
    lines = shown(simulation_table({**winner, "fits": False, "violations": [violation]})).splitlines()
    assert lines[0].startswith("Does not fit loihi2") and lines[1] == "- TBD1.a: axons 300, allowed 256 [a paper]"
    for name in (
        "energy on loihi2",
        "  dynamic + static",
        "latency",
        "throughput",
        "energy-delay product",
        "cores",
        "Layers,",
    ):
        assert any(line.startswith(name) and "[does not fit loihi2]" in line for line in lines), name
    assert "does not fit" not in shown(simulation_table(winner))
