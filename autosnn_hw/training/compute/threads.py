"""One thread where a float sum must not depend on the number of workers or cores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext


@contextmanager
def one_thread() -> Iterator[None]:
    """torch and numba work with one thread inside, and with as many as before afterwards."""
    import numba
    import torch

    before = torch.get_num_threads(), numba.get_num_threads()
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        numba.set_num_threads(before[1])


# Values in one layer's spikes below which a second thread costs more than it brings (measured: docs/lab/training.md).
WORTH_THREADS = 1 << 20


def threads_for(values: int) -> AbstractContextManager[None]:
    """`one_thread` for layers of so few values that threads would mostly wait for each other, else nothing changed."""
    return one_thread() if values < WORTH_THREADS else nullcontext()
