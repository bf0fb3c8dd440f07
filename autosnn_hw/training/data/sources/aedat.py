"""AEDAT files of event cameras of 128 x 128 pixels: version 2.0 of jAER (CIFAR10-DVS) and 3.1 of cAER (DVS128-Gesture).

2.0 (docs.inivation.com): a header of lines that begin with #, then eight bytes an event, big-endian: address, time in us. 3.1:
packets with a header of 28 bytes, little-endian: type, source, size of an event, offset of its time, overflow of the clock, capacity,
events, valid events; a polarity event is eight bytes: 15 bits x, 15 bits y, 1 bit polarity, 1 bit valid; then its time.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.files.input_file import regular
from autosnn_hw.training.data.sources.event_frames import EventStream

SIDE = 128
LARGEST_FILE = 1 << 32  # bytes; recordings have some hundred million
AGAIN = "fetch it again"
PACKET = struct.Struct("<HHIIIIII")
POLARITY, POLARITY_BYTES = 1, 8  # type and size of an event in 3.1
SPECIAL = 0x8000  # of an address in 2.0: a synchronisation, no pixel


def read_2(path: Path) -> EventStream:
    """Events of a DVS128 in AEDAT 2.0, turned upright as SpikingJelly does it.

    Raises:
        InputError: another version, a cut file, or no events of that camera.
    """
    data, start = _after_header(path, b"2.0")
    if (len(data) - start) % 8:
        raise InputError(f"{path} ends in the middle of an event: it is damaged; {AGAIN}.")
    address, time = np.frombuffer(data, ">u4", offset=start).reshape(-1, 2).T.astype(np.int64)
    if len(address) and address.max() > 0xFFFF:
        raise InputError(f"{path} holds addresses outside of {SIDE} x {SIDE} pixels: it is damaged; {AGAIN}.")
    pixel = (address & SPECIAL) == 0
    address, time = address[pixel], time[pixel]
    _require_some(path, len(address))
    x, y = (address >> 1) & 0x7F, (address >> 8) & 0x7F
    return EventStream(SIDE - 1 - y, SIDE - 1 - x, 1 - (address & 1), time)


def read_3(path: Path) -> EventStream:
    """Polarity events of AEDAT 3.1; other kinds of packets are passed over.

    Raises:
        InputError: another version, a cut file, or events outside of the camera.
    """
    data, start = _after_header(path, b"3.1")
    words, high = [], []
    while start < len(data):
        if len(data) - start < PACKET.size:
            raise InputError(f"{path} ends in the middle of a packet's header: it is damaged; {AGAIN}.")
        kind, _, size, _, overflow, capacity, count, _ = PACKET.unpack_from(data, start)
        start += PACKET.size
        if len(data) - start < capacity * size or count > capacity:
            raise InputError(f"{path} ends in the middle of a packet: it is damaged; {AGAIN}.")
        if kind == POLARITY:
            if size != POLARITY_BYTES:
                raise InputError(
                    f"{path} holds events of {size} bytes where {POLARITY_BYTES} are needed: it is damaged."
                )
            words.append(np.frombuffer(data, "<u4", 2 * count, start).reshape(-1, 2))
            high.append(np.full(count, overflow, np.int64))
        start += capacity * size
    event, time = (np.concatenate(words) if words else np.zeros((0, 2), np.uint32)).T.astype(np.int64)
    valid = (event & 1) == 1
    event, time = event[valid], (time | (np.concatenate(high) if high else time) << 31)[valid]
    _require_some(path, len(event))
    x, y = event >> 17, (event >> 2) & 0x7FFF
    if max(x.max(), y.max()) >= SIDE:
        raise InputError(f"{path} holds events outside of {SIDE} x {SIDE} pixels: it is damaged; {AGAIN}.")
    return EventStream(x, y, (event >> 1) & 1, time)


def _after_header(path: Path, version: bytes) -> tuple[bytes, int]:
    """A file's bytes, and where its events begin."""
    data = regular(path, "a recording in AEDAT", most=LARGEST_FILE).read_bytes()
    first = data.split(b"\n", 1)[0].strip()
    if first != b"#!AER-DAT" + version:
        found = first[:24].decode("ascii", "replace")
        raise InputError(f"{path} begins with {found!r} and not #!AER-DAT{version.decode()}; {AGAIN}.")
    start = 0
    while data[start : start + 1] == b"#":
        line_end = data.find(b"\n", start)
        if line_end < 0:
            raise InputError(f"{path} ends in its header: it is damaged; {AGAIN}.")
        last, start = data[start:line_end].strip() == b"#!END-HEADER", line_end + 1
        if last:
            break
    return data, start


def _require_some(path: Path, count: int) -> None:
    if not count:
        raise InputError(f"{path} holds no events; {AGAIN}.")
