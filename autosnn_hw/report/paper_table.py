"""A table of the paper on the terminal: ours beside theirs, what they have not, and which of their claims are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from autosnn_hw.report.elements import grid, listed, times
from autosnn_hw.words.quantities import count, digits, numbered, percent, with_bounds

MOST_OF_A_SPACE = 10  # rows of the table of spaces, whose architectures are drawn
RATES = {"constant": "constant learning rate {:g}", "cosine": "learning rate {:g} along a cosine"}  # by decay


def paper_table(document: Mapping[str, Any]) -> RenderableType:
    """The document of `tables`."""
    shown: list[RenderableType] = [listed(f"Table {document['table']}", _sizes(document)), Text()]
    rows = [row for row in document["rows"] if row["seeds"]]
    drawn, ours = document["table"] == "spaces", document["settings"]["width"]
    if "distributions" in document:
        shown += [_distributions(document["distributions"]), Text()]
    if not drawn:
        shown += [
            grid(
                "Beside the paper (float networks, the counter of AutoSNN)",
                THEIRS,
                [_beside(row, ours) for row in rows],
            ),
            Text(),
        ]
    seen = [row for some in _by_space(rows).values() for row in some[:MOST_OF_A_SPACE]] if drawn else rows
    shown += [
        grid("What the paper has not (integers, as the chip runs them)", CHIP, [_on_chip(row) for row in seen]),
        Text(),
    ]
    if len(seen) < len(rows):
        shown += [listed("Not shown above", _left_out(rows)), Text()]
    if "orderings" in document:
        shown += [
            grid("The paper's claims", CLAIMS, [_claim(entry) for entry in document["orderings"]], left=2),
            Text(),
        ]
    for title, sentences in (
        ("Layers that never fired (docs/reproduction.md says why)", _silent(rows, drawn)),
        ("Not run in Lava", _not_in_lava(rows)),
        ("Counted as floats alone", _as_floats(rows)),
    ):
        if sentences:
            shown += [listed(title, sentences), Text()]
    if document["missing"]:
        shown.append(
            Text(
                f"{numbered(document['missing'], 'network')} {'is' if document['missing'] == 1 else 'are'} not made yet: the same command goes on."
            )
        )
    return Group(*shown)


def _by_space(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The rows of each macro-architecture, in their order."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["space"], []).append(row)
    return found


def _left_out(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """How many rows of each macro-architecture are in the file alone, and in how many of all its networks Lava agreed."""
    return [
        f"{space}: {len(some) - MOST_OF_A_SPACE} more networks are in spaces.json; of all {len(some)}, exact = Lava in "
        f"{sum(bool(row['lava'] and row['lava']['samples']) for row in some)}, and {sum(bool(row['fits']) for row in some)} fit"
        for space, some in _by_space(rows).items()
        if len(some) > MOST_OF_A_SPACE
    ]


def _silent(rows: Sequence[Mapping[str, Any]], drawn: bool) -> list[str]:
    """Layers that never fired, by network; where networks are drawn, and have other blocks each, in how many of each macro-architecture
    some layer of a slot (or the pool, GAP or readout) never fired."""
    if not drawn:
        return [f"{row['name']}: {', '.join(row['silent'])}" for row in rows if row["silent"]]
    counts = {
        space: Counter(slot for row in some for slot in {layer.partition(".")[0] for layer in row["silent"]})
        for space, some in _by_space(rows).items()
    }
    return [
        f"{space}, of {len(some)} networks: {', '.join(f'{layer} in {number}' for layer, number in sorted(counts[space].items()))}"
        for space, some in _by_space(rows).items()
        if counts[space]
    ]


def _not_in_lava(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    known = [row["lava"] for row in rows if row["lava"]]
    return sorted({lava["reason"] for lava in known if not lava["samples"] and lava["reason"]})


def _as_floats(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why no chip network is made, and what of the choices of training these networks have not."""
    found = []
    for row in rows:
        if row["not_lowered"]:
            without = " and ".join(f"--{choice.replace('_', '-')}" for choice in row["left_out"])
            why = row["not_lowered"].rstrip(".")
            found.append(f"{row['name']}{_some(row)}: {why}{f'; trained without {without}' if without else ''}")
    return found


def _some(row: Mapping[str, Any]) -> str:
    """Which of its seeds are meant, where others have a chip network."""
    if not row["lowered"]:
        return ""
    floats = [str(seed["seed"]) for seed in row["seeds"] if seed.get("not_lowered")]
    seeds = f"{'seed' if len(floats) == 1 else 'seeds'} {', '.join(floats)}"
    return f", {seeds} (its columns of integers are over the other {numbered(row['lowered'], 'seed')})"


THEIRS = ("network", "accuracy (95 %)", "paper", "spikes (95 %)", "paper", "rate", "paper", "seeds")
CHIP = ("network", "accuracy (95 %)", "chip spikes", "energy (low to high)", "cores", "fits", "exact = Lava")
CLAIMS = ("claim", "block", "ours (95 %)", "paper", "verdict")


def _sizes(document: Mapping[str, Any]) -> list[str]:
    ours, paper = document["settings"], document["paper"]
    shrunk = f", squares of {ours['shrink']} pixels as one" if ours["shrink"] != 1 else ""
    lines = [
        f"ours: {ours['dataset']}, {ours['trained_on']:,} samples of {times(ours['sample'])}{shrunk}, C = {ours['width']}, T = {ours['timesteps']}, "
        f"{numbered(ours['retrain_epochs'], 'epoch')} and {ours['finetune_epochs']} with integers{_updates(ours)}, "
        f"{numbered(ours['seeds'], 'seed')}, "
        f"{ours['tested_on']:,} test samples, {ours['target']}"
    ]
    return [*lines, *([_none_of_the_paper(document)] if paper is None else _of_the_paper(paper, document["rows"]))]


def _updates(settings: Mapping[str, Any]) -> str:
    """Batch and learning rate; nothing of a folder that does not say them."""
    if any(settings.get(name) is None for name in ("batch", "learning_rate", "rate_decay")):
        return ""
    rate = RATES[settings["rate_decay"]].format(settings["learning_rate"])
    return f", batch {settings['batch']}, {rate}"


def _none_of_the_paper(document: Mapping[str, Any]) -> str:
    """Why no numbers stand beside ours: the paper has none, or it has and no public source at hand gives them."""
    if document["table"] == "transfer" and document["settings"]["dataset"] != "cifar10":
        return "paper: no numbers that are published stand beside these networks on this dataset"
    return "paper: its numbers of these networks are not in this tool, because no public source at hand gives them"


def _of_the_paper(paper: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """How the paper's networks were trained, and which of its numbers are others'."""
    images = "" if paper["images"] is None else f"{paper['images']:,} "
    steps = "T not published" if paper["timesteps"] is None else f"T = {paper['timesteps']}"
    quoted = [row["name"] for row in rows if row["published"] and row["published"]["quoted"]]
    elsewhere = (
        [f"quoted by it from the networks' own papers, trained otherwise: {', '.join(quoted)}"] if quoted else []
    )
    return [
        f"paper: {paper['dataset']}, {images}samples of {times(paper['sample'])}, C = {paper['width']}, {steps}, "
        f"{paper['epochs']} epochs{_updates(paper)} (the defaults of its code), best test epoch of one seed",
        *elsewhere,
    ]


def _share(interval: Mapping[str, float | None]) -> str:
    return _ranged(interval, lambda value: percent(value))


def _ranged(interval: Mapping[str, float | None], words: Any) -> str:
    if interval["value"] is None:
        return "-"
    if interval["low"] is None:
        return str(words(interval["value"]))
    return f"{words(interval['value'])} ({words(interval['low'])} to {words(interval['high'])})"


def _theirs(row: Mapping[str, Any], name: str, words: Any) -> str:
    value = (row["published"] or {}).get(name)
    return "-" if value is None else str(words(value))


def _rate(value: float) -> str:
    """A share in three significant digits, however small."""
    return digits(value) if value == 0 or value >= 1e-4 else f"{value:.2e}"


def _beside(row: Mapping[str, Any], width: int) -> tuple[str, ...]:
    """A row of the grid of `THEIRS`; `width` is the table's."""
    theirs = (row["published"] or {}).get("width")
    widths = [] if theirs is None and row["width"] == width else [f"C = {row['width']}"]
    if theirs is not None:
        widths.append(f"paper {theirs}")
    return (
        f"{row['name']} ({', '.join(widths)})" if widths else row["name"],
        _share(row["accuracy_float"]),
        _theirs(row, "accuracy", lambda value: percent(value, 2)),
        _ranged(row["spikes_float"], count),
        _theirs(row, "spikes", count),
        _ranged(row["firing_rate"] | {"low": None}, _rate),
        _theirs(row, "firing_rate", lambda value: f"{value:.2f}"),
        str(len(row["seeds"])),
    )


def _on_chip(row: Mapping[str, Any]) -> tuple[str, ...]:
    lava = row["lava"]
    agreed = "-" if lava is None else numbered(lava["samples"], "sample") if lava["samples"] else "not run"
    return (
        row["name"],
        _share(row["accuracy"]),
        _ranged(row["chip_spikes"], count),
        with_bounds(row["energy"], "J") if row["energy"] else "-",
        "-" if row["cores"] is None else str(row["cores"]),
        "-" if row["fits"] is None else "yes" if row["fits"] else "no",
        agreed,
    )


def _claim(entry: Mapping[str, Any]) -> tuple[str, ...]:
    def words(value: float) -> str:
        return f"{100 * value:+.1f} points" if entry["kind"] == "points" else f"x {value:.2f}"

    paper = entry["paper"]
    return (
        entry["claim"],
        entry["block"],
        _ranged(entry, words),
        "-" if paper is None else words(paper),
        entry["verdict"],
    )


def _distributions(spaces: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Lowest, quartiles and highest of each macro-architecture."""
    rows = [
        (
            entry["space"],
            str(entry["networks"]),
            *map(percent, entry["accuracy_float"]),
            *map(count, entry["spikes_float"]),
        )
        for entry in spaces
    ]
    names = ("least", "1/4", "median", "3/4", "most")
    columns = ("space", "networks", *(f"accuracy {name}" for name in names), *(f"spikes {name}" for name in names))
    return grid("Random architectures", columns, rows)
