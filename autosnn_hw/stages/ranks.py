"""Training of the super-network by all processes of torchrun: what rank 0 asks of the others, and what they do."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

from autosnn_hw.config import SearchConfig, from_mapping
from autosnn_hw.errors import AutosnnError, InputError
from autosnn_hw.stages import supernet
from autosnn_hw.stages.manifest import Prepared, prepare
from autosnn_hw.torchrun import RankPlace
from autosnn_hw.training.ranks.meeting import Meeting, own_device


def require_shares(config: SearchConfig, prepared: Prepared, count: int) -> None:
    """Refuse batches that give not every process a sample.

    Raises:
        InputError: with the batch that would.
    """
    samples = len(prepared.data.x_train)
    least = samples // -(-samples // config.batch)
    if least < count:
        raise InputError(
            f"batches of {least} samples cannot be shared among {count} processes; give --batch {2 * count} or more, or fewer processes."
        )


def follow(place: RankPlace) -> int:
    """Train along with rank 0 when it calls, and leave; the exit code.

    What goes wrong is said by rank 0, or where it cannot, by the first that sees it.

    Raises:
        AutosnnError: by that one.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)  # it has nothing to finish, and rank 0 says what has happened
    meeting = Meeting(place)
    try:
        job = meeting.follow()
        return 0 if job is None else _train_along(meeting, job)
    except AutosnnError as error:
        if meeting.said_by_another():
            return error.exit_code
        raise


def _train_along(meeting: Meeting, job: Mapping[str, Any]) -> int:
    try:
        config = from_mapping(job["config"], "rank 0")
        own_device(meeting.place, config.device)
        prepared = prepare(config)
        _require_alike(job, supernet.alike(prepared))
    except AutosnnError as error:
        meeting.refuse(error)
        return error.exit_code
    with meeting.following(config.device) as ranks:
        if ranks is None:
            return InputError.exit_code
        supernet.fit(config, prepared, None, ranks=ranks)
    return 0


def _require_alike(theirs: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    for key, what in (("data", "data set"), ("code", "program"), ("versions", "set of libraries")):
        if theirs[key] != own[key]:
            raise InputError(
                f"its {what} is another than that of rank 0 ({own[key]} here, {theirs[key]} there); install and copy the same everywhere."
            )
