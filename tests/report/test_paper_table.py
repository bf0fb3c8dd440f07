"""A table of the paper on the terminal: the paper's own settings, and what of many rows is shown."""

import json

import pytest

from autosnn_hw.architecture.published_results import TRANSFER, TRANSFERRED
from autosnn_hw.documents.searches.table_document import table_document
from autosnn_hw.report.elements import show
from autosnn_hw.report.paper_table import MOST_OF_A_SPACE, paper_table

OURS = {
    "dataset": "digits", "trained_on": 90, "tested_on": 10, "sample": [1, 8, 8], "shrink": 1, "width": 4, "timesteps": 2,
    "retrain_epochs": 1, "finetune_epochs": 0, "seeds": 1, "target": "loihi2",
}  # fmt: skip


def seed(silent=(), lava=2, fits=True, not_lowered=None):
    return {
        "seed": 0, "accuracy_float": 0.5, "accuracy": 0.5, "spikes_float": 100.0, "firing_rate": 0.1, "spikes": {"chip": 200.0},
        "energy": {"value": 2e-6, "low": 1e-6, "high": 3e-6}, "cores": 7, "fits": fits, "samples": 10, "silent": list(silent),
        "lava": {"samples": lava, "mismatches": 0, "reason": None if lava else "not asked for"}, "not_lowered": not_lowered,
    }  # fmt: skip


def row(name, space="SNN_1", **kinds):
    return {
        "name": name, "space": space, "architecture": name, "width": 4, "spike_regularisation": 0.0, "seeds": [seed(**kinds)],
    }  # fmt: skip


def document(table, rows, **ours):
    return table_document({"table": table, "settings": OURS | ours, "rows": rows, "missing": 0, "notes": []})


def shown(made, capsys):
    show(paper_table(json.loads(json.dumps(made))))
    return " ".join(capsys.readouterr().out.split())


PUBLISHED = {  # T is published for CIFAR-10 alone, the number of images too
    "cifar100": "paper: cifar100, samples of 3x32x32, C = 64, T not published",
    "svhn": "paper: svhn, samples of 3x32x32, C = 64, T not published",
    "tiny-imagenet": "paper: tiny-imagenet, samples of 3x64x64, C = 64, T not published",
    "cifar10-dvs": "paper: cifar10-dvs, samples of 2x128x128, C = 16, T not published",
    "dvs128-gesture": "paper: dvs128-gesture, samples of 2x128x128, C = 16, T not published",
}


def test_every_published_dataset_of_the_table_of_transfer_has_its_own_settings():
    assert set(PUBLISHED) == set(TRANSFERRED) == {dataset for dataset, _ in TRANSFER}
    assert all(TRANSFER[dataset, "AutoSNN"].width == made.width for dataset, made in TRANSFERRED.items())


FRAMED = [
    (dataset, frames) for dataset in PUBLISHED for frames in ("", ":10", ":10:time") if "dvs" in dataset or not frames
]


@pytest.mark.parametrize(("dataset", "frames"), FRAMED)
def test_the_table_of_transfer_says_the_papers_settings_of_its_dataset(dataset, frames, capsys):
    made = document("transfer", [row(name) for known, name in TRANSFER if known == dataset], dataset=dataset + frames)
    assert (made["paper"]["dataset"], made["paper"]["timesteps"], made["paper"]["images"]) == (dataset, None, None)
    text = shown(made, capsys)
    assert PUBLISHED[dataset] in text and "50,000" not in text and "T = 8" not in text
    quoted = [name for (known, name), published in TRANSFER.items() if known == dataset and published.quoted]
    assert all(name in text.split("trained otherwise: ")[1].split("Beside")[0] for name in quoted)
    assert ("trained otherwise" in text) == bool(quoted)


def test_the_tables_of_cifar_10_have_theirs_and_the_others_none(capsys):
    said = "paper: cifar10, 50,000 samples of 3x32x32, C = 16, T = 8, 600 epochs"
    for table, name in (("design", "SNN_1_SCB_k3"), ("blocks", "SNN_1_SCB_k3"), ("regularisation", "SNN_1_SCB_k3")):
        assert said in shown(document(table, [row(name)]), capsys)
    for table, dataset in (
        ("searched", "cifar10"),
        ("spaces", "cifar10"),
        ("transfer", "cifar10"),
        ("transfer", "digits"),
    ):
        assert document(table, [row("AutoSNN")], dataset=dataset)["paper"] is None


def test_the_table_of_spaces_shows_networks_of_every_macro_architecture_and_counts_the_others(capsys):
    many = MOST_OF_A_SPACE + 5
    rows = [row(f"{space}: net{i}.", space) for space in ("SNN_1", "SNN_2", "SNN_3", "SNN_4") for i in range(many)]
    rows[-1] |= row(rows[-1]["name"], "SNN_4", silent=["pool1", "TBD2.SCB_k3.a", "TBD2.SCB_k3.b"], lava=0, fits=False)
    rows[-2] |= row(rows[-2]["name"], "SNN_4", silent=["pool1", "TBD2.SRB_k5.b"])
    rows[-3] |= row(rows[-3]["name"], "SNN_4", silent=["pool1"])
    text = shown(document("spaces", rows), capsys)
    for space in ("SNN_1", "SNN_2", "SNN_3", "SNN_4"):
        assert f"{space}: net{MOST_OF_A_SPACE - 1}." in text and f"{space}: net{MOST_OF_A_SPACE}." not in text
        assert f"{space}: 5 more networks are in spaces.json" in text
    assert f"of all {many}, exact = Lava in {many - 1}, and {many - 1} fit" in text
    assert f"SNN_4, of {many} networks: TBD2 in 2, pool1 in 3" in text and "Not run in Lava - not asked for" in text


def test_a_table_that_shows_all_its_networks_says_nothing_of_others(capsys):
    rows = [row(f"{space}: net{i}.", space) for space in ("SNN_1", "SNN_4") for i in range(MOST_OF_A_SPACE)]
    assert "spaces.json" not in shown(document("spaces", rows), capsys)
    rows = [row(f"net{i}.", silent=["GAP"]) for i in range(4 * MOST_OF_A_SPACE + 1)]
    text = shown(document("regularisation", rows), capsys)
    assert all(f"net{i}. 50.0" in text and f"net{i}.: GAP" in text for i in range(len(rows))) and "json" not in text


def test_a_network_that_no_chip_network_is_made_of_neither_fits_nor_does_not(capsys):
    text = shown(
        document("transfer", [row("He", not_lowered="its pools", fits=False), row("Fang", fits=False)]), capsys
    )
    he, _, fang = text.split("What the paper has not")[1].partition("He ")[2].partition("Fang ")
    assert "no" not in he.split() and "no" in fang.split()


def test_a_width_of_its_own_is_shown_where_the_paper_has_none_too(capsys):
    rows = [row("Wu2019b_CIFARNet") | {"width": 8}, row("AutoSNN")]
    text = shown(document("transfer", rows, dataset="digits"), capsys)
    assert "Wu2019b_CIFARNet (C = 8) 50.0" in text and "AutoSNN 50.0" in text
    assert "paper: no numbers that are published" in text
    assert "AutoSNN (C = 4, paper 64)" in shown(document("transfer", rows, dataset="svhn"), capsys)
    assert "1 epoch and 0 with integers, 1 seed," in text


def test_a_firing_rate_has_its_digits_however_small(capsys):
    for rate, said in ((0.000243, "0.000243"), (0.1, "0.100"), (1.234e-6, "1.23e-06"), (0.0, "0")):
        made = row("SNN_1_SCB_k3")
        made["seeds"][0] |= {"firing_rate": rate}
        assert f" {said} 0.18 1 " in shown(document("blocks", [made]), capsys)


def test_both_lines_say_batch_and_learning_rate(capsys):
    ours = {"batch": 32, "learning_rate": 0.01, "rate_decay": "cosine"}
    text = shown(document("blocks", [row("SNN_1_SCB_k3")], **ours), capsys)
    assert "0 with integers, batch 32, learning rate 0.01 along a cosine, 1 seed" in text
    assert "600 epochs, batch 96, constant learning rate 0.001 (the defaults of its code)" in text
    constant = shown(document("blocks", [row("SNN_1_SCB_k3")], **ours | {"rate_decay": "constant"}), capsys)
    assert "batch 32, constant learning rate 0.01, 1 seed" in constant


def test_numbers_that_the_paper_has_and_no_public_source_gives_are_called_that(capsys):
    for table, dataset in (("searched", "cifar10"), ("spaces", "cifar10"), ("transfer", "cifar10")):
        text = shown(document(table, [row("AutoSNN")], dataset=dataset), capsys)
        assert "paper: its numbers of these networks are not in this tool" in text and "no numbers" not in text


def test_a_row_with_seeds_of_both_kinds_says_over_which_its_integers_are(capsys):
    made = row("SNN_1_SCB_k3")
    floats = {"seed": 3, "accuracy": None, "spikes": None, "energy": None, "cores": None, "fits": None}
    made["seeds"] = [seed(not_lowered="its threshold.") | floats, seed() | {"seed": 4}, seed() | {"seed": 5}]
    text = shown(document("blocks", [made]), capsys)
    assert "SNN_1_SCB_k3, seed 3 (its columns of integers are over the other 2 seeds): its threshold" in text
    assert " 7 yes 2 samples" in text
    made["seeds"] = made["seeds"][:1]
    text = shown(document("blocks", [made]), capsys)
    assert "SNN_1_SCB_k3: its threshold" in text and "the other" not in text
