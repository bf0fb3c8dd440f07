"""The command line: parses, calls, prints. Each verb lives in `autosnn_hw.commands` and is loaded when it is used."""

from __future__ import annotations

import errno
import signal
import sys
from importlib import import_module

import click

from autosnn_hw import __version__
from autosnn_hw.errors import AutosnnError
from autosnn_hw.torchrun import follows

VERBS = {
    "search": "Search a network for a target: the main job, from data to a report.",
    "data": "Look at a data set before anything is trained.",
    "train": "Train one architecture, quantise it and write its chip network.",
    "tables": "The AutoSNN paper's tables again, at a size of one's own.",
    "export": "Write a network as NetX, ONNX, NIR or TrueNorth cores.",
    "import": "Turn a network of another framework (NIR, torch) into a NetX file.",
    "simulate": "Run and price a network.",
    "trace": "Golden vectors: inputs, spikes, u and v of every neuron and step.",
    "check": "Does a network fit a target, on which cores, and what would fix it.",
    "inspect": "Layers, roles and numbers of a network file.",
    "front": "Re-answer a finished search for another lambda, objective or budget.",
    "calibrate": "Fit a profile's constants to measurements.",
    "targets": "The targets, or one target's constants with their sources.",
    "report": "Write the report of a run again.",
    "compare": "Set two reports side by side.",
    "doctor": "What works on this machine, and what to do about what does not.",
}

MODULES = {"import": "import_network"}
"""Modules of verbs that are words of Python."""


class LazyGroup(click.Group):
    """A group that imports a verb's module only when the verb is called, so that light verbs start fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        return import_module(f"autosnn_hw.commands.{MODULES.get(name, name)}").command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS and not args[0].startswith("-"):
            from autosnn_hw.words.near_names import known_are

            ctx.fail(f"No such command {args[0]!r}; {known_are(args[0], VERBS)}.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="autosnn-hw")
def group() -> None:
    """Finds spiking neural networks for a chip: what is searched is what is deployed.

    Exit codes: 0 ok, 1 failed at run time, 2 bad usage or input, 3 does not fit the target, 4 measured and expected spikes differ, 130 interrupted, 143 ended by SIGTERM.
    """


def main() -> None:
    """Entry point: turns our errors, an interruption and a full disk into one sentence and an exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = group.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except AutosnnError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.ClickException as error:
        if not follows():
            error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort) as error:
        stopped = error.__cause__ if isinstance(error, click.Abort) else error
        how = str(stopped.args[0]) if stopped is not None and stopped.args else ""
        word, code = ("ended by SIGTERM", 143) if isinstance(stopped, Terminated) else ("interrupted", 130)
        _say(f"{word}; what was finished is kept{f': {how}' if how else '.'}")
        sys.exit(code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise
        where = f" ({error.filename})" if error.filename else ""
        _say(f"the files could not be written{where}: {error.strerror}; free some space or choose another --out.")
        sys.exit(1)


class Terminated(KeyboardInterrupt):
    """SIGTERM: ends a command as Ctrl-C does."""


def _terminate(number: int, frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # one is enough: what it began is to end in peace
    raise Terminated


def _say(sentence: str) -> None:
    click.echo(f"autosnn-hw: {sentence}", err=True)
