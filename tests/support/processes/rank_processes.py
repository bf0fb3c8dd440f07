"""Commands as ranks: processes with the environment that torchrun sets, on two gloo ranks of this machine."""

import os
import socket
import subprocess
import sys


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def path():
    return os.pathsep.join(entry for entry in sys.path if entry)


def begin(command, count=2, folders=(None, None)):
    """The processes of ranks 0 to count - 1, each in its folder."""
    shared = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    shared |= {"PYTHONPATH": path(), "OMP_NUM_THREADS": "1"}
    return [
        subprocess.Popen(
            [sys.executable, *map(str, command)],
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folders[rank],
        )
        for rank in range(count)
    ]


def ended(processes):
    """(exit code, standard output, standard error) of each."""
    try:
        texts = [process.communicate(timeout=300) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return [(process.returncode, *text) for process, text in zip(processes, texts)]


def torchrun(*command, count=2):
    """A script or module by torchrun itself."""
    words = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(count)]
    words += ["--master-addr", "127.0.0.1", "--master-port", str(free_port()), *map(str, command)]
    environment = {**os.environ, "PYTHONPATH": path(), "OMP_NUM_THREADS": "1"}
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=400)
