import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.cost.crossbar.fan_out import choose, pack

loads = st.lists(st.integers(2, 16), max_size=60)


@given(loads)
def test_packed_splitters_fit_their_cores(load):
    load = np.array(load, np.int64)
    packed = pack(np.arange(len(load)), load, 16, 5)
    assert sorted(packed.load.tolist()) == sorted(load.tolist())
    assert (load[packed.source] == packed.load).all()
    for core in range(packed.cores):
        here = packed.core == core
        assert 1 <= here.sum() <= 5 and packed.load[here].sum() <= 16
    assert packed.cores >= max(-(-int(load.sum()) // 16), -(-len(load) // 5))


def test_packing_by_hand():
    load = np.array([9, 2, 2, 7, 16, 5])
    packed = pack(np.arange(6), load, 16, 16)
    # 16 | 9 7 | 5 2 2
    assert packed.cores == 3
    assert {tuple(sorted(packed.load[packed.core == c].tolist())) for c in range(3)} == {(16,), (7, 9), (2, 2, 5)}


@settings(max_examples=100)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=40), st.integers(1, 4), st.booleans())
def test_every_neuron_reaches_all_its_axons_and_no_core_is_overfull(fan_out, cores, copies):
    fan_out = np.array(fan_out)
    core_of = np.arange(len(fan_out)) % cores
    found = choose(fan_out, core_of, cores, neurons=16, axons=16, copies=copies)
    least = np.maximum(-(-fan_out // 16), 1)
    if found is None:
        assert np.bincount(core_of, weights=least).max() > 16
        return
    assert np.bincount(core_of, weights=found.slots).max() <= 16
    reached = np.where(found.split, 0, np.minimum(found.slots, fan_out))
    np.add.at(reached, found.splitters.source, found.splitters.load)
    assert (reached == fan_out).all()
    assert (np.bincount(found.splitters.source, minlength=len(fan_out))[found.split] == found.slots[found.split]).all()
    assert found.split.any() == (found.splitters.cores > 0) == (found.ticks == 2)


def test_the_smallest_fan_outs_are_copied_first():
    # Six neurons leave 10 of 16 slots: 2, 3, 4 and 5 destinations take 1 + 2 + 3 + 4 more. 6 + 7 go through one splitter core.
    found = choose(np.array([7, 2, 5, 3, 6, 4]), np.zeros(6, int), 1, neurons=16, axons=16)
    assert found.split.tolist() == [True, False, False, False, True, False]
    assert (found.splitters.cores, found.ticks) == (1, 2)
    assert found.slots.tolist() == [1, 2, 5, 3, 1, 4]


def test_copies_that_save_no_splitter_core_are_not_made():
    # Two of the three could be copied into 5 slots; one copy leaves 4 splitter neurons, which fit one core, as 2 would.
    found = choose(np.array([2, 2, 2]), np.zeros(3, int), 1, neurons=5, axons=5)
    assert (int(found.split.sum()), found.splitters.cores) == (2, 1)


def test_without_copies_everything_above_one_goes_through_splitters():
    found = choose(np.array([1, 2, 3, 0]), np.zeros(4, int), 1, neurons=16, axons=16, copies=False)
    assert found.split.tolist() == [False, True, True, False]


def test_more_destinations_than_a_splitter_core_has_neurons_take_a_slot_for_each():
    found = choose(np.array([40]), np.zeros(1, int), 1, neurons=16, axons=16)
    assert found.slots.tolist() == [3] and sorted(found.splitters.load.tolist()) == [8, 16, 16]
