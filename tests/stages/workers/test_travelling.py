"""What a run evaluates on machines that have none of its files: the same records, files and networks."""

import os
import signal
from dataclasses import replace

import cloudpickle
import pytest
import torch
from support.networks.untrained import untrained_run
from support.searches.small_space import in_words

from autosnn_hw import pipeline
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.search.walking.walk import members, subtrees
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.final_training.rung_training import RungJob, RungTask
from autosnn_hw.stages.judging.evaluator import Remembering
from autosnn_hw.stages.judging.subtree import SubtreeEvaluator
from autosnn_hw.stages.workers import travelling
from autosnn_hw.stages.workers.travelling import Inputs, Travelling
from autosnn_hw.training.checkpoint import read_checkpoint
from autosnn_hw.training.data import datasets
from hw_profiles.loader import read_table

CONFIG = SearchConfig(
    width=4,
    timesteps=2,
    strategy="evolution",
    epochs=8,
    evaluate=60,
    generations=2,
    pool=4,
    mean_cost_samples=4,
    measure=1,
    samples=2,
    finalists=2,
    retrain_epochs=2,
    finetune_epochs=1,
    baselines=False,
    workers=1,
)

MOMENTS = {
    "search": 6,
    "walk": 20,
    "rung 1 of 2": 1,
    "finalists and baselines": 1,
}  # candidates or networks that are done when a worker dies


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    space, judge = untrained_run(folder, "loihi2")
    return space, judge, Inputs(datasets.load("digits"), read_table("loihi2"))


def away(function, inputs, *tasks):
    """Results of tasks on a worker: what is sent is pickled, and what is carried has been asked for."""
    portable = Travelling(function, inputs)
    carried = {name: make() for name, make in portable.carries().items()}
    there = cloudpickle.loads(cloudpickle.dumps(portable.packed()))(carried)
    return [portable.received(task, there(portable.sent(task))) for task in tasks]


def test_candidates_are_judged_as_here(run):
    space, judge, inputs = run
    judge = replace(judge, float_view=True)
    asked = [space.at(7), space.at(200)]
    assert away(judge, inputs, *asked) == [judge(one) for one in asked]


def test_a_subtree_leaves_its_file_at_home(run, tmp_path):
    space, judge, inputs = run
    first = subtrees(space)[3]
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    here = SubtreeEvaluator(judge, space, str(tmp_path / "here"))(first)
    (there,) = away(SubtreeEvaluator(judge, space, str(tmp_path / "there")), inputs, first)
    assert there == here and len(here) == len(members(space, first))
    files = [sorted((tmp_path / name).rglob("*.npz")) for name in ("here", "there")]
    assert len(files[0]) == len(files[1]) == 1
    assert files[0][0].read_bytes() == files[1][0].read_bytes()


@pytest.mark.slow
def test_a_trained_network_stands_at_home_as_if_trained_there(run, tmp_path):
    space, judge, inputs = run
    jobs = [NetworkJob.of(CONFIG, tmp_path / name, supernet=judge.supernet) for name in ("here", "there")]
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    architecture = space.at(100)
    here = jobs[0](architecture)
    (there,) = away(jobs[1], inputs, architecture)
    assert jobs[1].finished(architecture)
    assert jobs[0].file(architecture).read_bytes() == jobs[1].file(architecture).read_bytes()
    texts = [job.file(architecture, ".json").read_text() for job in jobs]
    assert texts[1] == texts[0].replace(str(tmp_path / "here"), str(tmp_path / "there"))
    assert Travelling(jobs[1], inputs).at_home(architecture).to_json() == there.to_json()
    assert here.accuracy == there.accuracy


@pytest.mark.slow
def test_a_rung_goes_on_from_the_checkpoint_that_travels(run, tmp_path):
    space, judge, inputs = run
    config = CONFIG.with_changes(retrain_epochs=4, rungs=3)
    jobs = [RungJob(NetworkJob.of(config, tmp_path / name, supernet=judge.supernet)) for name in ("here", "there")]
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    for epochs in (1, 2):
        task = RungTask(space.at(100), epochs)
        _, files = Travelling(jobs[1], inputs).sent(task)
        assert len(files) == (epochs > 1)
        here, (there,) = jobs[0](task), away(jobs[1], inputs, task)
        assert here == there == Travelling(jobs[1], inputs).at_home(task)
    kept = [{file.name: file.read_bytes() for file in (tmp_path / name).glob("*.json")} for name in ("here", "there")]
    assert kept[0] == kept[1] and len(kept[0]) == 2
    (ours, said), (theirs, told) = (read_checkpoint(job.job.file(space.at(100), ".safetensors")) for job in jobs)
    assert said == told and len(said["losses"]) == 2 and all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert Travelling(replace(jobs[1].job, config=CONFIG), inputs).sent(space.at(100)) == (space.at(100), {})


def test_what_is_remembered_needs_no_worker(run):
    space, judge, inputs = run
    record = judge(space.at(3))
    portable = Travelling(Remembering(judge, {str(space.at(3)): record}), inputs)
    assert portable.at_home(space.at(3)) == record and portable.at_home(space.at(4)) is None


def test_inputs_are_named_by_what_they_hold(run, tmp_path):
    space, judge, inputs = run
    names = list(Travelling(judge, inputs).carries())
    assert names == list(Travelling(SubtreeEvaluator(judge, space), inputs).carries())
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"other")
    assert names[0] in (changed := list(Travelling(replace(judge, supernet=str(other)), inputs).carries()))
    assert names[1] not in changed


def test_a_worker_of_another_version_is_refused(run, monkeypatch):
    _, judge, inputs = run
    portable = Travelling(judge, inputs)
    monkeypatch.setattr(travelling, "code_sha256", lambda: "other")
    with pytest.raises(InputError, match="the same are needed"):
        portable.packed()({name: make() for name, make in portable.carries().items()})


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("strategy", ["evolution", "walk", "rungs"])
def test_a_run_on_a_cluster_whose_worker_is_killed_is_the_serial_run(strategy, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed (the extra `cluster`)")
    walked, climbed = strategy == "walk", strategy == "rungs"
    config = CONFIG.with_changes(space=in_words(tmp_path / "space.toml"), rungs=2 if climbed else 1)
    config = config.with_changes(strategy="walk", evaluate=10) if walked else config
    serial = pipeline.search(config, tmp_path / "serial")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs="CRITICAL"
    ) as local:
        killed = []

        class Killing(pipeline.Silent):
            def advance(self, done, text=""):
                """Kills one worker in the middle of the search, and one while finalists are tuned."""
                if self.name not in killed and done >= MOMENTS.get(self.name, 1 << 30):
                    killed.append(self.name)
                    with distributed.Client(local.scheduler_address, set_as_default=False) as client:
                        os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)

            def stage(self, name, total=None):
                self.name = name

        config = config.with_changes(scheduler=local.scheduler_address, supernet=str(tmp_path / "serial"))
        cluster = pipeline.search(config, tmp_path / "cluster", Killing())
    assert len(killed) == (3 if climbed else 2)
    folders = [tmp_path / name for name in ("serial", "cluster")]
    for name in ("candidates.csv", "winner.net", "winner.onnx"):
        assert folders[0].joinpath(name).read_bytes() == folders[1].joinpath(name).read_bytes(), name
    for name in ("winner", "evaluated", "measured", "finalists", "feedback", "best_by_generation", "rungs"):
        assert cluster[name] == serial[name], name
    walks = [{file.name: file.read_bytes() for file in folder.glob("walk/*.npz")} for folder in folders]
    assert walks[0] == walks[1] and bool(walks[0]) == walked
