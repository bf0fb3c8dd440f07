"""The genotype is printable and parseable, and the layout is AutoSNN's."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.architecture import (
    ABLATION_BLOCKS,
    BLOCKS,
    SEARCH_BLOCKS,
    SKIP,
    Architecture,
    Stage,
    block_convolutions,
    front,
    front_sentence,
    layout,
    slot_name,
    words,
)
from autosnn_hw.errors import InputError

blocks = st.lists(st.sampled_from(SEARCH_BLOCKS), min_size=5, max_size=5).map(tuple)
groups = st.none() | st.lists(st.integers(1, 16), min_size=5, max_size=5).map(tuple)


pools = st.none() | st.sets(st.integers(0, 5), min_size=1).map(lambda slots: tuple(sorted(slots)))


@given(blocks, groups)
def test_parsing_what_was_printed_gives_the_same_genotype(names, grouped):
    architecture = Architecture(names, groups=grouped)
    assert Architecture.parse(str(architecture)) == architecture


@given(
    blocks, groups, pools, st.integers(1, 999), st.integers(1, 99), st.sampled_from(["", "C", "P", "CP", "PT", "CPT"])
)
def test_sizes_that_are_named_are_read_again_and_are_words_of_their_own(names, grouped, placed, width, steps, named):
    architecture = Architecture(names, "SNN_1", width, steps, grouped, placed, named)
    again = Architecture.parse(str(architecture), width=width, timesteps=steps, pools=placed)
    assert again == architecture and (again.named, str(again)) == (named, str(architecture))
    assert Architecture.parse(str(replace(architecture, named="CPT"))) == architecture
    sizes = {"C": str(width), "P": ".".join(map(str, architecture.placement)), "T": str(steps)}
    assert words(str(architecture))[5:] == [letter + sizes[letter] for letter in named]


def test_pools_where_the_macro_architecture_has_them_are_its_own():
    own = Architecture.parse("AutoSNN@P5.3.1")
    assert own == Architecture.parse("AutoSNN") and own.pools is None and own.placement == (1, 3, 5)
    assert hash(own) == hash(Architecture.parse("AutoSNN"))
    assert Architecture.parse("AutoSNN@P1.2") != own


@given(pools, st.sampled_from([8, 16, 32, 40]))
def test_pools_stand_behind_the_slots_that_are_named_as_long_as_there_is_room(placed, side):
    stages = layout(Architecture(("SRB_k3",) * 5, pools=placed), (1, side, side), 10)
    names = [stage.name for stage in stages]
    before = [names[number - 1] for number, name in enumerate(names) if name.startswith("pool")]
    wanted = ["stem" if slot == 0 else slot_name(slot - 1) for slot in placed or (1, 3, 5)]
    assert before == wanted[: len(before)]
    left = stages[-1].in_shape[1]
    assert left == side >> len(before) and (len(before) == len(wanted) or left // 2 < 4)
    assert [name for name in names if name.startswith("pool")] == [f"pool{n + 1}" for n in range(len(before))]
    for a, b in pairwise(stages):
        assert a.out_shape == b.in_shape


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SRB_k3",
        "SRB_k3,SRB_k3,SRB_k3,SRB_k3,SRB_k7",
        "AutoSNM",
        "a,b,c,d,e",
        "skip/x,skip,skip,skip,skip",
        "AutoSNN@P",
        "AutoSNN@P1.",
        "AutoSNN@P1.1",
        "AutoSNN@P6",
        "AutoSNN@T4P1",
        "AutoSNN@P1.x",
    ],
)
def test_a_string_that_is_no_architecture_is_refused_in_one_sentence(text):
    with pytest.raises(InputError) as refused:
        Architecture.parse(text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("image", "stages", "side"),
    [
        ((3, 63, 80), [], (63, 80)),
        ((3, 64, 64), ["stem_pool1", "stem_conv"], (32, 32)),
        ((2, 128, 128), ["stem_pool1", "stem_conv", "stem_pool2"], (32, 32)),
        ((2, 180, 240), ["stem_pool1", "stem_conv", "stem_pool2"], (45, 60)),
        ((2, 260, 346), ["stem_pool1", "stem_conv", "stem_pool2", "stem_pool3"], (32, 43)),
    ],
)
def test_large_samples_are_pooled_before_the_first_slot(image, stages, side):
    """AutoSNN's stems for Tiny-ImageNet (64) and DVS cameras (128), and what the rule makes of other sensors."""
    found = layout(Architecture.parse("AutoSNN", width=16), image, 10)
    assert [stage.name for stage in front(found)] == ["stem", *stages]
    first = next(stage for stage in found if stage.name == "TBD1")
    assert first.in_shape == (16, *side)
    assert found[-1].in_shape == (64, side[0] // 8, side[1] // 8)
    sentence = front_sentence(found)
    assert sentence is None if not stages else sentence.endswith(f"then TBD1 at {side[0]} x {side[1]}")


def test_the_convolution_before_the_first_slot_is_grouped_where_blocks_are():
    grouped = Architecture.parse("skip/1,skip/1,skip/1,skip/1,skip/1", width=24)
    assert [stage.groups for stage in layout(grouped, (2, 64, 64), 10) if stage.kind == "stem_conv"] == [3]
    assert front_sentence(layout(grouped, (2, 128, 128), 10)) == (
        "samples of 128 x 128: stem, max pool, convolution, max pool, then TBD1 at 32 x 32"
    )


def test_the_layout_at_32_x_32_is_the_papers_table():
    stages = layout(Architecture.parse("AutoSNN", width=16), (3, 32, 32), 10)
    assert [(stage.name, stage.out_shape) for stage in stages] == [
        ("stem", (16, 32, 32)),
        ("TBD1", (16, 32, 32)),
        ("pool1", (16, 16, 16)),
        ("TBD2", (32, 16, 16)),
        ("TBD3", (32, 16, 16)),
        ("pool2", (32, 8, 8)),
        ("TBD4", (64, 8, 8)),
        ("TBD5", (64, 8, 8)),
        ("pool3", (64, 4, 4)),
        ("readout", (100, 1, 1)),
    ]


@pytest.mark.parametrize("side, pools", [(8, 1), (28, 2), (32, 3), (64, 3)])
def test_a_pool_that_would_leave_fewer_than_four_pixels_is_left_out(side, pools):
    stages = layout(Architecture.parse("all_SRB_k3"), (1, side, side), 10)
    assert sum(stage.name.startswith("pool") for stage in stages) == pools  # those behind slots


@given(st.sampled_from(["SNN_1", "SNN_2", "SNN_3", "SNN_4"]), st.integers(4, 64), st.integers(4, 64))
def test_every_stage_takes_what_the_one_before_gives(space, height, width):
    slots = 8 if space == "SNN_3" else 5
    stages = layout(Architecture(("SRB_k3",) * slots, space), (3, height, width), 10)
    for before, stage in zip(stages, stages[1:]):
        assert stage.in_shape == before.out_shape
        assert min(stage.in_shape) > 0


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("out, stride", [((4, 8, 8), 1), ((8, 8, 8), 1), ((8, 4, 4), 2)])
def test_the_convolutions_of_a_block_lead_from_its_input_to_its_output(name, out, stride):
    stage = Stage("TBD1", name, (4, 8, 8), out, stride)
    sizes = block_convolutions(stage)
    if not sizes:
        assert name == SKIP and not stage.widens
        return
    assert [size.kernel for size in sizes] == list(BLOCKS[name].kernels)
    assert (sizes[0].inputs, sizes[-1].outputs) == (4, out[0])
    assert all(before.outputs == after.inputs for before, after in zip(sizes, sizes[1:]))
    assert math.prod(size.stride for size in sizes) == stride


def test_a_searched_block_has_a_kind_and_only_slots_have_one():
    assert tuple(BLOCKS) == SEARCH_BLOCKS + ABLATION_BLOCKS
    stages = layout(Architecture.parse("AutoSNN"), (3, 32, 32), 10)
    assert [stage.name for stage in stages if stage.block is not None] == [slot_name(i) for i in range(5)]
