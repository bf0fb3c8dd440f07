"""What can still be said of a file that was refused."""

from __future__ import annotations

from typing import Any

from autosnn_hw.errors import InputError


def nodes_of_refused(source: str) -> list[dict[str, Any]]:
    """The nodes of a NIR file with their constants (`from_nir.nodes_of`); none of a module, or of a file that cannot be read."""
    from autosnn_hw.deploy.from_nir import nodes_of
    from autosnn_hw.deploy.from_torch.module_name import is_source

    try:
        return [] if is_source(source) else nodes_of(source)
    except InputError:
        return []
