"""Numbers as people read them: 12.3 µJ, 1.24 M, 97.2 %; what is not known is said to be unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import floor, isfinite, log10, nan
from typing import Any

UNKNOWN = "unknown"
PREFIXES = {-5: "f", -4: "p", -3: "n", -2: "µ", -1: "m", 0: "", 1: "k", 2: "M", 3: "G", 4: "T"}
FACTORS = {prefix: 10.0 ** (3 * power) for power, prefix in PREFIXES.items()} | {"u": 1e-6}  # what may be typed


def scale_of(value: float) -> tuple[float, str]:
    """(factor, prefix) that bring a value between 1 and 1000: 2e-6 -> (1e-6, "µ")."""
    if not value or not isfinite(value):
        return 1.0, ""
    power = floor(floor(log10(abs(float(f"{value:.3g}"))) + 1e-9) / 3)
    power = max(min(PREFIXES), min(max(PREFIXES), power))
    return 10.0 ** (3 * power), PREFIXES[power]


def digits(value: float) -> str:
    """Three significant digits, without an exponent."""
    if not isfinite(value):
        return UNKNOWN
    if value == 0:
        return "0"
    value = float(f"{value:.3g}")  # first, so that 99.97 is 100 and not 100.0
    places = max(0, 2 - floor(log10(abs(value)) + 1e-9))
    return f"{value:.{min(places, 6)}f}"


def quantity(value: float | None, unit: str) -> str:
    """`quantity(2.5e-6, "J")` is "2.50 µJ"."""
    if value is None:
        return UNKNOWN
    factor, prefix = scale_of(value)
    return f"{digits(value / factor)} {prefix}{unit}".rstrip()


def parse(text: str, unit: str) -> float:
    """The SI value of "9uJ", "9 µJ", "9e-6 J" or "9e-6", for the unit "J".

    Raises:
        ValueError: another unit, an unknown prefix, or no finite number; the message says what would work.
    """
    words = text.strip().replace("\u03bc", "µ")  # the Greek letter, as some keyboards write the prefix
    found = re.fullmatch(rf"(.*?[\d.])\s*(?:([{''.join(FACTORS)}]?){unit})?", words)
    try:
        value = nan if found is None else float(found[1]) * FACTORS[found[2] or ""]
    except ValueError:
        value = nan
    if not isfinite(value):
        raise ValueError(f"{text!r} is no quantity in {unit}; such as 9u{unit}, 0.5m{unit} or 9e-6 would work.")
    return value


def bounds(interval: Mapping[str, float] | None, unit: str) -> str:
    """low to high in one unit: "1.2 to 4.8 µJ"."""
    if not interval or interval.get("low") is None or interval.get("high") is None:
        return UNKNOWN
    factor, prefix = scale_of(interval["high"])
    return f"{digits(interval['low'] / factor)} to {digits(interval['high'] / factor)} {prefix}{unit}"


def with_bounds(interval: Mapping[str, float] | None, unit: str) -> str:
    """ "2.50 µJ (1.2 to 4.8 µJ)"; the value alone where low and high are it."""
    if not interval or interval.get("value") is None:
        return UNKNOWN
    if interval.get("low") is None or interval["low"] == interval["high"]:
        return quantity(interval["value"], unit)
    return f"{quantity(interval['value'], unit)} ({bounds(interval, unit)})"


def count(value: float | None) -> str:
    """12,345 below a hundred thousand, 1.24 M above; a mean below ten keeps its fraction."""
    if value is None:
        return UNKNOWN
    if abs(value) >= 1e5:
        factor, prefix = scale_of(value)
        return f"{digits(value / factor)} {prefix}"
    if abs(value) < 100 and value != round(value):
        return digits(value)
    return f"{value:,.0f}"


def numbered(value: int, noun: str) -> str:
    """A whole number of something: "1 step", "5 steps"."""
    return f"{value} {noun}{'' if value == 1 else 's'}"


def apart(a: float, b: float) -> tuple[str, str]:
    """Two counts as text; every digit where fewer would make different ones look alike."""
    texts = count(a), count(b)
    return (f"{a:,.15g}", f"{b:,.15g}") if a != b and texts[0] == texts[1] else texts


def duration(seconds: float) -> str:
    """ "45 s", "12 min", "3.4 h"."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def percent(value: float | None, places: int = 1) -> str:
    """0.9722 is "97.2 %"."""
    return UNKNOWN if value is None else f"{100 * value:.{places}f} %"


def percent_bounds(interval: Mapping[str, float | None] | None) -> str:
    """low to high of a share, as short as a narrow column needs it: "70.8 to 80.6 %"."""
    low, high = (None, None) if interval is None else (interval.get("low"), interval.get("high"))
    return UNKNOWN if low is None or high is None else f"{100 * low:.1f} to {percent(high)}"


def at(document: Any, *keys: str) -> Any:
    """The value under nested keys, or None where one is missing."""
    for key in keys:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def number(value: Any, *keys: str) -> float | None:
    """A number that stands plainly, or under one of `keys` or "value" of a mapping."""
    if isinstance(value, Mapping):
        return next((n for key in (*keys, "value") if (n := number(value.get(key), *keys)) is not None), None)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
