import numpy as np
import pytest

from autosnn_hw.errors import InputError
from autosnn_hw.simulate.trace import LayerTrace, Trace, compare


def layer(name, seed=0, **changes):
    rng = np.random.default_rng(seed)
    values = {
        "spikes": rng.integers(0, 2, (2, 3, 4), dtype=np.uint8),
        "u": rng.integers(-9, 9, (2, 3, 4), dtype=np.int32),
        "v": rng.integers(-9, 9, (2, 3, 4), dtype=np.int32),
    }
    for quantity, where in changes.items():
        for index in where:
            values[quantity][index] += 1
    return LayerTrace(name, **values)


def test_equal_traces_have_no_difference():
    assert compare(Trace((layer("a"), layer("b", 1))), Trace((layer("a"), layer("b", 1)))) is None


def test_the_first_difference_is_the_first_samples_first_layer_and_step():
    changed = Trace((layer("a", v=[(1, 0, 0)]), layer("b", 1, spikes=[(0, 2, 3), (0, 1, 2)], u=[(0, 2, 0)])))
    found = compare(Trace((layer("a"), layer("b", 1))), changed)
    assert (found.layer, found.sample, found.step, found.neuron, found.quantity, found.count) == (
        "b",
        0,
        1,
        (2,),
        "spikes",
        4,
    )
    assert found.values[1] == found.values[0] + 1
    assert "layer 'b', sample 0, step 1, neuron (2,)" in str(found)


def test_states_are_compared_only_where_both_have_them():
    bare = Trace((LayerTrace("a", layer("a").spikes),))
    assert compare(bare, Trace((layer("a", u=[(0, 0, 0)]),))) is None


def test_traces_of_different_layers_are_refused():
    with pytest.raises(InputError, match="different layers"):
        compare(Trace((layer("a"),)), Trace((layer("b"),)))
    with pytest.raises(InputError, match="shapes"):
        compare(Trace((layer("a"),)), Trace((LayerTrace("a", np.zeros((1, 3, 4), np.uint8)),)))
