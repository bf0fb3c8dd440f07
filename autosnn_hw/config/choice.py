"""A choice of a search as a field of its model: default, heading, help and bounds, of which options are made; and what is said of a
value that it does not take."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, Field, ValidationError

from autosnn_hw.config.default_sizes import EMBEDDED, PAPER, SIZES
from autosnn_hw.words.near_names import near_names

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


def first_wrong(error: ValidationError, model: type[BaseModel]) -> str:
    """The first thing that is wrong with the values for `model`: what was found, and what is allowed."""
    first = error.errors()[0]
    if not first["loc"]:
        return str(first["ctx"]["error"])
    key, kind, bounds = str(first["loc"][0]), first["type"], first.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown key {key!r}; known are {', '.join(model.model_fields)}"
    if kind == "value_error":
        return f"{key} is {bounds['error']}"
    found = f"{'lambda' if key == 'lam' else key} is {first['input']!r}"
    for bound, words in (("ge", "at least"), ("gt", "more than"), ("le", "at most"), ("lt", "less than")):
        if bound in bounds:
            return f"{found}; {words} {bounds[bound]:g} is needed"
    if kind == "literal_error":
        allowed = _allowed(model, key)
        near = near_names(str(first["input"]), allowed)
        if 0 < len(near) < len(allowed):  # all of them would say nothing
            return f"{found}; did you mean {' or '.join(near)}? Allowed are {', '.join(allowed)}"
        return f"{found}; allowed are {', '.join(allowed)}"
    if kind == "finite_number":
        return f"{found}; a finite number is needed"
    return f"{found}; {kind.removesuffix('_type').removesuffix('_parsing')} is needed"


def _allowed(model: type[BaseModel], field: str) -> tuple[str, ...]:
    """The words that a field of `model` may hold; none where it is no choice between words."""
    return tuple(word for word in get_args(model.model_fields[field].annotation) if isinstance(word, str))
