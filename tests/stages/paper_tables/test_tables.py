"""Tables of the paper: which networks they have, each made once and taken from the folder from then on."""

from dataclasses import replace

import numpy as np
import pytest

from autosnn_hw.architecture import Architecture
from autosnn_hw.architecture.macro_architectures import UNLOWERED
from autosnn_hw.architecture.published_results import BLOCKS, DESIGN, REGULARISATION, TABLES, TRANSFER
from autosnn_hw.errors import InputError
from autosnn_hw.stages.paper_tables.table_data import Amount, shrunk
from autosnn_hw.stages.paper_tables.table_rows import rows_of
from autosnn_hw.stages.paper_tables.tables import made
from autosnn_hw.words.progress import Silent

ONE = Amount(images=30, test_images=6, seeds=1, certified=0)


@pytest.fixture(scope="module")
def small(config):
    return config.with_changes(width=2, timesteps=1, finetune_epochs=0, retrain="scratch")


def rows(table, frames=False, networks=3):
    return rows_of(table, frames=frames, networks=networks, seed=0)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("frames", [False, True])
def test_every_row_is_an_architecture_and_has_a_folder_of_its_own(table, frames, config):
    found = rows(table, frames)
    assert found and len({row.key for row in found}) == len({row.name for row in found}) == len(found)
    for row in found:
        assert isinstance(row.architecture(config), Architecture) or row.text in UNLOWERED
        assert "/" not in row.key


def test_the_published_rows_are_the_rows():
    assert [row.name for row in rows("design")] == list(DESIGN) and len(DESIGN) == 8
    assert [row.name for row in rows("blocks")] == list(BLOCKS)
    assert [row.name for row in rows("regularisation")] == list(REGULARISATION) and len(REGULARISATION) == 16
    named = {row.name for frames in (False, True) for row in rows("transfer", frames)}
    assert {name for _, name in TRANSFER} <= named


def test_tables_share_a_network_that_both_have():
    keys = {table: {row.key for row in rows(table)} for table in ("design", "blocks", "regularisation")}
    assert keys["blocks"] <= keys["regularisation"] and len(keys["blocks"] & keys["design"]) == 2


def test_more_random_architectures_begin_with_the_same_ones_and_none_comes_twice():
    few, many = rows("spaces", networks=2), rows("spaces", networks=30)
    for space in ("SNN_1", "SNN_2", "SNN_3", "SNN_4"):
        of = [[row.text for row in found if row.space == space] for found in (few, many)]
        assert of[1][:2] == of[0] and len(set(of[1])) == 30


def test_an_unknown_table_is_refused():
    with pytest.raises(InputError, match="known are design"):
        rows("desgin")


@pytest.mark.slow
def test_what_is_finished_is_kept_and_the_rest_is_made_later(small, tmp_path):
    two = replace(ONE, only="by_random")
    first = made("searched", small, tmp_path / "t", replace(two, most=1), Silent())
    assert first["missing"] == 1 and [len(row["seeds"]) for row in first["rows"]] == [1, 0]
    (file,) = (tmp_path / "t" / "networks").rglob("*.net")
    written = file.stat().st_mtime_ns
    whole = made("searched", small, tmp_path / "t", two, Silent())
    assert whole["missing"] == 0 and whole["rows"][0] == first["rows"][0] and file.stat().st_mtime_ns == written
    seeds = [row["seeds"][0] for row in whole["rows"]]
    assert whole["settings"]["trained_on"] == 30 and {seed["samples"] for seed in seeds} == {6}
    assert all(0 <= seed["accuracy"] <= 1 and 0 <= seed["firing_rate"] <= 1 and seed["cores"] for seed in seeds)
    assert all(seed["energy"]["low"] <= seed["energy"]["value"] <= seed["energy"]["high"] for seed in seeds)

    for config, amount, said in (
        (small.with_changes(width=4), two, r"width 2 \(asked for: 4\)"),
        (small, replace(two, images=20), "images 30"),
        (small, replace(two, only="by_luck"), "--only by_luck"),
    ):
        with pytest.raises(InputError, match=said):
            made("searched", config, tmp_path / "t", amount, Silent())


def test_a_network_that_is_no_chip_network_is_counted_as_floats(tmp_path, small):
    frames = (np.random.default_rng(0).random((12, 1, 2, 16, 16)) < 0.2).astype(np.uint8)
    labels = np.arange(12) % 2
    np.savez(tmp_path / "frames.npz", x_train=frames, y_train=labels, x_test=frames[:4], y_test=labels[:4])
    config = small.with_changes(dataset=f"npz:{tmp_path / 'frames.npz'}", width=1)
    amount = Amount(seeds=1, certified=0, only="He2020")
    document = made("transfer", config, tmp_path / "t", amount, Silent())
    (row,) = document["rows"]
    assert row["width"] == 4 and row["space"] is None
    (seed,) = row["seeds"]
    assert seed["accuracy"] is None and seed["spikes"] is None and "means" in seed["not_lowered"]
    assert seed["fits"] is None
    assert 0 <= seed["accuracy_float"] <= 1 and 0 <= seed["firing_rate"] <= 1
    assert made("transfer", config, tmp_path / "t", amount, Silent()) == document


def test_a_network_that_no_core_of_the_target_holds_is_counted_as_floats_and_the_table_goes_on(tmp_path, small):
    config = small.with_changes(target="truenorth", width=1)
    amount = replace(ONE, only="Fang2021_CIFAR", most=1)
    document = made("transfer", config, tmp_path / "t", amount, Silent())
    (row,) = document["rows"]
    (seed,) = row["seeds"]
    assert (row["name"], row["space"], row["width"]) == ("Fang2021_CIFAR", "Fang2021_CIFAR", 4)
    assert seed["accuracy"] is None and seed["cores"] is None and seed["lava"]["reason"] == "no chip network"
    assert "fits no crossbar core" in seed["not_lowered"] and 0 <= seed["accuracy_float"] <= 1
    assert made("transfer", config, tmp_path / "t", replace(amount, most=0), Silent()) == document
    assert not list((tmp_path / "t").rglob("*.net"))


def test_bad_input_leaves_no_folder_behind(small, tmp_path):
    with pytest.raises(InputError):
        made("blocks", small.with_changes(dataset="npz:nowhere.npz"), tmp_path / "t", ONE, Silent())
    with pytest.raises(InputError, match="5 steps"):
        made("blocks", small.with_changes(dataset="events"), tmp_path / "t", ONE, Silent())
    assert not (tmp_path / "t").exists()


@pytest.mark.slow
def test_lava_runs_samples_of_a_networks_first_seed(small, tmp_path):
    amount = Amount(images=30, test_images=6, seeds=2, certified=2)
    document = made("blocks", small.with_changes(finetune_epochs=1), tmp_path / "t", amount, Silent())
    for row in document["rows"]:
        first, second = row["seeds"]
        assert first["lava"] == {"samples": 2, "mismatches": 0, "reason": None} and second["lava"] is None


def test_a_shrunken_image_is_the_mean_of_its_squares():
    images = np.arange(2 * 3 * 5 * 4).reshape(2, 3, 5, 4).astype(np.uint8)
    found = shrunk(images, 2)
    assert found.shape == (2, 3, 2, 2) and found.dtype == np.uint8
    assert found[1, 2, 1, 0] == round(images[1, 2, 2:4, :2].mean())
    assert shrunk(images, 1) is images
    with pytest.raises(InputError, match="--shrink"):
        shrunk(images[None], 2)
