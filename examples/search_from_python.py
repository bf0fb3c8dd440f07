"""The main job from Python: a small search on the embedded digits, with a limit on cores, into a folder of its own.

python examples/search_from_python.py RUN_FOLDER
"""

import sys

from autosnn_hw import pipeline
from autosnn_hw.config import SearchConfig
from autosnn_hw.words.progress import progress


def main(folder: str) -> None:
    config = SearchConfig(
        generations=2, pool=10, mean_cost_samples=10, max_cores=16, lam=-0.16, finalists=2, baselines=False
    )
    with progress() as reporter:
        summary = pipeline.search(config, folder, reporter)
    winner = summary["winner"]
    print(winner["architecture"], winner["accuracy"]["exact_test"], winner["energy"]["total"])


if __name__ == "__main__":  # the workers that judge candidates import this module again
    main(sys.argv[1])
