"""What README, docs/ and --help tell people to type: fenced blocks of pages, and the commands of this tool in them."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from autosnn_hw.cli import VERBS, group
from support.documents.not_run import PIECES

ROOT = Path(__file__).parents[3]
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").glob("*.md")),
)
TOOL = re.compile(r"(?:\.venv/bin/)?autosnn-hw$")
HOUSE = ("autosnn_hw", "exporters", "hw_profiles")
NO_MODULES = {"autosnn_hw.targets"}  # a group of entry points
OPERATORS = re.compile(r"[|&;<>()]+$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line of the page that it begins on."""

    language: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(match[1], match[2], text.count("\n", 0, match.start()) + 1)
        for match in re.finditer(r"^```(\w*)[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    ]


def lines(script: str) -> list[str]:
    """Commands of a shell script as they are typed: continued lines joined; what a here-document holds is part of its command."""
    found: list[str] = []
    end = None
    for line in script.replace("\\\n", " ").splitlines():
        if end is not None:
            found[-1] += f"\n{line}"
            end = None if line == end else end
        elif line.strip() and not line.lstrip().startswith("#"):
            found.append(line)
            here = re.search(r"<<'?(\w+)'?", line)
            end = here[1] if here else None
    return found


def words(line: str) -> list[list[str]]:
    """Words of each command of a line that calls this tool, the tool's own name left out."""
    lexer = shlex.shlex(line.splitlines()[0], posix=True, punctuation_chars=True)
    lexer.commenters, lexer.whitespace_split = "#", True
    commands: list[list[str]] = [[]]
    for word in lexer:
        if OPERATORS.match(word):
            commands.append([])
        else:
            commands[-1].append(word)
    return [command[1:] for command in commands if command and TOOL.match(command[0])]


def typed(block: Block) -> list[str]:
    """What a reader types of a block: all of a script, the lines behind `$ ` of a dialogue."""
    if block.language == "sh":
        return lines(block.text)
    if block.language == "console":
        return [line[2:] for line in block.text.splitlines() if line.startswith("$ ")]
    return []


def shell_commands(page: Path) -> Iterator[list[str]]:
    for block in blocks(page):
        for line in typed(block):
            yield from words(line)


def inline_commands(page: Path) -> Iterator[list[str]]:
    """Commands that a sentence names in backticks; a verb alone is a word of the sentence, not a command."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for code in re.findall(r"(?<!`)`((?:\.venv/bin/)?autosnn-hw [^`]+)`(?!`)", prose):
        yield from (command for command in words(code.replace("\n", " ")) if command[1:] or command[0] not in VERBS)


def python_names(page: Path) -> set[str]:
    """Names of this project that blocks of Python import, and those a sentence spells out; what was decided long ago may have moved."""
    found: set[str] = set()
    for block in blocks(page):
        if block.language == "python" and block.text.partition("\n")[0] not in PIECES:
            for node in ast.walk(ast.parse(block.text)):
                if isinstance(node, ast.Import):
                    found.update(name.name for name in node.names)
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    found.update(f"{node.module}.{name.name}" for name in node.names)
    if page.parent.name != "decisions":
        found.update(re.findall(rf"`((?:{'|'.join(HOUSE)})(?:\.\w+)+)(?=[`(])", page.read_text()))
    return {name for name in found if name.partition(".")[0] in HOUSE and "." in name} - NO_MODULES


def help_commands() -> Iterator[list[str]]:
    """The examples under --help of every verb."""
    for verb in VERBS:
        for line in (verb_command(verb).help or "").splitlines():
            if "autosnn-hw " in line:
                yield from words(line[line.rindex("autosnn-hw ") :])


def verb_command(verb: str) -> click.Command:
    command = group.get_command(click.Context(group), verb)
    assert command is not None, f"there is no verb {verb!r}"
    return command


def parse(command: list[str]) -> None:
    """Let click read the words after `autosnn-hw`: options exist, values are of their kind. Nothing is run.

    Raises:
        click.ClickException: what click would say.
    """
    if command[0].startswith("-"):
        group.make_context("autosnn-hw", command)
        return
    verb_command(command[0]).make_context(command[0], command[1:])
