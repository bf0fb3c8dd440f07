"""Folders that are not as they should be are told what would work, and what is left out of one is said."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autosnn_hw.errors import InputError
from autosnn_hw.training.data import datasets


def put(folder, names, count=5, suffix="png"):
    for seed, name in enumerate(names):
        for i in range(count):
            path = folder / name / f"{i}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.random.default_rng(10 * seed + i).integers(0, 256, (6, 7, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(path)


def refusal(folder):
    with pytest.raises(InputError) as error:
        datasets.load(f"folder:{folder}")
    return str(error.value)


def test_hidden_files_are_no_images(tmp_path):
    put(tmp_path, ("a", "b"))
    for name in ("._0.png", ".DS_Store", ".thumb.jpg"):
        (tmp_path / "a" / name).write_bytes(b"no picture")
    found = datasets.load(f"folder:{tmp_path}")
    assert len(found.full_train()[0]) == 8 and found.notes == ()


@pytest.mark.parametrize("parts", [("",), ("train", "test")])
def test_what_is_left_out_is_said(tmp_path, parts):
    for part in parts:
        put(tmp_path / part, ("a", "b"))
    put(tmp_path / parts[0], ("a/more",), count=1)
    put(tmp_path / parts[0], ("",), count=2)
    put(tmp_path / parts[0], ("a",), count=3, suffix="gif")
    (tmp_path / parts[-1] / "b" / "notes").write_text("of a camera")
    (tmp_path / parts[-1] / "b" / "z.png").symlink_to("nowhere")
    note = (
        f"left out of {tmp_path}: 1 sub-folder, 2 images beside the folders of classes, 5 files (.gif, no ending, links to nowhere or pipes); "
        "read are .png, .jpg, .jpeg, .bmp, .ppm, .pgm, .webp, .tif, .tiff in the folder of a class itself"
    )
    assert datasets.load(f"folder:{tmp_path}").notes == (note,)


def test_a_folder_beside_the_parts_is_said(tmp_path):
    for part in ("train", "val", "test", "extra"):
        put(tmp_path / part, ("a", "b"))
    first, second = datasets.load(f"folder:{tmp_path}").notes
    assert first == "the folder val is the validation part" and second.startswith(
        f"left out of {tmp_path}: 1 sub-folder; read"
    )


@pytest.mark.parametrize("inside", [("a", "b"), ("train/a", "train/b", "test/a", "test/b")])
def test_classes_that_lie_one_folder_deeper_are_told_the_name_that_works(tmp_path, inside):
    put(tmp_path / "x", inside)
    said = refusal(tmp_path)
    assert "has 1 sub-folder; one for each of at least 2 classes is needed: take folder:" in said
    name = re.search(r"take (folder:\S+), which has", said)[1]
    assert datasets.load(name).class_names == ("a", "b")


def test_images_without_folders_are_told_to_be_moved(tmp_path):
    put(tmp_path, ("",), count=3)
    assert refusal(tmp_path).endswith(
        "has no sub-folders; one for each of at least 2 classes is needed: move its 3 images into them."
    )


def test_images_of_a_class_that_lie_deeper_are_told_where(tmp_path):
    put(tmp_path, ("a/s0", "a/s1", "b"))
    said = refusal(tmp_path)
    assert f"{tmp_path / 'a'} holds no images itself: they lie one level deeper, in 2 sub-folders (s0, ..)" in said
    assert said.endswith(f"move them up into {tmp_path / 'a'}.")
    for number, path in enumerate(sorted(tmp_path.glob("a/s?/*.png"))):
        path.rename(tmp_path / "a" / f"{number}.png")
    assert datasets.load(f"folder:{tmp_path}").notes[0].startswith(f"left out of {tmp_path}: 2 sub-folders; ")


def test_images_of_a_kind_that_is_not_read_are_told_a_line_that_works(tmp_path):
    put(tmp_path, ("a", "b"), suffix="gif")
    said = refusal(tmp_path)
    assert (
        f"{tmp_path / 'a'} holds no images that are read (.png, " in said
        and "and 5 files of other kinds (.gif); " in said
    )
    line = re.search(r"Image\.open\(path\).*?\.with_suffix\(\"\.png\"\)\)", said)[0]
    for path in Path(tmp_path).glob("*/*.gif"):
        eval(line, {"Image": Image, "path": path})
    found = datasets.load(f"folder:{tmp_path}")
    assert len(found.x_test) == 2 and "10 files (.gif); read are" in found.notes[0]


def test_too_few_images_of_a_class_to_test_on_are_told_both_ways_that_work(tmp_path):
    put(tmp_path, ("a", "b"), count=3)
    said = refusal(tmp_path)
    assert (
        "6 training images and none for testing were found; every fifth image of a class is for testing, so at least 5 of a class are"
        in said
    )
    assert said.endswith(
        "or sub-folders train (with 5 images at least) and test, and a sub-folder for each class in both."
    )
    put(tmp_path / "parts" / "train", ("a", "b"), count=3)
    put(tmp_path / "parts" / "test", ("a", "b"), count=1)
    assert len(datasets.load(f"folder:{tmp_path / 'parts'}").x_test) == 2
    put(tmp_path / "five", ("a", "b"), count=5)
    assert len(datasets.load(f"folder:{tmp_path / 'five'}").x_test) == 2


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "x.png").write_bytes(b"no folder")
    assert "that is a file, and no folder; it needs a sub-folder for each class" in refusal(tmp_path / "x.png")
    np.savez(tmp_path / "x.npz", x=np.zeros(3))
    assert f"that is a file (npz:{tmp_path / 'x.npz'} reads an npz file), and no folder" in refusal(tmp_path / "x.npz")
    assert "there is no such folder" in refusal(tmp_path / "y")
