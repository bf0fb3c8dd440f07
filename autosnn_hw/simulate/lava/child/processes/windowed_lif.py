"""Lava's LIFReset that is silent outside its samples' windows and can write its states to a file."""

from __future__ import annotations

import numpy as np
from lava.proc.lif.models import PyLifResetModelBitAcc


class WindowedLif(PyLifResetModelBitAcc):
    """The stock dynamics in every step of a sample; between samples u = v = 0 and no spike.

    Used for networks with synaptic delays only (Lava does not empty a delay line at a reset, so that a spike fired
    between two samples would arrive in the next), and where states are asked for. `proc_params["window"]` holds
    {"first", "timesteps", "interval", "gate", "states"}: first step of the layer's first sample, and a file of int32
    (samples * timesteps, 2, neurons) for u and v after the step, neurons in Lava's order, or None.
    """

    def __init__(self, proc_params):
        super().__init__(proc_params)
        window = proc_params["window"]
        self.first, self.timesteps, self.interval = window["first"], window["timesteps"], window["interval"]
        self.gate = window["gate"]
        self.states = np.memmap(window["states"], np.int32, "r+") if window["states"] else None

    def run_spk(self):
        sample, step = divmod(self.time_step - self.first, self.interval)
        inside = sample >= 0 and step < self.timesteps
        if inside or not self.gate:
            super().run_spk()
        else:
            self.a_in.recv()
            self.u[:] = 0
            self.v[:] = 0
            self.s_out.send(np.zeros(self.v.shape, np.int32))
        if inside and self.states is not None:
            rows = self.states.reshape(-1, 2, self.v.size)
            row = sample * self.timesteps + step
            if row < len(rows):
                rows[row, 0] = self.u.reshape(-1)
                rows[row, 1] = self.v.reshape(-1)
