"""What a killed process left in shared memory is removed at the next start; what anybody else has there stays."""

import os
import signal
import subprocess
import sys

import pytest

from autosnn_hw.search.workers import semaphores

POOL = """
import time
from autosnn_hw.search.workers.processes import Workers
workers = Workers(abs, 2)
print("up", flush=True)
time.sleep(60)
"""
pytestmark = pytest.mark.skipif(not semaphores.SHARED.is_dir(), reason="semaphores are no files here")


def left_by(pid):
    return [path for path in semaphores.SHARED.iterdir() if f"-{pid}-" in path.name and semaphores.PREFIX in path.name]


def test_a_group_that_was_killed_leaves_nothing_after_the_next_start():
    """The resource tracker dies with it, and so nobody else cleans up."""
    child = subprocess.Popen([sys.executable, "-c", POOL], stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdout.readline() == b"up\n"
    semaphores.remove_dead()
    assert len(left_by(child.pid)) >= 3, "those of a living process stay"
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert left_by(child.pid)
    assert semaphores.remove_dead() >= 3
    assert left_by(child.pid) == []


def test_what_is_not_ours_or_whose_process_lives_stays(tmp_path):
    host, dead = semaphores._host(), 2**22 + 1  # beyond the largest number of a process
    stay = ["sem.mp-abc", f"sem.{semaphores.PREFIX}-other_host-{dead}-a", f"sem.{semaphores.PREFIX}-{host}-{os.getpid()}-a", f"psm_{dead}", f"sem.{semaphores.PREFIX}-{host}-x-a"]  # fmt: skip
    for name in [*stay, f"sem.{semaphores.PREFIX}-{host}-{dead}-a"]:
        (tmp_path / name).touch()
    assert semaphores.remove_dead(tmp_path) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(stay)
    assert semaphores.remove_dead(tmp_path / "nowhere") == 0
