"""What is wrong with a profile, in words: the key, what was found, what is allowed; a line each."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from autosnn_hw.words.near_names import did_you_mean
from hw_profiles.constants import Constant
from hw_profiles.schema import Profile

# What pydantic's kinds of error allow, in words; a name in braces is a value of the error's context.
ALLOWED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "too_short": "a list of at least {min_length}",
    "tuple_type": "a list",
    "model_type": "a table",
    "dict_type": "a table",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "literal_error": "{expected}",
}


def refusal(where: str, error: ValidationError) -> str:
    """One sentence for one problem of the profile `where`; a line each where there are more."""
    problems = [sentence(detail) for detail in error.errors()]
    if len(problems) == 1:
        return f"profile {where}: {problems[0]}."
    return "\n- ".join([f"profile {where} has {len(problems)} problems:", *problems])


def sentence(detail: Any) -> str:
    """One problem, as pydantic describes it, in words."""
    where = ".".join(str(part) for part in detail["loc"]) or "profile"
    found, kind = detail["input"], detail["type"]
    if kind == "missing":
        return f"{where} is missing{_units(detail['loc'])}"
    if kind == "extra_forbidden":
        known = _allowed(detail["loc"])
        if meant := did_you_mean(str(detail["loc"][-1]), known, most=1):
            return f"{where} is unknown; {meant} Allowed are {', '.join(known)}"
        return f"{where} is unknown; allowed are {', '.join(known)}"
    if kind == "value_error":
        return f"{where}: {detail['ctx']['error']}"
    model = _model(detail["loc"])
    if kind in ("greater_than_equal", "finite_number") and issubclass(model, Constant):
        return f"{where} is {found!r}; allowed: 0 to {model.largest:g} {model.si}, given in {', '.join(model.units)}"
    shown = repr(found) if isinstance(found, (int, float, str, bool)) else f"a {type(found).__name__}"
    message = ALLOWED[kind].format(**detail.get("ctx", {})) if kind in ALLOWED else detail["msg"]
    return f"{where} is {shown}; allowed: {message}"


def _model(location: tuple[Any, ...]) -> Any:
    """The schema class that a location of an error stands in."""
    model: Any = Profile
    for part in location[:-1]:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        options = [annotation, *getattr(annotation, "__args__", ())]
        model = next((o for o in options if hasattr(o, "model_fields")), None)
        if model is None:
            return Profile
    return model


def _allowed(location: tuple[Any, ...]) -> list[str]:
    extra = ["extends"] if len(location) == 1 else []
    return [*_model(location).model_fields, *extra]


def _units(location: tuple[Any, ...]) -> str:
    model = _model(location)
    if location[-1] == "unit" and issubclass(model, Constant):
        return f"; allowed: {', '.join(model.units)}"
    return ""
