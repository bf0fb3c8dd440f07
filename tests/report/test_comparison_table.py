import pytest
from support.processes.terminal import shown

from autosnn_hw.documents.accuracy import wilson
from autosnn_hw.documents.comparison import compare_documents
from autosnn_hw.documents.overview import overview
from autosnn_hw.report.comparison_table import comparison_table


def text_of(*documents):
    document = overview(documents, [f"{number}.json" for number in range(len(documents))])
    return shown(comparison_table(document | (compare_documents(*documents) if len(documents) == 2 else {})), 200)


def test_a_comparison_shows_both_and_the_ratio(winner):
    text = text_of(winner, {**winner, "synops": 2 * winner["synops"]})
    (line,) = [line for line in text.splitlines() if line.startswith("synops ")]
    assert line.split()[-1] == "2.000"
    (line,) = [line for line in text.splitlines() if line.startswith("energy.total ")]
    assert line.split()[2] == line.split()[4] == "µJ" and line.split()[-1] == "1.000"


def test_what_was_not_run_alike_stands_at_the_top(winner):
    alike = text_of(winner, winner)
    assert alike.splitlines()[0].startswith(" ") and "- b: the same accuracy; energy x 1, latency x 1." in alike
    other = {**winner, "dataset": {**winner["dataset"], "samples": 7}}
    first, second = text_of(winner, other).splitlines()[:2]
    assert first == "Not run alike" and second.startswith("- samples: a 40, b 7;")


@pytest.mark.parametrize("networks", [2, 3])
def test_accuracies_have_their_interval_and_a_word_on_noise(winner, networks):
    other = {**winner, "accuracy": wilson(36, 40)}
    text = text_of(winner, *[other] * (networks - 1))
    assert text.count("the 95 % intervals overlap") == networks - 1
    accuracy = winner["accuracy"]
    assert f"{100 * accuracy['value']:.1f} % ({100 * accuracy['low']:.1f} % to {100 * accuracy['high']:.1f} %)" in text
    assert ("b / a" in text) == (networks == 2)


def test_seeds_of_the_final_training_stand_beside_the_delivered_networks(winner):
    spreads = [{"seeds": 3, "mean": mean, "low": mean - 0.02, "high": mean + 0.02} for mean in (0.9, 0.91)]
    text = shown(comparison_table(overview([winner, winner], ["x", "y"], spreads)), 300)
    assert "3 seeds: 91.0 % (89.0 % to 93.0 %)" in text
    assert (
        "(delivered networks); 1.0 points more accuracy, which is noise: the 95 % intervals overlap over seeds" in text
    )
    assert "seeds" not in text_of(winner, winner)
