"""What was found with a super-network that is now trained further: kept in a folder of its own, mixed with nothing that follows."""

from __future__ import annotations

import os
from uuid import uuid4

from autosnn_hw.run_folder import (
    CANDIDATES,
    CERTIFICATE,
    MANIFEST,
    NETWORKS,
    REPORT,
    STUDY,
    SUMMARY,
    WINNER_BEHAVIOUR,
    WINNER_CORES,
    WINNER_NET,
    WINNER_ONNX,
    WINNER_SCRIPT,
    WINNER_SIMULATION,
    WINNER_STEP_ONNX,
    RunFolder,
    read_json,
    write_json,
    writing,
)
from autosnn_hw.search.database.study import NAME
from autosnn_hw.stages.judging.walked import FOLDER as WALK

# A journal that a crash left goes before its database: together, or not at all, they are read again.
FOLLOWS = (
    f"{STUDY}-journal", STUDY, WALK, CANDIDATES, SUMMARY, REPORT, CERTIFICATE, WINNER_NET, WINNER_CORES, WINNER_ONNX, WINNER_STEP_ONNX,
    WINNER_SCRIPT, WINNER_SIMULATION, WINNER_BEHAVIOUR,
)  # fmt: skip


def set_aside(folder: RunFolder, epochs: int, *, networks: bool, last: str) -> None:
    """Move all that followed from the super-network into the run's folder `epochs-N`, so that it is made anew; a study in a database
    stays there, and the run takes a new one. Interrupted at any point, the same call does the rest.

    Args:
        epochs: of the super-network that it followed from.
        networks: whether the trained networks inherited its weights and go, too.
        last: file that goes when all else has gone, which says that this is done.

    Raises:
        RunError: the disk is full, or the folder may not be written.
    """
    place = folder / f"epochs-{epochs}"
    manifest = read_json(folder / MANIFEST) if folder.has(MANIFEST) else {}
    if manifest.get("study"):
        write_json(folder / MANIFEST, manifest | {"study": manifest["study"] | {"name": f"{NAME}-{uuid4().hex[:12]}"}})
    with writing(place):
        place.mkdir(exist_ok=True)
        for name in (*FOLLOWS, *((NETWORKS,) if networks else ()), last):
            if (folder / name).exists():
                os.replace(folder / name, place / name)
