"""`autosnn-hw doctor`: what works on this machine, and what to do about what does not."""

from __future__ import annotations

import click

from autosnn_hw.commands.arguments import options


@click.command("doctor")
@options.as_json
def command(as_json):
    """Check Python, torch, Lava, shared memory, disk and board: each is ok, or says what to do. Exit code 1 when something needed is broken.

    \b
    Example: autosnn-hw doctor --json
    """
    from autosnn_hw.doctor import examine

    findings = examine()
    if as_json:
        options.print_json({"checks": [finding.to_json() for finding in findings]})
    else:
        for finding in findings:
            click.echo(
                f"{'ok  ' if finding.ok else 'NO  ' if finding.needed else '--  '}{finding.name:12} {finding.sentence}"
            )
    if any(finding.needed and not finding.ok for finding in findings):
        raise click.exceptions.Exit(1)
