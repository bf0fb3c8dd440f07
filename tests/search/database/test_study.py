"""The study on disk: what Optuna and its dashboard read there, and what a database can do wrong."""

import io
import json
import multiprocessing
import subprocess
import sys
import warnings

import optuna
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from optuna.trial import TrialState

from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import InputError
from autosnn_hw.search.candidate import COLUMNS, CandidateRecord
from autosnn_hw.search.database.storage import storage_url
from autosnn_hw.search.database.study import NAME, CandidateStudy, read_records
from autosnn_hw.search.ranking.fitness import Constraints
from autosnn_hw.search.runner import run_search
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.search.space import search_space

SETTINGS = SearchSettings(population=8, generations=2, reference=4, measure=1, constraints=Constraints(max_cores=14))
VIOLATION = {
    "layer": "TBD1.a",
    "resource": "axons",
    "needed": 300,
    "limit": 256,
    "source": "x",
    "remedies": ["fewer channels"],
}


def evaluate_with_unpriceable(synthetic):
    def evaluate(architecture):
        if architecture.blocks[0] == "SRB_k5":
            return CandidateRecord(str(architecture), violations=(VIOLATION,))
        return synthetic.evaluate(architecture)

    return evaluate


@pytest.fixture(scope="module")
def folder(synthetic, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    study = synthetic.study_in(folder, SETTINGS)
    run_search(synthetic.SPACE, evaluate_with_unpriceable(synthetic), study, SETTINGS, measure=synthetic.measured)
    return folder


def load(folder):
    return optuna.load_study(study_name=NAME, storage=f"sqlite:///{folder / 'study.db'}")


def test_each_candidate_is_one_finished_trial_with_its_figures(synthetic, folder):
    study = load(folder)
    assert study.metric_names == ["accuracy", "cost"]
    assert [direction.name for direction in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    trials = study.trials
    assert len(trials) == SETTINGS.total == len({t.user_attrs["genotype"] for t in trials})
    for trial in trials:
        assert ",".join(trial.params[f"TBD{i}"] for i in range(1, 6)) == trial.user_attrs["genotype"]
        if trial.params["TBD1"] == "SRB_k5":
            assert trial.state == TrialState.PRUNED and trial.values is None
            assert trial.user_attrs["violation"] == "TBD1.a: axons 300 > 256"
            continue
        record = synthetic.evaluate(Architecture.parse(trial.user_attrs["genotype"], width=8, timesteps=4))
        assert trial.state == TrialState.COMPLETE
        assert trial.values == [record.accuracy, record.fitness_energy.value]
        assert trial.constraints["max_cores"] == pytest.approx(record.cores / 14 - 1)
        assert (trial.constraints["max_cores"] > 0) == (not trial.user_attrs["feasible"])
        assert trial.system_attrs["constraints"][:1] == [trial.constraints["fits"]]
        for name in ("fitness", "cores", "generation", "latency", "spikes_paper", "measured_energy"):
            assert name in trial.user_attrs
    assert {t.state for t in trials} == {TrialState.PRUNED, TrialState.COMPLETE}
    assert any(t.constraints.get("max_cores", 0) > 0 for t in trials)


def test_measurements_are_attributes_of_the_study_with_their_generation(folder):
    measured = {k: v for k, v in load(folder).user_attrs.items() if k.startswith("measured:")}
    assert sorted(value["generation"] for value in measured.values()) == [0, 1]
    assert all(v["values"]["measured"]["energy"] > 0 and v["values"]["samples"] == 16 for v in measured.values())


def test_the_dashboard_opens_it(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from optuna_dashboard import wsgi

        app = wsgi(f"sqlite:///{folder / 'study.db'}")

    def get(path):
        status = []
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "SERVER_NAME": "x", "SERVER_PORT": "80"}
        environ |= {
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
            "QUERY_STRING": "",
        }
        body = b"".join(app(environ, lambda line, headers, error=None: status.append(line)))
        assert status == ["200 OK"], (path, status)
        return body.decode()

    (listed,) = json.loads(get("/api/studies"))["study_summaries"]
    assert listed["study_name"] == NAME
    detail = json.loads(get(f"/api/studies/{listed['study_id']}"))
    assert len(detail["trials"]) == SETTINGS.total
    assert any(constraint > 0 for trial in detail["trials"] for constraint in trial["constraints"])
    table = get(f"/csv/{listed['study_id']}").splitlines()
    assert len(table) == 1 + SETTINGS.total
    assert {"accuracy", "cost", "TBD1"} <= {name.split()[-1] for name in table[0].split(",")}
    assert "<html" in get("/dashboard/").lower()


def test_records_come_back_as_they_were(synthetic, folder):
    records = read_records(folder / "study.db")
    assert len(records) == SETTINGS.total
    priced = next(r for r in records if r.priced)
    again = synthetic.evaluate(Architecture.parse(priced.genotype, width=8, timesteps=4))
    assert (priced.energy, priced.spikes, priced.parts) == (again.energy, again.spikes, again.parts)
    assert all(set(record.row()) == set(COLUMNS) for record in records)


@hypothesis_settings(max_examples=30)
@given(st.integers(0, 3124))
def test_a_record_survives_json(index):
    from support.searches import synthetic_search

    record = synthetic_search.evaluate(synthetic_search.SPACE.at(index))
    assert CandidateRecord.from_json(json.loads(json.dumps(record.to_json()))) == record


def test_grouped_genotypes_have_their_groups_as_parameters(tmp_path):
    space = search_space(groups=[{"SRB_k3": (4, 8)}] * 5)
    study = CandidateStudy(tmp_path / "study.db", space, {})
    architecture = space.at(space.size - 1)
    study.add(architecture, CandidateRecord(str(architecture)), modelled_cost=None, constraints={"fits": 1.0})
    (trial,) = load(tmp_path).trials
    assert trial.params["TBD1"] == "SRB_k5" and trial.params["TBD1_groups"] == 1


def write_some(folder, first):
    from support.searches import synthetic_search as synthetic

    study = synthetic.study_in(folder, SETTINGS)
    for index in range(first, first + 8):
        architecture = synthetic.SPACE.at(index)
        study.add(architecture, synthetic.evaluate(architecture), modelled_cost=1.0, constraints={"fits": -1.0})


def test_a_genotype_is_stored_once_and_two_writers_do_not_harm_each_other(synthetic, tmp_path):
    write_some(tmp_path, 0)
    write_some(tmp_path, 4)
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write_some, args=(tmp_path, first)) for first in (100, 200)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(load(tmp_path).trials) == 12 + 16


def test_urls_are_taken_as_they_are_and_bad_ones_refused(tmp_path):
    assert storage_url("postgresql://u@h/db") == "postgresql://u@h/db"
    assert storage_url(tmp_path / "a.db") == f"sqlite:///{tmp_path / 'a.db'}"
    with pytest.raises(InputError, match="cannot be used"):
        CandidateStudy("nosuchdb://here", search_space(), {})
    with pytest.raises(InputError, match="was not found"):
        read_records(tmp_path / "none.db")
    (tmp_path / "text.db").write_text("this is no database, " * 100)
    with pytest.raises(InputError, match="is damaged .*file is not a database"):
        CandidateStudy(tmp_path / "text.db", search_space(), {})


FULL = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from support.searches import synthetic_search as synthetic
from autosnn_hw.errors import RunError
from autosnn_hw.search.runner import run_search
from autosnn_hw.search.settings import SearchSettings
settings = SearchSettings(population=4, generations=2, reference=3, measure=1)
path = Path(sys.argv[1])
study = synthetic.study_in(path, settings)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ((path / "study.db").stat().st_size + 4096,) * 2)
try:
    run_search(synthetic.SPACE, synthetic.evaluate, study, settings)
except RunError as error:
    print("sentence:", error)
"""


def test_a_disk_that_fills_up_is_one_sentence_and_the_study_stays_readable(synthetic, tmp_path):
    from pathlib import Path

    script = FULL.format(folder=str(Path(__file__).parents[2]))
    done = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, timeout=120)
    assert "sentence: the study" in done.stdout and "--resume goes on" in done.stdout, done.stderr[-2000:]
    settings = SearchSettings(population=4, generations=2, reference=3, measure=1)
    study = synthetic.study_in(tmp_path, settings)
    assert len(study.records) < settings.total
    assert len(run_search(synthetic.SPACE, synthetic.evaluate, study, settings).records) == settings.total


def test_optuna_is_imported_only_when_a_study_is_opened():
    code = "import sys, autosnn_hw.search.runner, autosnn_hw.search.front, autosnn_hw.report.search_tables; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "autosnn_hw.search.database.study" in loaded
    assert not {"optuna", "sqlalchemy", "scipy", "plotly", "torch", "jinja2"} & set(loaded)


@pytest.mark.parametrize("name", ["a?b #1", "a?c", "100 %25", "ä, b&mode=ro"])
def test_a_study_lies_in_its_own_folder_whatever_that_is_called(synthetic, tmp_path, name):
    """A plain SQLite URL ends at the first question mark: two such runs once shared one file beside their folders."""
    folder = tmp_path / name
    study = synthetic.study_in(folder, SETTINGS)
    run_search(synthetic.SPACE, synthetic.evaluate, study, SETTINGS, measure=synthetic.measured)
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]
    assert (folder / "study.db").is_file()
    genotypes = [record.genotype for record in read_records(folder / "study.db")]
    assert genotypes and len(synthetic.study_in(folder, SETTINGS).records) == len(genotypes)
