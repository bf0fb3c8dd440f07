"""The command line in a process group of its own, which can be killed as a whole."""

import os
import subprocess
import sys


def command(*words):
    """Begun, not waited for."""
    return subprocess.Popen(
        [sys.executable, "-c", "from autosnn_hw.cli import main; main()", *map(str, words)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, start_new_session=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
