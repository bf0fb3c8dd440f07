"""AEDAT 2.0 and 3.1: what is written is read, as SpikingJelly reads it, and what is damaged is named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.files import event_files

from autosnn_hw.errors import InputError
from autosnn_hw.training.data.sources import aedat

READERS = {"2.0": aedat.read_2, "3.1": aedat.read_3}


def write(path, events, version):
    if version == "2.0":
        event_files.write_aedat_2(path, events)
    else:
        event_files.write_aedat_3(path, event_files.packet(events[:3]), event_files.packet(events[3:]))


def rows(events):
    return np.stack([events.x, events.y, events.polarity, events.time], axis=1).astype(np.int64)


EVENT = st.tuples(st.integers(0, 127), st.integers(0, 127), st.integers(0, 1), st.integers(0, 2**31 - 1))


@settings(max_examples=30, deadline=None)
@given(st.lists(EVENT, min_size=4, max_size=30), st.sampled_from(sorted(READERS)))
def test_what_is_written_is_read(tmp_path_factory, events, version):
    path = tmp_path_factory.mktemp("aedat") / "a.aedat"
    write(path, np.array(events), version)
    assert rows(READERS[version](path)).tolist() == [list(event) for event in events]


def test_spikingjelly_reads_the_same_events(tmp_path, monkeypatch):
    from spikingjelly.datasets import load_aedat_v3
    from spikingjelly.datasets.cifar10_dvs import CIFAR10DVS

    monkeypatch.setattr(np, "bool", bool, raising=False)  # it was written for an older numpy
    events = event_files.random_events(200)
    for version, theirs in (("2.0", CIFAR10DVS.load_origin_data), ("3.1", load_aedat_v3)):
        path = tmp_path / f"{version}.aedat"
        write(path, events, version)
        ours, found = READERS[version](path), theirs(str(path))
        for name, ours_of in (("x", ours.x), ("y", ours.y), ("p", ours.polarity), ("t", ours.time)):
            np.testing.assert_array_equal(ours_of, np.asarray(found[name]).astype(np.int64))


def test_other_packets_invalid_events_room_and_the_turned_clock(tmp_path):
    events = event_files.random_events(6)
    late = events + np.array([0, 0, 0, 2**31 + 5])
    event_files.write_aedat_3(
        tmp_path / "a.aedat",
        event_files.packet(events, kind=2),
        event_files.packet(events, valid=[1, 0, 1, 1, 1, 1], spare=3),
        event_files.packet(late),
    )
    assert rows(aedat.read_3(tmp_path / "a.aedat")).tolist() == np.concatenate([events[[0, 2, 3, 4, 5]], late]).tolist()


def test_an_address_that_is_no_pixel_is_left_out(tmp_path):
    path, events = tmp_path / "a.aedat", event_files.random_events(3)
    event_files.write_aedat_2(path, events)
    path.write_bytes(path.read_bytes() + np.array([0x8000, 7], ">u4").tobytes())
    assert rows(aedat.read_2(path)).tolist() == events.tolist()


@pytest.mark.parametrize("version", sorted(READERS))
def test_every_cut_is_named_or_loses_whole_events_alone(tmp_path, version):
    path = tmp_path / "a.aedat"
    write(path, event_files.random_events(6), version)
    whole = path.read_bytes()
    refused = 0
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            assert len(READERS[version](path)) < 6
        except InputError as error:
            refused += 1
            assert str(path) in str(error) and "fetch it again" in str(error)
    assert refused >= len(whole) - 8


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "begins with ''"),
        (b"#!AER-DAT1.0\r\n" + bytes(8), "begins with '#!AER-DAT1.0' and not #!AER-DAT2.0"),
        (b"#!AER-DAT2.0\r\n" + b"\x7f\0\0\0" * 2, "outside of 128 x 128"),
        (b"#!AER-DAT2.0\r\n# a comment", "ends in its header"),
        (b"#!AER-DAT2.0\r\n", "no events"),
    ],
)
def test_damaged_files_of_2(tmp_path, content, said):
    (tmp_path / "a.aedat").write_bytes(content)
    with pytest.raises(InputError, match=said):
        aedat.read_2(tmp_path / "a.aedat")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda data: data.replace(b"3.1", b"3.0", 1), "not #!AER-DAT3.1"),
        (lambda data: data[: -5 * 8] + b"\xff" * 40, "outside of 128 x 128"),
        (lambda data: data.replace(b"\x08\0\0\0\x04\0\0\0", b"\x04\0\0\0\x04\0\0\0", 1), "events of 4 bytes"),
        (lambda data: data + b"\1", "middle of a packet's header"),
    ],
)
def test_damaged_files_of_3(tmp_path, damage, said):
    path = tmp_path / "a.aedat"
    event_files.write_aedat_3(path, event_files.packet(event_files.random_events(9)))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=said):
        aedat.read_3(path)
