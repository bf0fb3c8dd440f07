"""The published networks by name: what AutoSNN's paper and code, and those it is compared with, say of their layers."""

import pytest

from autosnn_hw.architecture import BLOCKS, Architecture, layout
from autosnn_hw.architecture.macro_architectures import CHOSEN, EVERYWHERE, PAPER_BLOCKS, PUBLISHED, SPACES
from autosnn_hw.errors import InputError

CIFAR, GESTURE = (3, 32, 32), (2, 128, 128)


def outline(name, image, width):
    """(kind, out channels, out side) of each stage but the readout."""
    stages = layout(Architecture.parse(name, width=width), image, 10)
    assert all(before.out_shape == after.in_shape for before, after in zip(stages, stages[1:]))
    return [(stage.kind, *stage.out_shape[:2]) for stage in stages[:-1]]


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_name_is_a_network_of_its_own_macro_architecture(name):
    space, _ = PUBLISHED[name]
    architecture = Architecture.parse(name)
    assert architecture.space == space and set(architecture.blocks) <= set(BLOCKS)
    assert Architecture.parse(str(architecture), space=space) == architecture
    assert outline(name, CIFAR, 4)


def test_every_block_of_the_paper_has_a_name_in_every_macro_architecture():
    assert {f"{space}_{block}" for space in CHOSEN for block in PAPER_BLOCKS} <= set(PUBLISHED)
    assert Architecture.parse("all_SRB_k3", space="SNN_3") == Architecture.parse("SNN_3_SRB_k3")
    assert all(name.startswith("all_") and block in BLOCKS for name, block in EVERYWHERE.items())


def test_fang_2021_is_six_convolutions_two_pools_and_two_linear_maps():
    conv, pool = "conv_k3", "max_pool"
    assert outline("Fang2021_CIFAR", CIFAR, 256) == [
        ("stem", 256, 32), (conv, 256, 32), (conv, 256, 32), (pool, 256, 16),
        (conv, 256, 16), (conv, 256, 16), (conv, 256, 16), (pool, 256, 8), ("dense", 2048, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "convolutions"), [("Fang2021_CIFAR10DVS", 4), ("Fang2021_DVSGesture", 5)])
def test_fang_2021_of_event_cameras_has_a_pool_behind_every_convolution(name, convolutions):
    found = outline(name, GESTURE, 128)
    assert [kind for kind, _, _ in found[1:-1:2]] == ["max_pool"] * convolutions
    assert {width for _, width, _ in found[:-1]} == {128} and found[-1] == ("dense", 512, 1)
    assert found[-2] == ("max_pool", 128, 128 >> convolutions)


def test_zheng_2021_is_nineteen_and_seventeen_layers_of_weights():
    """Layers of weights on the way through: stem, two a block, two linear maps; for event cameras one convolution more."""
    blocks = [entry for entry in outline("Zheng2021_ResNet19", CIFAR, 128) if entry[0] == "SRB_k3"]
    assert blocks == [("SRB_k3", 128, 32)] * 3 + [("SRB_k3", 256, 16)] * 3 + [("SRB_k3", 512, 8)] * 2
    assert 1 + 2 * len(blocks) + 2 == 19
    found = outline("Zheng2021_ResNet17", GESTURE, 64)
    assert found[:4] == [("stem", 64, 128), ("max_pool", 64, 64), ("stem_conv", 64, 64), ("max_pool", 64, 32)]
    assert found[4:-2] == [("SRB_k3", 64, 16)] * 3 + [("SRB_k3", 128, 8)] * 4
    assert found[-2:] == [("avg_pool", 128, 4), ("dense", 256, 1)] and 1 + 2 * 7 + 2 == 17


def test_wu_2019_is_the_cifar_net():
    assert outline("Wu2019b_CIFARNet", CIFAR, 128) == [
        ("stem", 128, 32), ("conv_k3", 256, 32), ("avg_pool", 256, 16), ("conv_k3", 512, 16), ("avg_pool", 512, 8),
        ("conv_k3", 1024, 8), ("conv_k3", 512, 8), ("dense", 1024, 1), ("dense", 512, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "space", "said"),
    [
        ("AutoSNM", None, "did you mean AutoSNN"),
        ("fang2021", None, "Fang2021_CIFAR"),
        ("zheng", None, "Zheng2021_ResNet1"),
        ("SNN_1_SRB_k3", "SNN_2", "leave --space out"),
        ("Fang2021_CIFAR", "SNN_1", "leave --space out"),
        ("AutoSNN", "SNN_3", "needs 8"),
    ],
)
def test_what_is_no_name_is_refused_with_the_names_that_are_near(text, space, said):
    with pytest.raises(InputError, match=said) as refused:
        Architecture.parse(text, space=space)
    assert "\n" not in str(refused.value)


def test_a_fixed_network_has_a_block_for_every_slot():
    for macro in SPACES.values():
        assert macro.blocks is None or len(macro.blocks) == len(macro.slots)
        assert all(index < len(macro.slots) for index in macro.pooled)
