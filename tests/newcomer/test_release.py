"""What names the version and how to cite it says the same everywhere."""

import re

from support.documents.documented_commands import ROOT, blocks

from autosnn_hw import __version__
from autosnn_hw.report.paper.latex import BIBTEX


def test_changes_and_citation_are_of_this_version():
    assert f"version: {__version__}\n" in (ROOT / "CITATION.cff").read_text()
    sections = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert __version__ in {section.split()[0] for section in sections} or sections[0] == "Unreleased"


def test_the_readme_cites_as_a_report_does():
    (shown,) = (block.text for block in blocks(ROOT / "README.md") if block.language == "bibtex")
    entries = BIBTEX.replace("VERSION", __version__).strip().split("\n\n")
    assert [entry for entry in shown.strip().split("\n\n") if entry not in entries] == []
    assert "na2022autosnn" in shown and "autosnn_hw," in shown
