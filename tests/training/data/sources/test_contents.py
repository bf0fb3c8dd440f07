"""Files of a data set that cannot be read are named before anything is made of them."""

import os
from pathlib import Path

import pytest

from autosnn_hw.errors import InputError
from autosnn_hw.training.data.sources.contents import content_hash


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "No such file or directory"),
        (lambda path: path.symlink_to("nowhere"), "No such file or directory"),
        (lambda path: path.mkdir(), "it is a folder"),
        (lambda path: os.mkfifo(path), "it is a pipe or a device"),
    ],
)
def test_what_is_no_file_is_named(tmp_path, make, said):
    make(tmp_path / "b.bin")
    (tmp_path / "a.bin").write_bytes(b"events")
    with pytest.raises(InputError, match=rf"b\.bin cannot be read \({said}\); a file that may be read is needed there"):
        content_hash(tmp_path, [tmp_path / "a.bin", tmp_path / "b.bin"], [])


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    def refused(path, *_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "a.bin").write_bytes(b"events")
    monkeypatch.setattr("builtins.open", refused)
    with pytest.raises(InputError, match=r"a\.bin cannot be read \(Permission denied\)"):
        content_hash(tmp_path, [tmp_path / "a.bin"], [])
    monkeypatch.undo()
    monkeypatch.setattr(Path, "stat", refused)
    with pytest.raises(InputError, match=r"a\.bin cannot be read \(Permission denied\)"):
        content_hash(tmp_path, [tmp_path / "a.bin"], [])
