"""What ranks share out."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.errors import InputError
from autosnn_hw.torchrun import RankPlace, follows, place
from autosnn_hw.training.ranks.ranks import Ranks

TORCHRUN = {"RANK": "1", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}


@given(st.integers(1, 9), st.integers(0, 200))
def test_parts_are_the_whole_in_order_and_differ_by_one_at_most(count, samples):
    whole = list(range(samples))
    parts = [whole[Ranks(rank, count).part(samples)] for rank in range(count)]
    assert list(chain.from_iterable(parts)) == whole
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1 and sizes == sorted(sizes, reverse=True)


def test_the_environment_of_torchrun_says_who_one_is():
    assert place(TORCHRUN) == RankPlace(1, 4, 1) and follows(TORCHRUN)
    assert not follows(TORCHRUN | {"RANK": "0"})


@pytest.mark.parametrize("changed", [{"WORLD_SIZE": "1", "RANK": "0"}, "RANK", "WORLD_SIZE", "MASTER_ADDR"])
def test_one_process_is_alone(changed):
    environment = {**TORCHRUN, **changed} if isinstance(changed, dict) else {**TORCHRUN}
    if isinstance(changed, str):
        del environment[changed]
    assert place(environment) is None and not follows(environment)


@pytest.mark.parametrize("changed", [{"RANK": "4"}, {"RANK": "-1"}, {"WORLD_SIZE": "two"}, {"MASTER_PORT": "0"}])
def test_an_environment_that_contradicts_itself_is_refused(changed):
    with pytest.raises(InputError, match="start with torchrun"):
        place(TORCHRUN | changed)
    assert not follows(TORCHRUN | changed)
