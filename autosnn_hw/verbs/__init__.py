"""The verbs in Python: each does in one call what the command of its name does, and returns what the command prints, typed.

`from autosnn_hw import read, simulate` and so on. In the examples `tiny.net` is a network of three inputs and two neurons, and
`frames.npz` holds spike frames for it (x_test, uint8 (2, 4, 3), all ones).
"""

from autosnn_hw.verbs.data import data
from autosnn_hw.verbs.files import FORMATS, load_profile, profile_for, read, write
from autosnn_hw.verbs.foreign import from_nir, from_torch, import_network
from autosnn_hw.verbs.judging import check, place, price
from autosnn_hw.verbs.running import search, simulate
from autosnn_hw.verbs.traces import compare_traces, trace, trace_schema

__all__ = [
    "FORMATS",
    "check",
    "compare_traces",
    "data",
    "from_nir",
    "from_torch",
    "import_network",
    "load_profile",
    "place",
    "price",
    "profile_for",
    "read",
    "search",
    "simulate",
    "trace",
    "trace_schema",
    "write",
]
