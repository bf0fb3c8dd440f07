"""A module of torch in a process of its own: the caller's end.

A framework may set what is global (torch's default type, hooks, threads), leak or crash; the integers beside it must not depend on
that. MODULE:NAME is imported there and nowhere else; a module that is in the caller's process already is sent there.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.machinery import PathFinder
from itertools import accumulate
from types import ModuleType, TracebackType
from typing import Any

import cloudpickle
import numpy as np
import torch
from torch import nn

from autosnn_hw import child_process
from autosnn_hw.deploy.from_graph.beside_floats import FloatRun
from autosnn_hw.deploy.from_torch import framework_child
from autosnn_hw.deploy.from_torch.network import module_of
from autosnn_hw.deploy.from_torch.traced_module import Traced
from autosnn_hw.errors import InputError, RunError
from autosnn_hw.network import ChipNetwork


class FrameworkProcess:
    """Starts a process with a module, and ends it; used with `with`.

    Args:
        source: MODULE:NAME, or the module itself, which is copied there as it is now: its class by name where it can be imported,
            else (of a notebook, of the file that is run, of a function) with its code.

    Raises:
        InputError: the module cannot be imported, sent, traced or mapped. RunError: the process died.
    """

    traced: Traced | None
    """What the module is, but for what it does; None of slayer's blocks."""

    def __init__(self, source: str | nn.Module) -> None:
        name = source if isinstance(source, str) else type(source).__name__
        self._what = f"the process that runs {name} in its framework"
        content = source if isinstance(source, str) else _pickled(module_of(source))
        self._process = subprocess.Popen(
            child_process.command(framework_child.__name__),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            self.traced = self._ask("take", content, torch.get_num_threads())
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> FrameworkProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def integers(self, shape: Sequence[int], timesteps: int | None = None) -> ChipNetwork:
        """The network that slayer's blocks export.

        Raises:
            InputError: as `slayer.from_slayer`. RunError: the process died.
        """
        network: ChipNetwork = self._ask("integers", tuple(shape), timesteps)
        return network

    def run(self, samples: np.ndarray, held: int | None = None, names: Sequence[str] = ()) -> FloatRun:
        """The module on frames (N, T, ..), or on what it sees of images, float32 (N, ..).

        Args:
            held: steps for which images stand.
            names: of the network's layers behind the input; needed of slayer's blocks.

        Raises:
            InputError: the module itself failed. RunError: no memory, or the process died.
        """
        found: FloatRun = self._ask("run", samples, held, tuple(names))
        return found

    def beside(self, network: ChipNetwork) -> Callable[[np.ndarray], FloatRun]:
        """`run` on frames, for the layers of a network."""
        names = [layer.name for layer in network.layers[1:]]
        return lambda frames: self.run(frames, None, names)

    def close(self) -> None:
        """End the process, whatever it is doing."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        with suppress(OSError):
            process.stdin.close()
        if process.poll() is None:
            if hasattr(os, "killpg"):
                with suppress(OSError):
                    os.killpg(process.pid, signal.SIGKILL)  # what the user's code started, too
            else:
                process.kill()
        process.wait()
        process.stdout.close()

    def _ask(self, name: str, *arguments: Any) -> Any:
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        try:
            pickle.dump((name, arguments), process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
            kind, value = pickle.load(process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            raise RunError(f"{self._what} {child_process.how_it_ended(process.wait())}.") from None
        if kind == framework_child.REFUSED:
            raise InputError(value)
        if kind == framework_child.FULL:
            raise RunError(f"{self._what} has no memory left: run fewer samples or a smaller network.")
        if kind == framework_child.DEFECT:
            raise RuntimeError(value)
        return value


def _pickled(module: nn.Module) -> bytes:
    """The module with the code of its classes where these cannot be imported by their name."""
    names = {type(part).__module__ for part in module.modules()}
    own = [sys.modules[name] for name in sorted(names) if name in sys.modules and not _is_found(sys.modules[name])]
    try:
        for each in own:
            cloudpickle.register_pickle_by_value(each)
        return bytes(cloudpickle.dumps(module))
    except Exception as error:  # whatever the user's objects raise when they are copied
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise InputError(
            f"{type(module).__name__} cannot be sent to a process of its own ({type(error).__name__}: {reason}); a module without open files, "
            "locks and parametrizations can, and `import FILE.py:NAME --dataset ..` makes it there."
        ) from None
    finally:
        for each in own:
            cloudpickle.unregister_pickle_by_value(each)


def _is_found(module: ModuleType) -> bool:
    """Whether importing a module by its name, anew, finds the file that it came from; what came from none is taken for found."""
    file = getattr(module, "__file__", None)
    if file is None or module.__name__ == "__main__":  # which cloudpickle knows itself
        return True
    folders: Sequence[str] | None = None
    spec = None
    for name in accumulate(module.__name__.split("."), "{}.{}".format):
        spec = PathFinder.find_spec(name, folders)
        if spec is None:
            return False
        folders = spec.submodule_search_locations
    return spec is not None and spec.origin is not None and os.path.realpath(spec.origin) == os.path.realpath(file)
