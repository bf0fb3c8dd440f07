"""Files of event cameras, written in the datasets' own formats. Events are rows (x, y, polarity, time in us)."""

import struct

import numpy as np


def random_events(count, side=128, *, seed=0, start=1000, end=60_000):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, side, (2, count))
    return np.stack([x, y, rng.integers(0, 2, count), np.sort(rng.integers(start, end, count))], axis=1)


def write_aedat_2(path, events, *, version="2.0", comment="# This is a raw AE data file created by saveaerdat.m"):
    """jAER, DVS128: what is read is upright, so it is turned here."""
    x, y, polarity, time = np.asarray(events).T
    address = (127 - x) << 8 | (127 - y) << 1 | (1 - polarity)
    path.parent.mkdir(parents=True, exist_ok=True)
    header = f"#!AER-DAT{version}\r\n{comment}\r\n# Data format is int32 address, int32 timestamp\r\n".encode()
    path.write_bytes(header + np.stack([address, time], axis=1).astype(">u4").tobytes())


def packet(events, *, kind=1, valid=None, spare=0):
    """A packet of cAER; `spare` events of room are written behind those that count."""
    x, y, polarity, time = np.asarray(events).T
    valid = np.ones(len(x), int) if valid is None else np.asarray(valid)
    overflow = int(time[0]) >> 31 if len(time) else 0
    words = np.stack([x << 17 | y << 2 | polarity << 1 | valid, time & (2**31 - 1)], axis=1).astype("<u4")
    header = struct.pack("<HHIIIIII", kind, 1, 8, 4, overflow, len(x) + spare, len(x), int(valid.sum()))
    return header + words.tobytes() + bytes(8 * spare)


def write_aedat_3(path, *packets, version="3.1"):
    path.parent.mkdir(parents=True, exist_ok=True)
    header = f"#!AER-DAT{version}\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#Start-Time: 2017-01-01 00:00:00 (TZ+0000)\r\n#!END-HEADER\r\n"
    path.write_bytes(header.encode() + b"".join(packets))


def cifar10_dvs(folder, count=5):
    """A few recordings of each class; the class is the column in which most events lie."""
    from autosnn_hw.training.data.sources.cifar10_dvs import CLASSES

    for label, name in enumerate(CLASSES):
        for number in range(count):
            events = random_events(60, seed=100 * label + number)
            events[:40, 0] = label
            write_aedat_2(folder / name / f"cifar10_{name}_{number}.aedat", events)


GESTURES = 11


def dvs_gesture(folder, users=(6, 1)):
    """Recordings of a few users, for training and for testing, each with one gesture of every class, whose events lie in its column."""
    user = 0
    for part, count in zip(("train", "test"), users):
        names = []
        for _ in range(count):
            user += 1
            stem = f"user{user:02}_fluorescent"
            rows, packets = ["class,startTime_usec,endTime_usec"], [packet(random_events(30, start=0, end=999))]
            for label in range(GESTURES):
                start = 1000 + 10_000 * label
                events = random_events(40, seed=100 * user + label, start=start, end=start + 9000)
                events[:, 0] = label
                packets.append(packet(events))
                rows.append(f"{label + 1},{start},{start + 9000}")
            write_aedat_3(folder / f"{stem}.aedat", *packets)
            (folder / f"{stem}_labels.csv").write_text("\n".join(rows) + "\n")
            names.append(f"{stem}.aedat")
        (folder / f"trials_to_{part}.txt").write_text("\n".join(names) + "\n")
