from support.terminal import shown

from autosnn_hw.documents.comparison import compare_documents
from autosnn_hw.report.comparison_table import comparison_table


def test_a_comparison_shows_both_and_the_ratio(winner):
    other = {**winner, "synops": 2 * winner["synops"]}
    text = shown(comparison_table(compare_documents(winner, other)))
    (line,) = [line for line in text.splitlines() if line.startswith("synops ")]
    assert line.split()[-1] == "2.000"
