"""NIR graphs that no chip network can be: one sentence that names the node and what would work."""

from pathlib import Path

import nir
import numpy as np
import pytest
from support.files.nir_graphs import chain, conv, ends, graph_of, integrate

from autosnn_hw import from_nir
from autosnn_hw.errors import InputError

DATA = Path(__file__).parents[2] / "data/nir"


@pytest.mark.parametrize("reset, said", [(None, "does not say how its neurons reset"), ("subtract", "reset by subtraction cannot be mapped"), ("soft", "hard, subtract are")])  # fmt: skip
def test_how_neurons_reset_must_be_said(reset, said):
    with pytest.raises(InputError, match=said):
        from_nir(DATA / "lif_norse.nir", dt=1e-4, reset=reset)


def test_what_cannot_be_mapped_is_refused_by_node():
    with pytest.raises(InputError, match="recurrent: 'lif1.lif' -> 'lif1.w_rec' -> 'lif1.lif'"):
        from_nir(DATA / "braille_noDelay_bias_zero.nir", dt=1e-4, reset="hard")
    with pytest.raises(InputError, match="leads from 'input' to 'lif', and there is no node 'lif'"):
        from_nir(DATA / "braille_noDelay_bias_zero_subgraph.nir", dt=1e-4, reset="hard")
    rng = np.random.default_rng(0)
    first, last = ends((2, 9, 9), (4, 4, 4))
    pool = nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))
    cases = [
        ([conv(rng, 3, 2, 3), integrate(rng, (3, 9, 9)), pool, conv(rng, 4, 3, 3), integrate(rng, (4, 4, 4))], "node '3' .Conv2d.: it pads .* 9 pixels"),
        ([nir.Linear(np.eye(9)), integrate(rng, (2, 9, 9))], "node '0' .Linear. acts on the last axis .* Flatten"),
        ([conv(rng, 4, 3, 3), integrate(rng, (4, 9, 9))], r"node '0' .Conv2d.: its weight has shape \(4, 3, 3, 3\) in 1 groups for 2 channels"),
        ([conv(rng, 4, 2, 3), nir.IF(r=np.ones((4, 9, 9)), v_threshold=rng.random((4, 9, 9)) + 1)], "v_threshold differs from neuron to neuron"),
        ([conv(rng, 4, 2, 3), nir.IF(r=np.ones((4, 9, 9)), v_threshold=np.ones((4, 9, 9)), v_reset=np.full((4, 9, 9), -1.0))], "resets to -1"),
        ([conv(rng, 4, 2, 3), nir.LI(np.ones((4, 9, 9)), np.ones((4, 9, 9)), np.ones((4, 9, 9))), conv(rng, 4, 4, 3), integrate(rng, (4, 9, 9))], "node '1' .LI. never fires and others listen"),
        ([conv(rng, 4, 2, 3)], "no neurons that its input reaches"),
        ([conv(rng, 4, 2, 3), integrate(rng, (4, 9, 9)), nir.Scale(np.array(2.0))], "node 'output': what comes out is no spikes"),
        ([nir.Conv2d(None, np.zeros((4, 2, 3, 3)), 1, 1, 1, 1, np.zeros(4)), integrate(rng, (4, 9, 9))], "all its weights are zero"),
    ]  # fmt: skip
    for nodes, said in cases:
        with pytest.raises(InputError, match=said) as error:
            from_nir(chain(first, *nodes, last), dt=1.0, reset="hard")
        assert "\n" not in str(error.value)


def test_a_shortcut_that_passes_a_smaller_layer_is_refused_with_what_would_work():
    rng = np.random.default_rng(0)
    first, last = ends((2, 8, 8), (4, 8, 8))
    nodes = {"input": first, "a": conv(rng, 3, 2, 3, stride=2), "n1": integrate(rng, (3, 4, 4)), "b": conv(rng, 4, 3, 3),
             "c": conv(rng, 4, 2, 1, stride=2, padding=0), "n2": integrate(rng, (4, 4, 4)), "output": last}  # fmt: skip
    edges = [("input", "a"), ("a", "n1"), ("n1", "b"), ("b", "n2"), ("input", "c"), ("c", "n2"), ("n2", "output")]
    with pytest.raises(InputError, match="node 'n1' .IF.: the spikes of 'input', .* Let the shortcut begin behind it"):
        from_nir(graph_of(nodes, edges), dt=1.0, reset="hard")
