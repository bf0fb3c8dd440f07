import os
import re

import numpy as np
import pytest
from PIL import Image

from autosnn_hw.errors import InputError
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.sources.parts import shuffled
from autosnn_hw.training.data.splits import sha256


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
    assert found.y_test.tolist() == np.array([0, 0, 1, 1, 2])[shuffled(5)].tolist()
    tested = [written[name, i] for name, i in (("cat", 4), ("cat", 9), ("dog", 4), ("dog", 9), ("emu", 4))]
    np.testing.assert_array_equal(found.x_test, np.stack(tested).transpose(0, 3, 1, 2)[shuffled(5)])
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
    assert found.image == (1, 6, 6) and len(found.full_train()[0]) == 8 and sorted(found.y_test) == [0, 1]
    assert found.split == f"the folder {part}" and found.notes == ()
    put(tmp_path / part / "c" / "0.png", (6, 6))
    with pytest.raises(InputError, match="have other classes: c"):
        datasets.load(f"folder:{tmp_path}")


def test_what_does_not_fit_is_named(tmp_path):
    with pytest.raises(InputError, match="has no sub-folders; one for each of at least 2 classes is needed"):
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
    with pytest.raises(InputError, match=r"3\.png is not a readable image .*; remove it, or write it again\.$"):
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
    assert (
        found.y_test.tolist() == np.array([0, 0, 0, 1, 1, 1])[shuffled(6)].tolist()
        and len(found.full_train()[0]) == 0
        and part in found.split
    )
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
        assert found.y_test.tolist() == np.array([0, 1, 0])[shuffled(3)].tolist() and np.bincount(
            found.full_train()[1]
        ).tolist() == [5, 5]
    cut = root / "train" / "n02" / "images" / "n02_3.JPEG"
    whole = cut.read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"n02_3\.JPEG is not a readable image .*; unpack the data set again\.$"):
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


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda root: (root / "val" / "images" / "val_1.JPEG").unlink(), r"val_1\.JPEG, which .*val_annotations\.txt lists, was not found; unpack"),
        (lambda root: (root / "wnids.txt").write_bytes(b"\xff\xfe\x00n01"), r"wnids\.txt is not text in UTF-8"),
        (lambda root: (root / "val" / "val_annotations.txt").write_bytes(b"\xff\xfe"), r"val_annotations\.txt is not text in UTF-8"),
        (lambda root: (root / "wnids.txt").write_text(""), r"wnids\.txt holds 0 ids of classes; .* at least 2 is needed: unpack"),
        (lambda root: (root / "val" / "val_annotations.txt").write_text(""), r"val_annotations\.txt lists no images, and they are for testing; unpack"),
    ],
)  # fmt: skip
def test_damaged_lists_of_tiny_imagenet_are_named(tmp_path, damage, said):
    for i, name in enumerate(("n01", "n02")):
        for k in range(5):
            put(tmp_path / "train" / name / "images" / f"{k}.JPEG", seed=10 * i + k)
    (tmp_path / "wnids.txt").write_text("n02\nn01\n")
    for k in range(2):
        put(tmp_path / "val" / "images" / f"val_{k}.JPEG", seed=50 + k)
    (tmp_path / "val" / "val_annotations.txt").write_text("val_0.JPEG\tn01\nval_1.JPEG\tn02\n")
    damage(tmp_path)
    with pytest.raises(InputError, match=said):
        datasets.load("tiny-imagenet", data_dir=tmp_path)


@pytest.mark.parametrize("part", ["test", None])
def test_the_first_test_images_are_of_many_classes(tmp_path, part):
    """`--samples 100` and a certificate take the first."""
    for name in map(str, range(10)):
        for i in range(20):
            put(tmp_path / (part or "") / name / f"{i:02}.png", (4, 4), i)
        for i in range(5 if part else 0):
            put(tmp_path / "train" / name / f"{i:02}.png", (4, 4), 50 + i)
    found = datasets.load(f"folder:{tmp_path}")
    assert len(set(found.y_test[:20].tolist())) > 5
    again = datasets.load(f"folder:{tmp_path}", labelled=False)
    assert found.y_test.tolist() == again.y_test.tolist() and found.sha256 == again.sha256


@pytest.mark.parametrize(
    "names",
    [
        ("train", "val", "test"),
        ("Train", "VALID", "Test"),
        ("training_set", "validation", "testing set"),
        ("TRAINING", "valid-set", "testset"),
    ],
)
def test_the_folders_own_validation_images_are_used_whatever_the_parts_are_called(tmp_path, names):
    written = {}
    for part, count in zip(names, (6, 3, 2)):
        for label in (0, 1):
            for i in range(count):
                written[part, label, i] = put(tmp_path / part / "ab"[label] / f"{i}.png", (6, 6), len(written))
    name = f"folder:{tmp_path}"
    found = datasets.load(name)
    assert [len(x) for x in (found.x_train, found.x_val, found.x_test)] == [12, 6, 4] and datasets.lacking(name) == ()
    assert found.split == f"the folder {names[2]}" and found.notes == (f"the folder {names[1]} is the validation part",)
    for part, x, y in zip(
        names, (found.x_train, found.x_val, found.x_test), (found.y_train, found.y_val, found.y_test)
    ):
        there = {(label, image.tobytes()) for (one, label, _), image in written.items() if one == part}
        assert {(label, image.tobytes()) for label, image in zip(y.tolist(), x)} == there
    x, y = found.full_train()
    assert np.shares_memory(x, found.x_train) and found.sha256 == sha256(
        (found.x_train, found.y_train, found.x_val, found.y_val, found.x_test, found.y_test)
    )
    alone = datasets.load(name, labelled=False)
    assert alone.sha256 == found.sha256 and alone.notes == found.notes, "kept"
    put(tmp_path / names[1] / "c" / "0.png", (6, 6))
    with pytest.raises(InputError, match="have other classes: c"):
        datasets.load(name)


def test_test_and_validation_without_training_images_can_be_simulated(tmp_path):
    for part in ("Test", "val"):
        for name in ("a", "b"):
            put(tmp_path / part / name / "0.png", (6, 6), ord(name) + len(part))
    name = f"folder:{tmp_path}"
    with pytest.raises(InputError, match=r"has Test and val and no train; it is needed to train"):
        datasets.load(name)
    found = datasets.load(name, labelled=False)
    assert [len(x) for x in (found.x_train, found.x_val, found.x_test)] == [0, 2, 2]
    assert datasets.lacking(name) == ("training images",)


def test_two_folders_that_are_one_part_are_refused(tmp_path):
    for part in ("train", "val", "validation", "test"):
        for name in ("a", "b"):
            put(tmp_path / part / name / "0.png", (6, 6))
    with pytest.raises(
        InputError, match="has val and validation, and only one of them can be the part val; put them together"
    ):
        datasets.load(f"folder:{tmp_path}")


def test_a_class_may_be_called_train(tmp_path):
    for name in ("bus", "car", "Train", "test"):
        for i in range(5):
            put(tmp_path / name / f"{i}.png", (6, 6), i)
    assert datasets.load(f"folder:{tmp_path}").class_names == ("Train", "bus", "car", "test")


@pytest.mark.parametrize(
    ("dtype", "suffix", "scale"),
    [(np.uint16, "png", 65535), (np.uint16, "tif", 4095), (np.int32, "tif", 90000), (np.float32, "tif", 1.0)],
)
def test_grey_pixels_of_more_than_a_byte_are_refused_and_the_advice_works(tmp_path, dtype, suffix, scale):
    """Pillow would cut them at 255, and make nothing of floats."""
    rng, shares = np.random.default_rng(0), {}
    for name in ("a", "b"):
        for i in range(5):
            path = tmp_path / name / f"{i}.{suffix}"
            path.parent.mkdir(exist_ok=True)
            shares[path] = rng.random((6, 7))
            shares[path][0, 0] = 1
            Image.fromarray((shares[path] * scale).astype(dtype)).save(path)
    with pytest.raises(
        InputError, match=r"holds u?(int16|int32|float32) pixels, .* \(mode (I|F|I;16)\), and images of bytes are read"
    ) as refusal:
        datasets.load(f"folder:{tmp_path}")
    line = re.search(r"Image\.fromarray.*\.save\(path\)", str(refusal.value))[0]
    for path in shares:
        eval(line, {"Image": Image, "np": np, "path": path, "MOST": scale})
    found = datasets.load(f"folder:{tmp_path}", labelled=False)
    assert found.image == (1, 6, 7) and found.x_test.dtype == np.uint8
    expected = {tuple(np.round(share * 255).astype(int).ravel()) for path, share in shares.items() if path.stem == "4"}
    for image in found.x_test:
        assert min(np.abs(np.subtract(one, image.ravel().astype(int))).max() for one in expected) <= 1


@pytest.mark.parametrize(
    ("shape", "line"),
    [
        ((5, 8), 'convert("L").resize((7, 6))'), ((6, 7, 3), 'convert("RGB").save'), ((5, 8, 3), 'convert("RGB").resize((7, 6))'),
    ],
)  # fmt: skip
def test_images_of_several_sizes_and_kinds_are_told_a_line_that_works(tmp_path, shape, line):
    for name in ("a", "b"):
        for i in range(5):
            put(tmp_path / name / f"{i}.png", shape if (name, i) == ("b", 2) else (6, 7), i)
    with pytest.raises(InputError) as refusal:
        datasets.load(f"folder:{tmp_path}")
    advice = re.search(r"Image\.open\(path\).*\.save\(path\)", str(refusal.value))[0]
    assert line in advice
    for path in tmp_path.glob("?/*.png"):
        eval(advice, {"Image": Image, "path": path})
    assert len(datasets.load(f"folder:{tmp_path}").x_test) == 2
