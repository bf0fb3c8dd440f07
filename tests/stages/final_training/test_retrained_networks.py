"""Which trained network is delivered: the best candidate's, or the next that still fits once it has its own weights."""

import pytest

from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.cost_report import Interval
from autosnn_hw.errors import DoesNotFitError
from autosnn_hw.report.run_documents import read_candidates
from autosnn_hw.run_folder import RunFolder, write_json
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.database.study import CandidateStudy
from autosnn_hw.search.runner import SearchResult
from autosnn_hw.stages import manifest
from autosnn_hw.stages.final_training import retrained_networks as baselines
from autosnn_hw.stages.final_training.made_records import made_records
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.final_training.trained_network import Accuracies, TrainedNetwork
from autosnn_hw.words.progress import Silent

RANKING = tuple(",".join([block] * 5) for block in ("SRB_k5", "SRB_k3", "SCB_k3", "SCB_k5"))


def test_a_table_of_candidates_says_costs_with_final_weights_and_how_they_are_known(tmp_path):
    """Finalists have their own, others what these say of them; `front` reads the same of the folder."""
    config = SearchConfig(baselines=False, workers=1, finalists=4, max_energy=2.5)
    folder = RunFolder.create(tmp_path / "run")
    prepared = manifest.prepare(config)
    job = baselines.network_job(config, folder)
    records = [priced(str(prepared.space.at(number)), 0.5 + number / 100, 1.0 + number / 10) for number in range(6)]
    for number, record in enumerate(records[:4]):
        architecture = prepared.space.parse(record.genotype)
        job.file(architecture).touch()
        final = priced(record.genotype, 0.9, 2 * (1.0 + number / 10))
        accuracy = Accuracies(0.9, 0.9, 0.9, inherited=record.accuracy, validation=0.9)
        network = TrainedNetwork(record.genotype, "", accuracy, 1.0, 1, True, (), 1, as_candidate=final.to_json())
        write_json(job.file(architecture, ".json"), network.to_json())
    study = CandidateStudy(folder / "study.db", prepared.space, {})
    for record in records:
        study.add(prepared.space.parse(record.genotype), record, modelled_cost=record.cost, constraints={})
    found = SearchResult(records[0], tuple(records), tuple(records), 1.0, {}, (), {})
    baselines.train_networks(config, prepared, folder, Silent(), found, None, iter(()))
    rows = {row["genotype"]: row for row in read_candidates(folder / "candidates.csv")}
    for record in records[:4]:
        row = rows[record.genotype]
        assert (row["cost_source"], row["final_cost"], row["cost"]) == ("measured", 2 * record.cost, record.cost)
        assert row["final_feasible"] is (2 * record.cost <= 2.5)
    for record in records[4:]:
        row = rows[record.genotype]
        assert row["cost_source"] == "corrected" and row["final_energy"] == pytest.approx(2 * record.cost)
    made = made_records(folder, {record.genotype for record in records[:3]})
    assert {name: one.energy.value for name, one in made.items()} == {one.genotype: 2 * one.cost for one in records[:3]}
    job.file(prepared.space.parse(records[0].genotype), ".json").write_text("{")
    assert set(made_records(folder, set(made))) == set(made) - {records[0].genotype}


def priced(genotype, accuracy, energy):
    interval = Interval(energy, energy / 2, energy * 2)
    known = dict.fromkeys(("energy", "dynamic", "fitness_energy", "latency", "edp"), interval)
    return CandidateRecord(
        genotype, accuracy=accuracy, samples=100, cost=energy, fitness=accuracy, feasible=True, cores=3, **known
    )


@pytest.fixture
def near_a_limit(tmp_path, monkeypatch):
    """Twelve candidates of 1.0 to 2.1 J, the dearest the fittest, whose networks take 1.5 times as much once they are made; returns
    what makes the networks of a search with a limit, the genotypes that were made, and energies as searched."""

    def made(job, architecture):
        final = priced(str(architecture), 0.9, 1.5 * energies[str(architecture)])
        known = Accuracies(0.9, 0.9, 0.9, inherited=0.8, validation=0.9)
        begun.append(str(architecture))
        return TrainedNetwork(str(architecture), "", known, 1.0, 1, True, (), 1, as_candidate=final.to_json())

    monkeypatch.setattr(NetworkJob, "__call__", made)
    begun, energies = [], {}

    def networks(limit, **choices):
        config = SearchConfig(baselines=False, workers=1, max_energy=limit, **choices)
        folder, prepared = RunFolder.create(tmp_path / "run"), manifest.prepare(config)
        records = [priced(str(prepared.space.at(n)), 0.5 + n / 100, 1.0 + n / 10) for n in reversed(range(12))]
        energies.update({record.genotype: record.cost for record in records})
        ranking = tuple(record for record in records if record.cost <= limit)
        study = CandidateStudy(folder / "study.db", prepared.space, {})
        for record in records:
            study.add(prepared.space.parse(record.genotype), record, modelled_cost=record.cost, constraints={})
        found = SearchResult(ranking[0], tuple(records), ranking, 1.0, {}, (), {})
        return baselines.train_networks(config, prepared, folder, Silent(), found, None, iter(()))

    return networks, begun, energies


def test_no_network_that_passes_a_limit_with_its_final_weights_is_delivered(near_a_limit):
    """Those of the first round all pass it; what they became says which of the others will keep it."""
    networks, begun, energies = near_a_limit
    found = networks(2.0, finalists=8)
    assert [energies[name] for name in begun[:4]] == pytest.approx([2.0, 1.9, 1.8, 1.7])
    assert max(1.5 * energies[name] for name in begun[4:]) <= 2.0, "nothing is trained that is expected to pass it"
    assert 1.5 * energies[found.winner.architecture] <= 2.0 and found.fitness is not None


def test_further_candidates_are_tried_where_all_finalists_pass_a_limit(near_a_limit):
    networks, begun, energies = near_a_limit
    found = networks(2.0, finalists=4)
    assert len(begun) == 5 and 1.5 * energies[found.winner.architecture] <= 2.0


def test_a_limit_that_no_network_keeps_with_its_final_weights_is_refused_with_what_they_take(near_a_limit, tmp_path):
    networks, begun, _ = near_a_limit
    with pytest.raises(DoesNotFitError, match="keeps every limit with its final weights") as stopped:
        networks(1.45, finalists=1)  # the cheapest has 1.5 with its final weights; three more are tried
    said = str(stopped.value)
    assert (
        said.startswith("none of the 4 networks")
        and "3.4 % over --max-energy; those that fit the target take 1.50 J to " in said
    )
    assert f"--resume {tmp_path / 'run'} --finalists 8" in said
    rows = read_candidates(tmp_path / "run" / "candidates.csv")  # what was measured is kept
    assert sum(row["cost_source"] == "measured" for row in rows) == len(begun) == 4


def test_a_baseline_that_the_search_did_not_judge_is_none_of_those_that_pass_a_limit(near_a_limit, monkeypatch):
    """It is made beside the finalists, may keep the limit and cannot win, so that it is not counted."""
    networks, _, energies = near_a_limit
    light = Architecture.parse("skip,skip,skip,skip,SRB_k5", width=8, timesteps=4)
    monkeypatch.setattr(baselines, "published", lambda prepared, wanted: {"light": light})
    energies[str(light)] = 0.5
    with pytest.raises(DoesNotFitError, match="none of the 4 networks .* nearest is .*, 3.4 % over --max-energy"):
        networks(1.45, finalists=1)


@pytest.mark.parametrize(("limit", "made"), [(2.0, [2.0, 1.3]), (1.45, [1.4, 1.0, 1.1])])
def test_a_network_from_scratch_keeps_the_limits_too_by_what_it_takes_on_the_validation_samples(
    near_a_limit, monkeypatch, limit, made
):
    networks, begun, energies = near_a_limit

    def on_validation(network, prepared):
        return priced(network.architecture, 1.0, 1.5 * energies[network.architecture])

    monkeypatch.setattr(baselines, "on_validation", on_validation)
    if 1.5 * made[-1] <= limit:
        assert networks(limit, finalists=1, retrain="scratch").winner.architecture == begun[-1]
    else:
        with pytest.raises(DoesNotFitError, match="none of the 3 networks .* or --retrain inherit may"):
            networks(limit, finalists=1, retrain="scratch")
    assert [energies[name] for name in begun] == pytest.approx(made)


def kept_networks(job, config, fits):
    """Records of candidates whose trained networks are in the folder already; they are not trained again."""
    records = []
    for name, fit in zip(RANKING, fits):
        architecture = Architecture.parse(name, width=config.width, timesteps=config.timesteps)
        records.append(CandidateRecord(genotype=str(architecture), generation=0))
        job.file(architecture).touch()
        trained = TrainedNetwork(str(architecture), "", Accuracies(0.5, 0.5, 0.5), 1.0, 1, fit, (), 1)
        write_json(job.file(architecture, ".json"), trained.to_json())
    return records


@pytest.mark.parametrize(
    ("fits", "delivered"),
    [
        ((True, True, True, True), 0),
        ((False, True, True, True), 1),
        ((False, False, True, True), 2),
        ((False, False, False, True), 0),  # three are tried; then the best stands, with its violations
    ],
)
def test_the_best_candidate_that_fits_as_trained_is_the_winner(tmp_path, fits, delivered):
    config = SearchConfig(baselines=False, workers=1)
    folder = RunFolder.create(tmp_path / "run")
    job = baselines.network_job(config, folder)
    records = kept_networks(job, config, fits)
    found = SearchResult(records[0], tuple(records), tuple(records), 1.0, {}, (), {})
    prepared = manifest.prepare(config)
    networks = baselines.train_networks(config, prepared, folder, Silent(), found, None, iter(()))
    assert networks.candidate == records[delivered]
    assert networks.winner.architecture == records[delivered].genotype
    assert networks.baselines == {} and networks.reference is None


def test_networks_are_said_when_they_are_made_and_logged_once(tmp_path, monkeypatch):
    config = SearchConfig(baselines=False, workers=1)
    folder, said = RunFolder.create(tmp_path / "run"), []
    records = kept_networks(baselines.network_job(config, folder), config, (False, True))
    for file in (folder / "networks").iterdir():
        if file.name.startswith("SRB_k3"):
            file.unlink()

    def train(job, architecture, tell):
        job.file(architecture).touch()
        return TrainedNetwork(str(architecture), "", Accuracies(0.5, 0.5, 0.5), 1.0, 1, True, (), 1)

    monkeypatch.setattr(NetworkJob, "_train", train)

    class Said(Silent):
        def advance(self, done, text=""):
            said.append((done, text))

    found = SearchResult(records[0], tuple(records), tuple(records), 1.0, {}, (), {})
    for _ in range(2):  # it is gone on with
        baselines.train_networks(config, manifest.prepare(config), folder, Said(), found, None, iter(()))
    assert said == [(1, ""), (2, f"{records[1].genotype}: 50.0 %"), (1, ""), (2, "")]
    kept, made = folder.events()
    assert [one["architecture"] for one in (kept, made)] == [record.genotype for record in records]
    assert kept["seconds"] is None and made["seconds"] >= 0 and made["accuracy"] == 0.5
