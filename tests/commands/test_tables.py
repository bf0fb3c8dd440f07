"""`tables` as a user calls it: a table and its files."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from click.testing import CliRunner
from support.documents.documented_commands import ROOT, shell_commands

from autosnn_hw import pipeline
from autosnn_hw.architecture.published_results import CIFAR10, TABLES, TRANSFERRED, settings
from autosnn_hw.commands.tables import command
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.training.data import datasets


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    random = np.random.default_rng(0)
    x, y = random.integers(0, 256, (40, 1, 8, 8), np.uint8), np.arange(40) % 2
    path = tmp_path_factory.mktemp("data") / "tiny.npz"
    np.savez(path, x_train=x[:30], y_train=y[:30], x_test=x[30:], y_test=y[30:])
    return path


def options(tiny, out):
    sizes = ["--width", "2", "--timesteps", "1", "--epochs", "1", "--finetune-epochs", "0", "--certify", "0", "--quiet"]
    return ["--dataset", f"npz:{tiny}", *sizes, "--out", str(out)]


@pytest.mark.slow
def test_the_table_of_spaces_is_printed_drawn_and_kept(tiny, tmp_path):
    given = ["spaces", "--networks", "1", *options(tiny, tmp_path / "t")]
    shown = CliRunner().invoke(command, given, catch_exceptions=False).output
    assert all(f"SNN_{i}" in shown for i in (1, 2, 3, 4)) and "median" in shown
    for name in ("spaces-accuracy", "spaces-spikes"):
        assert (tmp_path / "t" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert "SNN_4 (1)" in (tmp_path / "t" / f"{name}.svg").read_text()
    document = json.loads(CliRunner().invoke(command, [*given, "--json"], catch_exceptions=False).output)
    assert document == json.loads((tmp_path / "t" / "spaces.json").read_text())
    assert [entry["networks"] for entry in document["distributions"]] == [1, 1, 1, 1]


def test_a_table_stands_beside_the_papers_numbers(tiny, tmp_path):
    given = ["blocks", "--seeds", "1", "--most", "1", *options(tiny, tmp_path / "t")]
    shown = CliRunner().invoke(command, given, catch_exceptions=False).output
    assert "86.93 %" in shown and "154 k" in shown and "3 networks are not made yet" in shown
    assert "SNN_1_SIB_k3_e1" not in shown
    assert "not run" in shown and shown.count("not asked for") == 1
    with pytest.raises(InputError, match="another size"):
        CliRunner().invoke(command, [*given, "--width", "3"], catch_exceptions=False)


def documented_tables():
    page = ROOT / "docs" / "reproduction.md"
    return [command for command in shell_commands(page) if command[0] == "tables"]


def config_of(words):
    """Table and config of a command as it is typed; what decides the amount is left out."""
    given = command.make_context("tables", list(words)).params
    known = SearchConfig.model_fields
    return given["table"], pipeline.config_for({n: v for n, v in given.items() if n in known and v is not None})


@pytest.mark.parametrize("words", documented_tables(), ids=lambda words: " ".join(words[:4]))
def test_a_table_of_the_page_asks_for_data_that_there_are_and_for_their_steps(words):
    table, config = config_of(words[1:])
    kind = config.dataset.partition(":")[0]
    assert kind in ("npz", *datasets.DATASETS) and table in TABLES
    if kind != "npz":
        datasets.require_steps(config.dataset, datasets.timesteps_of(config.dataset), config.timesteps)


def test_every_table_stands_on_the_page_at_full_size_as_the_paper_has_it():
    full = [config_of(words[1:]) for words in documented_tables() if "600" in words]
    assert {table for table, _ in full} == set(TABLES)
    on = {config.dataset.partition(":")[0]: config for table, config in full if table == "transfer"}
    assert set(on) == set(TRANSFERRED)
    for table, config in full:
        paper = settings(table, config.dataset) or asdict(CIFAR10)
        sizes = (config.width, config.retrain_epochs, config.batch, config.learning_rate, config.rate_decay)
        assert sizes == (paper["width"], paper["epochs"], 96, 1e-3, "constant")
        assert paper["timesteps"] in (None, config.timesteps)
        assert config.graded == (paper["sample"][0] == 2)  # counts, as the paper's code takes them


@pytest.mark.parametrize(
    ("table", "option", "value", "said"),
    [
        *(
            (name, "--networks", "5", f"5 is of the table of spaces, and {name} draws no architectures")
            for name in TABLES
            if name != "spaces"
        ),
        *(
            (name, "--lambda-reg", "0.1", f"is of the table of regularisation, and {name} has none")
            for name in TABLES
            if name != "regularisation"
        ),
        ("spaces", "--seeds", "2", "2: each network of spaces is trained once; --networks says how many"),
    ],
)
def test_an_option_of_one_table_is_refused_beside_another(table, option, value, said, tiny, tmp_path):
    with pytest.raises(InputError, match=f"{option} {said}"):
        CliRunner().invoke(command, [table, option, value, *options(tiny, tmp_path / "t")], catch_exceptions=False)
    assert not (tmp_path / "t").exists()


def test_regularisation_has_the_rows_that_are_asked_for(tiny, tmp_path):
    words = [
        "--lambda-reg",
        "0.001",
        "--lambda-reg",
        "1",
        "--lambda-reg",
        "0.001",
        "--most",
        "0",
        "--only",
        "SCB",
        "--json",
    ]
    done = CliRunner().invoke(
        command, ["regularisation", *words, *options(tiny, tmp_path / "t")], catch_exceptions=False
    )
    rows = json.loads(done.stdout)["rows"]
    assert [row["spike_regularisation"] for row in rows] == [0.001, 1.0]
    assert [row["published"] and row["published"]["spikes"] for row in rows] == [None, 83e3]
