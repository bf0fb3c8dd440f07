"""Placements of pools as choices: one, or several that a search chooses from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.architecture import pool_list
from autosnn_hw.config import SearchConfig, from_mapping, read_config
from autosnn_hw.errors import InputError

placements = st.sets(st.integers(0, 16), min_size=1).map(lambda slots: tuple(sorted(slots)))
several = st.lists(placements, min_size=1, max_size=pool_list.MANY, unique=True)


@given(placements)
def test_a_placement_is_read_as_it_was_printed_in_any_order(slots):
    assert pool_list.of_text(pool_list.in_text(slots)) == pool_list.of_text(pool_list.in_text(slots[::-1])) == slots


@given(several)
def test_a_choice_is_ascending_and_a_config_gives_it_back(chosen):
    parsed = pool_list.parsed(", ".join(map(pool_list.in_text, chosen)))
    assert pool_list.placements_of(parsed) == tuple(sorted(chosen))
    config = SearchConfig(pools=list(parsed))
    assert config.pools == parsed == config.with_changes(seed=1).pools


def test_a_config_s_text_has_them_where_they_were_asked_for_alone(tmp_path):
    assert "pools" not in SearchConfig().to_toml() and pool_list.placements_of(SearchConfig().pools) == ()
    (tmp_path / "config.toml").write_text(SearchConfig(pools=["3.1", "1.2"]).to_toml())
    assert read_config(tmp_path / "config.toml").pools == ("1.2", "1.3")


@pytest.mark.parametrize(("value", "pools"), [([1, 0], ("0", "1")), (2, ("2",)), ([1, "1.3"], ("1", "1.3"))])
def test_a_placement_of_one_pool_may_be_a_number(value, pools, tmp_path):
    assert SearchConfig(pools=value).pools == pools
    (tmp_path / "config.toml").write_text(f"[search]\npools = {value}\n")
    assert read_config(tmp_path / "config.toml").pools == pools


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], r"pools is \[\]; a list of texts"),
        (1.3, r"pools is 1.3; a list of texts such as \[.1.3., .1.2.\] is needed"),
        ([1.3], "a list of texts"),
        ([True], "a list of texts"),
        (["1.x"], "pools is '1.x'; numbers of slots with dots between are needed, such as 1.3"),
        (["1..3"], "numbers of slots"),
        (["-1"], "numbers of slots"),
        (["1.3.1"], "pools is '1.3.1'; every slot may be named once"),
        (["1.3", "3.1"], "pools is 1.3 twice; every placement may be named once"),
        ([f"1.{slot}" for slot in range(2, 19)], "17 placements; at most 16"),
    ],
)
def test_what_is_no_placement_is_one_sentence(value, said):
    with pytest.raises(InputError, match=said):
        from_mapping({"pools": value}, "here")
