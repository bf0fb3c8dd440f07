"""idx files are read as torchvision reads them, packed or not, and what is damaged is named before much is allocated."""

import gzip
import struct

import numpy as np
import pytest
from torchvision.datasets import mnist

from autosnn_hw.errors import InputError
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.sources import idx

HEAD = struct.pack(">IIII", 0x803, 3, 4, 5)
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 4, 5)).astype(np.uint8)
WHOLE = HEAD + PIXELS.tobytes()
PACKED = gzip.compress(WHOLE, mtime=0)


def test_what_torchvision_reads_is_read_the_same(tmp_path):
    (tmp_path / "images").write_bytes(WHOLE)
    (tmp_path / "labels").write_bytes(struct.pack(">II", 0x801, 3) + bytes([7, 1, 0]))
    np.testing.assert_array_equal(idx.read(tmp_path / "images", 3), mnist.read_image_file(str(tmp_path / "images")))
    np.testing.assert_array_equal(idx.read(tmp_path / "labels", 1), mnist.read_label_file(str(tmp_path / "labels")))
    (tmp_path / "images.gz").write_bytes(PACKED)
    np.testing.assert_array_equal(idx.read(tmp_path / "images.gz", 3), PIXELS)
    assert idx.file_at(tmp_path / "images") == tmp_path / "images", "the unpacked one first"
    (tmp_path / "images").unlink()
    assert idx.file_at(tmp_path / "images") == tmp_path / "images.gz" and idx.file_at(tmp_path / "x") is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "begins with "), (b"PK\x03\x04", "begins with 504b0304"), (WHOLE[:9], "requires a buffer of 12"), (WHOLE[:-1], "header says 60"),
        (WHOLE + b"x", "header says 60"), (struct.pack(">II", 0x801, 3) + bytes(3), "begins with 00000801"),
        (struct.pack(">IIII", 0x803, 0, 28, 28), "claims 0"), (struct.pack(">IIII", 0x803, 2**31, 2**31, 28), "claims 129127208515966861312"),
        (struct.pack(">IIII", 0x803, 2**20, 28, 28) + bytes(9), "header says 822083584"), (struct.pack(">IIII", 0xD03, 3, 4, 5), "begins with 00000d03"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_damaged_files_are_named(tmp_path, content, said, packed):
    path = tmp_path / ("images.gz" if packed else "images")
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(InputError, match=rf"{path.name} is no idx file, or damaged \(.*{said}.*\); fetch it again"):
        idx.read(path, 3)


@pytest.mark.parametrize("content", [WHOLE, PACKED[:-12], PACKED[:20] + bytes(40)])
def test_damaged_archives_are_named(tmp_path, content):
    (tmp_path / "images.gz").write_bytes(content)
    with pytest.raises(InputError, match=r"images\.gz is no idx file, or damaged"):
        idx.read(tmp_path / "images.gz", 3)


def test_mnist_as_it_is_handed_out_needs_no_unpacking(tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    pixels = np.random.default_rng(1).integers(0, 256, (10, 28, 28)).astype(np.uint8)
    for part in ("train", "t10k"):
        images = struct.pack(">IIII", 0x803, 10, 28, 28) + pixels.tobytes()
        (raw / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        labels = struct.pack(">II", 0x801, 10) + bytes(range(10))
        (raw / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
    found = datasets.load("mnist", data_dir=tmp_path)
    np.testing.assert_array_equal(found.x_test[:, 0], pixels)
    (raw / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(InputError, match=r"neither .*t10k-labels-idx1-ubyte nor its \.gz was found"):
        datasets.load("mnist", data_dir=tmp_path)
