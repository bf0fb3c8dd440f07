"""Puts a script beside a .net file that runs it with Lava alone, for people who trust nothing of ours."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from autosnn_hw.files import whole_file

SCRIPT = "winner_in_lava.py"


def text(network_name: str = "winner.net") -> str:
    """The script's text; `network_name` is the file it looks for beside itself."""
    source = resources.files("exporters").joinpath(SCRIPT).read_text(encoding="utf-8")
    return source.replace('NETWORK = "winner.net"', f"NETWORK = {network_name!r}", 1)


def write(path: str | Path) -> Path:
    """Write winner_in_lava.py into the folder of a .net file.

    Args:
        path: the .net file, which must hold check samples for the script to have something to compare; or the script to
            write, which then looks for winner.net.

    Returns:
        Path: the script.

    Raises:
        RunError: the folder is missing or not writable, or the disk is full.
    """
    path = Path(path)
    script = path if path.suffix == ".py" else path.parent / SCRIPT
    whole_file.replace(script, (text() if script == path else text(path.name)).encode())
    return script
