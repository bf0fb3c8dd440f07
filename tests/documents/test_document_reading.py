"""A document is read back as it was written; anything else is one sentence, whatever shape it has."""

import json
import os
from copy import deepcopy

import pytest

from autosnn_hw.documents.comparison import compare_documents
from autosnn_hw.documents.document_reading import read_document
from autosnn_hw.documents.overview import overview
from autosnn_hw.errors import InputError
from autosnn_hw.report.comparison_table import comparison_table
from autosnn_hw.run_folder import WINNER_SIMULATION


def test_it_is_read_from_its_file_or_from_a_run(document, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    assert read_document(path) == document
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / WINNER_SIMULATION).write_text(json.dumps(document))
    assert read_document(tmp_path / "run") == document


@pytest.mark.parametrize("name", ["a.net", "b.onnx", "c.nir"])
def test_a_network_is_told_how_it_becomes_a_document(name, tmp_path):
    (tmp_path / name).write_bytes(b"\x89HDF")
    with pytest.raises(InputError, match=f"{name} is a network; `autosnn-hw simulate .*{name} --json"):
        read_document(tmp_path / name)


def test_what_is_not_there_is_said_with_what_to_give(tmp_path):
    (tmp_path / "run").mkdir()
    for missing in ("b.json", "run"):
        with pytest.raises(InputError, match="was not found; give files"):
            read_document(tmp_path / missing)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not a readable JSON"),
        ("[" * 100_000, "not a readable JSON"),
        ("9" * 5000, "not a readable JSON"),
        ('{"energy": NaN}', "NaN is no number"),
        ("[]", "is not a document"),
        ('{"layers": []}', "backend: Field required"),
    ],
)
def test_anything_else_is_refused(tmp_path, text, said):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError, match=said) as refusal:
        read_document(path)
    assert len(str(refusal.value)) < 400


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="no regular file"):
        read_document(tmp_path / "pipe")


def places(document, path=()):
    """Every place in nested mappings and lists."""
    entries = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in entries:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


WRONG = (None, [], {}, "text", True, -1, 0, 1e300, 1e-300, [None], {"value": "x"}, [[]])


@pytest.mark.slow
def test_one_wrong_value_is_refused_or_compared_and_never_a_traceback(document, tmp_path):
    path = tmp_path / "changed.json"
    refused = 0
    for *way, last in list(places(document)):
        for value in WRONG:
            changed = deepcopy(document)
            inner = changed
            for key in way:
                inner = inner[key]
            inner[last] = value
            path.write_text(json.dumps(changed))
            try:
                read = read_document(path)
            except InputError as refusal:
                assert "\n" not in str(refusal)
                refused += 1
                continue
            for pair in ((document, read), (read, document)):
                compared = overview(pair, ["a", "b"]) | compare_documents(*pair)
                json.dumps(compared, allow_nan=False)
                comparison_table(compared)
    assert refused > 500
