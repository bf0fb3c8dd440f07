"""How threads that share an image's layers keep to the order of the layers: atomic counters, for compiled kernels.

One thread takes layer l, another layer l + 1 and follows it one step behind. Waiting is spinning, because a step takes some
ten microseconds; between looks the processor is told so, without which two threads of one physical core slow each other down (seen:
1.6 times), and after `_SPINS` looks the thread offers its place to others.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from functools import lru_cache
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

_WORD = ir.IntType(64)
_SPINS = 200
_ON_X86: tuple[str, list[Any]] = ("llvm.x86.sse2.pause", [])
_ON_ARM = ("llvm.aarch64.hint", [ir.Constant(ir.IntType(32), 1)])  # yield
_PAUSES = {"x86_64": _ON_X86, "AMD64": _ON_X86, "aarch64": _ON_ARM, "arm64": _ON_ARM}


@lru_cache(maxsize=1)
def rest_address() -> int:
    """Address of the system's function that lets another thread have the processor; 0 where there is none."""
    name = "SwitchToThread" if sys.platform == "win32" else "sched_yield"
    try:
        library = ctypes.CDLL("kernel32" if sys.platform == "win32" else None)
        return ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0
    except (OSError, AttributeError):
        return 0


@intrinsic
def claim(typing_context: Any, address: Any) -> Any:
    """The counter at `address`, and one more for the next who asks."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer = builder.inttoptr(values[0], _WORD.as_pointer())
        return builder.atomic_rmw("add", pointer, ir.Constant(_WORD, 1), "seq_cst")

    return types.int64(types.int64), generate


@intrinsic
def publish(typing_context: Any, address: Any, value: Any) -> Any:
    """Store `value`; who reads it by `_published` sees all that was written before."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        builder.store_atomic(values[1], builder.inttoptr(values[0], _WORD.as_pointer()), "release", 8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def _published(typing_context: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load_atomic(builder.inttoptr(values[0], _WORD.as_pointer()), "acquire", 8)

    return types.int64(types.int64), generate


@intrinsic
def _rest(typing_context: Any, address: Any) -> Any:
    """Call the function at `address`, which takes nothing and returns an int."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [])
        builder.call(builder.inttoptr(values[0], kind.as_pointer()), [])
        return context.get_dummy_value()

    return types.void(types.int64), generate


@intrinsic
def _pause(typing_context: Any) -> Any:
    """Tell the processor that this loop waits: the other thread of a shared core then gets its units."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        name, arguments = _PAUSES.get(platform.machine(), ("", []))
        if name:
            kind = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)
        return context.get_dummy_value()

    return types.void(), generate


@njit(nogil=True)
def wait_for(state, index, step, rest):  # type: ignore[no-untyped-def]
    """Wait until the layers before `index` have done step `step`; state: address of an image's row of `states`."""
    for layer in range(index):
        looks = 0
        while _published(state + 8 * (layer + 1)) <= step:  # type: ignore[call-arg]
            looks += 1
            _pause()  # type: ignore[call-arg]
            if looks >= _SPINS and rest != 0:
                looks = 0
                _rest(rest)  # type: ignore[call-arg]
