"""What `tables` refuses, it refuses before a folder is made and before the first network is trained, with what would work."""

from dataclasses import replace

import numpy as np
import pytest

from autosnn_hw.errors import InputError
from autosnn_hw.stages.paper_tables.table_data import Amount
from autosnn_hw.stages.paper_tables.tables import made
from autosnn_hw.words.progress import Silent

NONE_NOW = Amount(seeds=1, certified=0, most=0)  # nothing is trained


class Never(Silent):
    """Nothing may come to training."""

    def stage(self, name, total=None):
        raise AssertionError("a refusal comes before the first row")


@pytest.fixture
def frames(tmp_path, config):
    """Config of event frames of 12 x 12, which are too small for one row of `transfer`."""
    x, y = (np.random.default_rng(0).random((12, 2, 2, 12, 12)) < 0.2).astype(np.uint8), np.arange(12) % 2
    np.savez(tmp_path / "f.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    return config.with_changes(dataset=f"npz:{tmp_path / 'f.npz'}", width=1)


def refusal(table, config, amount, out):
    with pytest.raises(InputError) as refused:
        made(table, config, out, amount, Never())
    assert not out.exists() and "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("most", [0, 1, None])
def test_a_row_that_its_samples_are_too_small_for_is_named_with_both_sizes(frames, tmp_path, most):
    said = refusal("transfer", frames, replace(NONE_NOW, most=most), tmp_path / "t")
    assert said.startswith("Kaiser2020_DVSGesture: samples of 12 x 12 are too small")
    assert "at least 14 x 14 is needed" in said and "such as --only Wu2019b_CIFARNet" in said
    assert (
        made("transfer", frames, tmp_path / "t", replace(NONE_NOW, only="Wu2019b_CIFARNet"), Silent())["missing"] == 1
    )


def test_what_a_shrunken_image_is_too_small_for_is_refused_with_the_shrink_that_works(config, tmp_path):
    out, amount = tmp_path / "t", replace(NONE_NOW, shrink=3)
    said = refusal("design", config, amount, out)
    assert "SNN_1_SCB_k3: images of 2 x 2 are too small; at least 4 x 4 is needed (7 more rows" in said
    assert "--shrink 2 would work" in said
    assert made("design", config, out, replace(amount, shrink=2), Silent())["settings"]["shrink"] == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shrink": 2}, "--shrink takes means of pixels"),
        ({"images": 3}, "with --images 3: 3 training samples are too few; at least 5 are needed"),
        ({"only": "FOO"}, "--only FOO: the table has Wu2019b_CIFARNet"),
    ],
)
def test_a_refusal_leaves_no_folder_and_names_the_option(frames, tmp_path, change, said):
    assert said in refusal("transfer", frames, replace(NONE_NOW, **change), tmp_path / "t")


@pytest.mark.parametrize("only", ["He2020", "AutoSNN"])
def test_a_device_that_is_not_there_is_refused_before_a_folder_is_made(frames, tmp_path, only, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    cuda = frames.with_changes(device="cuda")
    assert "sees no CUDA device here; cpu works" in refusal("transfer", cuda, Amount(only=only), tmp_path / "t")
