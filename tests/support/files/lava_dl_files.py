"""Files that lava-dl's wheel ships for its own tests: networks, and what its authors recorded of them."""

from importlib import metadata
from pathlib import Path

import pytest


def shipped(name: str) -> Path:
    """The file of lava-dl's NetX tests whose path ends so; the test is skipped where there is none."""
    try:
        files = metadata.files("lava-dl") or ()
    except metadata.PackageNotFoundError:
        files = ()
    found = next((file.locate() for file in files if str(file).endswith(f"netx/{name}")), None)
    if found is None or not Path(found).exists():
        pytest.skip(f"this machine has no lava-dl wheel with netx/{name}")
    return Path(found)
