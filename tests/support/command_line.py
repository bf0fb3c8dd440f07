"""Commands as they are typed, in this process."""

import click
from click.testing import CliRunner, Result

from autosnn_hw.cli import group
from autosnn_hw.errors import InputError


def run(*words: object) -> Result:
    """`autosnn-hw *words`: exit code, what it printed, and the InputError it ended with; any other error is the test's."""
    return run_verb(group, *words)


def run_verb(verb: click.Command, *words: object) -> Result:
    """`run` of one verb's command."""
    done = CliRunner().invoke(verb, [str(word) for word in words])
    if done.exception is not None and not isinstance(done.exception, InputError | SystemExit):
        raise done.exception
    return done
