"""Networks of lava-dl's slayer blocks (CUBA): they hold the chip's integers already, and write them themselves.

Nothing of Lava is imported here: the user's module has done that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from torch import nn

from autosnn_hw.deploy.from_graph.beside_floats import FloatRun
from autosnn_hw.deploy.quantise import EVEN
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork
from exporters import netx
from exporters.nir.graph import refuse_not_finite

BLOCKS = "lava.lib.dl.slayer.block"
SILENT = ("Flatten", "Average")  # blocks without neurons


def has_blocks(module: nn.Module) -> bool:
    return any(_is_block(part) for part in module.modules())


def _is_block(module: nn.Module) -> bool:
    return type(module).__module__.startswith(BLOCKS)


def from_slayer(module: nn.Module, input_shape: Sequence[int], *, timesteps: int | None = None) -> ChipNetwork:
    """The network that the blocks' own export writes, pools as the convolutions that they are.

    Weight norm is folded into the module's weights, as that export does; what it computes stays the same.

    Args:
        input_shape: (C, H, W) or (N,).

    Raises:
        InputError: blocks that are no chain, or that NetX cannot hold; weights that are not finite.
    """
    shape = tuple(int(n) for n in input_shape)
    for name, part in module.named_modules():
        own = dict(part.named_parameters(recurse=False)) | dict(part.named_buffers(recurse=False))
        values = {key: value.detach().cpu().numpy() for key, value in own.items()}
        refuse_not_finite(values, f"module {name!r} ({type(part).__name__})")
    blocks = _chain(module, shape)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "slayer.net"
        with h5py.File(path, "w", libver=netx.LIBRARY) as file:
            layers = file.create_group("layer")
            for index, block in enumerate(blocks):
                group = layers.create_group(str(index))
                block.export_hdf5(group)
                _pool_as_convolution(group, block)
                _scaled_as_its_norm(group, block)
        network = netx.read(path, input_shape=shape)
    notes = [str(note) for note in network.provenance.get("notes", [])]
    about = {
        "format": "slayer",
        "dt": 1.0,
        "dt_is": "one step",
        "reset": "hard",
        "fires": "above the threshold",
        "layers": [],
    }
    provenance = {"import": about, **({"notes": notes} if notes else {})}
    return ChipNetwork(**{**vars(network), "timesteps": timesteps, "provenance": provenance})


def _chain(module: nn.Module, shape: tuple[int, ...]) -> list[Any]:
    """The blocks in the order in which they are called, once the network has seen a frame and knows its shapes."""
    calls: list[tuple[Any, Any, Any]] = []
    hooks = [
        part.register_forward_hook(lambda block, given, out: calls.append((block, given[0], out)))
        for part in module.modules()
        if _is_block(part)
    ]
    training = module.training
    module.eval()
    try:
        with torch.no_grad():
            module(torch.zeros(1, *shape, 2))
    except Exception as error:  # the user's own forward
        reason = " ".join(str(error).split())[:160]
        raise InputError(
            f"{type(module).__name__} does not run on frames of {shape} ({type(error).__name__}: {reason}); give its input shape."
        ) from None
    finally:
        module.train(training)
        for hook in hooks:
            hook.remove()
    for (before, _, out), (block, given, _) in zip(calls, calls[1:]):
        if given is not (out[0] if isinstance(out, tuple) else out):
            raise InputError(
                f"between the blocks {type(before).__name__} and {type(block).__name__} the module does something of its own; a plain chain of "
                "slayer blocks can be mapped."
            )
    return [block for block, _, _ in calls]


def _pool_as_convolution(group: h5py.Group, block: Any) -> None:
    """NetX loads no pool; a convolution of each channel with the pool's weight is the same."""
    if group["type"][0] != b"pool":
        return
    channels = int(group["shape"][0])
    weight = np.tile(group["weight"][()], (channels, 1, 1, 1))
    del group["type"], group["weight"]
    group.create_dataset("type", (1,), "S10", [b"conv"])
    group["weight"] = weight
    group["groups"] = group["inChannels"] = group["outChannels"] = channels


def _scaled_as_its_norm(group: h5py.Group, block: Any) -> None:
    """A norm that divides by 2^e (WgtScaleBatchNorm), which NetX ignores: weights and biases times 2^-e where they stay in range,
    else thresholds times 2^e, the same but for what decays cut off."""
    norm = getattr(getattr(block, "neuron", None), "norm", None)
    if norm is None or not hasattr(norm, "weight_exp") or "weight_exp" not in group["neuron"]:
        return
    del group["neuron/weight_exp"]
    divisor = float(norm.std(norm.running_var).detach().max())
    weight, bias = group["weight"][()] / divisor, group["bias"][()] / divisor
    if divisor < 1 and np.abs(weight).max() <= EVEN.weight_max and np.abs(bias).max() <= EVEN.bias_max:
        for name, values in (("weight", weight), ("bias", bias)):
            group[name][...] = values
    else:
        threshold = np.asarray(group["neuron/vThMant"][()])
        del group["neuron/vThMant"]
        group["neuron/vThMant"] = np.rint(threshold * divisor).astype(np.int64)


def run(module: nn.Module, names: Sequence[str], frames: np.ndarray) -> FloatRun:
    """The blocks on frames, without the step that slayer lets spikes wait between blocks.

    Args:
        names: of the layers that the blocks with neurons became.
        frames: (N, T, ..), taken as they are.
    """
    blocks = _chain(module, frames.shape[2:])
    training = module.training
    module.eval()
    spikes: dict[str, np.ndarray] = {}
    try:
        with torch.no_grad():
            value = torch.from_numpy(np.moveaxis(frames, 1, -1).astype(np.float32))
            waiting = iter(names)
            for block in blocks:
                waits = getattr(block, "delay_shift", False)
                if waits:
                    block.delay_shift = False
                try:
                    value = block(value)
                finally:
                    if waits:
                        block.delay_shift = True
                value = value[0] if isinstance(value, tuple) else value
                if type(block).__name__ not in SILENT:
                    spikes[next(waiting)] = np.moveaxis(value.numpy(), -1, 1).astype(np.uint8)
    finally:
        module.train(training)
    outputs = value.numpy().reshape(len(frames), -1, frames.shape[1]).sum(axis=2).astype(float)
    return FloatRun(spikes, outputs)
