import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.training.modules.blocks import ConvNorm, FactorizedReduce
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.weight_sharing.sharing import SharedKernel
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork

CROSSBAR = Fabric("memoryless", True, 32)
WAYS = [("SRB_k3", 1), ("SRB_k3", 2), ("SRB_k5", 2), ("SCB_k3", 4), ("SCB_k5", 2), ("skip", 1)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_part_is_the_middle_of_the_blocks_on_the_diagonal(data):
    own, ratio = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    outputs, inputs = (own * ratio * data.draw(st.integers(1, 3)) for _ in range(2))
    side = data.draw(st.sampled_from([1, 3, 5]))
    kernel = data.draw(st.sampled_from([k for k in (1, 3, 5) if k <= side]))
    shared, groups = SharedKernel(outputs, inputs, own, side), own * ratio
    part = shared.part(groups, kernel)
    whole = torch.zeros(outputs, inputs, side, side)  # the shared kernel without groups
    for o in range(outputs):
        first = o // (outputs // own) * (inputs // own)
        whole[o, first : first + inputs // own] = shared.weight[o]
    cut = (side - kernel) // 2
    expected = torch.stack(
        [whole[o, o // (outputs // groups) * (inputs // groups) :][: inputs // groups] for o in range(outputs)]
    )[:, :, cut : side - cut, cut : side - cut]
    assert torch.equal(part, expected)
    part.sum().backward()
    assert shared.weight.grad.sum() == part.numel()


def _supernet(**options):
    return SuperNetwork("SNN_1", 4, 2, (1, 8, 8), 10, **options)


def test_the_blocks_of_a_slot_have_one_kernel_at_each_place():
    supernet = _supernet(genes=[WAYS] * 5, fabric=CROSSBAR)
    slot = supernet.layers["TBD2"]  # widens
    for place in (0, 1):
        widest, small = slot["SRB_k3/1"].convs[place].weight, slot["SRB_k3/2"].convs[place].weight
        assert torch.equal(slot["SRB_k5/2"].convs[place].weight[:, :, 1:-1, 1:-1], small)
        assert torch.equal(slot["SCB_k5/2"].convs[place].weight, slot["SRB_k5/2"].convs[place].weight)
        half = widest.shape[0] // 2
        assert torch.equal(small[:half], widest[:half, : small.shape[1]])
        assert torch.equal(small[half:], widest[half:, small.shape[1] :])
    assert torch.equal(slot["skip/1"].convs[0].weight, slot["SRB_k3/1"].shortcut.weight)
    names = {name for name, _ in slot.named_parameters()}
    assert not any(name.endswith("conv.weight") for name in names)
    assert any(name.endswith("norm.weight") for name in names), "batch norms are each block's own"
    assert set(supernet.kernels["TBD2"]) == {"conv0_4_8", "conv1_8_8", "shortcut_4_8"}


def test_groups_that_do_not_nest_read_from_a_kernel_that_holds_both():
    genes = [[("SRB_k3", 2), ("SRB_k3", 3)]] * 5
    supernet = SuperNetwork("SNN_1", 6, 2, (1, 8, 8), 10, genes=genes)
    assert supernet.kernels["TBD1"]["conv0_6_6"].weight.shape == (6, 6, 3, 3)
    halves, thirds = (supernet.layers["TBD1"][key].convs[0].weight for key in ("SRB_k3/2", "SRB_k3/3"))
    assert torch.equal(halves[0, :2], thirds[0]) and torch.equal(halves[5, 1:], thirds[5])


def test_separate_blocks_have_nothing_in_common():
    supernet = _supernet(sharing="separate")
    kernels = [m.weight for m in supernet.modules() if isinstance(m, ConvNorm)]
    assert len({kernel.data_ptr() for kernel in kernels}) == len(kernels) and not len(supernet.kernels)
    shared = sum(p.numel() for p in _supernet().parameters())
    assert shared < 0.6 * sum(p.numel() for p in supernet.parameters())


def test_reductions_and_other_widths_are_left_alone():
    slots = [["SRB_k3", "SIB_k3_e1", "SIB_k3_e3", "skip"]] * 8
    supernet = SuperNetwork("SNN_3", 4, 2, (1, 16, 16), 10, genes=[[(b, 1) for b in slot] for slot in slots])
    reductions = [m for m in supernet.modules() if isinstance(m, FactorizedReduce)]
    assert reductions and all(m.even.weight is not None for m in reductions)
    path = supernet.path([("SIB_k3_e3", 1)] * 8)
    assert supernet(torch.randn(2, 1, 16, 16), path).shape == (2, 10)


@pytest.mark.parametrize("fabric", [Fabric(), CROSSBAR], ids=["plif", "crossbar"])
def test_a_folded_path_holds_the_parts_it_reads(digits, fabric):
    supernet = _supernet(genes=[WAYS] * 5, fabric=fabric)
    path = supernet.path([WAYS[i] for i in (0, 1, 2, 3, 4)])
    folded = supernet.to_folded(path, digits)
    for block, layer in zip(folded.blocks, supernet.modules_of(path)):
        for conv, own in zip(block.convs, getattr(layer, "convs", [])):
            assert np.array_equal(conv.weight, own.weight.detach().double().numpy())
            assert conv.groups == own.conv.groups
