"""Lava's sigma-delta models, at rest between samples; lava-dl cannot reset them."""

from __future__ import annotations

import numpy as np
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.proc.sdn.models import PyDeltaModelFixed, PySigmaDeltaModelFixed, PySigmaModelFixed


class _Windowed(PyLoihiProcessModel):
    """The stock dynamics while a sample runs; in the steps after it all states are 0, and nothing is sent.

    `proc_params["window"]` holds what `WindowedLif` takes, and "running": steps of an interval in which a sample runs, from
    its first step on in all layers at once, as when Lava starts. States are what arrived (sigma) and what is encoded (act).
    """

    STATES: tuple[str, ...] = ("sigma", "act", "residue")
    RECORDED: tuple[str, str] = ("sigma", "act")

    def __init__(self, proc_params):
        super().__init__(proc_params)
        self.window = proc_params["window"]
        self.states = np.memmap(self.window["states"], np.int32, "r+") if self.window["states"] else None

    def run_spk(self):
        if (self.time_step - 1) % self.window["interval"] < self.window["running"]:
            super().run_spk()
        else:
            self.a_in.recv()
            for name in self.STATES:
                setattr(self, name, np.zeros_like(getattr(self, name)))
            self.s_out.send(np.zeros(self.proc_params["shape"], np.int32))
        sample, step = divmod(self.time_step - self.window["first"], self.window["interval"])
        if self.states is not None and sample >= 0 and step < self.window["timesteps"]:
            rows = self.states.reshape(-1, 2, int(np.prod(self.proc_params["shape"])))
            row = sample * self.window["timesteps"] + step
            if row < len(rows):
                for column, name in enumerate(self.RECORDED):
                    rows[row, column] = getattr(self, name).reshape(-1)


class WindowedDelta(_Windowed, PyDeltaModelFixed):
    """The encoder of an input."""

    RECORDED = ("act", "act")


class WindowedSigmaDelta(_Windowed, PySigmaDeltaModelFixed):
    """Neurons with an activation between both."""


class WindowedSigma(_Windowed, PySigmaModelFixed):
    """The decoder of an output."""

    STATES = ("sigma",)
    RECORDED = ("sigma", "sigma")
