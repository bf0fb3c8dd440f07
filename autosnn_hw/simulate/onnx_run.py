"""Our own ONNX files in onnxruntime: a cross-check by a runtime that knows nothing of chips."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.files.input_file import regular
from autosnn_hw.network import MAX_TIMESTEPS
from autosnn_hw.network.integer_values import integers
from autosnn_hw.simulate.frame_values import below_zero, cut_at

LARGEST_FILE = 1 << 31
LARGEST_PAYLOAD = 255  # frames are bytes
PRODUCER = "autosnn-hw"
OPERATORS = frozenset(
    [
        "Add",
        "ArgMax",
        "Cast",
        "Concat",
        "ConstantOfShape",
        "Conv",
        "Div",
        "Flatten",
        "Gather",
        "Greater",
        "Identity",
        "Less",
        "MatMul",
        "Mod",
        "Mul",
        "Range",
        "ReduceSum",
        "Reshape",
        "Round",
        "Scan",
        "Shape",
        "Slice",
        "Squeeze",
        "Sub",
        "Unsqueeze",
        "Where",
    ]
)
"""What exporters.onnx writes."""
AT_ONCE = 64  # samples


@dataclass(frozen=True, eq=False)
class OnnxRun:
    """What onnxruntime computed.

    Args:
        layers: names of the layers with neurons.
        spikes: int64 (N, layers). votes: int64 (N, classes). predictions: int64 (N,).
        timesteps: steps of every sample.
        version: of onnxruntime.
        notes: what was made of the samples, in sentences.
    """

    layers: tuple[str, ...]
    spikes: np.ndarray
    votes: np.ndarray
    predictions: np.ndarray
    timesteps: int
    version: str
    notes: tuple[str, ...] = ()


def run(path: str | Path, inputs: np.ndarray, *, timesteps: int | None = None, graded: bool = False) -> OnnxRun:
    """Run a scan file of `export --format onnx`.

    Args:
        inputs: raw images (N, C, H, W) or frames (N, T, ..), as the file takes them: spikes where they are > 0, or counts up to the
            payload that the network was trained on.
        timesteps: for images; the file's default where it is not given.
        graded: refuse frames that the file would not take with their value.

    Raises:
        InputError: onnxruntime is missing, the file is none of ours or damaged, or inputs that it does not take.
    """
    model, facts = _own(path)
    try:
        import onnxruntime
    except ImportError:
        raise InputError(
            "onnxruntime is not installed; `pip install onnxruntime` brings it, or --backend exact runs the .net file."
        ) from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        first = session.get_inputs()[0]
        feed = _suited(inputs, first, facts["payload"])
        notes = _notes(path, inputs, first.name, facts["payload"], graded)
        given = {} if timesteps is None or first.name == "frames" else {"timesteps": np.array(timesteps, np.int64)}
        parts = [
            session.run(["spikes", "votes", "prediction"], {first.name: feed[low : low + AT_ONCE], **given})
            for low in range(0, len(feed), AT_ONCE)
        ]
    except InputError:
        raise
    except Exception as error:  # onnxruntime has no public class for what it raises
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path} cannot be run by onnxruntime: {reason}.") from None
    spikes, votes, predictions = (np.concatenate(values) for values in zip(*parts))
    steps = feed.shape[1] if first.name == "frames" else timesteps or facts["default"]
    return OnnxRun(tuple(facts["layers"]), spikes, votes, predictions, int(steps), onnxruntime.__version__, notes)


def _suited(inputs: np.ndarray, wanted: Any, payload: int | None) -> np.ndarray:
    kind = {"tensor(uint8)": np.uint8, "tensor(int64)": np.int64, "tensor(float)": np.float32}[wanted.type]
    rank = len(wanted.shape)
    fixed = [(have, want) for have, want in zip(inputs.shape, wanted.shape) if isinstance(want, int)]
    if inputs.ndim != rank or any(have != want for have, want in fixed):
        raise InputError(f"the samples have shape {inputs.shape}; the file takes {wanted.name} {tuple(wanted.shape)}.")
    if kind == np.uint8 and inputs.dtype != np.uint8:
        if wanted.name != "frames":
            raise InputError(f"the samples are {inputs.dtype}; the file takes byte images (uint8).")
        return _bytes(inputs, payload)
    return inputs.astype(kind)


def _bytes(frames: np.ndarray, payload: int | None) -> np.ndarray:
    """Frames of any dtype as the file takes them, which itself makes spikes or counts up to its payload of bytes.

    Raises:
        InputError: NaN or infinite values, or fractions of spikes for a network that takes counts.
    """
    floats = frames.dtype.kind == "f"
    if floats and not np.isfinite(frames).all():
        raise InputError("the frames hold NaN or infinite values; spikes are where a value is > 0.")
    if payload == 1 or (payload is None and floats and (frames != np.trunc(frames)).any()):
        return (frames > 0).astype(np.uint8)
    return integers(frames, "the frames").clip(0, payload or LARGEST_PAYLOAD).astype(np.uint8)


def _notes(path: str | Path, inputs: np.ndarray, takes: str, payload: int | None, graded: bool) -> tuple[str, ...]:
    """What the file does not take of frames with their value.

    Args:
        takes: name of the file's input.
        payload: largest value that it takes; None where it does not say.

    Raises:
        InputError: it is something, or these are no frames, and they are to be sent as they are.
    """
    if takes != "frames":
        if graded:
            raise InputError(
                f"{path} takes images, which --graded is not for: it is for event frames, whose values are counts. Leave it out."
            )
        return ()
    if graded and (beyond := int(((inputs > (payload or 1)) | (inputs < 0)).sum())):
        limit = "does not say whether it takes counts" if payload is None else f"takes frame values of 0 to {payload}"
        raise InputError(
            f"{path} {limit}, and {beyond} of {inputs.size} are others: --graded cannot send them as they are. Leave it out, or simulate the "
            ".net file with --graded."
        )
    if payload is None:
        above, below = int((inputs > 1).sum()), below_zero(inputs)
        said = "this file does not say whether it takes them as counts or as single spikes; export the network again to know"
        notes = [f"{above} of {inputs.size} frame values are above 1: {said}"] if above else []
        return (*notes, *([f"{below} of {inputs.size} frame values are below 0 and were not sent"] if below else []))
    return tuple(cut_at(payload, inputs, "simulating the .net file with --graded sends them as they are"))


def _own(path: str | Path) -> tuple[Any, dict[str, Any]]:
    """The model in a file of ours, and what its metadata say."""
    import onnx

    path = regular(path, "an ONNX file of `autosnn-hw export --format onnx`", most=LARGEST_FILE)
    try:
        model = onnx.load_model(path, load_external_data=False)
        tensors = list(_tensors(model.graph))
        foreign = [node.op_type for node in _nodes(model.graph) if node.op_type not in OPERATORS or node.domain]
        facts = {prop.key: prop.value for prop in model.metadata_props}
        layers, payload = (json.loads(facts.get(name, "null")) for name in ("layers", "payload"))
    except Exception as error:  # protobuf raises what it likes at a damaged file
        raise InputError(f"{path} is no readable ONNX file ({' '.join(str(error).split())[:120]}).") from None
    if model.producer_name != PRODUCER or facts.get("form") != "scan" or foreign:
        what = f"with the operator {foreign[0]}" if foreign else f"of {model.producer_name[:40]!r}"
        raise InputError(
            f"{path} is an ONNX file {what}, form {facts.get('form', 'none')[:20]!r}; only scan files of `autosnn-hw export --format onnx` are run."
        )
    size = path.stat().st_size
    if any(min(tensor.dims, default=0) < 0 or prod(tensor.dims) > size for tensor in tensors):
        raise InputError(f"{path} claims more values than its {size} bytes can hold; the file is damaged.")
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in tensors):
        raise InputError(f"{path} keeps data in other files, which are not read.")
    defaults = [onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer if tensor.name == "timesteps"]
    steps = int(defaults[0]) if defaults and defaults[0].size == 1 else 1
    if not 1 <= steps <= MAX_TIMESTEPS or not isinstance(layers, list) or not all(isinstance(n, str) for n in layers):
        raise InputError(
            f"{path}: its default of timesteps is {steps}, or its layers are not named; the file is damaged."
        )
    if payload is not None and not (type(payload) is int and 1 <= payload <= LARGEST_PAYLOAD):
        raise InputError(
            f"{path}: its payload is {str(payload)[:20]}, and 1 to {LARGEST_PAYLOAD} is possible; the file is damaged."
        )
    return model, {"layers": layers, "default": steps, "payload": payload}


def _nodes(graph: Any) -> Iterator[Any]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _nodes(attribute.g)


def _tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            if attribute.HasField("g"):
                yield from _tensors(attribute.g)
