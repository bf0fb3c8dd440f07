"""`search --target truenorth --strategy walk` on a space of one's own, by the command line: front and winner are those of all."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import hw_profiles
from autosnn_hw.cli import group
from autosnn_hw.config import read_config
from autosnn_hw.pareto import pareto_front
from autosnn_hw.run_folder import CONFIG, RunFolder
from autosnn_hw.search.database.study import read_records
from autosnn_hw.stages import searching
from autosnn_hw.stages.judging.repricing import priced_alone
from autosnn_hw.stages.manifest import prepare

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]  # a whole search: see test_pipeline

SPACE = """
[[slots]]
width = 1
blocks = ["skip", "SRB_k3", "SCB_k5"]
pool = true
[[slots]]
width = 2
blocks = ["SCB_k3", "SRB_k3", "SCB_k5"]
"""
SMALL = "--target truenorth --strategy walk --width 4 --timesteps 3 --epochs 6 --batch 8 --retrain-epochs 1 --finetune-epochs 1"
FEW = "--measure 0 --finalists 2 --mean-cost-samples 2 --workers 1 --no-baselines --quiet"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    here = tmp_path_factory.mktemp("lazily")
    rng = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", 200), ("test", 20)):
        labels = rng.integers(0, 3, count)
        images = rng.integers(0, 120, (count, 2, 8, 8))
        for image, label in zip(images, labels):
            image[:, :, label * 2 : label * 2 + 3] += 120
        arrays |= {f"x_{part}": images.astype(np.uint8), f"y_{part}": labels}
    np.savez(here / "easy.npz", **arrays)
    (here / "space.toml").write_text(SPACE)
    place = ["--dataset", f"npz:{here / 'easy.npz'}", "--space", str(here / "space.toml"), "--out", str(here / "run")]
    done = CliRunner().invoke(group, ["search", *place, *SMALL.split(), *FEW.split()], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return here / "run"


def test_the_front_is_that_of_all_candidates_judged_one_by_one(folder):
    run = RunFolder.open(folder)
    config = read_config(folder / CONFIG)
    prepared, judge = prepare(config), searching.evaluator(config, run)
    everyone = [judge(architecture) for architecture in prepared.space]
    fitting = [record for record in everyone if record.priced and not record.violations]
    placed = [record for record in read_records(**run.study()) if record.feasible]

    def front(records):
        points = [(record.accuracy, record.fitness_energy.value) for record in records]
        return [points[index] for index in pareto_front(points)]

    assert front(placed) == front(fitting)
    assert len(placed) <= len(everyone) == prepared.space.size
    answer = CliRunner().invoke(group, ["front", str(folder), "--json"], catch_exceptions=False)
    assert len(json.loads(answer.output)["front"]) >= 1


def test_a_network_that_was_not_placed_is_priced_when_another_target_chooses_it(folder, tmp_path):
    """A crossbar that charges another static power, and a target that is the run's: every chosen one has a price on both."""
    text = (Path(hw_profiles.__file__).parent / "truenorth.toml").read_text()
    other = tmp_path / "other.toml"
    other.write_text(text.replace('name = "truenorth"', 'name = "other"', 1))
    answer = CliRunner().invoke(
        group, ["front", str(folder), "--targets", f"truenorth,{other}", "--json"], catch_exceptions=False
    )
    rows = json.loads(answer.output)["matrix"]
    assert len(rows) == 2 and all(row["priced_on"][name]["cost"] for row in rows for name in ("truenorth", str(other)))


def test_one_candidate_alone_is_priced_as_the_search_priced_it(folder):
    records = {record.genotype: record for record in read_records(**RunFolder.open(folder).study())}
    genotype, record = next((name, one) for name, one in records.items() if one.priced)
    alone = priced_alone(folder, "truenorth", genotype)
    assert (alone.accuracy, alone.fitness_energy, alone.cores) == (record.accuracy, record.fitness_energy, record.cores)
