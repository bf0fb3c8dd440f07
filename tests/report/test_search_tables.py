from support.processes.terminal import shown

from autosnn_hw.report.search_tables import front_table, verdict_text


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


def test_a_front_is_two_tables_and_the_point_that_was_chosen(result):
    from autosnn_hw.search.front import answer
    from autosnn_hw.search.ranking.fitness import Constraints

    document = answer(result.records, objective="energy", lam=-0.16, constraints=Constraints())
    text = shown(front_table(document))
    assert text.splitlines()[2].startswith(result.winner.genotype)
    assert sum(line.startswith(("skip", "SCB", "SRB")) for line in text.splitlines()) == 10 + len(document["front"]) + 1


def test_the_word_and_the_interval_of_an_accuracy_stand_beside_it(result):
    from autosnn_hw.search.front import answer
    from autosnn_hw.search.ranking.final_accuracy import AccuracyEstimate
    from autosnn_hw.search.ranking.fitness import Constraints

    first, second, third = [record.genotype for record in result.ranking[:3]]
    known = {first: AccuracyEstimate(0.9, 0.01, "measured"), second: AccuracyEstimate(0.8, 0.02, "corrected")}
    asked = {"objective": "energy", "lam": -0.08, "constraints": Constraints(), "top": 500}
    text = shown(front_table(answer(result.records, **asked, known=known)))
    lines = {name: next(line for line in text.splitlines() if line.startswith(name)) for name in (first, second, third)}
    assert "90.0 %" in lines[first] and "measured (88.0 to 92.0)" in lines[first]
    assert "80.0 %" in lines[second] and "corrected (76.1 to 83.9)" in lines[second]
    assert "inherited" in lines[third] and "1 measured with their final weights, 1 corrected" in text
    assert "Every accuracy is inherited" in shown(front_table(answer(result.records, **asked)))
