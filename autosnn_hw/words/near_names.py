"""The name that was meant, for the refusal of one that is not known."""

from __future__ import annotations

from collections.abc import Iterable


def near_names(found: str, known: Iterable[str], *, most: int = 3, cutoff: float = 0.6) -> list[str]:
    """At most `most` of the known names that look like what was found, the nearest first; upper and lower case are one.

    Args:
        cutoff: least likeness, 0 to 1 (`difflib.SequenceMatcher.ratio`).
    """
    from difflib import get_close_matches

    folded = {name.casefold(): name for name in known}
    return [folded[name] for name in get_close_matches(found.casefold(), folded, n=most, cutoff=cutoff)]


def did_you_mean(found: str, known: Iterable[str], *, most: int = 3, cutoff: float = 0.6) -> str:
    """`did you mean a or b?`, or nothing where no name is near; the arguments are those of `near_names`."""
    near = near_names(found, known, most=most, cutoff=cutoff)
    return f"did you mean {' or '.join(near)}?" if near else ""


def known_are(found: str, known: Iterable[str]) -> str:
    """All names that are known, after those that may have been meant: how a refusal goes on behind "unknown ..;"."""
    known = list(known)
    meant = did_you_mean(found, known)
    return f"{meant} Known are {', '.join(known)}" if meant else f"known are {', '.join(known)}"
