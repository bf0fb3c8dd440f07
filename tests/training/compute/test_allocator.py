import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import torch
from autosnn_hw.training.compute.allocator import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def step():
    kept = [torch.ones(1 << 22) for _ in range(6)]  # 16 MiB each
for _ in range(5):  # until the blocks have found their places
    step()
before = faults()
for _ in range(10):
    step()
print(faults() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_a_step_gets_back_what_the_last_one_freed_without_page_faults():
    kept, given_back = (
        int(subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True).stdout)
        for how in ("kept", "given back")
    )
    assert kept < 1000, kept
    assert kept < given_back / 10, (kept, given_back)


def test_elsewhere_nothing_is_done(monkeypatch):
    from autosnn_hw.training.compute import allocator

    monkeypatch.setattr(allocator.sys, "platform", "darwin")
    assert not allocator.keep_freed_memory()
