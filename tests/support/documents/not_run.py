"""Lines of README and docs/ that following the pages (test_pages.py) leaves out, each with the reason: no test runs them, or another one does.
Options of all of them are checked (test_commands.py)."""

import re

RULES = {
    r"autosnn-hw (search|tables|train)\b": "trains for minutes to hours; make search and the tutorial's test are such runs, the pipeline's tests others",
    r".*--download\b": "downloads",
    r"make\b": "make search comes before all pages are followed; the others are steps of CI",
    r"torchrun\b": "trains for minutes in several processes; tests/commands/test_torchrun.py starts two",
    r"(pip|dask)\b": "sets up an environment or machines; the tests run in one, and tests/search/workers/test_cluster.py starts a cluster",
}
"""By a pattern that the line begins with."""
LINES = {
    "python benchmarks/search_quality.py --data data --seeds 3": "needs the CIFAR-10 images, and trains for hours; what it found is in docs/lab/search.md",
    "autosnn-hw simulate network.net --dataset npz:frames.npz --json": "a file of the reader's; docs/how-to/sigma-delta.md makes and runs one",
    "autosnn-hw front RUN --target loihi1": "docs/how-to/pick-from-the-front.md asks the same run the same",
    "autosnn-hw front RUN --deploy skip,skip,skip,skip,SRB_k3 --out point": "docs/how-to/pick-from-the-front.md deploys a point of the same run",
    "bash .ci/run": "this is what it runs",
    "python - <<'END'": "needs a SLURM cluster",
    "optuna-dashboard sqlite:///runs/digits-loihi2-1/study.db": "runs until it is stopped",
    "autosnn-hw import iaf_default.nir -o a.net --dt 1 --reset subtract --fires-at-threshold --dataset npz:frames.npz --samples 360": (
        "a file of the reader's; tests/deploy/from_nir/test_sinabs.py has such ones"
    ),
    "autosnn-hw import iaf_default.nir -o a.net --dt 1 --reset hard --fires-at-threshold --dataset npz:frames.npz --samples 360 "
    "--finetune-epochs 5": "a file of the reader's; tests/deploy/from_nir/test_sinabs.py has such ones",
}
"""By the line without its comment."""
PIECES = {
    '"SRB_k7": BlockKind((7, 7), residual=True),': "a line of a file",
    "def load(folder: Path) -> Parts:": "a piece of a module",
}
"""Blocks of Python that are no scripts, by their first line."""


def why_not(script: str) -> str | None:
    """The reason for which a line is not run, or None."""
    line = line_of(script)
    return LINES.get(line) or next((reason for pattern, reason in RULES.items() if re.match(pattern, line)), None)


def line_of(script: str) -> str:
    """A line without its comment and its spaces of layout."""
    return " ".join(script.split("\n")[0].split("  #")[0].split())
