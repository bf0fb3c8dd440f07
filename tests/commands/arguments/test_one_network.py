"""Help of verbs that search nothing."""

import pytest
from click.testing import CliRunner

from autosnn_hw.cli import group


@pytest.mark.parametrize("verb", ["tables", "train"])
def test_a_verb_that_searches_nothing_does_not_speak_of_a_search(verb):
    shown = " ".join(CliRunner().invoke(group, [verb, "--help"]).output.split())
    assert "from scratch" in shown
    assert not [word for word in ("super-network", "baselines", "are searched", "inherited") if word in shown]
