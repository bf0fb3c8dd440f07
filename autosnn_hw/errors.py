"""Errors that carry one clear sentence and the exit code of the command line.

Raise these for everything a user can cause; a traceback means a defect of ours.
"""


class AutosnnError(Exception):
    """Base of every error that is reported as one sentence; `exit_code` is what the command line returns."""

    exit_code = 1


class RunError(AutosnnError):
    """Failed at run time: Lava died, the disk is full."""

    exit_code = 1


class InputError(AutosnnError, ValueError):
    """Bad usage or bad input: says what was found, what is allowed and what would work."""

    exit_code = 2


class DoesNotFitError(AutosnnError):
    """The network does not fit the target."""

    exit_code = 3


class SpikesDifferError(AutosnnError):
    """Measured and expected spikes differ."""

    exit_code = 4
