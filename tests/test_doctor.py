import os

import pytest
import torch

from autosnn_hw import doctor
from autosnn_hw.simulate import lava
from autosnn_hw.training.precision import has_bfloat16


@pytest.mark.parametrize(
    ("version", "ok", "word"),
    [
        ((3, 10, 4), True, "3.10.4"),
        ((3, 12, 0), True, "lava backend"),
        ((3, 9, 1), False, "install"),
        ((3, 14, 0), False, "install"),
    ],
)
def test_the_interpreter(version, ok, word):
    finding = doctor.python(version)
    assert finding.ok is ok and word in finding.sentence


def test_a_broken_torch_is_named(tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text("raise ImportError('libtorch.so is not there')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    finding = doctor.torch()
    assert not finding.ok and finding.needed and "libtorch.so is not there" in finding.sentence


def test_torch_is_found():
    finding = doctor.torch()
    assert finding.ok and "torch 2" in finding.sentence
    assert ("no bfloat16" in finding.sentence) == (not has_bfloat16("cuda" if torch.cuda.is_available() else "cpu"))


@pytest.mark.slow
@pytest.mark.skipif(not lava.lava_status()[0], reason=lava.lava_status()[1])
def test_lava_is_really_run():
    finding = doctor.lava()
    assert finding.ok and "right spikes" in finding.sentence


def test_blocked_lava_is_named_and_not_needed(tmp_path, monkeypatch):
    (tmp_path / "lava").mkdir()
    (tmp_path / "lava" / "__init__.py").write_text("raise ImportError('blocked')")
    monkeypatch.syspath_prepend(str(tmp_path))
    finding = doctor.lava()
    assert not finding.ok and not finding.needed and "exact backend" in finding.sentence


def test_a_lava_that_breaks_whoever_imports_it_is_not_imported_here(tmp_path, monkeypatch):
    """A module that ends the interpreter: looking for the board's extension beneath it must not be our end."""
    (tmp_path / "lava").mkdir()
    (tmp_path / "lava" / "__init__.py").write_text("import os; os._exit(7)")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.syspath_prepend(str(tmp_path))
    finding = doctor.board()
    assert not finding.ok and not finding.needed and "exit code 7" in finding.sentence


def test_one_look_that_fails_never_stops_the_others(monkeypatch):
    def broken():
        raise SyntaxError("a file of\nsomeone else")

    for name in ("python", "torch", "lava", "shared_memory", "board", "disk"):
        monkeypatch.setattr(doctor, name, broken)
    findings = doctor.examine()
    assert [(finding.ok, finding.needed) for finding in findings] == [
        (False, needed) for needed in (True, True, False, False, False, True)
    ]
    assert findings[3].sentence == "shared memory could not be looked at (SyntaxError: a file of someone else)."


def test_shared_memory(tmp_path, monkeypatch):
    assert "not there" in doctor.shared_memory(str(tmp_path / "none")).sentence
    assert doctor.shared_memory(str(tmp_path)).ok
    monkeypatch.setattr(doctor, "SHM_BYTES", 2**62)
    assert "--shm-size" in doctor.shared_memory(str(tmp_path)).sentence


def test_disk(tmp_path, monkeypatch):
    assert doctor.disk(tmp_path).ok
    monkeypatch.setattr(doctor, "DISK_BYTES", 2**62)
    assert not doctor.disk(tmp_path).ok and "make room" in doctor.disk(tmp_path).sentence
    if os.geteuid() != 0:
        tmp_path.chmod(0o500)
        assert "not writable" in doctor.disk(tmp_path).sentence


def test_every_finding_is_one_line_that_json_can_hold(monkeypatch):
    for slow in ("torch", "lava"):
        monkeypatch.setattr(doctor, slow, lambda name=slow: doctor.Condition(name, True, False, "ok."))
    findings = doctor.examine()
    assert [finding.name for finding in findings] == ["python", "torch", "lava", "shared memory", "board", "disk"]
    for finding in findings:
        assert "\n" not in finding.sentence and finding.sentence.endswith(".")
        assert set(finding.to_json()) == {"name", "ok", "needed", "sentence"}
