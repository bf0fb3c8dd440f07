"""One job on a Loihi 2 board: the .net file with bias-encoded samples, adapters that bring the spikes back, Intel's profilers.

Written against the documented interface of Intel's lava-loihi (netx tutorials of lava-dl); never run on a board.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from lava.lib.dl import netx
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2HwCfg
from lava.proc import embedded_io, io
from lava.utils import loihi2_profiler

POWER_RAILS = ("total_power", "static_total_power", "vdd_power", "vddm_power", "vddio_power")
COUNTERS = ("core_idx", "syn_ops", "dendrite_updates", "axon_out", "spikes_in")


def load(job: Mapping[str, Any]) -> Any:
    """The lava-dl network of a job; a wrong file shows here, before anything runs."""
    return netx.hdf5.Network(net_config=job["net"], reset_interval=job["interval"], reset_offset=job["reset_offset"])


def _with_bias(network: Any, values: np.ndarray) -> Any:
    """Drive the input neurons by their bias, constant over the run: nothing has to be sent to the board."""
    network.in_layer.neuron.bias_mant.init = np.ascontiguousarray(values.transpose()).astype(np.int32)
    return network


def _spikes(network: Any, values: np.ndarray, steps: int) -> list[np.ndarray]:
    """Run one sample and return the spikes of each layer, (*Lava shape, steps)."""
    sinks = []
    for layer in _with_bias(network, values).layers:
        adapter = embedded_io.spike.NxToPyAdapter(shape=layer.out.shape)
        sink = io.sink.RingBuffer(shape=layer.out.shape, buffer=steps)
        layer.out.connect(adapter.inp)
        adapter.out.connect(sink.a_in)
        sinks.append(sink)
    try:
        network.run(condition=RunSteps(num_steps=steps), run_cfg=Loihi2HwCfg())
        return [np.asarray(sink.data.get()) for sink in sinks]
    finally:
        network.stop()
        network.net_config.f.close()


def _profile(network: Any, values: np.ndarray, steps: int) -> dict[str, Any]:
    """Run one sample for many steps without adapters, under the profilers."""
    power = loihi2_profiler.Loihi2Power(num_steps=steps)
    time = loihi2_profiler.Loihi2ExecutionTime()
    memory = loihi2_profiler.Loihi2Memory()
    activity = loihi2_profiler.Loihi2Activity()
    _with_bias(network, values)
    try:
        network.run(
            condition=RunSteps(num_steps=steps), run_cfg=Loihi2HwCfg(callback_fxs=[power, time, memory, activity])
        )
    finally:
        network.stop()
        network.net_config.f.close()
    return {
        "steps": steps,
        "power_watts": {name: float(np.mean(getattr(power, name))) for name in POWER_RAILS},
        "seconds_per_step": float(time.avg_time_per_step) * 1e-6,  # the profiler gives microseconds
        "memory": int(np.sum(memory.total_mpds)),
        "counters": {name: np.asarray(getattr(activity, name)).reshape(-1).tolist() for name in COUNTERS},
    }


def run(network: Any, job: Mapping[str, Any]) -> dict[str, Any]:
    """Spikes of every sample into job["record"] (rows are steps, a sample after the other), and the profile.

    A network lives for one run: Lava crashes when one is run again after its stop.
    """
    values = np.load(job["values"])
    rows = np.memmap(job["record"], np.uint8, "r+", shape=(len(values), job["steps"], job["neurons"]))
    for n, sample in enumerate(values):
        found = _spikes(network if n == 0 else load(job), sample, job["steps"])
        rows[n] = np.concatenate([(s != 0).reshape(-1, job["steps"]) for s in found]).T
    rows.flush()
    return {"profile": _profile(load(job), values[0], job["profile_steps"])}
