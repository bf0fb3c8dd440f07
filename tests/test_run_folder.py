"""Files of a run are written whole or not at all, and what goes wrong is one sentence."""

import csv
import errno
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from autosnn_hw import run_folder
from autosnn_hw.errors import InputError, RunError
from autosnn_hw.run_folder import RunFolder


def test_an_existing_folder_is_refused_with_what_would_work(tmp_path):
    folder = RunFolder.create(tmp_path / "runs" / "a")
    with pytest.raises(InputError, match=r"exists already; choose another --out\.$"):  # nothing there to go on with
        RunFolder.create(folder.path)
    with pytest.raises(InputError, match=r"holds no config.toml"):
        RunFolder.open(folder.path)
    run_folder.write_text(folder / "config.toml", "")
    assert RunFolder.open(folder.path).path == folder.path
    with pytest.raises(InputError, match=r"choose another --out, or go on with it by `autosnn-hw search --resume"):
        RunFolder.create(folder.path)
    with pytest.raises(InputError, match="is not a folder"):
        RunFolder.open(tmp_path / "none")


def test_runs_begun_at_once_get_folders_of_their_own(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = [
            f.result() for f in [pool.submit(RunFolder.create_numbered, tmp_path, "digits-loihi2") for _ in range(16)]
        ]
    assert sorted(folder.path.name for folder in made) == sorted(f"digits-loihi2-{i}" for i in range(1, 17))


def test_json_and_tables_come_back_as_they_were(tmp_path):
    document = {"a": np.float64(0.1), "b": np.arange(3), "c": None, "d": tmp_path}
    run_folder.write_json(tmp_path / "a.json", document)
    assert run_folder.read_json(tmp_path / "a.json") == {"a": 0.1, "b": [0, 1, 2], "c": None, "d": str(tmp_path)}
    with pytest.raises(ValueError, match="not JSON compliant"):
        run_folder.write_json(tmp_path / "nan.json", {"a": float("nan")})
    rows = [{"x": 0.1 + 0.2, "y": 'a,"b"\n', "z": None, "other": 1}]
    run_folder.write_table(tmp_path / "a.csv", ["x", "y", "z"], rows)
    with open(tmp_path / "a.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (float(row["x"]), row["y"], row["z"]) == (0.1 + 0.2, 'a,"b"\n', "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.json"]
    with pytest.raises(InputError, match="was not found"):
        run_folder.read_json(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read as JSON"):
        run_folder.read_json(tmp_path / "bad.json")


def test_the_log_grows_by_a_line_an_event(tmp_path):
    folder = RunFolder.create(tmp_path / "a")
    folder.log("begin", seed=0)
    folder.log("end", seconds=np.float32(0.5))
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [(line["event"], line.get("seed"), line.get("seconds")) for line in lines] == [
        ("begin", 0, None),
        ("end", None, 0.5),
    ]
    assert all(line["time"].endswith("Z") for line in lines)


FULL = """
import resource, signal, sys
from autosnn_hw import run_folder
from autosnn_hw.errors import RunError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
run_folder.write_text(sys.argv[1], "old")
try:
    run_folder.write_text(sys.argv[1], "new" * 1000)
except RunError as error:
    print(error)
"""


def test_a_full_disk_is_one_sentence_and_the_old_file_stays(tmp_path):
    path = tmp_path / "summary.json"
    done = subprocess.run([sys.executable, "-c", FULL, path], capture_output=True, text=True, check=True)
    assert "summary.json could not be written: the disk is full" in done.stdout
    assert "--resume" in done.stdout
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["summary.json"]


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path):
    long = "n" * 300  # more than a file system takes
    with pytest.raises(RunError, match="could not be written"):
        run_folder.write_text(tmp_path / long, "x")
    with pytest.raises(RunError, match="could not be written"):
        RunFolder.create(tmp_path / long)


def test_a_file_where_a_folder_is_needed_is_bad_input(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="a file lies where a folder is needed; choose another --out"):
        run_folder.write_text(tmp_path / "file" / "a.json", "x")
    with pytest.raises(InputError, match="a file lies where a folder is needed; choose another --out"):
        RunFolder.create(tmp_path / "file" / "run")
    assert (tmp_path / "file").read_text() == ""


@pytest.mark.parametrize("partial", ['{"event": "st', "x" * 9000, '{"a": 1}\n[1, 2]\nnull\n{"event'])
def test_a_line_that_a_crash_cut_off_is_cut_off_the_log(tmp_path, partial):
    folder = RunFolder.create(tmp_path / "a")
    folder.log("begin")
    with open(folder / "log.jsonl", "a") as file:
        file.write(partial)
    assert [entry.get("event") for entry in folder.events() if "event" in entry] == ["begin"]
    folder.log("end")
    assert [entry.get("event") for entry in folder.events() if "event" in entry] == ["begin", "end"]
    assert not (folder / "log.jsonl").read_text().rstrip("\n").endswith(partial)


def test_a_full_disk_leaves_no_half_line_and_stops_nothing(tmp_path):
    """A limit on the size of a file stands for the full disk."""
    script = (
        "import resource, signal, sys; from autosnn_hw.run_folder import RunFolder; folder = RunFolder(sys.argv[1]);"
        "folder.log('first'); signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (90, 90)); folder.log('second', text='x' * 60); print('went on')"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True)
    assert done.stdout.strip() == "went on", done.stderr
    assert [entry["event"] for entry in RunFolder(tmp_path).events()] == ["first"]
    assert (tmp_path / "log.jsonl").read_text().endswith("\n")


def test_a_log_that_cannot_be_read_holds_no_events(tmp_path):
    assert RunFolder(tmp_path).events() == []


def test_one_process_at_a_time_works_on_a_folder_until_it_dies(tmp_path):
    folder = RunFolder.create(tmp_path / "a")
    script = (
        "import sys, time; from autosnn_hw.run_folder import RunFolder\n"
        "with RunFolder(sys.argv[1]).held(): print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(folder.path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=rf"worked on by process {other.pid} on .*--resume"), folder.held():
            raise AssertionError("held twice")
        other.kill()
        other.wait()
    with folder.held():
        pass


def test_what_could_not_be_read_or_written_while_a_folder_is_held_is_named(tmp_path):
    folder, missing = RunFolder.create(tmp_path / "run"), tmp_path / "data" / "frames.npy"
    with (
        pytest.raises(
            RunError, match=r"frames\.npy could not be read or written: No such file.* is kept in .*run; .* --resume\."
        ),
        folder.held(),
    ):
        missing.read_bytes()
    with pytest.raises(RunError, match="run could not be read or written: No space left on device"), folder.held():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(ValueError, match="mine"), folder.held():
        raise ValueError("mine")
    with folder.held():
        pass  # it is free again
