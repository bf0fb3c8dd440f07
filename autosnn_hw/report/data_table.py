"""What `data` shows of a data set: what it is, its classes, what to look at, and what a search of it would take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from autosnn_hw.report.elements import grid, listed, pairs, times
from autosnn_hw.words.quantities import count, duration, numbered, percent

MOST_CLASSES = 20  # rows


def data_table(document: Mapping[str, Any]) -> RenderableType:
    """The document of `commands.data`, without the time of a search (`time_table`)."""
    samples, low_high = document["samples"], document["range"]
    rows = [
        ("data", f"{document['name']}: {document['kind']}"),
        ("sample", f"{times(document['sample'])} ({', '.join(document['axes'])}), {document['dtype']}"),
        ("values", f"{low_high[0]:g} to {low_high[1]:g}"),
        (
            "samples",
            f"{count(samples['train'])} training, {count(samples['val'])} validation, {count(samples['test'])} test",
        ),
        ("for testing", document["split"]),
        *([("made into", document["preprocessing"])] if document["preprocessing"] != "none" else []),
        ("classes", str(document["classes"])),
        ("sha256", document["sha256"][:16]),
    ]
    if (payload := document.get("payload")) is not None:
        rows.insert(3, ("sent as", "spikes where above 0" if payload == 1 else f"counts up to {payload} (--graded)"))
    search = document.get("search")
    if search:
        rows.append(("on the chip", _chip(search)))
    parts: list[RenderableType] = [pairs(rows), Text(), _classes(document)]
    for title, sentences in (("Notes", document["notes"]), ("To look at", document["findings"])):
        if sentences:
            parts += [Text(), listed(title, sentences)]
    if not document["findings"]:
        parts += [Text(), Text("Nothing that would spoil a search was found.")]
    return Group(*parts)


def _chip(search: Mapping[str, Any]) -> str:
    stages = ", ".join(f"{stage['name']} {times(stage['shape'])}" for stage in search["stages"])
    return f"{stages}; {numbered(search['timesteps'], 'step')}; {count(search['networks'])} networks; for {search['target']}"


def time_table(search: Mapping[str, Any]) -> RenderableType:
    """What a search takes: "search" of the document, once batches have been timed."""
    training, expected = search["training"], search["expected"]
    of_parts = ", ".join(
        f"{part} {duration(expected[key])}"
        for key, part in (("supernet", "super-network"), ("candidates", "candidates"), ("networks", "networks"))
    )
    text = (
        f"about {duration(expected['seconds'])} here with {'--graded and the other' if search.get('graded') else 'the'} options as they are by default ({of_parts}; from batches of "
        f"{training['seconds_per_batch']:.3g} s, timed now; {training['peak_bytes'] / 2**30:.1f} GiB of memory so far); Lava comes on top"
    )
    return pairs([("a search", text)])


def _classes(document: Mapping[str, Any]) -> RenderableType:
    names = document["class_names"] or [str(n) for n in range(document["classes"])]
    per_class, total = document["per_class"], max(1, document["samples"]["train"])
    rows = [
        (
            name,
            *(count(per_class[part][n]) for part in ("train", "val", "test")),
            percent(per_class["train"][n] / total),
        )
        for n, name in enumerate(names[:MOST_CLASSES])
    ]
    if len(names) > MOST_CLASSES:
        rows.append((f"and {len(names) - MOST_CLASSES} more", "", "", "", ""))
    return grid(None, ("class", "training", "validation", "test", "share"), rows)
