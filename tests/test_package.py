"""The house: imports point only downwards and in no circle, light verbs import nothing heavy, the wheel is complete."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support import import_graph
from support.import_graph import GROUND, ROOT

LAVA_ROOM = "autosnn_hw/simulate/lava/child"


def test_every_room_imports_only_what_the_table_allows():
    allowed = import_graph.allowed_arrows()
    found = import_graph.room_arrows(set(allowed))
    assert found.keys() == allowed.keys()
    forbidden = [f"{own} imports {other}" for own in found for other in sorted(found[own] - allowed[own])]
    assert not forbidden, "\n".join(forbidden)
    unused = [
        f"{own} does not import {other}" for own in found for other in sorted(allowed[own] - found[own] - {GROUND})
    ]
    assert not unused, "\n".join(unused)


def test_the_table_points_only_downwards():
    assert import_graph.circle(import_graph.allowed_arrows()) == []


def test_no_circle_among_files():
    assert import_graph.circle(import_graph.file_arrows()) == []


def test_no_circle_among_what_stands_side_by_side_in_a_folder():
    """A folder counts as one: what is in it may not import what is beside it where that imports something of the folder."""
    arrows = import_graph.file_arrows()
    folders = sorted({path.parent for path in arrows})
    circles = {str(folder): import_graph.circle(import_graph.neighbour_arrows(folder, arrows)) for folder in folders}
    assert not {folder: found for folder, found in circles.items() if found}


def test_a_circle_would_be_found(monkeypatch, tmp_path):
    """Between an import in a function, one for type checking and one of a package's own name."""
    house = tmp_path / "autosnn_hw"
    (house / "inner").mkdir(parents=True)
    (house / "__init__.py").write_text("")
    (house / "inner" / "__init__.py").write_text("from autosnn_hw.inner.b import thing\n")
    (house / "a.py").write_text("def f():\n    from autosnn_hw.inner import thing\n")
    (house / "inner" / "b.py").write_text("if TYPE_CHECKING:\n    from autosnn_hw import a\nthing = 1\n")
    monkeypatch.setattr(import_graph, "ROOT", tmp_path)
    assert {Path(name).name for name in import_graph.circle(import_graph.file_arrows())} == {
        "a.py",
        "b.py",
        "__init__.py",
    }


def test_a_relative_import_is_an_arrow_too(tmp_path, monkeypatch):
    monkeypatch.setattr(import_graph, "ROOT", tmp_path)
    for name, text in {
        "__init__.py": "from .cost import price",
        "cost/__init__.py": "from .. import errors",
        "cost/price.py": "def f():\n    from ..deploy.quantise import x",
        "deploy/quantise.py": "from ..cost.price import f as x",
        "errors.py": "",
    }.items():
        (tmp_path / "autosnn_hw" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "autosnn_hw" / name).write_text(text)
    found = {
        str(path.relative_to("autosnn_hw")): {str(other.relative_to("autosnn_hw")) for other in others}
        for path, others in import_graph.file_arrows().items()
    }
    assert found == {
        "__init__.py": {"cost/price.py"},
        "cost/__init__.py": {"errors.py"},
        "cost/price.py": {"deploy/quantise.py"},
        "deploy/quantise.py": {"cost/price.py"},
        "errors.py": set(),
    }
    assert import_graph.circle(import_graph.file_arrows())


def test_only_one_place_imports_lava():
    outside = [
        f"{path}: {name}"
        for path in import_graph.python_files()
        if not str(path).startswith(LAVA_ROOM)
        for name in import_graph.imports(path)
        if name.split(".")[0] == "lava"
    ]
    # winner_in_lava.py is a script for the user's own Python.
    assert [line for line in outside if not line.startswith("exporters/winner_in_lava.py")] == []


def test_torch_is_imported_by_training_deploy_and_the_exact_simulator_only():
    allowed = (
        "autosnn_hw/training",
        "autosnn_hw/deploy",
        "autosnn_hw/simulate/exact",
        "autosnn_hw/arithmetic",
    )
    others = [
        str(path)
        for path in import_graph.python_files()
        if not str(path).startswith(allowed)
        and any(name.split(".")[0] == "torch" for name in import_graph.imports(path))
    ]
    assert others == []


def test_no_file_is_named_after_nothing():
    assert [
        path.name for path in import_graph.python_files() if path.stem in ("utils", "helpers", "common", "misc", "base")
    ] == []


def test_a_class_name_means_one_thing():
    """But for what documents say of a thing under its name: models of JSON in documents/."""
    names: dict[str, list[str]] = {}
    for path in import_graph.python_files():
        if path.parts[:2] != ("autosnn_hw", "documents"):
            for node in ast.parse((ROOT / path).read_text()).body:
                if isinstance(node, ast.ClassDef):
                    names.setdefault(node.name, []).append(str(path))
    assert {name: files for name, files in names.items() if len(files) > 1} == {}


def test_no_function_is_written_twice():
    """By name and statements; what Python and torch ask of every class (`__len__`, `forward`) may read alike."""
    places: dict[tuple[str, str], list[str]] = {}
    for path in import_graph.python_files():
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.FunctionDef) and node.name not in ("__len__", "forward"):
                own = node.body[1:] if ast.get_docstring(node) else node.body
                text = "\n".join(map(ast.unparse, own))
                if len(text) > 50:  # shorter ones hand on: one attribute, one call
                    places.setdefault((node.name, text), []).append(f"{path}:{node.lineno}")
    assert [found for found in places.values() if len(found) > 1] == []


def test_the_default_target_is_said_in_one_place():
    said = re.compile(r'(?: = |\bdefault=|\bor |\bchoice\(|\bdefault: |\belse )"?loihi2\b')
    found = {str(path): said.findall((ROOT / path).read_text()) for path in import_graph.python_files()}
    assert [path for path, lines in found.items() if lines] == [
        "autosnn_hw/default_target.py",
        "autosnn_hw/stages/final_training/retrained_networks.py",  # what a crossbar's winner is compared with
    ]


@pytest.mark.parametrize("verb", ["targets", "check", "inspect"])
def test_a_light_verb_imports_no_heavy_package(verb):
    code = (
        "import sys, json; import autosnn_hw.cli, exporters.netx, hw_profiles, autosnn_hw.cost;"
        f"import autosnn_hw.commands.{verb};"
        "print(json.dumps([m for m in ('torch', 'optuna', 'scipy', 'plotly', 'sklearn', 'lava', 'numba', 'onnx') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


@pytest.mark.slow
def test_the_wheel_holds_three_packages_and_their_data(tmp_path):
    """Built in a copy (setuptools leaves build/ beside the sources) and isolated, as pip does for a user."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("autosnn_hw", "exporters", "hw_profiles"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(source)],
        check=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        "autosnn_hw",
        "exporters",
        "hw_profiles",
    }
    ours = {
        path.relative_to(source).as_posix()
        for package in import_graph.PACKAGES
        for path in (source / package).rglob("*")
        if path.is_file()
    }
    assert {"hw_profiles/loihi2.toml", "autosnn_hw/report/page/page.js", "autosnn_hw/py.typed"} <= ours
    assert ours <= set(names), f"not in the wheel: {sorted(ours - set(names))}"
