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
SIZES = search_space(width=(12, 8), timesteps=(4, 2, 8), blocks=("skip", "SRB_k3"))
PLACES = ((1, 3), (0, 2), (2, 4))
POOLS = search_space(width=(12, 8), timesteps=(4, 2), pools=PLACES, blocks=("skip", "SRB_k3"))
PLACED = search_space(groups=[{"SRB_k3": (4, 8)}] * 5, pools=PLACES)
spaces = st.sampled_from([SPACE, GROUPED, SIZES, POOLS, PLACED])
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
    assert architecture.width in (space.widths or [space.width])
    assert architecture.timesteps in space.reads


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
    assert any(child == a[:cut] + b[cut:] for cut in range(1, len(space.loci)))


def test_sizes_multiply_the_space_and_are_named_by_the_genotype():
    everything = list(SIZES)
    assert SIZES.size == len(everything) == len(set(everything)) == len(set(map(str, everything))) == 2**5 * 2 * 3
    assert (SIZES.width, SIZES.timesteps, SIZES.widths, SIZES.reads) == (12, 8, (8, 12), (2, 4, 8))
    assert {(a.width, a.timesteps) for a in everything} == {(w, t) for w in (8, 12) for t in (2, 4, 8)}
    for architecture in everything:
        assert SIZES.parse(str(architecture)) == architecture
        assert str(architecture).endswith(f"@C{architecture.width}T{architecture.timesteps}")
    assert str(search_space(width=8, timesteps=(2, 4)).largest).endswith("@T4")
    assert [space.names for space in (SPACE, SIZES)] == [
        ["TBD1", "TBD2", "TBD3", "TBD4", "TBD5"],
        ["width", "TBD1", "TBD2", "TBD3", "TBD4", "TBD5", "timesteps"],
    ]
    assert list(map(len, SIZES.words())) == list(map(len, SIZES.loci))


def test_placements_of_pools_multiply_the_space_and_are_named_by_the_genotype():
    everything = list(POOLS)
    assert POOLS.size == len(set(everything)) == len(set(map(str, everything))) == 2**5 * 2 * 3 * 2
    assert [POOLS.index(architecture) for architecture in everything] == list(range(POOLS.size))
    assert {architecture.placement for architecture in everything} == set(PLACES)
    for architecture in everything:
        assert POOLS.parse(str(architecture)) == architecture
        placed = ".".join(map(str, architecture.placement))
        assert str(architecture).endswith(f"@C{architecture.width}P{placed}T{architecture.timesteps}")
    assert POOLS.names == ["width", "pools", "TBD1", "TBD2", "TBD3", "TBD4", "TBD5", "timesteps"]
    assert POOLS.words()[1] == ["1.3", "0.2", "2.4"] and list(map(len, POOLS.words())) == list(map(len, POOLS.loci))
    assert PLACED.names[:2] == ["pools", "TBD1"] and str(PLACED.largest).endswith("@P1.3")
    assert len(POOLS.roots) == 6 and POOLS.before == 2


def test_a_text_without_pools_has_the_first_and_one_placement_is_not_named():
    blocks = ",".join(["SRB_k3"] * 5)
    assert str(POOLS.parse(f"{blocks}@T2")) == f"{blocks}@C12P1.3T2"
    alone = search_space(pools=[(1, 2)])
    assert str(alone.parse(blocks)) == blocks and alone.parse(blocks).placement == (1, 2)
    assert alone.largest.pools == (1, 2) and alone.size == 3125
    assert search_space(pools=[(1, 3, 5)]).at(7) == search_space().at(7)


def test_one_size_is_a_plain_space_and_its_genotypes_do_not_name_it():
    assert search_space(width=[8], timesteps=(4,)) == SPACE
    assert SPACE.parse("all_SRB_k3@C8T4") == SPACE.parse("all_SRB_k3")
    assert str(SPACE.parse("all_SRB_k3@C8T4")) == "SRB_k3,SRB_k3,SRB_k3,SRB_k3,SRB_k3"


def test_sizes_that_a_text_leaves_out_are_the_largest():
    blocks = ",".join(["SRB_k3"] * 5)
    assert str(SIZES.parse(blocks)) == f"{blocks}@C12T8"
    assert str(SIZES.parse("all_SRB_k3@T2")) == f"{blocks}@C12T2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("all_SRB_k3@T3", "allowed: T2, T4, T8"),
        ("all_SRB_k3@C4", "allowed: C8, C12"),
        ("all_SRB_k3@8", "@C8T4"),
        ("all_SRB_k3@P1.2", "it is P1.2; allowed: P1.3.5"),
    ],
)
def test_sizes_that_are_not_in_the_space_are_one_sentence(text, said):
    with pytest.raises(InputError, match=said):
        SIZES.parse(text)


def test_groups_want_one_width():
    with pytest.raises(InputError, match="give one width"):
        search_space(width=(8, 16), groups=[{}] * 5)


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
