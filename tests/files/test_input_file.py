"""Files of users: only regular ones of a bounded size, and whatever is wrong with them is one sentence."""

import os

import pytest

from autosnn_hw.errors import InputError
from autosnn_hw.files import input_file

READERS = [input_file.text, input_file.json_document, input_file.toml_document]


@pytest.mark.parametrize("read", READERS)
def test_only_regular_files_that_are_there_are_opened(read, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, said in (
        (tmp_path / "pipe", "is not a file; a list is needed"),
        (tmp_path, "is not a file; a list is needed"),
        ("/dev/zero", "is not a file; a list is needed"),
        (tmp_path / "nowhere", "cannot be opened: No such file"),
        (tmp_path / "no\0name", "cannot be opened: embedded null"),
    ):
        with pytest.raises(InputError, match=said):
            read(path, "a list")


@pytest.mark.parametrize("read", READERS)
def test_size_encoding_and_git_lfs_are_looked_at_first(read, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"x" * 100)
    with pytest.raises(InputError, match="has 100 bytes; at most 99 are read"):
        read(path, "a list", most=99)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="is not text in UTF-8"):
        read(path, "a list")
    path.write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(InputError, match="Git LFS pointer"):
        read(path, "a list")


@pytest.mark.parametrize(
    "content, said",
    [
        ("{", "Expecting property name"),
        ("[" * 100_000, "nested too deeply"),
        ("1" * 5000, "Exceeds the limit|integer string conversion"),
        ('{"a": NaN}', "it holds the number NaN"),
        ('{"a": [Infinity]}', "it holds the number Infinity"),
        ('{"a": 1, "a": 2}', "names a key twice"),
        ("", "Expecting value"),
    ],
)
def test_json_that_cannot_be_read_is_one_sentence(content, said, tmp_path):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(InputError, match=f"cannot be read as JSON: .*({said}).*; a list is needed") as error:
        input_file.json_document(tmp_path / "a.json", "a list")
    assert "\n" not in str(error.value) and len(str(error.value)) < 400


@pytest.mark.parametrize("content", ["a = ", "a = " + "[" * 5000, "a = " + "1" * 5000, "a = 1\na = 2", "[[x"])
def test_toml_that_cannot_be_read_is_one_sentence(content, tmp_path):
    (tmp_path / "a.toml").write_text(content)
    with pytest.raises(InputError, match="cannot be read as TOML: .*; a list is needed") as error:
        input_file.toml_document(tmp_path / "a.toml", "a list")
    assert "\n" not in str(error.value)


def test_what_is_right_is_read(tmp_path):
    (tmp_path / "a").write_text('{"a": [1, 2.5, null, "é"]}', encoding="utf-8")
    assert input_file.json_document(tmp_path / "a", "x") == {"a": [1, 2.5, None, "é"]}
    (tmp_path / "a").write_text("[a]\nb = 3\n")
    assert input_file.toml_document(tmp_path / "a", "x") == {"a": {"b": 3}}
