"""Numbers as people read them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.words import quantities as units


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2.5e-6, "J", "2.50 µJ"),
        (9.997e-5, "J", "100 µJ"),
        (9.9996e-4, "J", "1.00 mJ"),
        (1e-3, "s", "1.00 ms"),
        (0.0, "J", "0 J"),
        (None, "J", "unknown"),
        (1234.0, "", "1.23 k"),
        (3.2e-17, "J s", "0.0320 fJ s"),
    ],
)
def test_quantities(value, unit, text):
    assert units.quantity(value, unit) == text


@given(st.floats(1e-14, 1e11))
def test_a_quantity_read_back_is_the_value_to_three_digits(value):
    number, prefix = re.fullmatch(r"([\d.]+) (.?)J", units.quantity(value, "J")).groups()
    powers = {name: power for power, name in units.PREFIXES.items()}
    assert float(number) * 1000.0 ** powers[prefix] == pytest.approx(value, rel=5.1e-3)
    assert 1 <= float(number) < 1000


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("9uJ", "J", 9e-6),
        ("9 µJ", "J", 9e-6),
        ("9 \u03bcJ", "J", 9e-6),
        ("9e-6", "J", 9e-6),
        ("9e-6 J", "J", 9e-6),
        (" .5mJ ", "J", 5e-4),
        ("1.5MJ", "J", 1.5e6),
        ("50us", "s", 5e-5),
        ("2s", "s", 2.0),
        ("3", "s", 3.0),
        ("-1ms", "s", -1e-3),
    ],
)
def test_a_quantity_is_read_with_its_prefix(text, unit, value):
    assert units.parse(text, unit) == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["", "J", "uJ", "9u", "9us", "9xJ", "9uuJ", "nan", "infJ", "1e999", "9J9", "9 u J", "９µ"]
)
def test_what_is_no_quantity_is_refused_with_what_would_work(text):
    with pytest.raises(ValueError, match=r"such as 9uJ, 0\.5mJ or 9e-6"):
        units.parse(text, "J")


@given(st.floats(1e-14, 1e11))
def test_what_is_shown_can_be_typed(value):
    assert units.parse(units.quantity(value, "J"), "J") == pytest.approx(value, rel=5.1e-3)


def test_intervals_counts_and_percents():
    interval = {"value": 2e-6, "low": 1e-6, "high": 4e-6}
    assert units.with_bounds(interval, "J") == "2.00 µJ (1.00 to 4.00 µJ)"
    assert units.with_bounds({"value": 2e-6, "low": 2e-6, "high": 2e-6}, "J") == "2.00 µJ"
    assert (
        units.with_bounds(None, "J") == units.bounds(None, "J") == units.count(None) == units.percent(None) == "unknown"
    )
    assert [units.count(n) for n in (7, 12345.4, 1.5, 1.24e6)] == ["7", "12,345", "1.50", "1.24 M"]
    assert units.percent(0.97222) == "97.2 %"


def test_a_need_and_its_limit_are_shown_with_the_digits_that_tell_them_apart():
    assert units.apart(131_072, 131_071) == ("131,072", "131,071")
    assert units.apart(1.0000001e6, 1e6) == ("1,000,000.1", "1,000,000")
    assert units.apart(300, 256) == ("300", "256") and units.apart(2.5e6, 1e6) == ("2.50 M", "1.00 M")
    assert units.apart(5e6, 5e6) == ("5.00 M", "5.00 M")


def test_numbers_are_found_where_documents_keep_them():
    assert units.number({"exact": 0.5, "float": 0.6}, "exact_test", "exact") == 0.5
    assert units.number({"value": 1}) == 1 and units.number(True) is None and units.number("x") is None
    assert units.at({"a": {"b": 1}}, "a", "b") == 1 and units.at({"a": 1}, "a", "b") is None


def test_one_of_something_is_not_several():
    assert [units.numbered(n, "step") for n in (0, 1, 2)] == ["0 steps", "1 step", "2 steps"]
