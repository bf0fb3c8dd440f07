"""All that a graph cannot be mapped for is said at once, node by node; what only follows from another problem is not."""

import itertools

import nir
import norse.torch as norse
import numpy as np
import pytest
import snntorch as snn
from support.files.nir_graphs import chain, conv, ends, graph_of, integrate
from torch import nn

from autosnn_hw import from_nir, from_torch
from autosnn_hw.errors import InputError
from autosnn_hw.problems import MOST, Problems


def problems_of(graph, **how):
    """Sentences of the refusal, [] where there is none."""
    try:
        from_nir(graph, **{"dt": 1.0, "reset": "hard", **how})
    except InputError as refused:
        first, *lines = str(refused).split("\n")
        assert len(lines) != 1 and (not lines or first == f"the graph has {len(lines)} problems:")
        return [line.removeprefix("- ") for line in lines] or [first]
    return []


def fire(shape, **values):
    return nir.LIF(**{"tau": np.full(shape, 4.0), "r": np.full(shape, 4.0), "v_leak": np.zeros(shape), "v_threshold": np.ones(shape), **values})  # fmt: skip


def padded(rng, padding, stride=1):
    return nir.Conv2d((6, 6), rng.normal(0, 1, (3, 3, 4, 4)), stride, padding, 1, 1, np.zeros(3))


def network(**other):
    """2 x 6 x 6 -> conv -> conv -> sum pool -> dense, other nodes put in place of its own."""
    rng = np.random.default_rng(0)
    first, last = ends((2, 6, 6), (4,))
    nodes = {"input": first, "conv1": conv(rng, 3, 2, 3), "n1": fire((3, 6, 6)), "conv2": conv(rng, 3, 3, 3), "n2": fire((3, 6, 6)),
             "pool": nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])), "flat": nir.Flatten({"input": np.array([3, 3, 3])}, 0, -1),
             "fc": nir.Affine(rng.normal(0, 0.3, (4, 27)), np.zeros(4)), "n3": fire((4,)), "output": last}  # fmt: skip
    nodes |= other
    return graph_of(nodes, list(itertools.pairwise(nodes)))


RNG = np.random.default_rng(1)
ALONE = {
    "conv1": (conv(RNG, 3, 3, 3), ["node 'conv1' (Conv2d): its weight has shape (3, 3, 3, 3) in 1 groups for 2 channels."]),
    "n1": (fire((3, 6, 6), v_threshold=np.full((3, 6, 6), -0.5), tau=np.full((3, 6, 6), -4.0)), ["node 'n1': its threshold is -0.5", "node 'n1' (LIF): tau is -4; a time above 0"]),
    "conv2": (padded(RNG, "same"), ["node 'conv2' (Conv2d): padding 'same' with stride (1, 1) and a kernel of (4, 4)"]),
    "n2": (fire((3, 6, 6), v_threshold=RNG.random((3, 6, 6)), v_leak=RNG.random((3, 6, 6))), ["node 'n2' (LIF): v_leak differs", "node 'n2' (LIF): v_threshold differs"]),
    "pool": (nir.SumPool2d(np.array([0, 2]), np.array([2, -1]), np.array([0, 0])), ["node 'pool' (SumPool2d): kernel_size is [0, 2]", "node 'pool' (SumPool2d): stride is [2, -1]"]),
    "fc": (nir.Affine(RNG.normal(0, 0.3, (4, 28)), np.zeros(4)), ["node 'fc' (Affine): its weight has shape (4, 28); what comes in has 27 values."]),
    "n3": (fire((4,), tau=np.full(4, 0.5), v_reset=np.full(4, -1.0)), ["node 'n3' (LIF) resets to -1", "node 'n3' (LIF): dt 1 is longer than its tau 0.5"]),
}  # fmt: skip
"""A node that cannot be mapped, in place of each of `network`, and what is said of it."""


def said_alike(found, wanted):
    return len(found) == len(wanted) and all(one.startswith(two) for one, two in zip(sorted(found), sorted(wanted)))


def test_the_network_itself_has_no_problem():
    assert problems_of(network()) == []


@pytest.mark.parametrize("name", ALONE)
def test_a_node_is_refused_for_all_that_is_wrong_with_it_and_nothing_else_is(name):
    node, said = ALONE[name]
    found = problems_of(network(**{name: node}))
    assert said_alike(found, said), found


@pytest.mark.parametrize("names", [*itertools.combinations(ALONE, 2), tuple(ALONE)], ids="-".join)
def test_problems_of_several_nodes_are_those_of_each(names):
    """But for a matrix behind what cannot be pooled: how many values come in is not known then."""
    wanted = [sentence for name in names for sentence in ALONE[name][1] if not (name == "fc" and "pool" in names)]
    found = problems_of(network(**{name: ALONE[name][0] for name in names}))
    assert said_alike(found, wanted), found


def test_what_the_file_does_not_say_is_asked_for_together_with_what_cannot_be_mapped():
    found = problems_of(network(n1=ALONE["n1"][0], pool=ALONE["pool"][0]), dt=None, reset=None)
    assert said_alike(found, ["a NIR file does not say how its neurons reset", "a NIR file does not say its time step", *ALONE["n1"][1], *ALONE["pool"][1]]), found  # fmt: skip
    rng = np.random.default_rng(0)
    first, last = ends((6,), (4,))
    delayed = chain(
        first, nir.Delay(np.full(6, 0.3)), nir.Linear(rng.normal(0, 1, (4, 7))), fire((4,), r=np.ones(4)), last
    )
    assert said_alike(problems_of(delayed, dt=None), ["a NIR file does not say its time step", "node '1' (Linear): its weight has shape (4, 7)"])  # fmt: skip
    assert said_alike(problems_of(delayed), ["node '0' (Delay): its delays are 0.3 to 0.3 steps of dt 1", "node '1' (Linear): its weight has shape (4, 7)"])  # fmt: skip


def test_a_step_that_is_too_long_for_many_is_said_once():
    found = problems_of(network(n1=ALONE["n1"][0]), dt=5.0)
    wanted = [
        "node 'n2' (LIF): dt 5 is longer than its tau 4, and than time constants of 1 other node; give",
        *ALONE["n1"][1],
    ]
    assert said_alike(found, wanted), found
    assert said_alike(problems_of(network(), dt=5.0, exponential=True), [])


def test_every_circle_is_named_and_the_rest_is_looked_at():
    graph = network(n3=ALONE["n3"][0])
    graph.nodes["back"] = nir.Linear(np.eye(4))
    graph.edges += [("n3", "back"), ("back", "n3"), ("n2", "conv2")]
    found = problems_of(graph)
    assert said_alike(found, ["the graph is recurrent: 'conv2' -> 'n2' -> 'conv2'", "the graph is recurrent: 'n3' -> 'back'", *ALONE["n3"][1]]) or said_alike(found, ["the graph is recurrent: 'n2' -> 'conv2'", "the graph is recurrent: 'back' -> 'n3'", *ALONE["n3"][1]]), found  # fmt: skip


def test_a_broken_branch_hides_nothing_of_the_other_one():
    """Two branches that are added; the pool of one cannot be, and neurons of the other have a negative threshold."""
    rng = np.random.default_rng(0)
    first, last = ends((2, 6, 6), (3, 6, 6))
    same = nir.Conv2d((6, 6), rng.normal(0, 1, (3, 2, 4, 4)), 1, "same", 1, 1, np.zeros(3))
    nodes = {"input": first, "a": same, "n1": integrate(rng, (3, 6, 6)), "b": conv(rng, 3, 2, 3), "n2": ALONE["n1"][0],
             "c": conv(rng, 3, 3, 3), "n3": fire((3, 6, 6), v_reset=np.ones((3, 6, 6))), "output": last}  # fmt: skip
    edges = [("input", "a"), ("a", "n1"), ("n1", "c"), ("input", "b"), ("b", "n2"), ("n2", "c"), ("c", "n3"), ("n3", "output")]  # fmt: skip
    found = problems_of(graph_of(nodes, edges))
    second = [sentence.replace("'n1'", "'n2'") for sentence in ALONE["n1"][1]]
    assert said_alike(found, ["node 'a' (Conv2d): padding 'same'", *second, "node 'n3' (LIF) resets to 1"]), found  # fmt: skip


def test_loose_ends_are_all_named():
    rng = np.random.default_rng(0)
    first, last = ends((2, 6, 6), (3, 6, 6))
    leak = nir.LI(np.ones((3, 6, 6)), np.ones((3, 6, 6)), np.zeros((3, 6, 6)))
    found = problems_of(chain(first, conv(rng, 3, 2, 3), leak, conv(rng, 3, 3, 3), integrate(rng, (3, 6, 6)), nir.Scale(np.array(2.0)), last))  # fmt: skip
    assert said_alike(found, ["node '1' (LI) never fires", "node 'output': what comes out is no spikes"]), found


def test_a_modules_problems_are_said_at_once():
    module = nn.Sequential(
        nn.Linear(5, 3), norse.IAFCell(), nn.Linear(3, 2), snn.Leaky(0.5, threshold=-1.0, init_hidden=True)
    )
    with pytest.raises(InputError) as error:
        from_torch(module, (4,))
    first, *lines = str(error.value).split("\n- ")
    assert first == "the module has 3 problems:"
    assert said_alike(lines, ["neurons '3' subtract their threshold", r"node '0' (Affine): its weight has shape (3, 5)", "node '3': its threshold is -1"])  # fmt: skip


def test_a_problem_that_is_met_again_is_there_once_and_of_many_the_first_are():
    problems = Problems("net.nir")
    for number in [*range(MOST + 3), 0, 1]:
        with problems.kept():
            raise InputError(f"node {number}")
    with pytest.raises(InputError) as error:
        problems.refuse()
    first, *lines = str(error.value).split("\n- ")
    assert first == f"net.nir has {MOST + 3} problems:" and len(lines) == MOST + 1 and lines[-1] == "3 more"
    outer = Problems()
    with outer.kept():
        problems.refuse()
    assert outer.sentences == problems.sentences
