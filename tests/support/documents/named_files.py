"""Files and folders of this repository that pages and sources name in sentences, and whether they are there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from support.documents.documented_commands import ROOT

TOP = ("autosnn_hw", "exporters", "hw_profiles", "tests", "benchmarks", "examples", "docs")
NOT_OURS = {
    "config.toml": "a reader's own, or one of a run",
    "mychip.toml": "made by the command beside it",
    "my_space.toml": "a reader's own",
    ".toml": "an ending",
    "walk/": "of a run",
    "networks/rungs/": "of a run",
    "epochs-N/": "of a run",
    "encoder/": "a group inside a .net file",
    "readout/": "a group inside a .net file",
    "check/": "a group inside a .net file",
}
"""What looks like a file or folder of ours and is not: what a reader or a run makes, and what is inside files."""
FILE = re.compile(r"(?<![\w./<>{$-])((?:[\w-]+/)*[\w-]*\.(?:py|toml|md|js|css|j2))(?![\w/])")
FOLDER = re.compile(r"(?<![\w./<>{$-])((?:[\w-]+/)+)(?![\w<*{.])")
OURS = re.compile(rf"(?<![\w./-])((?:{'|'.join(TOP)})/[\w./-]*\w/?)(?![\w<*{{])")
CONSTANT = re.compile(r"(?:(?:\w+/)+\w+\.\w+|[a-z_]+\.[A-Z][A-Z_]+)(?![\w/.])")


@cache
def paths() -> frozenset[str]:
    """Every file, and every folder that holds one with a slash behind it, by its way from the root."""
    found = [path for top in TOP for path in (ROOT / top).rglob("*") if path.is_file()]
    found += [path for path in ROOT.iterdir() if path.is_file()]
    files = [path.relative_to(ROOT) for path in found if "__pycache__" not in path.parts]
    folders = {f"{folder.as_posix()}/" for file in files for folder in file.parents if folder.name}
    return frozenset(file.as_posix() for file in files) | folders


def is_there(name: str) -> bool:
    """Whether a file or folder has a path that ends so."""
    return any(path in (name, f"{name}/") or path.endswith((f"/{name}", f"/{name}/")) for path in paths())


def named(page: Path) -> Iterator[str]:
    """Files and folders that a page names in backticks, and paths from the root anywhere on it."""
    text = page.read_text()
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for code in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", prose):
        yield from FILE.findall(code)
        yield from FOLDER.findall(code)
    yield from OURS.findall(text)
    yield from modules_of_rows(text)


def modules_of_rows(text: str) -> Iterator[str]:
    """Modules that a row of a table "| file | what it does |" names behind its folder, without their endings."""
    for table in re.findall(r"^\| file \|.*\n(?:\|.*\n?)*", text, re.MULTILINE):
        for folder, said in re.findall(r"^\| `([\w/]+/)`[^|]*\|(.*)", table, re.MULTILINE):
            yield from (f"{folder}{module}.py" for module in re.findall(r"`([a-z_0-9]+)`", said))


def named_in(source: str) -> list[str]:
    """Files that comments, docstrings and texts of a source name by their path from the root."""
    return [name for name in OURS.findall(source) if FILE.fullmatch(name)]


def missing(names: Iterable[str]) -> list[str]:
    """Those of the names that are neither there nor known to be no files of ours."""
    return sorted({name for name in names if name not in NOT_OURS and not is_there(name)})


def names_in_modules(page: Path) -> list[str]:
    """`module.CONSTANT` and `folder/module.name` of a page's sentences; a file's name is none."""
    found = [code for code in re.findall(r"`([^`\n]+)`", page.read_text()) if CONSTANT.fullmatch(code)]
    return [name for name in found if not FILE.fullmatch(name)]


def is_in_a_module(name: str) -> bool:
    """Whether a module (or a package) whose path ends so says the word behind the dot."""
    module, _, word = name.rpartition(".")
    files = [ROOT / path for path in paths() if f"/{path}".endswith((f"/{module}.py", f"/{module}/__init__.py"))]
    return any(re.search(rf"\b{word}\b", file.read_text()) for file in files)
