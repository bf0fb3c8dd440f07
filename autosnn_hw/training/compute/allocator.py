"""Memory that a training step frees is kept for the next one.

A step makes and drops some hundred tensors of several MB. glibc returns such blocks to the system and gets them back page by
page: a fifth of a step is page faults, a third of one with bfloat16 convolutions (docs/lab/training.md). Kept, the process stays
as large as its peak, no larger.
"""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # malloc.h
_NEVER = (1 << 31) - 1
_LARGEST = (1 << 30, 1 << 25)  # older glibc accept no more than the second
_PAD = 64 << 20


def keep_freed_memory() -> bool:
    """Tell the process's allocator to keep what is freed; whether it could be told (glibc only)."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl has none
        return False
    set_all = [mallopt(option, value) == 1 for option, value in ((_TRIM_THRESHOLD, _NEVER), (_TOP_PAD, _PAD))]
    return all(set_all) and any(mallopt(_MMAP_THRESHOLD, size) == 1 for size in _LARGEST)
