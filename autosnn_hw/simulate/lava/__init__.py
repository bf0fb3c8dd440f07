"""Lava in a process of its own: its simulator, and a Loihi board where there is one; each a `run(network, ..) -> Activity`."""

from autosnn_hw.simulate.lava.backend import identity, lava_status, ready, run, samples_per_job, trace, versions
from autosnn_hw.simulate.lava.process import LavaChild, LavaFailed, LavaUnavailable

__all__ = [
    "LavaChild",
    "LavaFailed",
    "LavaUnavailable",
    "identity",
    "lava_status",
    "ready",
    "run",
    "samples_per_job",
    "trace",
    "versions",
]
