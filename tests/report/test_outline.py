import pytest
from support.processes.terminal import shown

from autosnn_hw.report.outline import outline


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
