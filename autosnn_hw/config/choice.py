"""A choice of a search as a field of its model: default, heading, help and bounds, of which options are made."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from autosnn_hw.config.default_sizes import EMBEDDED, PAPER, SIZES

WHAT, SEARCH, LIMITS, MEASURING, TRAINING, MACHINE = (
    "What is searched", "How it is searched", "Limits", "Measuring", "Training", "Machine",
)  # fmt: skip
MOST = 1 << 40  # of whole numbers that nothing else bounds


def choice(default: Any, group: str, text: str, *, shown: str | None = None, **more: Any) -> Any:
    """A field: default, heading in --help, help, and bounds (ge, gt, le).

    Args:
        shown: words for the default, where it is not the default's own text.
        more: bounds (`le` None where the type has its own); `option` names the option where it is not the field's name; `metavar`, `unit` show its value;
            `also` is another name of it.
    """
    extra = {
        "group": group,
        "shown": shown,
        **{key: more.pop(key, None) for key in ("option", "metavar", "unit", "also")},
    }
    if isinstance(default, int) and "le" not in more and not isinstance(default, bool):
        more["le"] = MOST
    return Field(default, description=text, json_schema_extra=extra, **more)


def size(name: str, group: str, text: str, **more: Any) -> Any:
    """A field whose default depends on the dataset (`sizes_of`)."""
    small = {dataset: sizes[name] for dataset, sizes in SIZES.items()}
    named = "digits and events" if len(set(small.values())) == 1 else None
    words = (
        f"{EMBEDDED[name]} for {named}" if named else ", ".join(f"{value} for {name}" for name, value in small.items())
    )
    return choice(EMBEDDED[name], group, text, shown=f"{words}, {PAPER[name]} otherwise", **more)
