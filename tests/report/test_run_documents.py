"""A run's documents, cut, of the wrong kind, or without a key: a report is drawn all the same, or one sentence names the file."""

import copy
import csv
import io
import json
import os
import random
import shutil

import pytest

from autosnn_hw import run_folder
from autosnn_hw.errors import InputError
from autosnn_hw.report.page.comparison import write_comparison
from autosnn_hw.report.page.html import write_report
from autosnn_hw.report.run_documents import read_run
from autosnn_hw.search.candidate import COLUMNS

ABSENT = object()
WRONG = (ABSENT, None, "x", [], {}, -1, True, [1], {"a": 1})
DOCUMENTS = (
    run_folder.SUMMARY,
    run_folder.CERTIFICATE,
    run_folder.WINNER_SIMULATION,
    run_folder.WINNER_BEHAVIOUR,
    run_folder.MANIFEST,
)


@pytest.fixture
def run(summary, candidates, winner, manifest, behaviour, tmp_path):
    folder = run_folder.RunFolder.create(tmp_path / "run")
    run_folder.write_text(folder / run_folder.CONFIG, "")
    certificate = {"network_sha256": "ab", "backends": ["exact", "lava"], "samples": 40, "steps": 4, "layers": 7}
    counts = {"neuron_steps": 9, "mismatches": 0, "accuracy_equal": True, "accuracy": {"exact": 0.5, "lava": 0.5}}
    one = {"seed": 0, "accuracy": 0.9, "validation": None, "energy": 2e-6, "spikes": 7.0, "cores": 3, "delivered": True}
    spread = {"mean": 0.9, "low": 0.8, "high": 1.0, "accuracies": [0.9, 0.9], "networks": [one, one]}
    spread["energy"] = {"mean": 2e-6, "low": 1e-6, "high": 3e-6}
    summary = {**summary, "winner": {**summary["winner"], "seeds": spread}}
    behaviour = {**behaviour, "floats": {"samples": 40, "spikes": {"stem": 7.5}}}
    written = (summary, certificate | counts | {"versions": {}}, winner, behaviour, manifest)
    for name, document in zip(DOCUMENTS, written):
        run_folder.write_json(folder / name, document)
    run_folder.write_table(folder / run_folder.CANDIDATES, COLUMNS, candidates)
    return folder


def places(document, place=(), depth=4):
    """Every key of a document, and the first entry of every list."""
    yield place
    inside = (
        document.items()
        if isinstance(document, dict)
        else list(enumerate(document))[:1]
        if isinstance(document, list)
        else ()
    )
    for key, value in inside if depth else ():
        yield from places(value, (*place, key), depth - 1)


def with_wrong(document, place, value):
    if not place:
        return None if value is ABSENT else value
    changed = copy.deepcopy(document)
    *above, last = place
    inner = changed
    for key in above:
        inner = inner[key]
    if value is ABSENT:
        del inner[last]
    else:
        inner[last] = value
    return changed


def drawn_or_one_sentence(run, name, what, write=write_report):
    """Whether it was drawn."""
    try:
        write(run.path)
    except InputError as error:
        assert name in str(error) and len(str(error).splitlines()) == 1 and len(str(error)) < 1000, what
        return False
    return True


def changed_documents(run, count):
    """`count` times (file, what, whether it was drawn) with one wrong value in one document."""
    choice = random.Random(0)
    for number in range(count):
        name = DOCUMENTS[number % len(DOCUMENTS)]
        whole = (run / name).read_text()
        document = json.loads(whole)
        place, value = choice.choice(list(places(document))), choice.choice(WRONG)
        (run / name).write_text(json.dumps(with_wrong(document, place, value)))
        yield name, (name, place, value), drawn_or_one_sentence(run, name, (name, place, value))
        (run / name).write_text(whole)


@pytest.mark.parametrize(
    "name, place, value, drawn",
    [
        (run_folder.SUMMARY, ("winner", "energy", "total", "low"), "x", False),
        (run_folder.SUMMARY, ("evaluated",), ABSENT, False),
        (run_folder.WINNER_SIMULATION, ("estimates", "synops_only_45nm"), [], False),
        (run_folder.WINNER_BEHAVIOUR, ("errors", 0, "picture"), None, True),
        (run_folder.WINNER_BEHAVIOUR, ("floats", "spikes", "stem"), "x", False),
        (run_folder.WINNER_BEHAVIOUR, ("floats",), ABSENT, True),
        (run_folder.WINNER_BEHAVIOUR, ("layers", 0, "rates"), [1], False),
        (run_folder.WINNER_BEHAVIOUR, ("rate_edges",), [0.1], False),
        (run_folder.SUMMARY, ("winner", "seeds", "networks"), [1], False),
        (run_folder.SUMMARY, ("winner", "seeds", "networks"), ABSENT, True),
        (run_folder.SUMMARY, ("winner", "seeds", "accuracies"), [], False),
    ],
)
def test_a_wrong_value(run, name, place, value, drawn):
    document = json.loads((run / name).read_text())
    (run / name).write_text(json.dumps(with_wrong(document, place, value)))
    assert drawn_or_one_sentence(run, name, place) == drawn


@pytest.mark.slow
def test_wrong_values_everywhere(run):
    assert drawn_or_one_sentence(run, "", "whole")
    found = list(changed_documents(run, 400))
    assert sum(not drawn for _, _, drawn in found) > 80


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_no_document(run, name):
    whole = (run / name).read_text()
    for damaged in ("", whole[: len(whole) // 2], "[" * 100_000, '{"a": NaN}', "1" * 5000, "\0\xff", "[]", "null"):
        (run / name).write_text(damaged)
        with pytest.raises(InputError, match=name.replace(".", r"\.")) as caught:
            read_run(run.path)
        assert len(str(caught.value).splitlines()) == 1


@pytest.mark.timeout(20)
def test_a_pipe_is_not_read(run):
    for name in (run_folder.SUMMARY, run_folder.CANDIDATES):
        (run / name).rename(run / "aside")
        os.mkfifo(run / name)
        with pytest.raises(InputError, match=rf"{name} is not a file"):
            read_run(run.path)
        (run / "aside").replace(run / name)


def test_a_damaged_table_of_candidates(run):
    text = (run / run_folder.CANDIDATES).read_text()
    rows = list(csv.reader(io.StringIO(text)))
    header, first = text.splitlines()[:2]

    def table(change):
        changed = [list(row) for row in rows]
        change(changed)
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows(changed)
        return written.getvalue()

    for damaged in (
        "",
        "\0\n" * 3,
        "a,b\n1,2\n",
        text.replace(",", ";"),
        f"{header}\n{first},9,9\n",
        f"{header}\n{first.rsplit(',', len(COLUMNS) - 2)[0]}\n",
        *(table(lambda t, v=v: t[1].__setitem__(COLUMNS.index("cost"), v)) for v in ("x", "nan", "1e999", "True")),
        table(lambda t: t[1].__setitem__(COLUMNS.index("feasible"), "maybe")),
        table(lambda t: [row.pop(COLUMNS.index("accuracy")) for row in t]),
    ):
        (run / run_folder.CANDIDATES).write_text(damaged)
        with pytest.raises(InputError, match=r"candidates\.csv") as caught:
            read_run(run.path)
        assert len(str(caught.value).splitlines()) == 1
    (run / run_folder.CANDIDATES).write_text(f"{header}\n")
    assert drawn_or_one_sentence(run, run_folder.CANDIDATES, "no candidates")


def test_of_several_runs_the_damaged_one_is_named(run, tmp_path):
    shutil.copytree(run.path, tmp_path / "other")
    (tmp_path / "other" / run_folder.SUMMARY).write_text("{}")
    with pytest.raises(InputError, match=r"other/summary\.json is damaged.*--resume .*other` makes it again"):
        write_comparison([run.path, tmp_path / "other"], tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(
    "study", ["x", 3, [1], {"storage": 3, "name": "a"}, {"name": "a"}, {"storage": "a", "name": "b", "c": 1}]
)
def test_a_study_that_the_manifest_does_not_say(run, study):
    manifest = json.loads((run / run_folder.MANIFEST).read_text())
    (run / run_folder.MANIFEST).write_text(json.dumps(manifest | {"study": study}))
    with pytest.raises(InputError, match=r"manifest\.json is damaged: its study is no storage with a name"):
        run.study()
