"""Which file imports which, read from the sources: imports in functions and for type checking count like any other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("autosnn_hw", "exporters", "hw_profiles")
GROUND = "ground floor"  # its folders, by the table's last row, and files of autosnn_hw/ itself that are no room of their own


def python_files() -> Iterator[Path]:
    """Every source file of the packages, relative to the repository."""
    for package in PACKAGES:
        yield from (path.relative_to(ROOT) for path in sorted((ROOT / package).rglob("*.py")))


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """(module, name imported from it or "") of every import statement of a file, at any depth."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((_module(path, node), alias.name) for alias in node.names)


def _module(path: Path, node: ast.ImportFrom) -> str:
    """The module of `from module import ..` by its whole name: dots in front of it count from the file's folder upwards."""
    above = path.parent.parts[: len(path.parent.parts) + 1 - node.level] if node.level else ()
    return ".".join(filter(None, (*above, node.module)))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports by its whole name, with the name taken from it."""
    return (".".join(filter(None, pair)) for pair in imported(path))


def _bound(path: Path) -> set[str]:
    """Names that a package's __init__.py defines or imports: they hide a module of the same name."""
    names: set[str] = set()
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def _target(module: str, name: str, files: set[Path]) -> Path | None:
    """The file that `from module import name` reads, or None where it is not ours."""
    place = Path(*module.split("."))
    package = place / "__init__.py"
    if package in files:
        inner = [place / f"{name}.py", place / name / "__init__.py"]
        found = next((path for path in inner if path in files), None)
        return package if found is None or name in _bound(package) else found
    return place.with_suffix(".py") if place.with_suffix(".py") in files else None


def file_arrows() -> dict[Path, set[Path]]:
    """file -> files that it imports from."""
    files = set(python_files())
    return {
        path: {found for pair in imported(path) if (found := _target(*pair, files)) not in (None, path)}
        for path in sorted(files)
    }


def circle(arrows: Mapping[object, set]) -> list[str]:
    """The nodes of one circle, the first again at its end; empty where there is none."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return [str(node) for node in error.args[1]]
    return []


def room_of(path: Path, rooms: set[str]) -> str:
    """The room that a file stands in: a package, a folder of autosnn_hw, a file of it that is named as a room, or the ground floor."""
    package, *inner = path.with_suffix("").parts
    if package != PACKAGES[0]:
        return package
    room = inner[0]
    return room if room in rooms or (len(inner) > 1 and room not in ground_rooms()) else GROUND


def room_arrows(rooms: set[str]) -> dict[str, set[str]]:
    """room -> other rooms that its files import from."""
    arrows: dict[str, set[str]] = {}
    for path, targets in file_arrows().items():
        own = room_of(path, rooms)
        arrows.setdefault(own, set()).update({room_of(target, rooms) for target in targets} - {own})
    return arrows


def neighbour_arrows(folder: Path, of_files: Mapping[Path, set[Path]]) -> dict[str, set[str]]:
    """file or folder inside `folder` -> others beside it that it, or a file in it, imports from, by the arrows of files."""
    arrows: dict[str, set[str]] = {}
    for path, targets in of_files.items():
        if folder in path.parents:
            own, depth = path.parts[len(folder.parts)], len(folder.parts)
            others = {target.parts[depth] for target in targets if folder in target.parents}
            arrows.setdefault(own, set()).update(others - {own})
    return arrows


def _table() -> list[list[list[str]]]:
    """Rows of the table "room | may import" of docs/architecture.md: the names in each of their two cells."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    table = text[text.index("| room | may import |") :].split("\n\n")[0]
    return [
        [re.findall(r"`([\w]+)(?:\.py|/)?`", cell) for cell in line.split("|")[1:3]] for line in table.splitlines()[2:]
    ]


@lru_cache(maxsize=1)
def ground_rooms() -> frozenset[str]:
    """Folders of the ground floor: the table's last row."""
    return frozenset(_table()[-1][0])


def allowed_arrows() -> dict[str, set[str]]:
    """The table "room | may import"; every room may import the ground floor."""
    allowed = {own: {*others, GROUND} for (own,), others in _table()[:-1]}
    return {**allowed, GROUND: set()}
