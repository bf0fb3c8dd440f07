"""Sizes as choices: one, or several that a search chooses from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.architecture import size_list
from autosnn_hw.config import SearchConfig, from_mapping
from autosnn_hw.errors import InputError

numbers = st.lists(st.integers(1, size_list.MOST), min_size=1, max_size=size_list.MANY)


@given(numbers)
def test_sizes_are_ascending_and_distinct_and_one_is_an_int(several):
    found = size_list.all_of(size_list.checked(size_list.parsed(",".join(map(str, several)))))
    assert list(found) == sorted(set(several))


@given(numbers)
def test_a_config_gives_them_back(several):
    config = SearchConfig(timesteps=several)
    assert config.timesteps == size_list.checked(several)
    assert config.with_changes(seed=1).timesteps == config.timesteps


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "timesteps is 0; at least 1"),
        ([2, 5000], "timesteps is 5000; at most 4096"),
        ([], "int is needed, or a list"),
        (True, "int is needed, or a list"),
        ([2, "4"], "int is needed, or a list"),
        (list(range(1, 19)), "18 sizes; at most 16"),
    ],
)
def test_what_is_no_size_is_one_sentence(value, said):
    with pytest.raises(InputError, match=said):
        from_mapping({"timesteps": value}, "here")


@pytest.mark.parametrize("text", ["", "4,", "x", "4.5", "-2", "4;8", "9" * 12])
def test_texts_that_are_none_are_refused(text):
    with pytest.raises(ValueError, match="whole number"):
        size_list.parsed(text)


def test_one_network_has_one_size():
    assert size_list.one_size(4, "timesteps") == 4
    with pytest.raises(InputError, match="--timesteps 2,4"):
        size_list.one_size((2, 4), "timesteps")
