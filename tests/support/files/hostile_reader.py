"""Reads damaged files one after the other in a process of its own: `python hostile_reader.py KIND HONEST FOLDER FIRST COUNT`.

Prints one JSON line a file that was neither read nor refused in one sentence: a traceback, more than 20 s, more than 2 GiB, a file
outside of the folder opened, a pickle loaded or a command run.
"""

import json
import resource
import signal
import sys
import time
import traceback
from pathlib import Path

import numpy as np

from autosnn_hw.errors import AutosnnError

SECONDS, BYTES = 20, 2 << 30
FORBIDDEN = ("pickle.find_class", "os.system", "os.exec", "ctypes.dlopen", "socket.connect")


def reader_of(kind):
    """A function of a path, with everything imported that it needs."""
    if kind in ("net", "sdnn"):
        from exporters import netx

        return netx.read
    if kind == "nir":
        from autosnn_hw import from_nir

        return lambda path: from_nir(path, dt=1e-4, reset="hard")
    if kind == "onnx":
        from autosnn_hw.simulate import onnx_run

        return lambda path: onnx_run.run(path, np.zeros((2, 5, 2, 4, 4), np.uint8))
    if kind == "npz":
        from autosnn_hw.run_and_price import load_samples

        return lambda path: load_samples(f"npz:{path}", "test")
    if kind == "trace":
        from autosnn_hw.simulate import trace_file

        return trace_file.read
    if kind == "toml":
        import hw_profiles

        return lambda path: hw_profiles.load(str(path))
    if kind == "csv":
        import hw_profiles
        from autosnn_hw.cost.calibration.rows import read_equations

        return lambda path: read_equations(path, hw_profiles.load("loihi2"))
    if kind == "config":
        from autosnn_hw.config import read_config

        return read_config
    if kind == "cores":
        from exporters import cores

        return cores.read
    if kind == "study":
        from autosnn_hw.search.database.study import read_records

        return read_records
    from autosnn_hw.training.checkpoint import read_checkpoint

    return read_checkpoint


class Watch:
    """What Python says of itself while a file is read."""

    def __init__(self, folder):
        self.folder, self.on, self.said = str(folder), False, []
        sys.addaudithook(self.hear)

    def hear(self, event, arguments):
        if not self.on:
            return
        if event in FORBIDDEN:
            self.said.append(f"{event} {arguments!r}")
        if event == "open" and isinstance(arguments[0], str | bytes):
            name = arguments[0].decode(errors="replace") if isinstance(arguments[0], bytes) else arguments[0]
            if name.startswith(("/etc/passwd", "/root/.ssh")):
                self.said.append(f"opened {name}")


def main(kind, honest, folder, first, count):
    from support.files import hostile_files

    read, honest, folder = reader_of(kind), Path(honest), Path(folder)
    read(honest)  # whatever is loaded late is loaded now
    watch = Watch(folder)
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError(f"{SECONDS} s")))
    pages = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (pages + BYTES, pages + BYTES))
    outcomes = {"read": 0, "refused": 0}
    for number in range(first, first + count):
        rng = np.random.default_rng(number)
        path = folder / f"{number}{''.join(honest.suffixes[-2:])}"
        hostile_files.damage(kind, honest, path, rng)
        watch.on, watch.said, problem = True, [], None
        started = time.monotonic()
        signal.alarm(SECONDS)
        try:
            read(path)
            outcomes["read"] += 1
        except AutosnnError as error:
            outcomes["refused"] += 1
            first_lines = str(error).split("\n- ")  # of a profile every problem has a line of its own
            if any("\n" in line for line in first_lines) or len(str(error)) > 3000:
                problem = f"no one sentence: {str(error)[:300]!r}"
        except BaseException as error:
            problem = f"{type(error).__name__}: {str(error)[:200]} at {traceback.extract_tb(error.__traceback__)[-1]}"
        finally:
            signal.alarm(0)
            watch.on = False
        if problem or watch.said:
            print(json.dumps({"number": number, "problem": problem, "said": watch.said[:3]}), flush=True)
        path.unlink()
        if time.monotonic() - started > SECONDS:
            print(json.dumps({"number": number, "problem": "slow"}), flush=True)
    print(json.dumps(outcomes), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:4], *map(int, sys.argv[4:]))
