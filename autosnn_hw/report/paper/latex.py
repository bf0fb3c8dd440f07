"""The table of a run in LaTeX (booktabs), with the boundary of its energy in the caption, and the BibTeX entries it cites."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autosnn_hw import run_folder
from autosnn_hw.documents.accuracy import wilson
from autosnn_hw.documents.searches.verdict import accuracy_of, alike, total_energy
from autosnn_hw.documents.workload import ann_beside, neurobench
from autosnn_hw.report.run_documents import RunDocuments
from autosnn_hw.words.quantities import at, bounds, count, number, percent, quantity

SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "µ": r"\textmu{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip
BIBTEX = """\
@inproceedings{na2022autosnn,
  title     = {{AutoSNN}: Towards Energy-Efficient Spiking Neural Networks},
  author    = {Na, Byunggook and Mok, Jisoo and Park, Seongsik and Lee, Dongjin and Choe, Hyeokjun and Yoon, Sungroh},
  booktitle = {Proceedings of the 39th International Conference on Machine Learning},
  series    = {Proceedings of Machine Learning Research},
  volume    = {162},
  pages     = {16253--16269},
  year      = {2022},
  note      = {arXiv:2201.12738}
}

@article{yik2025neurobench,
  title   = {The {NeuroBench} framework for benchmarking neuromorphic computing algorithms and systems},
  author  = {Yik, Jason and others},
  journal = {Nature Communications},
  volume  = {16},
  pages   = {1545},
  year    = {2025}
}

@software{autosnn_hw,
  title   = {autosnn-hw: spiking neural networks searched as the integer networks that a neuromorphic chip runs},
  version = {VERSION}
}
"""


def write_latex(run: RunDocuments, path: str | Path) -> tuple[Path, Path]:
    """Write the table to `path` and its bibliography beside it (.bib); both paths.

    Raises:
        RunError: one of them could not be written.
    """
    path = Path(path)
    version = at(run.winner, "tool", "version") or at(run.manifest, "versions", "autosnn-hw") or "unknown"
    text = table(run.summary, run.winner) + metrics_table(run.winner or {})
    cited = [entry for entry in BIBTEX.split("\n\n") if entry.partition("{")[2].partition(",")[0] in text]
    bibliography = "\n\n".join(entry.strip() for entry in cited).replace("VERSION", str(version)) + "\n"
    written = run_folder.write_text(path, text, option="--latex")
    return written, run_folder.write_text(path.with_suffix(".bib"), bibliography, option="--latex")


def escaped(text: Any) -> str:
    """Text as LaTeX prints it."""
    return "".join(SPECIAL.get(character, character) for character in str(text))


def table(summary: Mapping[str, Any], winner: Mapping[str, Any] | None) -> str:
    """A table environment for the preamble's booktabs: winner first, then the baselines on the same target.

    Args:
        summary: summary.json.
        winner: the winner's `simulate --json` document, for samples and boundary; None leaves the boundary unknown.
    """
    entries = [("winner", summary.get("winner") or {}), *((b["name"], b) for b in alike(summary))]
    samples = summary.get("test_samples") or at(winner, "dataset", "samples")
    several = any(isinstance(entry.get("seeds"), Mapping) for _, entry in entries)
    rows = "\n".join(_row(name, entry, samples, several) for name, entry in entries)
    column, head = ("l", " & Mean over seeds (\\%)") if several else ("", "")
    return f"""\
% \\usepackage{{booktabs}}; \\usepackage{{textcomp}}
\\begin{{table}}
  \\centering
  \\caption{{{caption(summary, winner, samples)}}}
  \\begin{{tabular}}{{lrl{column}rrlr}}
    \\toprule
    Network & Accuracy (\\%) & 95\\,\\% interval{head} & Spikes & Energy & low to high & Cores \\\\
    \\midrule
{rows}
    \\bottomrule
  \\end{{tabular}}
\\end{{table}}
"""


def metrics_table(winner: Mapping[str, Any]) -> str:
    """A second table: NeuroBench's metrics of the winner and the 8-bit ANN under the same rule; "" where the document lacks them."""
    rows = [(row["name"], _metric(row)) for row in neurobench(winner)]
    ann = ann_beside(winner)
    rule = ""
    if ann is not None:
        rows += [
            ("Energy under a rule that counts memory, this SNN", quantity(number(ann["snn"]), "J")),
            ("The same, 8-bit ANN of the same architecture", quantity(number(ann["ann"]), "J")),
        ]
        rule = f" The last two rows are not the target's energy: one rule for both, with the operation energies of {ann['source']}."
    if not rows:
        return ""
    lines = "\n".join(f"    {escaped(name)} & {escaped(value)} \\\\" for name, value in rows)
    samples = at(winner, "dataset", "samples")
    said = f"Metrics of the winner under the names of NeuroBench~\\cite{{yik2025neurobench}}, means an inference{escaped('' if samples is None else f' over {count(samples)} samples')}, counted by autosnn-hw on the integer network.{escaped(rule)}"
    return f"""\
\\begin{{table}}
  \\centering
  \\caption{{{said}}}
  \\begin{{tabular}}{{lr}}
    \\toprule
    Metric & Value \\\\
    \\midrule
{lines}
    \\bottomrule
  \\end{{tabular}}
\\end{{table}}
"""


def _metric(row: Mapping[str, Any]) -> str:
    if row["unit"] == "share":
        return percent(row["value"])
    return quantity(row["value"], "B") if row["unit"] == "B" else count(row["value"])


def caption(summary: Mapping[str, Any], winner: Mapping[str, Any] | None, samples: int | None) -> str:
    """What the numbers are of, and what they leave out."""
    of = "" if samples is None else f" ({count(samples)} samples)"
    left_out = at(winner, "not_counted") or ["unknown: the winner's simulation was not kept"]
    boundary = " ".join(f"{str(text).removeprefix('Boundary: ').rstrip('.')}." for text in left_out)
    return (
        f"Networks found by autosnn-hw~\\cite{{autosnn_hw}} in the space of AutoSNN~\\cite{{na2022autosnn}} on "
        f"{escaped(summary.get('dataset'))} for {escaped(summary.get('target'))}, run as integers on the test split{escaped(of)}. "
        f"Accuracy with its Wilson 95\\,\\% interval{_seeds(summary)}; spikes and energy are means an inference. Energies are estimates of a cost "
        "model, low to high: the interval of the target's constants. The boundary of the energy, and what it leaves out: "
        f"{escaped(boundary)}"
    )


def _seeds(summary: Mapping[str, Any]) -> str:
    own = at(summary, "winner", "seeds", "accuracies")
    if own is None:
        return ""
    return f", and its mean over {len(own)} seeds of the final training with the 95\\,\\% interval of Student's t, of which the first is in the other columns"


def _row(name: str, entry: Mapping[str, Any], samples: int | None, several: bool) -> str:
    accuracy = accuracy_of(entry.get("accuracy"))
    interval = wilson(round(accuracy * samples), samples) if accuracy is not None and samples else {}
    low, high = interval.get("low"), interval.get("high")
    energy = total_energy(entry.get("energy"))
    cells = (
        name,
        "--" if accuracy is None else f"{100 * accuracy:.1f}",
        "--" if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f}",
        *([_mean(entry.get("seeds"))] if several else []),
        count(number(entry.get("spikes"), "chip")),
        quantity(number(energy), "J"),
        bounds(energy, "J"),
        count(number(entry.get("cores"))),
    )
    return "    " + " & ".join(escaped(cell) for cell in cells) + " \\\\"


def _mean(spread: Mapping[str, Any] | None) -> str:
    """Mean accuracy over seeds with its interval, in percent."""
    if spread is None:
        return "--"
    return f"{100 * spread['mean']:.1f} ({100 * spread['low']:.1f} to {100 * spread['high']:.1f})"
