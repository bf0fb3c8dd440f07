"""`--download` is never without a word: its help names what it fetches, and a refusal says that it does not fetch the rest."""

import pytest

from autosnn_hw.commands.arguments import options
from autosnn_hw.config.search_config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.fetched_names import FETCHED, NOT_FETCHED
from autosnn_hw.training.data.sources import cifar10_dvs, downloaded, dvs_gesture


def test_every_data_set_of_files_is_fetched_or_not():
    fetches = {*downloaded.LAYOUTS, *(name for name in datasets.FRAMED if name in ("cifar10-dvs", "dvs128-gesture"))}
    assert set(FETCHED) == fetches and cifar10_dvs.ARCHIVES and dvs_gesture.CUT
    assert {*FETCHED, *NOT_FETCHED} == {*datasets.FILES, "folder", "npz"}


def test_the_help_names_what_is_fetched():
    named = f"missing: {', '.join(FETCHED[:-1])} or {FETCHED[-1]}."
    assert SearchConfig.model_fields["download"].description.endswith(named)
    command = options.download(lambda: None)
    assert command.__click_params__[0].help.endswith(named)


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("nmnist", "nmnist"), ("nmnist:4:time", "nmnist"), ("tiny-imagenet", "tiny-imagenet"), ("folder:{}/x", "folder:PATH"),
        ("npz:{}/x.npz", "npz:PATH"),
    ],
)  # fmt: skip
def test_what_is_missing_and_not_fetched_says_so(tmp_path, name, own):
    name = name.format(tmp_path)
    with pytest.raises(InputError) as refusal:
        datasets.load(name, data_dir=tmp_path, download=True)
    assert str(refusal.value).endswith(f"; --download does not fetch {own}, but {', '.join(FETCHED)} alone.")
    with pytest.raises(InputError) as refusal:
        datasets.load(name, data_dir=tmp_path)
    assert "--download" not in str(refusal.value)


def test_an_unknown_name_is_told_what_is_known_alone():
    with pytest.raises(InputError) as refusal:
        datasets.load("nmnits", download=True)
    assert "does not fetch" not in str(refusal.value)


def test_a_folder_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    def refused(*_):
        raise PermissionError(13, "Permission denied", "/x/train")

    monkeypatch.setattr(datasets.image_folder, "image_folder", refused)
    with pytest.raises(
        InputError, match=r"^/x/train cannot be read: Permission denied; let it be read by this user\.$"
    ):
        datasets.load(f"folder:{tmp_path}")
