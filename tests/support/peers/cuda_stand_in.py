"""A CUDA device for machines without one: tensors that say they are on "cuda", compute on the CPU, and refuse what CUDA refuses.

    with CudaStandIn():
        x = torch.zeros(3, device="cuda")  # x.device.type == "cuda"
        x + torch.zeros(3)                 # RuntimeError: on two devices
        x.numpy()                          # TypeError

An operation fails that mixes devices (numbers of no dimension apart), as does numpy on such a tensor, an integer matrix product
or convolution, and a quantised operator, so code that runs here has its tensors where a GPU needs them. Triton's kernels run in
its interpreter, where TRITON_INTERPRET=1 was set before they were imported. It says nothing of speed, nor of what a real device
rounds otherwise.
"""

from __future__ import annotations

from functools import partialmethod
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map

try:
    import triton.language as tl
    from triton.runtime import interpreter
except ImportError:
    interpreter = None
if hasattr(interpreter, "Builder") and hasattr(interpreter, "_patch_lang_math"):  # Triton 2.3's
    for bits in (8, 16, 32):  # it knows no integer type but int64
        if not hasattr(interpreter.Builder, f"get_int{bits}_ty"):
            kind = partialmethod(lambda self, kind: kind, getattr(tl, f"int{bits}"))
            setattr(interpreter.Builder, f"get_int{bits}_ty", kind)
    patch_math = interpreter._patch_lang_math

    def patch_math_but_not_its_file(lang: Any, builder: Any) -> None:
        """It replaces everything in `tl.math` by functions, `__file__` too, over which `inspect` stumbles from then on."""
        kept = {name: value for name, value in vars(lang.math).items() if name.startswith("__")}
        patch_math(lang, builder)
        vars(lang.math).update(kept)

    interpreter._patch_lang_math = patch_math_but_not_its_file

CUDA, CPU = torch.device("cuda", 0), torch.device("cpu")
aten = torch.ops.aten
PRETENDED = {"is_available": True, "is_bf16_supported": True, "is_current_stream_capturing": False}
MIXING = {aten.copy_.default, aten._to_copy.default, aten.index.Tensor}  # an index may be on the CPU
PRODUCTS = {  # of floating numbers only, on CUDA
    aten.mm.default, aten.bmm.default, aten.addmm.default, aten.baddbmm.default, aten.convolution.default,
}  # fmt: skip


class OnCuda(torch.Tensor):
    """A tensor "on CUDA"; `inner` is where its numbers are."""

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> OnCuda:
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            requires_grad=inner.requires_grad,
        )
        made.inner = inner.detach()
        return made

    # For torch's own C++ it is a CPU tensor, so that autograd asks no driver for a stream.
    device = property(lambda self: CUDA)
    is_cuda = property(lambda self: True)
    is_cpu = property(lambda self: False)

    def _set_data(self, other: OnCuda) -> None:
        self.inner = other.inner

    data = property(lambda self: self.detach(), _set_data)

    def __repr__(self, **_: Any) -> str:
        return f"OnCuda({self.inner!r})"

    def numpy(self, **_: Any) -> Any:
        raise TypeError(
            "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory."
        )

    def tolist(self) -> Any:
        return self.inner.tolist()

    def __array__(self, *_: Any) -> Any:
        return self.numpy()

    def data_ptr(self) -> int:
        return self.inner.data_ptr()

    def cpu(self, **_: Any) -> torch.Tensor:
        return _Move.apply(self, CPU)

    def copy_(self, source: torch.Tensor, *_: Any) -> torch.Tensor:
        # Triton's interpreter copies a kernel's inputs back, too, which autograd would take for a change.
        if torch.equal(self.inner, _inner(source)):
            return self
        return super().copy_(source)

    def cuda(self, *_: Any, **__: Any) -> torch.Tensor:
        return self

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        tensors = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, torch.Tensor)]
        if func not in MIXING and any(not isinstance(x, OnCuda) and x.dim() > 0 for x in tensors):
            raise RuntimeError(f"{func}: Expected all tensors to be on the same device, but found cuda:0 and cpu.")
        if func in PRODUCTS and not tensors[0].is_floating_point():
            raise RuntimeError(f'"{func}" not implemented for {tensors[0].dtype} on CUDA')
        if func.namespace not in ("aten", "prim"):
            raise NotImplementedError(f"{func} is not available for the 'CUDA' backend.")
        target = kwargs.pop("device", None)
        result = func(*tree_map(_inner, args), **tree_map(_inner, kwargs))
        if func is aten.copy_.default:  # into the first, wherever that is
            return args[0]
        if target is not None and torch.device(target).type == "cpu":
            return result
        if func._schema.is_mutable and tensors:
            return args[0] if result is _inner(args[0]) else tree_map(_outer, result)
        return tree_map(_outer, result)


def _inner(x: Any) -> Any:
    return x.inner if isinstance(x, OnCuda) else x


def _outer(x: Any) -> Any:
    return OnCuda(x) if isinstance(x, torch.Tensor) and not isinstance(x, OnCuda) else x


class _Move(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, device: torch.device) -> torch.Tensor:
        ctx.back = x.device
        return _moved(x, device)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> Any:
        return _moved(grad, ctx.back), None


def _moved(x: torch.Tensor, device: torch.device) -> torch.Tensor:
    number = _inner(x.detach()).clone()
    return OnCuda(number) if device.type == "cuda" else number


class CudaStandIn:
    """Within it, device="cuda" makes and moves tensors as `OnCuda`, and torch sees a CUDA device."""

    def __enter__(self) -> None:
        future = torch.__future__
        self._cuda = {name: getattr(torch.cuda, name) for name in PRETENDED}
        for name, answer in PRETENDED.items():
            setattr(torch.cuda, name, lambda *_, answer=answer: answer)
        self._overwrites = future.get_overwrite_module_params_on_conversion()
        # A parameter's .data cannot be replaced by a tensor of another class.
        future.set_overwrite_module_params_on_conversion(True)
        self._calls = _Calls()
        self._calls.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._calls.__exit__(*error)
        torch.__future__.set_overwrite_module_params_on_conversion(self._overwrites)
        for name, function in self._cuda.items():
            setattr(torch.cuda, name, function)


class _Calls(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.Tensor.backward:  # a mode is off within what it handles; backward calls much
            with _Calls():
                return torch.autograd.backward(
                    *args, **{k.replace("gradient", "grad_tensors"): v for k, v in kwargs.items()}
                )
        if func is torch.Tensor.to:
            return _to(*args, **kwargs)
        if func is torch.Tensor.cuda:
            return args[0] if isinstance(args[0], OnCuda) else _Move.apply(args[0], CUDA)
        device = kwargs.get("device")
        if device is None or torch.device(device).type != "cuda":
            return func(*args, **kwargs)
        if func is torch.as_tensor and isinstance(args[0], OnCuda):
            return args[0]
        kwargs["device"] = CPU
        if any(isinstance(x, OnCuda) for x in tree_flatten(args)[0]):  # zeros_like and its kind
            kwargs.pop("device")
            return func(*args, **kwargs)
        return _outer(func(*args, **kwargs))


def _to(x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    kwargs = dict(kwargs)
    kwargs.pop("non_blocking", None)
    device = kwargs.pop("device", None)
    rest = []
    for arg in args:
        if isinstance(arg, (str, torch.device)):
            device = arg
        elif isinstance(arg, torch.Tensor):
            device = arg.device
            rest.append(arg.dtype)
        elif isinstance(arg, torch.dtype):
            rest.append(arg)
    if rest or kwargs:
        x = torch.Tensor.to(x, *rest, **kwargs)
    if device is None or torch.device(device).type == x.device.type:
        return x
    return _Move.apply(x, torch.device(device))
