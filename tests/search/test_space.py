"""The space has 3,125 architectures; its operators stay inside it and change what they say they change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.architecture import SEARCH_BLOCKS, Architecture
from autosnn_hw.errors import InputError
from autosnn_hw.search.space import search_space

SPACE = search_space(width=8, timesteps=4)
GROUPED = search_space(groups=[{"SRB_k3": (4, 8), "SRB_k5": (2, 4)}] * 5)
spaces = st.sampled_from([SPACE, GROUPED])
seeds = st.integers(0, 2**32)


def test_3125_distinct_architectures_numbered_in_base_5_from_tbd1():
    everything = list(SPACE)
    assert SPACE.size == len(everything) == len(set(everything)) == 3125
    assert [SPACE.index(architecture) for architecture in everything] == list(range(3125))
    assert SPACE.at(1).blocks == ("SCB_k3", "skip", "skip", "skip", "skip")
    assert SPACE.at(5).blocks == ("skip", "SCB_k3", "skip", "skip", "skip")
    auto = Architecture.parse("AutoSNN", width=8, timesteps=4)
    digits = [SEARCH_BLOCKS.index(block) for block in auto.blocks]
    assert SPACE.index(auto) == sum(digit * 5**slot for slot, digit in enumerate(digits))


def test_groups_multiply_the_space_and_are_named_by_the_genotype():
    assert GROUPED.size == 7**5
    architecture = GROUPED.at(GROUPED.size - 1)
    assert str(architecture) == ",".join(["SRB_k5/4"] * 5)
    assert GROUPED.index(Architecture.parse(str(architecture))) == GROUPED.size - 1


@given(spaces, seeds)
def test_samples_are_in_the_space(space, seed):
    architecture = space.sample(np.random.default_rng(seed))
    assert space.at(space.index(architecture)) == architecture
    assert (architecture.width, architecture.timesteps) == (space.width, space.timesteps)


@given(spaces, seeds)
def test_a_sure_mutation_changes_every_slot_and_an_impossible_one_none(space, seed):
    rng = np.random.default_rng(seed)
    parent = space.sample(rng)
    child = space.mutate(parent, rng, 1.0)
    assert all(a != b for a, b in zip(space.genes_of(parent), space.genes_of(child)))
    assert space.mutate(parent, rng, 0.0) == parent


@given(spaces, seeds)
def test_a_child_is_one_parent_up_to_one_cut_and_the_other_behind_it(space, seed):
    rng = np.random.default_rng(seed)
    first, second = space.sample(rng), space.sample(rng)
    child = space.genes_of(space.cross(first, second, rng))
    a, b = space.genes_of(first), space.genes_of(second)
    assert any(child == a[:cut] + b[cut:] for cut in range(1, space.slots))


def test_mutation_hits_a_fifth_of_the_slots_and_all_other_blocks_alike():
    rng = np.random.default_rng(0)
    parent = SPACE.at(0)
    changed = [b for _ in range(4000) for b in SPACE.mutate(parent, rng).blocks if b != "skip"]
    assert len(changed) / 20000 == pytest.approx(0.2, abs=0.01)
    for block in SEARCH_BLOCKS[1:]:
        assert changed.count(block) / len(changed) == pytest.approx(0.25, abs=0.03)


def test_what_is_not_in_the_space_is_refused_with_what_would_be():
    with pytest.raises(InputError, match=r"TBD2 is SIB_k3_e1/1; allowed: skip, SCB_k3"):
        SPACE.index(Architecture(("skip", "SIB_k3_e1", "skip", "skip", "skip")))
    with pytest.raises(InputError, match="3125 does not exist"):
        SPACE.at(3125)
    with pytest.raises(InputError, match="distinct"):
        search_space(blocks=("skip", "skip"))
