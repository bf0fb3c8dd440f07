"""A data set is described before anything is timed, and the time is the one that a search says in its first line."""

import json

import pytest
from click.testing import CliRunner

from autosnn_hw import verbs
from autosnn_hw.cli import group
from autosnn_hw.config import SearchConfig
from autosnn_hw.stages import searching
from autosnn_hw.stages.manifest import prepare
from autosnn_hw.stages.time_and_cost import search_estimate


@pytest.fixture
def order(monkeypatch):
    """What happened, in order: batches timed, and what else the test puts there."""
    happened = []

    def timed(config, prepared):
        happened.append("timed")
        return 0.25

    monkeypatch.setattr(search_estimate, "batch_seconds", timed)
    return happened


def test_the_description_comes_before_batches_are_timed(order):
    seen = []

    def described(document):
        order.append("described")
        seen.append(document)

    document = verbs.data("digits", described=described)
    assert order == ["described", "timed"]
    (early,) = seen
    assert early["search"]["target"] == "loihi2" and not {"training", "expected"} & set(early["search"])
    assert {**document, "search": None} == {**early, "search": None}
    order.clear()
    assert verbs.data("digits", estimate=False, described=described)["search"] is None and order == ["described"]
    assert seen[1] == early, "what will be on the chip is known without a time"


def test_the_time_is_that_of_the_whole_search(order):
    config = SearchConfig(dataset="digits")
    prepared = prepare(config)
    chosen, _ = searching.resolved(config, prepared)
    whole = search_estimate.expected(chosen, prepared, 0.25)
    found = verbs.data("digits")["search"]
    assert found["expected"] == {
        "seconds": whole.total, "supernet": whole.supernet, "candidates": whole.search, "networks": whole.networks,
    }  # fmt: skip
    assert found["training"]["seconds"] == 0.25 * config.epochs * -(-1150 // config.batch) < whole.total


def test_the_command_prints_the_time_last_and_json_as_one_document(order, monkeypatch):
    from autosnn_hw.report import elements

    show = elements.show
    monkeypatch.setattr(elements, "show", lambda table: (order.append("shown"), show(table)))
    printed = CliRunner().invoke(group, ["data", "digits"])
    assert printed.exit_code == 0 and order == ["shown", "timed", "shown"]
    text = " ".join(printed.stdout.split())
    assert text.index("Nothing that would spoil a search") < text.index("a search about")
    assert "candidates" in text and "timed now" in text
    order.clear()
    document = json.loads(CliRunner().invoke(group, ["data", "digits", "--json"]).stdout)
    assert document["search"]["expected"]["seconds"] > 0 and order == ["timed"]
    quick = CliRunner().invoke(group, ["data", "digits", "--no-time"])
    assert "a search about" not in " ".join(quick.output.split()) and "timed" not in quick.output
    assert "on the chip stem " in " ".join(quick.stdout.split()), "docs/how-to/your-data.md"
