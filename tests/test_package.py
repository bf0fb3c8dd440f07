"""The house: imports point only downwards, light verbs start fast, and the wheel holds three packages."""

import ast
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# From the roof down; a module may import from its own room and from those below it.
FLOORS = (
    ("cli", "commands", "__main__"),
    ("pipeline", "stages"),
    ("run_and_price",),
    ("search",),
    ("training",),
    ("deploy",),
    ("simulate", "doctor"),
    ("arithmetic",),
    ("cost",),
    ("report",),
    ("documents",),
    ("exporters", "hw_profiles"),
    ("run_folder",),
)
LAVA_ROOM = "autosnn_hw/simulate/lava/child"


def python_files():
    for package in ("autosnn_hw", "exporters", "hw_profiles"):
        yield from sorted((ROOT / package).rglob("*.py"))


def room(parts):
    return parts[0] if parts[0] in ("exporters", "hw_profiles") else (parts[1] if len(parts) > 1 else "autosnn_hw")


def floor(name):
    """Height of a room; the ground floor is the highest number."""
    return next((height for height, rooms in enumerate(FLOORS) if name in rooms), len(FLOORS))


def imports(path):
    """Every absolute module name that a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_imports_point_only_downwards():
    upward = []
    for path in python_files():
        own = room([*path.relative_to(ROOT).with_suffix("").parts])
        for name in imports(path):
            parts = name.split(".")
            if parts[0] not in ("autosnn_hw", "exporters", "hw_profiles") or name.startswith("autosnn_hw.__"):
                continue
            other = room(parts)
            if other != own and floor(other) <= floor(own) and floor(own) != floor(other):
                upward.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not upward, "\n".join(upward)


def test_only_one_place_imports_lava():
    outside = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in python_files()
        if not str(path.relative_to(ROOT)).startswith(LAVA_ROOM)
        for name in imports(path)
        if name.split(".")[0] == "lava"
    ]
    # winner_in_lava.py is a script for the user's own Python; the board's profiler exists only beside a board.
    allowed = ("exporters/winner_in_lava.py", "autosnn_hw/simulate/lava/board.py")
    assert [line for line in outside if not line.startswith(allowed)] == []


def test_torch_is_imported_by_training_deploy_and_the_exact_simulator_only():
    allowed = (
        "autosnn_hw/training",
        "autosnn_hw/deploy",
        "autosnn_hw/simulate/exact",
        "autosnn_hw/arithmetic",
        "autosnn_hw/doctor.py",
    )
    others = [
        str(path.relative_to(ROOT))
        for path in python_files()
        if not str(path.relative_to(ROOT)).startswith(allowed)
        and any(name.split(".")[0] == "torch" for name in imports(path))
    ]
    assert others == []


def test_no_file_is_named_after_nothing():
    assert [path.name for path in python_files() if path.stem in ("utils", "helpers", "common", "misc", "base")] == []


@pytest.mark.parametrize("verb", ["targets", "check", "inspect"])
def test_a_light_verb_imports_no_heavy_package(verb):
    code = (
        "import sys, json; import autosnn_hw.cli, exporters.netx, hw_profiles, autosnn_hw.cost;"
        f"import autosnn_hw.commands.{verb};"
        "print(json.dumps([m for m in ('torch', 'optuna', 'scipy', 'plotly', 'sklearn', 'lava', 'numba', 'onnx') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_importing_the_package_costs_little():
    """Cumulative import time as -X importtime counts it, numpy left out: machine-independent enough at a wide bound."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import autosnn_hw"], capture_output=True, text=True, check=True
    )
    last = [line for line in done.stderr.splitlines() if line.rstrip().endswith(" autosnn_hw")][-1]
    assert int(last.split("|")[1]) < 100_000  # microseconds


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
    for needed in ("hw_profiles/loihi2.toml", "exporters/winner_in_lava.py", "autosnn_hw/py.typed"):
        assert needed in names
