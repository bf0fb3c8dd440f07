"""What all tests share. `cuda`: a CUDA device, the machine's own or one that is played on the CPU (`support.peers.cuda_stand_in`)."""

import os

import pytest
import torch

REAL = torch.cuda.is_available()
if not REAL:
    # Read when a kernel is decorated, hence before anything imports one.
    os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.fixture(scope="session")
def played():
    """The module `support.peers.cuda_stand_in`."""
    from support.peers import cuda_stand_in

    return cuda_stand_in


@pytest.fixture
def real_cuda():
    """Whether `cuda` is the machine's own."""
    return REAL


@pytest.fixture
def cuda(played):
    if REAL:
        yield "cuda"
    else:
        with played.CudaStandIn():
            yield "cuda"


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pytest_make_parametrize_id(val, argname):
    """Bytes are named by their place: what a library packs may hold the time, and workers must collect the same names."""
    return argname if isinstance(val, bytes) else None
