"""One job: load a .net file with lava-dl, stream samples through it in Lava's CPU simulator, record every spike."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from lava.lib.dl import netx
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.conv.process import Conv
from lava.proc.lif.process import LIFReset
from lava.proc.sdn.process import Delta, Sigma, SigmaDelta

from autosnn_hw.simulate.lava.child.processes.fast_conv import FastConv
from autosnn_hw.simulate.lava.child.processes.recorder import PORTS, Recorder
from autosnn_hw.simulate.lava.child.processes.source import SampleSource
from autosnn_hw.simulate.lava.child.processes.windowed_lif import WindowedLif
from autosnn_hw.simulate.lava.child.processes.windowed_sdn import WindowedDelta, WindowedSigma, WindowedSigmaDelta
from autosnn_hw.simulate.lava.child.transport import threadless_channels

# A channel keeps this many messages; Lava's default of 64 exceeds Docker's 64 MB of /dev/shm with two 32x32x64 layers.
CHANNEL_SLOTS = 2
GRADED_MESSAGE_BITS = 24
INT8_LIMIT = 127
WINDOWED = {LIFReset: WindowedLif, Delta: WindowedDelta, SigmaDelta: WindowedSigmaDelta, Sigma: WindowedSigma}


def port_values(values: np.ndarray, samples_first: int, port: tuple[int, ...]) -> np.ndarray:
    """Reorder values of (.., C, H, W) or (.., N) to Lava's (.., W, H, C) or (.., N); a dense port takes C, H, W flat."""
    lead = values.shape[:samples_first]
    if len(port) == 1:
        return np.ascontiguousarray(values.reshape((*lead, -1)))
    axes = (*range(samples_first), *range(values.ndim - 1, samples_first - 1, -1))
    return np.ascontiguousarray(values.transpose(axes))


def load(job: Mapping[str, Any]) -> Any:
    """The lava-dl network of a job, with its resets in place.

    Raises:
        Exception: whatever lava-dl, h5py or numpy raise for a file they cannot load; nothing has been started then.
    """
    network = netx.hdf5.Network(
        net_config=job["net"],
        input_shape=tuple(job["input_shape"][::-1]),
        input_message_bits=GRADED_MESSAGE_BITS if job["graded"] else 0,
        reset_interval=None if job["messages"] else job["interval"],  # lava-dl resets no sigma-delta neuron
        reset_offset=job["reset_offset"],
    )
    try:
        _adjust(network, job)
    except BaseException:
        close(network)
        raise
    return network


def close(network: Any) -> None:
    """Release the file: lava-dl keeps it open and locked for the network's life."""
    network.net_config.f.close()


def _adjust(network: Any, job: Mapping[str, Any]) -> None:
    neurons = sum(int(np.prod(layer.out.shape)) for layer in network.layers)
    if [list(layer.out.shape[::-1]) for layer in network.layers] != job["shapes"]:
        raise ValueError(
            f"lava-dl made {len(network.layers)} layers with {neurons} neurons of a file that describes {len(job['shapes'])}"
        )
    if not job["fast_conv"]:
        _refuse_int8_overflow(network)
    if job["input_bias"] is not None:
        # NetX stores the input entry's bias without applying it.
        bias = np.load(job["input_bias"])
        network.in_layer.neuron.bias_mant.init = np.broadcast_to(
            bias if bias.ndim == 1 else bias.transpose(), network.in_layer.neuron.s_out.shape
        ).astype(np.int32)
    if job["windowed"]:
        for i, layer in enumerate(network.layers):
            layer.neuron.proc_params["window"] = {
                "first": job["first_step"] + i,
                "timesteps": job["timesteps"],
                "interval": job["interval"],
                "gate": job["gate"],
                "running": job["running"],
                "states": job["states"].get(str(i)),
            }


def _refuse_int8_overflow(network: Any) -> None:
    """Stock Lava keeps a convolution's geometry in int8 Vars: 128 groups are -128, and every sum is silently 0."""
    for i, layer in enumerate(network.layers):
        synapse = getattr(layer, "synapse", None)
        if not isinstance(synapse, Conv):
            continue
        for name in ("groups", "stride", "padding", "dilation"):
            largest = np.max(synapse.proc_params[name])
            if largest > INT8_LIMIT:
                raise ValueError(
                    f"layer {i} has {name} {largest}, stock Lava runs at most {INT8_LIMIT}; use our convolution model"
                )


def _connect(network: Any, job: Mapping[str, Any]) -> None:
    # A source on net.inp of an Input block fails (NotImplementedError: no subcompiler for PyInputModel).
    target = network.in_layer.neuron.a_in if job["input_has_neuron"] else network.inp
    values = port_values(np.load(job["values"]), 1 if job["held"] else 2, target.shape)
    source = SampleSource(
        values=values.astype(np.int32), held=job["held"], timesteps=job["timesteps"], interval=job["interval"]
    )
    source.s_out.connect(target)
    shapes = [layer.out.shape for layer in network.layers]
    first = 0
    for start in range(0, len(shapes), PORTS):
        part = shapes[start : start + PORTS]
        recorder = Recorder(
            shapes=part,
            path=job["record"],
            steps=job["steps"],
            columns=job["neurons"],
            first=first,
            messages=job["messages"],
            progress=job["progress"] if start == 0 else None,
        )
        for i, layer in enumerate(network.layers[start : start + PORTS]):
            layer.out.connect(getattr(recorder, f"in{i}"))
        first += sum(int(np.prod(shape)) for shape in part)


def run(network: Any, job: Mapping[str, Any]) -> dict[str, Any]:
    """Run a loaded network over the job's samples; the spikes are in job["record"] when this returns.

    Returns:
        {"seconds": {"start", "steps", "stop"}}: compiling and starting the models until the first step is done, from there
        to the last step, and ending the models.
    """
    models: dict[type, type] = {Conv: FastConv} if job["fast_conv"] else {}
    if job["windowed"]:
        models |= WINDOWED
    try:
        _connect(network, job)
        with threadless_channels(job["fast_conv"]):
            start = time.monotonic()
            # Without the tag Lava silently picks float models.
            network.run(
                condition=RunSteps(num_steps=job["steps"]),
                run_cfg=Loihi2SimCfg(select_tag="fixed_pt", exception_proc_model_map=models),
                compile_config={"pypy_channel_size": CHANNEL_SLOTS},
            )
            ran = time.monotonic()
            network.stop()
            stopped = time.monotonic()
    finally:
        close(network)
    _, first, last = np.fromfile(job["progress"], np.float64)
    return {"seconds": {"start": first - start, "steps": last - first, "stop": stopped - ran}}
