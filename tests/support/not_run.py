"""Lines of README and docs/ that no test runs, each with the reason. Options of all of them are checked (test_commands.py)."""

HOURS = "hours with the sizes that it takes by default; the tutorial's test runs such a search with small ones"
ELSEWHERE_TESTED = "tested in tests/simulate"
OTHER_TEST = "minutes, and what it does is tested elsewhere"
ELSEWHERE = "needs machines that are not here"
DOWNLOAD = "downloads"
SETS_UP = "sets up an environment; CI does, and the tests run in it"

NOT_RUN = {
    # README, CONTRIBUTING
    "make test": "the suite that this is part of",
    "make test-slow": "the suite that this is part of",
    "make lint types": "a step of CI of its own",
    "bash .ci/run": "this is what it runs",
    "autosnn-hw search --dataset events": f"{OTHER_TEST}: tests/test_pipeline_events.py",
    "autosnn-hw search --target truenorth": f"{OTHER_TEST}: tests/test_pipeline_truenorth.py",
    "autosnn-hw search --target loihi2 --dataset cifar10 --data-dir data --download": DOWNLOAD,
    "autosnn-hw search --dataset npz:mine.npz --target loihi2": HOURS,
    "autosnn-hw search --target mychip.toml": f"{OTHER_TEST}: make search takes the same way, and check the same profile",
    # docs/how-to
    "autosnn-hw search --dataset folder:images --target loihi2": HOURS,
    "autosnn-hw search --dataset cifar10 --data-dir data --download": DOWNLOAD,
    # docs
    "pip install 'dask[distributed]>=2026.8'": SETS_UP,
    "dask scheduler": "runs until it is stopped; tests/search/test_cluster.py starts one",
    "dask worker tcp://host:8786 --nworkers auto --nthreads 1": ELSEWHERE,
    "autosnn-hw search --scheduler tcp://host:8786": f"{ELSEWHERE}; tests/search/test_cluster.py has some",
    "autosnn-hw search --timesteps 2,4,8": f"{OTHER_TEST}: tests/search has small ones",
    "autosnn-hw search --widths 4,8,16 --timesteps 2,4,8": f"{OTHER_TEST}: tests/search has small ones",
    "autosnn-hw search --space my_space.toml": f"{OTHER_TEST}: tests/search has small ones",
    "pip install dask-jobqueue": SETS_UP,
    "python - <<'END'": ELSEWHERE,
    "dask ssh --nworkers 8 --nthreads 1 --scheduler host0 host1 host2 host3": ELSEWHERE,
    "optuna-dashboard sqlite:///runs/digits-loihi2-1/study.db": "runs until it is stopped",
    "autosnn-hw search --storage 'postgresql+psycopg://me:$PGPASS@db.example.org/searches'": (
        f"{ELSEWHERE}; tests/search/test_storage.py has a server"
    ),
    "autosnn-hw simulate network.net --dataset npz:frames.npz --json": f"an SDNN of one's own; {ELSEWHERE_TESTED}",
    # examples
    "autosnn-hw search --target examples/own_chip.toml": f"{OTHER_TEST}: make search takes the same way",
}

PIECES = {
    '"SRB_k7": BlockKind((7, 7), residual=True),': "a line of a file",
    "def load(folder: Path) -> Parts:": "a piece of a module",
}
"""Blocks of Python that are no scripts, by their first line."""
