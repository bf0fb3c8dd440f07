"""Damaged files of every kind that the tool reads: a load or one sentence, in bounded time and memory, and nothing else happens.

Slow: 10,000 files in all (HOSTILE_FILES says otherwise); always: a few of the kinds that are quick to read.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.files import hostile_files

ROOT = Path(__file__).parents[2]
READER = ROOT / "tests/support/files/hostile_reader.py"
IN_ALL = int(os.environ.get("HOSTILE_FILES", 10_000))


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    return hostile_files.write_all(tmp_path_factory.mktemp("honest"))


def assert_survived(kind, honest, folder, first, count):
    env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "OMP_NUM_THREADS": "1"}
    words = [sys.executable, str(READER), kind, str(honest), str(folder), str(first), str(count)]
    done = subprocess.run(words, capture_output=True, text=True, env=env, timeout=1500)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert done.returncode == 0, f"the reader died: {done.stderr[-600:]}"
    problems = [line for line in lines if "problem" in line]
    assert problems == [], "\n".join(map(str, problems[:5]))
    assert lines[-1]["read"] + lines[-1]["refused"] == count and lines[-1]["refused"] > 0


@pytest.mark.parametrize("kind", ["net", "sdnn", "toml", "csv", "cores"])
def test_a_few_damaged_files_are_read_or_refused(kind, honest, tmp_path):
    assert_survived(kind, honest[kind], tmp_path, 10**6, 12)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", sorted(hostile_files.STRUCTURED))
def test_damaged_files_are_read_or_refused_in_one_sentence(kind, honest, tmp_path):
    count = max(1, IN_ALL // len(hostile_files.STRUCTURED))
    assert_survived(kind, honest[kind], tmp_path, 0, count)
