"""A sink that writes the spikes of many layers to one file. Reading them through a Var takes 15 us a spike."""

from __future__ import annotations

import time

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

# Lava wants a model to declare exactly the ports of its Process; deeper networks get several recorders.
PORTS = 24


class Recorder(AbstractProcess):
    """Writes the spikes of up to `PORTS` layers into columns of a file of bytes (steps, columns), one row a step.

    Args:
        shapes: Lava's shape, (W, H, C) or (N,), of each layer; each becomes np.prod(shape) columns in that order.
        path: the file, which exists in full size already.
        steps, columns: its shape.
        first: column of the first layer's first neuron.
        messages: the file holds int32, the messages themselves, and not bytes.
        progress: file of three float64 that takes the number of the last step written and the times at which the first
            and the last step were (time.monotonic), or None.
    """

    def __init__(self, *, shapes, path, steps, columns, first, messages, progress) -> None:
        super().__init__(
            shapes=shapes,
            path=path,
            steps=steps,
            columns=columns,
            first=first,
            messages=messages,
            progress=progress,
        )
        for i in range(PORTS):
            setattr(self, f"in{i}", InPort(shape=tuple(shapes[i]) if i < len(shapes) else (1,)))


@implements(proc=Recorder, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyRecorder(PyLoihiProcessModel):
    """CPU model of `Recorder`."""

    for _i in range(PORTS):
        locals()[f"in{_i}"] = LavaPyType(PyInPort.VEC_DENSE, np.int32)

    def __init__(self, proc_params):
        super().__init__(proc_params)
        kind = np.int32 if proc_params["messages"] else np.bool_
        self.rows = np.memmap(proc_params["path"], kind, "r+", shape=(proc_params["steps"], proc_params["columns"]))
        self.progress = np.memmap(proc_params["progress"], np.float64, "r+") if proc_params["progress"] else None
        sizes = [int(np.prod(shape)) for shape in proc_params["shapes"]]
        starts = proc_params["first"] + np.cumsum([0, *sizes])
        self.columns = [slice(int(a), int(b)) for a, b in zip(starts, starts[1:])]

    def run_spk(self):
        row = self.rows[self.time_step - 1]
        for i, columns in enumerate(self.columns):
            # Straight from the one connection: PyInPort.recv would add it to zeros first.
            spikes = getattr(self, f"in{i}").csp_ports[0].recv()
            if row.dtype == np.int32:
                row[columns] = spikes.reshape(-1)
            else:
                np.not_equal(spikes.reshape(-1), 0, out=row[columns])
        if self.progress is not None:
            now = time.monotonic()
            self.progress[:] = self.time_step, self.progress[1] or now, now
