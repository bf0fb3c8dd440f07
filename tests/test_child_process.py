"""Processes of our own beside this one: from where they import, and what is said of how they ended."""

import json
import subprocess
import sys

import pytest

from autosnn_hw import child_process


@pytest.mark.parametrize(
    "code, said",
    [
        (0, "ended with code 0"),
        (3, "ended with code 3"),
        (-9, "was killed by signal 9, most likely for lack of memory: run fewer samples or a smaller network"),
        (-11, "was killed by signal 11"),
        (-200, "was killed by signal 200"),
    ],
)
def test_how_a_process_ended_is_said_in_words(code, said):
    assert child_process.how_it_ended(code) == said


def test_a_process_imports_from_where_this_one_does_and_not_from_where_it_is_started(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "inner.py").write_text(
        "import json, os, sys\n"
        "from autosnn_hw.child_process import take_standard_input\n"
        "def main(*words):\n"
        "    taken = os.fdopen(take_standard_input()).read()\n"
        "    print(json.dumps([words, taken, sys.stdin.read()]))\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "mine")])
    done = subprocess.run(
        child_process.command("inner", 1, "two"), cwd=tmp_path, input="jobs", capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [["1", "two"], "jobs", ""]
