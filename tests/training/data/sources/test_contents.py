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
        (lambda path: None, "cannot be read: No such file or directory; put the files of the data set there again"),
        (lambda path: path.symlink_to("nowhere"), "cannot be read: No such file or directory; put the files"),
        (lambda path: path.mkdir(), "is a folder, and a file is needed there: take it away, or put the files"),
        (lambda path: os.mkfifo(path), "is a pipe or a device, and a file is needed there: take it away"),
    ],
)
def test_what_is_no_file_is_named(tmp_path, make, said):
    make(tmp_path / "b.bin")
    (tmp_path / "a.bin").write_bytes(b"events")
    with pytest.raises(InputError, match=rf"b\.bin {said}"):
        content_hash(tmp_path, [tmp_path / "a.bin", tmp_path / "b.bin"], [])


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    def refused(path, *_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "a.bin").write_bytes(b"events")
    monkeypatch.setattr("builtins.open", refused)
    with pytest.raises(InputError, match=r"a\.bin cannot be read: Permission denied; let it be read by this user\.$"):
        content_hash(tmp_path, [tmp_path / "a.bin"], [])
    monkeypatch.undo()
    monkeypatch.setattr(Path, "stat", refused)
    with pytest.raises(InputError, match=r"a\.bin cannot be read: Permission denied; let it be read by this user\.$"):
        content_hash(tmp_path, [tmp_path / "a.bin"], [])
