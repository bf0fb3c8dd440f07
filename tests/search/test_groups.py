import numpy as np
import pytest

from autosnn_hw.architecture import Architecture, block_groups, layout
from autosnn_hw.architecture.macro_architectures import SPACES
from autosnn_hw.search.groups import slot_groups
from autosnn_hw.search.space import search_space
from hw_profiles import load


def truenorth(axons=None):
    profile = load("truenorth")
    if axons is None:
        return profile
    limit = profile.limits.input_axons.model_copy(update={"value": axons})
    return profile.model_copy(update={"limits": profile.limits.model_copy(update={"input_axons": limit})})


@pytest.mark.parametrize(
    ("block", "channels"), [("SRB_k3", {8, 4}), ("SCB_k3", {8, 4}), ("SRB_k5", {4, 2}), ("SCB_k5", {4, 2})]
)
def test_channels_a_group_on_truenorth(block, channels):
    slots = slot_groups("SNN_1", 16, truenorth())
    for (factor, _), slot in zip(SPACES["SNN_1"].slots, slots):
        assert {16 * factor // groups for groups in slot[block]} == channels


@pytest.mark.parametrize("space", ["SNN_1", "SNN_2", "SNN_3"])
@pytest.mark.parametrize("width", [2, 4, 8, 12, 16, 24])
def test_every_choice_divides_both_widths_and_is_what_the_block_takes(space, width):
    slots = slot_groups(space, width, truenorth())
    found = search_space(space, width=width, groups=slots)
    rng = np.random.default_rng(width)
    for _ in range(20):
        architecture = found.sample(rng)
        for stage in layout(architecture, (3, 32, 32), 10):
            if stage.name.startswith("TBD"):
                assert block_groups(stage) == stage.groups
                skip = stage.kind == "skip"
                read = stage.in_shape[0] if skip else stage.out_shape[0]
                assert 2 * (1 if skip else int(stage.kind[-1])) ** 2 * read / stage.groups <= 256


@pytest.mark.parametrize("target", ["truenorth", "loihi2"])
def test_the_fewest_groups_of_a_block_are_the_first_of_all(target):
    every, fewest = (slot_groups("SNN_1", 16, load(target), only) for only in (False, True))
    for slot, single in zip(every, fewest):
        assert {block: (min(groups),) for block, groups in slot.items()} == single
    assert any(len(groups) > 1 for slot in every for groups in slot.values())


def test_fewer_axons_need_more_groups():
    few, many = (slot_groups("SNN_1", 16, truenorth(axons))[2]["SRB_k3"] for axons in (128, 256))
    assert min(few) == 2 * min(many)


def test_a_skip_is_grouped_only_where_it_has_to_be():
    assert all(slot["skip"] == (1,) for slot in slot_groups("SNN_1", 16, truenorth()))
    wide = slot_groups("SNN_1", 128, truenorth())
    assert wide[3]["skip"] == (2,) and wide[2]["skip"] == (1,)  # 256 inputs, 128 a group


def test_a_chip_without_crossbars_may_have_groups_too():
    slots = slot_groups("SNN_1", 8, load("loihi2"))
    assert all(slot["SRB_k3"] == (1, 2, 4) for slot in slots)
    space = search_space("SNN_1", width=8, timesteps=4, groups=slots)
    architecture = Architecture.parse("SRB_k3/4,skip/2,skip/1,SCB_k5/1,SRB_k5/2", width=8, timesteps=4)
    assert space.at(space.index(architecture)) == architecture
