"""Placements that one search may choose from: networks of the same layers, which see images of other sizes."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.architecture import Architecture, layout
from autosnn_hw.architecture.pool_choices import ordered
from autosnn_hw.errors import InputError

AVERAGE = "1C | average pool | 2C | 4C"


@given(st.sampled_from([8, 12, 16, 28, 32, 64]), st.integers(0, 4))
def test_as_many_pools_as_have_room_may_stand_anywhere(side, seed):
    own = layout(Architecture.parse("all_SRB_k3"), (1, side, side), 10)
    count = sum(stage.name.startswith("pool") for stage in own)
    choices = list(combinations(range(6), count))[seed::3]
    found = ordered("SNN_1", choices, (1, side, side))
    assert set(found) == set(choices) and list(found[1:]) == sorted(found[1:])
    shapes = [layout(Architecture(("skip",) * 5, pools=pools), (1, side, side), 10) for pools in found]
    assert {stages[-1].in_shape for stages in shapes} == {own[-1].in_shape}


@pytest.mark.parametrize(
    ("space", "pools", "side", "first"),
    [
        ("SNN_1", [(0,), (1,), (2,)], 8, (1,)),  # of 1, 3 and 5 only the first has room
        ("SNN_1", [(0, 1), (1, 3)], 16, (1, 3)),
        ("SNN_1", [(1, 2), (2, 4)], 16, (1, 2)),
        ("SNN_1", [(1, 3, 5), (1, 2, 3)], 32, (1, 3, 5)),
        (AVERAGE, [(0,), (1,), (3,)], 8, (1,)),
        ("SNN_3", [(1,), (2,)], 64, (1,)),
        ("SNN_1", [], 8, None),
    ],
)
def test_the_first_is_what_the_macro_architecture_s_own_comes_to(space, pools, side, first):
    assert next(iter(ordered(space, pools, (1, side, side))), None) == first


@pytest.mark.parametrize(
    ("space", "pools", "side", "said"),
    [
        ("SNN_1", [(1,), (1, 3)], 16, "--pools 1 makes 16 x 16 images 8 x 8, 1.3 makes them 4 x 4: choices of one search"),
        ("SNN_1", [(1,), (1, 3)], 8, "--pools 1 and 1.3 are the same network on images of 8 x 8; leave one of them out"),
        ("SNN_1", [(6,)], 8, "pools 6: SNN_1 has slots 1 to 5, and 0 is in front of the first"),
        (AVERAGE, [(1,), (4,)], 8, "has slots 1 to 3"),
        ("SNN_3", [(1,), (8,)], 32, "--pools 1 and 8 leave other strides in 32 x 32 images"),
    ],
)  # fmt: skip
def test_what_cannot_share_its_weights_is_refused_with_what_it_gives(space, pools, side, said):
    with pytest.raises(InputError, match=said):
        ordered(space, pools, (1, side, side))
