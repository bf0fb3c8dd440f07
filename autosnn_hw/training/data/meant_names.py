"""What somebody meant who named a data set that is not known: a file or folder without its prefix, or another spelling."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence

from autosnn_hw.words.near_names import near_names


def meant(name: str, names: Sequence[str], forms: Sequence[str]) -> str:
    """The end of a refusal: what the name may stand for, else everything that is known.

    Args:
        names: known data sets.
        forms: everything that a name may look like.
    """
    path = os.path.expanduser(name)
    if os.path.isdir(path):
        return f"did you mean folder:{name}?"
    # Whatever else is no regular file is not opened: a pipe would wait.
    if name.endswith(".npz") or (os.path.isfile(path) and zipfile.is_zipfile(path)):
        return f"did you mean npz:{name}?"
    if os.path.isfile(path):
        return "it is a file and no npz file, which numpy.savez writes and npz:PATH names."
    kind, _, frames = name.partition(":")
    near = near_names(kind, names, most=1)
    if not near:
        return f"known are {', '.join(forms)}."
    framed = f"{near[0]}:{frames}" if frames and f"{near[0]}:T" in forms else near[0]
    return f"did you mean {framed}? Known are {', '.join(forms)}."
