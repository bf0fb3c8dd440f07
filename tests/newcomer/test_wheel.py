"""The wheel, installed by pip on a Python that has no Lava, is the whole tool but `--backend lava`."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.documents.documented_commands import ROOT

from autosnn_hw import __version__

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
WANTED = ("3.12", "3.13", "3.11")  # Lava's packages accept none of them
# Libraries of CUDA that torch brings along: gigabytes that no Python is in. The environment of the tests has them, so pip finds them there.
SHARED = ("nvidia", "nvidia_*", "triton", "triton-*")


def python_without_lava():
    """An interpreter with venv, on the path or where pyenv keeps them."""
    for version in WANTED:
        kept = sorted(
            Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin/python{version}")
        )
        for path in (shutil.which(f"python{version}"), *map(str, kept)):
            if path and not subprocess.run([path, "-c", "import venv, ensurepip"], capture_output=True).returncode:
                return path
    return None


@pytest.fixture(scope="module")
def tool(tmp_path_factory):
    """The command `autosnn-hw` of a clean environment in which the wheel is installed with what it asks for."""
    python = python_without_lava()
    if python is None:
        pytest.skip(f"none of Python {', '.join(WANTED)} is installed here")
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in ("pyproject.toml", "README.md", "LICENSE", "autosnn_hw", "exporters", "hw_profiles"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        source.mkdir(exist_ok=True)
        copy(ROOT / name, source / name)
    quiet = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", folder, source], check=True, stdout=subprocess.PIPE
    )
    (wheel,) = folder.glob("autosnn_hw-*.whl")
    environment = folder / "environment"
    subprocess.run([python, "-m", "venv", environment], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    ours = Path(next(path for path in sys.path if path.endswith("site-packages")))
    for pattern in SHARED:
        for path in ours.glob(pattern):
            (packages / path.name).symlink_to(path)
    import torch
    import torchvision

    same = [
        f"torch=={torch.__version__.split('+')[0]}",
        f"torchvision=={torchvision.__version__.split('+')[0]}",
        "numpy<2",
    ]
    install = [environment / "bin/python", "-m", "pip", "install", "--quiet", "--no-compile", wheel, *same]
    subprocess.run(install, check=True, env=quiet)

    def run(*words, code=0):
        done = subprocess.run(
            [environment / "bin/autosnn-hw", *map(str, words)],
            cwd=folder,
            env={name: value for name, value in quiet.items() if name != "PYTHONPATH"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == code and "Traceback" not in done.stderr, done.stderr
        return done.stdout if not code else done.stderr

    return run


SMALL = "--strategy random --epochs 6 --budget 4 --mean-cost-samples 2 --measure 0 --finalists 1 --retrain-epochs 2 --finetune-epochs 1"


def test_the_wheel_searches_and_every_light_verb_works_without_lava(tool, tmp_path):
    run, net = tmp_path / "run", tmp_path / "run/winner.net"
    assert "search" in tool("--help") and __version__ in tool("--version")
    assert {one["name"] for one in json.loads(tool("targets", "--json"))["targets"]} >= {
        "loihi1",
        "loihi2",
        "truenorth",
    }
    summary = json.loads(tool("search", *SMALL.split(), "--no-baselines", "--workers", 1, "--out", run, "--json"))
    assert summary["evaluated"] == 4 and not summary["lava"]["confirmed"]
    assert json.loads(tool("inspect", net, "--json"))["layers"]
    assert json.loads(tool("check", net, "--json"))["fits"]
    done = json.loads(tool("simulate", net, "--samples", 20, "--json"))
    assert done["backend"]["name"] == "exact" and done["spikes"]["chip"] > 0
    (run / "report.html").unlink()
    tool("report", run)
    assert (run / "report.html").stat().st_size > 100_000
    said = tool("simulate", net, "--backend", "lava", "--samples", 1, code=2)
    assert len(said.strip().splitlines()) == 1 and "Lava" in said
