"""The terminal says what the documents hold."""

import io

import pytest
from rich.console import Console

from autosnn_hw.documents.comparison import compare_documents
from autosnn_hw.report.comparison_table import comparison_table
from autosnn_hw.report.fit_table import fit_table, fullest_limit
from autosnn_hw.report.network_table import network_table
from autosnn_hw.report.outline import outline
from autosnn_hw.report.search_tables import front_table, verdict_text
from autosnn_hw.report.simulation_table import simulation_table


def shown(renderable, width=160):
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(renderable)
    return console.file.getvalue()


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


def test_a_check_shows_violations_with_their_remedies():
    limit = {"resource": "axons", "used": 300, "limit": 256, "unit": "1", "source": "a paper", "verified": False}
    document = {
        "target": "truenorth",
        "fits": False,
        "cores": {"used": None, "available": 4096, "chips": None},
        "layers": [{"name": "TBD1.a", "cores": None, "neurons_per_core": None, "limits": [limit]}],
        "violations": [{"layer": "TBD1.a", "resource": "axons", "needed": 300, "limit": 256, "source": "a paper", "remedies": ["groups 4 would fit."]}],
        "notes": ["a note."],
    }  # fmt: skip
    text = shown(fit_table(document))
    assert text.startswith("does not fit truenorth\n")
    assert "axons 300 of 256 (unverified)" in text
    assert "- TBD1.a: axons 300, allowed 256 [a paper]" in text and "groups 4 would fit." in text and "a note." in text


def test_a_real_check_is_shown_for_every_target(network):
    from autosnn_hw.cost import check
    from autosnn_hw.documents.fit import fit_document
    from hw_profiles import load, names

    for target in names():
        document = fit_document(check(network, load(target)))
        assert ("does not fit" in shown(fit_table(document))) == (not document["fits"])


def test_a_verdict_has_its_sentences_and_a_row_a_network(summary):
    text = shown(verdict_text(summary))
    assert text.startswith(summary["winner"]["architecture"])
    assert "Lava confirmed it" in text
    assert [line.split("  ")[0] for line in text.splitlines()[-5:]] == [
        "winner",
        *(b["name"] for b in summary["baselines"]),
    ]


def test_a_verdict_says_what_the_target_cost_against_loihi_2_and_compares_no_energies_of_two_chips(summary):
    energy = {
        "total": {"value": 2.58e-4, "low": 2e-4, "high": 3e-4},
        "fitness": {"value": 6e-6, "low": 5e-6, "high": 7e-6},
    }
    there = {"name": "winner as loihi2", "target": "loihi2", "accuracy": 0.98, "energy": 1e-5}
    changed = {
        **summary,
        "target": "truenorth",
        "winner": {**summary["winner"], "energy": energy},
        "baselines": [{**summary["baselines"][0], "target": "truenorth"}, there],
        "against_loihi2": {"architecture": "x", "accuracy": 0.98, "difference": -0.021},
    }
    text = " ".join(shown(verdict_text(changed)).split())
    assert "Against Loihi 2: 2.1 points less accuracy than the same architecture" in text and "98.0 %" in text
    assert "charged that of the cores in use: 6.00 µJ" in text or "charged that of the cores in use: 6 µJ" in text
    assert "Against winner as loihi2" not in text and f"Against {summary['baselines'][0]['name']}" in text
    plain = " ".join(shown(verdict_text(summary)).split())
    assert "Against Loihi 2" not in plain and "cores in use" not in plain


def test_a_verdict_says_which_baseline_its_target_cannot_hold(summary):
    first, *others = summary["baselines"]
    changed = {**summary, "baselines": [{**first, "fits": False, "cores": 5711}, *others]}
    text = " ".join(shown(verdict_text(changed)).split())
    assert f"Against {first['name']}, which does not fit {summary['target']} (5,711 cores):" in text
    assert text.count("does not fit") == 1
    assert "does not fit" not in shown(verdict_text(summary))


def test_a_comparison_shows_both_and_the_ratio(winner):
    other = {**winner, "synops": 2 * winner["synops"]}
    text = shown(comparison_table(compare_documents(winner, other)))
    (line,) = [line for line in text.splitlines() if line.startswith("synops ")]
    assert line.split()[-1] == "2.000"


def test_a_front_is_two_tables(result):
    from autosnn_hw.search.fitness import Constraints
    from autosnn_hw.search.front import answer

    document = answer(result.records, objective="energy", lam=-0.16, constraints=Constraints())
    text = shown(front_table(document))
    assert text.splitlines()[2].startswith(result.winner.genotype)
    assert sum(line.startswith(("skip", "SCB", "SRB")) for line in text.splitlines()) == 10 + len(document["front"])


@pytest.mark.parametrize(
    ("entry", "words"),
    [([1, 2], "1, 2"), ("text [bold]", "text [bold]"), (None, "-"), (True, "yes"), (0.1 + 0.2, "0.3")],
)
def test_any_document_can_be_outlined(entry, words):
    document = {
        "name": entry,
        "energy": {"synop": {"value": 1e-12, "low": 5e-13, "high": 2e-12, "unit": "J", "source": "a paper [1]"}},
        "limits": {"axons": {"limit": 4096, "unit": "1", "source": "x", "verified": True}},
        "layers": [{"name": "TBD1.a", "neurons": 512, "shape": [8, 8, 8]}, {"name": "pool1", "neurons": None}],
        "empty": [],
    }
    text = shown(outline(document))
    assert "a paper [1]" in text and "1e-12" in text and "4096" in text and "8, 8, 8" in text
    (line,) = [line for line in text.splitlines() if line.startswith("name  ") and words in line and "value" not in line and "neurons" not in line]  # fmt: skip
    assert line.split(maxsplit=1)[1].strip() == words


def test_a_network_is_a_row_a_layer(network):
    from autosnn_hw.documents.network_summary import summarise

    lines = shown(network_table(summarise(network)), 200).splitlines()
    (line,) = [line for line in lines if line.startswith("TBD1.a ")]
    assert line.split()[1:] == [
        "TBD1",
        "conv",
        "block",
        "16x8x8",
        "8",
        "own",
        "8",
        "relay",
        "3x3",
        "1,024",
        "120",
        "2048",
        "4096",
        "1,152",
        "-30..122",
        "49.7",
        "%",
    ]
    assert [line for line in lines if "2x2 s2 g8" in line and "8 pool" in line and "122 even" in line]


def test_parameters_at_the_end_of_their_range_are_not_called_full():
    def limit(resource, used, most):
        return {"resource": resource, "used": used, "limit": most, "unit": "1", "source": "x", "verified": True}

    assert fullest_limit([limit("i_decay", 4096, 4096), limit("axons", 10, 256)]) == "axons 10 of 256"
    assert fullest_limit([limit("bias", 5000, 4095), limit("axons", 10, 256)]) == "bias 5,000 of 4,095"
    assert fullest_limit([]) == ""
