"""A source that streams samples, each followed by blank steps."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol


class SampleSource(AbstractProcess):
    """Sends sample n in the steps n * interval + 1 .. n * interval + timesteps, and zeros in between and after the last.

    Args:
        values: int32 (N, *port) held over all steps of a sample, or (N, T, *port) one frame a step; port is (W, H, C) or
            (N,). They travel to the model by fork, which costs nothing; a Var takes 15 us a number.
        held: which of the two.
        timesteps: steps of a sample.
        interval: steps from the start of one sample to the start of the next.
    """

    def __init__(self, *, values: np.ndarray, held: bool, timesteps: int, interval: int) -> None:
        super().__init__(values=values, held=held, timesteps=timesteps, interval=interval)
        self.s_out = OutPort(shape=values.shape[1 if held else 2 :])


@implements(proc=SampleSource, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PySampleSource(PyLoihiProcessModel):
    """CPU model of `SampleSource`."""

    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)

    def __init__(self, proc_params):
        super().__init__(proc_params)
        self.values = proc_params["values"]
        self.held = proc_params["held"]
        self.timesteps = proc_params["timesteps"]
        self.interval = proc_params["interval"]
        self.blank = np.zeros(self.values.shape[1 if self.held else 2 :], np.int32)

    def run_spk(self):
        sample, step = divmod(self.time_step - 1, self.interval)
        if step >= self.timesteps or sample >= len(self.values):
            self.s_out.send(self.blank)
        else:
            self.s_out.send(self.values[sample] if self.held else self.values[sample, step])
