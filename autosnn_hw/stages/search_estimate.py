"""How long a search will take here, from pieces of it that are run; and what will stand on the chip."""

from __future__ import annotations

import resource
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from autosnn_hw.architecture import layout
from autosnn_hw.config import SearchConfig
from autosnn_hw.progress import Silent
from autosnn_hw.run_folder import RunFolder
from autosnn_hw.stages import supernet
from autosnn_hw.stages.manifest import Prepared

FEW, MORE = 2, 10  # batches; their difference is free of what happens once


def network_sizes(prepared: Prepared) -> dict[str, Any]:
    """{"stages": [{"name", "shape"}], "networks", "timesteps"}: outputs of the stages, which are those of every network of the space,
    or of its largest where it has several sizes."""
    stages = layout(prepared.space.largest, prepared.data.image, prepared.data.classes)
    return {
        "stages": [{"name": stage.name, "shape": list(stage.out_shape)} for stage in stages],
        "networks": prepared.space.size,
        "timesteps": prepared.space.timesteps,
    }


def training_cost(config: SearchConfig, prepared: Prepared) -> dict[str, float]:
    """What training the super-network will take on this machine.

    Two short trainings of the very sizes are run; the difference of their times is that of a batch.

    Returns:
        {"seconds_per_batch", "batches", "seconds", "peak_bytes"}: the memory is the most that this process has had so far.
    """
    seconds = {batches: _seconds(config, prepared, batches) for batches in (FEW, FEW, MORE)}  # the first warms up
    each = max(0.0, seconds[MORE] - seconds[FEW]) / (MORE - FEW)
    batches = config.epochs * -(-len(prepared.data.x_train) // config.batch)
    return {
        "seconds_per_batch": each,
        "batches": batches,
        "seconds": each * batches,
        "peak_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def _seconds(config: SearchConfig, prepared: Prepared, batches: int) -> float:
    data = prepared.data
    rows = [n % len(data.x_train) for n in range(batches * config.batch)]
    few = replace(
        data, x_train=data.x_train[rows], y_train=data.y_train[rows], x_val=data.x_val[:8], y_val=data.y_val[:8]
    )
    with TemporaryDirectory(prefix="autosnn-hw-") as folder:
        once = config.with_changes(epochs=1)
        run = RunFolder.create(Path(folder) / "run")
        start = time.perf_counter()
        supernet.train(once, replace(prepared, data=few), run, Silent(), must_learn=False)
        return time.perf_counter() - start
