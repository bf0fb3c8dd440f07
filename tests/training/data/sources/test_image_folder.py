import os

import numpy as np
import pytest
from PIL import Image

from autosnn_hw.errors import InputError
from autosnn_hw.training.data import datasets


def put(path, shape=(8, 9, 3), seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def test_every_fifth_image_of_a_class_is_for_testing(tmp_path):
    written = {}
    for number, name in enumerate(("cat", "dog", "emu")):
        for i in range(10 if name != "emu" else 5):
            written[name, i] = put(tmp_path / name / f"{i}.png", seed=100 * number + i)
    found = datasets.load(f"folder:{tmp_path}")
    assert found.class_names == ("cat", "dog", "emu") and found.image == (3, 8, 9)
    assert found.y_test.tolist() == [0, 0, 1, 1, 2]
    np.testing.assert_array_equal(found.x_test[0], written["cat", 4].transpose(2, 0, 1))
    x, y = found.full_train()
    assert np.bincount(y).tolist() == [8, 8, 4] and set(y[:5]) != {0}, "classes are mixed"
    everything = {array.transpose(2, 0, 1).tobytes() for array in written.values()}
    assert {image.tobytes() for image in np.concatenate([x, found.x_test])} == everything
    again = datasets.load(f"folder:{tmp_path}")
    assert again.sha256 == found.sha256 and isinstance(again.x_test, np.memmap), "kept, and mapped"
    assert len(list((tmp_path / ".autosnn-hw").iterdir())) == 1 and "every fifth" in again.split


@pytest.mark.parametrize("part", ["test", "val"])
def test_folders_train_and_test_are_the_parts(tmp_path, part):
    for name in ("a", "b"):
        for i in range(4):
            put(tmp_path / "train" / name / f"{i}.png", (6, 6), i)
        put(tmp_path / part / name / "0.jpg", (6, 6), 9)
    found = datasets.load(f"folder:{tmp_path}")
    assert found.image == (1, 6, 6) and len(found.full_train()[0]) == 8 and found.y_test.tolist() == [0, 1]
    put(tmp_path / part / "c" / "0.png", (6, 6))
    with pytest.raises(InputError, match="have other classes: c"):
        datasets.load(f"folder:{tmp_path}")


def test_what_does_not_fit_is_named(tmp_path):
    with pytest.raises(InputError, match="has 0 sub-folders"):
        datasets.load(f"folder:{tmp_path}")
    for i in range(6):
        put(tmp_path / "a" / f"{i}.png", seed=i)
    (tmp_path / "b").mkdir()
    with pytest.raises(InputError, match="b holds no images"):
        datasets.load(f"folder:{tmp_path}")
    for i in range(6):
        put(tmp_path / "b" / f"{i}.png", seed=i)
    put(tmp_path / "b" / "3.png", (8, 8, 3))
    with pytest.raises(
        InputError, match=r"png is 8 x . with 3 channels and .* 8 x . with 3 channels; all images must have one size"
    ):
        datasets.load(f"folder:{tmp_path}")
    (tmp_path / "b" / "3.png").write_bytes((tmp_path / "b" / "2.png").read_bytes()[:60])
    with pytest.raises(InputError, match=r"3\.png is not a readable image"):
        datasets.load(f"folder:{tmp_path}")
    (tmp_path / "train").mkdir()
    with pytest.raises(InputError, match="has train and neither test nor val"):
        datasets.load(f"folder:{tmp_path}")


@pytest.mark.parametrize("part", ["train", "test", "val"])
def test_one_part_alone_is_samples(tmp_path, part):
    for name in ("a", "b"):
        for i in range(3):
            put(tmp_path / part / name / f"{i}.jpg", (6, 6), i)
    name = f"folder:{tmp_path}"
    found = datasets.load(name, labelled=False)
    assert found.y_test.tolist() == [0, 0, 0, 1, 1, 1] and len(found.full_train()[0]) == 0 and part in found.split
    assert datasets.lacking(name) == (("test images",) if part == "train" else ("training images",))
    with pytest.raises(InputError, match=rf"has {part} and .* is needed to train\. folder:.*{part} would split"):
        datasets.load(name)


def test_a_class_may_be_called_test(tmp_path):
    for name in ("control", "test"):
        for i in range(5):
            put(tmp_path / name / f"{i}.png", (6, 6), i)
    found = datasets.load(f"folder:{tmp_path}", labelled=False)
    assert found.class_names == ("control", "test") and datasets.lacking(f"folder:{tmp_path}") == ()


@pytest.mark.timeout(20)
def test_a_pipe_among_images_is_not_read(tmp_path):
    for name in ("a", "b"):
        for i in range(5):
            put(tmp_path / name / f"{i}.png", (6, 6), i)
        os.mkfifo(tmp_path / name / "x.png")
    assert len(datasets.load(f"folder:{tmp_path}").y_test) == 2


def test_tiny_imagenet_as_it_is_unpacked(tmp_path):
    root = tmp_path / "tiny-imagenet-200"
    for i, name in enumerate(("n02", "n01")):
        for k in range(5):
            put(root / "train" / name / "images" / f"{name}_{k}.JPEG", (64, 64, 3) if k else (64, 64), 10 * i + k)
    (root / "wnids.txt").write_text("n02\nn01\n")
    for k in range(3):
        put(root / "val" / "images" / f"val_{k}.JPEG", (64, 64, 3), 50 + k)
    (root / "val" / "val_annotations.txt").write_text(
        "".join(f"val_{k}.JPEG\tn0{1 + k % 2}\t0\t0\t9\t9\n" for k in range(3))
    )
    for folder in (tmp_path, root):
        found = datasets.load("tiny-imagenet", data_dir=folder)
        assert found.class_names == ("n01", "n02") and found.image == (3, 64, 64), "grey images are made colour"
        assert found.y_test.tolist() == [0, 1, 0] and np.bincount(found.full_train()[1]).tolist() == [5, 5]
    cut = root / "train" / "n02" / "images" / "n02_3.JPEG"
    whole = cut.read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"n02_3\.JPEG is not a readable image"):
        datasets.load("tiny-imagenet", data_dir=tmp_path)
    cut.write_bytes(whole)
    (root / "wnids.txt").write_text("n02\nn01\nn03\nn04\n")
    with pytest.raises(
        InputError, match=r"train holds no images of 2 of the 4 classes of wnids\.txt \(n03, n04\); unpack"
    ):
        datasets.load("tiny-imagenet", data_dir=tmp_path)
    (root / "wnids.txt").write_text("n02\nn01\n")
    (root / "val" / "val_annotations.txt").write_text("val_0.JPEG\tn01\nval_1.JPEG\tn09\n")
    with pytest.raises(InputError, match="line 2: FILE, a tab and one of 2 ids"):
        datasets.load("tiny-imagenet", data_dir=tmp_path)
    with pytest.raises(InputError, match=r"wnids\.txt was not found; say --data-dir"):
        datasets.load("tiny-imagenet", data_dir=tmp_path / "elsewhere")
