"""Subtrees judged with shared prefixes, and priced again from what was kept: the records of candidates judged one by one."""

import shutil
from dataclasses import replace

import pytest
import torch
from support.networks.untrained import KINDS, untrained_run, write_supernet

from autosnn_hw.architecture import Architecture, stage_layout
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.run_folder import write_json, write_text
from autosnn_hw.search.database.study import CandidateStudy
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.search.space import search_space
from autosnn_hw.search.walking.walk import members, run_walk, subtrees
from autosnn_hw.search.workers.processes import Workers
from autosnn_hw.stages.judging import repricing
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator
from autosnn_hw.stages.judging.kept_bounds import KeptBounds
from autosnn_hw.stages.judging.repricing import SubtreePricer
from autosnn_hw.stages.judging.subtree import SubtreeEvaluator
from autosnn_hw.stages.judging.walked import SubtreeReader, part_file
from autosnn_hw.stages.manifest import prepare
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork

SEVERAL = {
    "loihi2, several sizes": {"width": (3, 4), "timesteps": (1, 3)},
    "loihi2, several placements": {"width": (3, 4), "timesteps": (1, 3), "pools": ((1,), (0,), (4,))},
    "truenorth, several placements": {"pools": ((1,), (2,))},
}


PLACEMENTS = [pytest.param(name, marks=pytest.mark.slow) for name in SEVERAL if "placements" in name]
SIZES = [name for name in SEVERAL if "sizes" in name]


@pytest.fixture(scope="module", params=[*KINDS, *SIZES, *PLACEMENTS])
def run(request, tmp_path_factory):
    """(space, evaluator, folder) of an untrained super-network; batch norm makes its neurons fire all the same."""
    folder = tmp_path_factory.mktemp(request.param)
    space, judge = untrained_run(folder, request.param.split(",")[0], **SEVERAL.get(request.param, {}))
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


@pytest.mark.slow
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


@pytest.mark.parametrize("target", ["loihi2", "truenorth"])
def test_event_frames_and_layers_before_the_first_slot(target, tmp_path, monkeypatch):
    """16 x 16 events, pooled to 8 x 8 before TBD1: judged together, judged alone and priced again, the records are the same."""
    monkeypatch.setattr(stage_layout, "FIRST_SIDE", 8)
    fabric = Fabric.of(target, frames=True)
    space = search_space(
        width=4, timesteps=5, blocks=("SRB_k3",), groups=None if target == "loihi2" else [{"SRB_k3": (2,)}] * 5
    )
    torch.manual_seed(0)
    network = SuperNetwork(space.space, 4, 5, (2, 16, 16), 6, genes=space.genes, fabric=fabric)
    assert [stage.name for stage in network.stages][:4] == ["stem", "stem_pool1", "stem_conv", "TBD1"]
    write_supernet(tmp_path / "a.safetensors", network, space, fabric)
    judge = CandidateEvaluator(str(tmp_path / "a.safetensors"), "events", None, target, samples=10, float_view=False)
    first = subtrees(space)[0]
    (record,) = SubtreeEvaluator(judge, space, str(tmp_path))(first)
    assert record == judge(space.at(0)) and record.spikes["chip"] > 0
    assert SubtreePricer(judge, space, str(tmp_path))(first) == [record]


@pytest.mark.parametrize("target", ["loihi2", "truenorth"])
def test_event_frames_and_pools_right_behind_the_stem(target, tmp_path):
    """The stem is a layer of the chip here, and one placement has a pool between it and the first slot."""
    fabric = Fabric.of(target, frames=True)
    groups = None if target == "loihi2" else [{"SRB_k3": (2,)}] * 5
    space = search_space(width=4, timesteps=5, blocks=("SRB_k3",), groups=groups, pools=((1, 3), (0, 2)))
    torch.manual_seed(0)
    network = SuperNetwork(space.space, 4, 5, (2, 16, 16), 6, genes=space.genes, pools=space.placements, fabric=fabric)
    write_supernet(tmp_path / "a.safetensors", network, space, fabric)
    judge = CandidateEvaluator(str(tmp_path / "a.safetensors"), "events", None, target, samples=10, float_view=False)
    assert [first[0] for first in subtrees(space)] == [("P", 0), ("P", 1)]
    for first in subtrees(space):
        (record,) = SubtreeEvaluator(judge, space, str(tmp_path))(first)
        assert record == judge(space.architecture(space.genes_of(space.parse(record.genotype))))
        assert record.spikes["chip"] > 0 and SubtreePricer(judge, space, str(tmp_path))(first) == [record]


@pytest.fixture
def finished(run, tmp_path, monkeypatch):
    """A run folder whose space, a smaller one than a config can ask for, was walked for Loihi 2."""
    space, judge, folder = run
    if judge.target != "loihi2":
        pytest.skip("there is no second crossbar")
    sizes = {"width": (3, 4), "timesteps": (1, 3)} if len(space.widths) > 1 else {"width": 4, "timesteps": 2}
    small = search_space(**sizes, pools=space.placements, blocks=("skip", "SRB_k3"))
    sizes |= {"pools": [".".join(map(str, placement)) for placement in space.placements]} if space.placements else {}
    config = SearchConfig(**sizes, evaluate=60, strategy="walk", workers=1)
    write_text(tmp_path / "config.toml", config.to_toml())
    shutil.copy(folder / "supernet.safetensors", tmp_path)
    prepared = replace(prepare(config), space=small)
    write_json(tmp_path / "manifest.json", {"dataset": {"sha256": prepared.data.sha256}})
    monkeypatch.setattr(repricing, "prepare", lambda config: prepared)
    settings = SearchSettings(strategy="walk", reference=4)
    study = CandidateStudy(tmp_path / "study.db", small, settings.identity(small))
    walked = replace(judge, supernet=str(tmp_path / "supernet.safetensors"))
    run_walk(small, SubtreeEvaluator(walked, small, str(tmp_path)), study, settings)
    return tmp_path, walked, small


def test_a_whole_run_is_priced_on_another_target_and_kept(finished, monkeypatch):
    folder, judge, space = finished
    priced = repricing.priced_on(folder, "loihi1", workers=1)
    other = replace(judge, target="loihi1")
    assert {record.genotype for record in priced} == set(map(str, space))
    assert sum(record.generation == -1 for record in priced) == 4
    for record in priced[::9]:
        assert replace(record, generation=0) == other(Architecture.parse(record.genotype, width=4, timesteps=2))
    monkeypatch.setattr(repricing, "Workers", None)
    again = repricing.priced_on(folder, "loihi1")
    assert [record.to_json() for record in again] == [record.to_json() for record in priced]
    kept = folder / "walk" / "priced-loihi1.json.gz"
    kept.write_bytes(kept.read_bytes()[:100])
    with pytest.raises(TypeError):  # what is kept is damaged, so that it is priced anew
        repricing.priced_on(folder, "loihi1")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "missing", "said"),
    [
        ("truenorth", "", "truenorth has others"),
        ("loihi1", "walk", "did not walk its space"),
        ("loihi9", "", "loihi9"),
    ],
)
def test_what_cannot_be_priced_is_one_sentence(finished, target, missing, said):
    if missing:
        shutil.rmtree(finished[0] / missing)
    with pytest.raises(InputError, match=said):
        repricing.priced_on(finished[0], target)


def test_other_data_are_refused(finished):
    write_json(finished[0] / "manifest.json", {"dataset": {"sha256": "0" * 64}})
    with pytest.raises(InputError, match="the same data are needed"):
        repricing.priced_on(finished[0], "loihi1")


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


def test_bounds_are_accuracies_and_never_more_than_prices(run, walked, tmp_path):
    space, judge, _ = run
    first, records = next(iter(walked.items()))
    evaluate = SubtreeEvaluator(judge, space, str(tmp_path), bounds=True)
    bounds = evaluate(first)
    names = ("energy", "fitness_energy", "dynamic", "latency", "edp")
    for bound, record in zip(bounds, records):
        assert (bound.genotype, bound.accuracy, bound.spikes) == (record.genotype, record.accuracy, record.spikes)
        assert bound.cores <= record.cores and bound.parameters == record.parameters
        for name in names:
            assert getattr(bound, name).value <= getattr(record, name).value * (1 + 1e-9)
    assert part_file(tmp_path, space.digits(first)).is_file(), "what was found is kept as by any walk"


def test_bounds_are_kept_whole_or_asked_for_again(run, walked, tmp_path):
    space = run[0]
    first, priced = next(iter(walked.items()))
    records = [replace(record, parts={}, part_bounds={}) for record in priced]  # bounds have none
    kept = KeptBounds(tmp_path, space)
    assert kept.read(first) is None
    kept.write(first, records)
    assert kept.read(first) == records
    (file,) = (tmp_path / "walk").iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    assert kept.read(first) is None
