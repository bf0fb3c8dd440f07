"""The genotype is printable and parseable, and the layout is AutoSNN's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.architecture import PUBLISHED, SEARCH_BLOCKS, Architecture, layout
from autosnn_hw.errors import InputError

blocks = st.lists(st.sampled_from(SEARCH_BLOCKS), min_size=5, max_size=5).map(tuple)
groups = st.none() | st.lists(st.integers(1, 16), min_size=5, max_size=5).map(tuple)


@given(blocks, groups)
def test_parsing_what_was_printed_gives_the_same_genotype(names, grouped):
    architecture = Architecture(names, groups=grouped)
    assert Architecture.parse(str(architecture)) == architecture


@pytest.mark.parametrize(
    "text", ["", "SRB_k3", "SRB_k3,SRB_k3,SRB_k3,SRB_k3,SRB_k7", "AutoSNM", "a,b,c,d,e", "skip/x,skip,skip,skip,skip"]
)
def test_a_string_that_is_no_architecture_is_refused_in_one_sentence(text):
    with pytest.raises(InputError) as refused:
        Architecture.parse(text)
    assert "\n" not in str(refused.value)


def test_the_published_names_parse():
    for name in PUBLISHED:
        assert len(Architecture.parse(name).blocks) == 5


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
    assert sum(stage.kind == "max_pool" for stage in stages) == pools


@given(st.sampled_from(["SNN_1", "SNN_2", "SNN_3", "SNN_4"]), st.integers(4, 64), st.integers(4, 64))
def test_every_stage_takes_what_the_one_before_gives(space, height, width):
    slots = 8 if space == "SNN_3" else 5
    stages = layout(Architecture(("SRB_k3",) * slots, space), (3, height, width), 10)
    for before, stage in zip(stages, stages[1:]):
        assert stage.in_shape == before.out_shape
        assert min(stage.in_shape) > 0
