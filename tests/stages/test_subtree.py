"""Subtrees judged with shared prefixes, and priced again from what was kept: the records of candidates judged one by one."""

from dataclasses import replace

import pytest
import torch

from autosnn_hw.errors import InputError
from autosnn_hw.search.space import search_space
from autosnn_hw.search.walk import members, subtrees
from autosnn_hw.search.workers import Workers
from autosnn_hw.stages.evaluator import CandidateEvaluator
from autosnn_hw.stages.repricing import SubtreePricer
from autosnn_hw.stages.subtree import SubtreeEvaluator
from autosnn_hw.stages.walked import SubtreeReader, part_file
from autosnn_hw.training.checkpoint import write_checkpoint
from autosnn_hw.training.fabric import Fabric
from autosnn_hw.training.supernet import SuperNetwork

KINDS = {
    "loihi2": (Fabric(), None),
    "truenorth": (
        Fabric("memoryless", True, 128),
        [{"SRB_k3": (2,), "SCB_k5": (2,)}] * 5,
    ),
}


@pytest.fixture(scope="module", params=KINDS)
def run(request, tmp_path_factory):
    """(space, evaluator, folder) of an untrained super-network; batch norm makes its neurons fire all the same."""
    fabric, groups = KINDS[request.param]
    blocks = ("skip", "SRB_k3", "SCB_k5") if groups is None else ("SRB_k3", "SCB_k5")
    space = search_space(width=4, timesteps=2, blocks=blocks, groups=groups)
    torch.manual_seed(0)
    image = (1, 8, 8)
    network = SuperNetwork(space.space, 4, 2, image, 10, genes=space.genes, fabric=fabric)
    identity = {
        "kind": "supernet",
        "space": space.space,
        "width": 4,
        "timesteps": 2,
        "image": image,
        "classes": 10,
        "genes": [list(map(list, genes)) for genes in space.genes],
        "sharing": network.sharing,
        **fabric.identity(),
    }
    folder = tmp_path_factory.mktemp(request.param)
    tensors = {f"model.{name}": tensor for name, tensor in network.state_dict().items()}
    write_checkpoint(folder / "supernet.safetensors", tensors, {"identity": identity})
    judge = CandidateEvaluator(
        str(folder / "supernet.safetensors"), "digits", None, request.param, samples=60, float_view=False
    )
    return space, judge, folder


@pytest.fixture(scope="module")
def walked(run):
    """(first genes, records) of two subtrees."""
    space, judge, folder = run
    evaluate = SubtreeEvaluator(judge, space, str(folder))
    return {first: evaluate(first) for first in (subtrees(space)[1], subtrees(space)[-1])}


def test_records_are_those_of_candidates_judged_one_by_one(run, walked):
    space, judge, _ = run
    for first, records in walked.items():
        architectures = members(space, first)
        assert [record.genotype for record in records] == list(map(str, architectures))
        for number in range(0, len(architectures), 5):
            assert records[number] == judge(architectures[number])


def test_a_single_architecture_is_a_subtree_and_leaves_no_file(run, walked):
    space, judge, folder = run
    first, records = next(iter(walked.items()))
    before = set(folder.glob("walk/*"))
    evaluate = SubtreeEvaluator(judge, space, str(folder))
    assert evaluate(space.genes_of(members(space, first)[7])) == [records[7]]
    assert set(folder.glob("walk/*")) == before


def test_other_processes_find_the_same(run, walked, tmp_path):
    space, judge, _ = run
    with Workers(SubtreeEvaluator(judge, space, str(tmp_path)), 2) as pool:
        assert dict(zip(walked, pool.map(list(walked)))) == walked
    for first in walked:
        names = [part_file(folder, space.digits(first)) for folder in (tmp_path, run[2])]
        assert names[0].read_bytes() == names[1].read_bytes()


def test_what_was_kept_prices_as_when_it_was_walked(run, walked):
    space, judge, folder = run
    for first, records in walked.items():
        assert SubtreePricer(judge, space, str(folder))(first) == records


def test_another_target_is_priced_as_if_it_had_been_searched_for(run, walked):
    space, judge, folder = run
    if judge.target != "loihi2":
        pytest.skip("there is no second crossbar")
    other = replace(judge, target="loihi1")
    for first, records in walked.items():
        priced = SubtreePricer(other, space, str(folder))(first)
        for number in range(0, len(priced), 7):
            assert priced[number] == other(members(space, first)[number])
        assert [record.energy for record in priced] != [record.energy for record in records]


@pytest.mark.parametrize("damage", ["cut", "other", "gone"])
def test_a_damaged_file_is_one_sentence(run, walked, tmp_path, damage):
    space, judge, folder = run
    first = next(iter(walked))
    file = part_file(tmp_path, space.digits(first))
    file.parent.mkdir()
    content = part_file(folder, space.digits(first)).read_bytes()
    if damage != "gone":
        file.write_bytes(content[:-40] if damage == "cut" else b"nothing of the kind")
    with pytest.raises(InputError, match="cannot be read"):
        SubtreePricer(judge, space, str(tmp_path))(first)


def test_a_file_that_ends_before_its_space_is_one_sentence(run, walked):
    space, _, folder = run
    reader = SubtreeReader(part_file(folder, space.digits(next(iter(walked)))))
    with pytest.raises(InputError, match="shorter than its space"):
        for _ in range(10**6):
            reader.stem(4, (4, 8, 8))
