"""Time of stages and of processors: over interruptions, of children, too, and unknown where it was spent elsewhere."""

import subprocess
import sys
import time

import pytest

from autosnn_hw.run_folder import RunFolder
from autosnn_hw.stages.time_and_cost.clock import Clock
from autosnn_hw.words.progress import Silent

BUSY = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass"


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path / "run")


def test_processor_time_is_of_this_process_and_of_its_children(folder):
    clock = Clock(folder, Silent())
    with clock.stage("own"):
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
    own = clock.cpu_seconds()
    with clock.stage("children"):
        subprocess.run([sys.executable, "-c", BUSY], check=True)
    assert own >= 0.08 and clock.cpu_seconds() - own >= 0.18  # times are counted in hundredths of a second
    assert [stage["name"] for stage in clock.stages()] == ["own", "children"]


def test_an_interrupted_stage_counts_and_so_does_what_ends_after_the_stages(folder):
    clock = Clock(folder, Silent())
    with pytest.raises(KeyboardInterrupt), clock.stage("search"):
        raise KeyboardInterrupt
    with clock.stage("search"):
        pass
    before = clock.cpu_seconds()
    subprocess.run([sys.executable, "-c", BUSY], check=True)
    clock.ended()
    assert clock.cpu_seconds() - before >= 0.18 and len(clock.stages()) == 1


def test_time_that_was_spent_elsewhere_or_not_counted_is_unknown(folder, tmp_path):
    assert Clock(folder, Silent()).cpu_seconds() is None
    with Clock(folder, Silent(), elsewhere=True).stage("search"):
        pass
    here = Clock(folder, Silent())
    with here.stage("winner"):
        pass
    assert here.cpu_seconds() is None
    old = RunFolder.create(tmp_path / "old")
    old.log("stage", name="search", seconds=1.0)  # of a version that did not count it
    assert Clock(old, Silent()).cpu_seconds() is None
