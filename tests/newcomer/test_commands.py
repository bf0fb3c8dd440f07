"""Every command that README, docs/ and --help show is one that the tool takes."""

import importlib
import re

import click
import pytest
from support.documents import documented_commands as documented
from support.documents.documented_commands import HOUSE, PAGES, ROOT
from support.documents.not_run import LINES, PIECES, RULES, line_of

from autosnn_hw.cli import VERBS


def refused(command):
    """What is wrong with a command, or None."""
    try:
        documented.parse(command)
    except click.exceptions.Exit:  # --help and --version
        return None
    except click.ClickException as error:
        return f"autosnn-hw {' '.join(command)}: {error.format_message()}"
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_parses(page):
    shown = [*documented.shell_commands(page), *documented.inline_commands(page)]
    assert [problem for command in shown if (problem := refused(command))] == []


def test_every_verb_has_an_example_under_help_that_parses():
    shown = list(documented.help_commands())
    assert {command[0] for command in shown} == set(VERBS)
    assert [problem for command in shown if (problem := refused(command))] == []


def test_every_verb_is_named_in_the_readme():
    readme = (ROOT / "README.md").read_text()
    assert [verb for verb in VERBS if f"`{verb}`" not in readme] == []


def not_there(name):
    """Whether a dotted name is neither a module nor in one."""
    module, _, last = name.rpartition(".")
    try:
        return not hasattr(importlib.import_module(module), last) and importlib.util.find_spec(name) is None
    except ImportError:
        return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_name_of_python_on_a_page_is_there(page):
    assert [name for name in sorted(documented.python_names(page)) if not_there(name)] == []


@pytest.mark.parametrize("name", ["autosnn_hw.network.Part", "autosnn_hw.nothing.at_all", "exporters.of.nothing"])
def test_a_name_that_is_wrong_would_be_found(name):
    assert not_there(name)


def test_names_are_found_where_a_page_has_them(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "`autosnn_hw.cost.place(network)`, the entry point `autosnn_hw.targets`\n\n```python\n"
        "from autosnn_hw.network import (\n    ConvLayer,\n    DenseLayer as Dense,\n)\nimport exporters.nir\n"
        "if True:\n    from autosnn_hw import write\n```\n"
    )
    assert documented.python_names(page) == {
        "autosnn_hw.cost.place", "autosnn_hw.network.ConvLayer", "autosnn_hw.network.DenseLayer",
        "exporters.nir", "autosnn_hw.write",
    }  # fmt: skip
    assert HOUSE == ("autosnn_hw", "exporters", "hw_profiles")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_stand_in_fenced_blocks(page):
    """Where a test finds them, and where a reader can copy them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"^(?: {4}|\t)(?:\$ )?(?:\S+/)?autosnn-hw .*$", text, re.MULTILINE) == []


def test_a_command_that_is_wrong_would_be_found():
    assert "No such option" in refused(["search", "--budgett", "3"])
    assert "Missing argument" in refused(["check"])
    assert refused(["front", "RUN", "--max-energy", "10uJ"]) is None


def test_what_is_not_run_stands_on_a_page():
    """A line that is no longer shown is no longer excused."""
    every = [block for page in PAGES for block in documented.blocks(page)]
    shown = {line_of(line) for block in every for line in documented.typed(block)}
    code = {line for block in every for line in block.text.splitlines()}
    assert [line for line in LINES if line not in shown] == []
    assert [line for line in PIECES if line not in code] == []
    assert [rule for rule in RULES if not any(re.match(rule, line) for line in shown)] == []
