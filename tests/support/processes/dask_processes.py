"""A Dask scheduler and one worker as processes of their own, as a user starts them."""

import os
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager


@contextmanager
def running():
    """(address, the scheduler's process); both are ended afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    words = (
        ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
        [
            "worker",
            address,
            "--nthreads",
            "1",
            "--no-dashboard",
            "--death-timeout",
            "30",
        ],
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    with ExitStack() as stack:
        processes = []
        for command in words:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *command],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
            processes.append(process)
        yield address, processes[0]
