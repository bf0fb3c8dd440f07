"""What nobody reads any more is read: who writes it comes to an end, and no descriptor stays open."""

import os
import threading
from multiprocessing import get_context
from types import SimpleNamespace

import pytest

from autosnn_hw.search.workers.drain import Drain

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes of Windows are handles, which are left alone")


@pytest.fixture
def pool():
    """As much of an executor as is looked at: a queue's pipe."""
    reader, writer = get_context("spawn").Pipe(duplex=False)
    yield SimpleNamespace(_call_queue=SimpleNamespace(_reader=reader)), writer
    for end in (reader, writer):
        end.close()


@pytest.mark.timeout(60)
def test_a_writer_of_megabytes_ends_though_nobody_else_reads(pool):
    executor, writer = pool
    drain = Drain(executor)
    writing = threading.Thread(target=writer.send_bytes, args=(bytes(5_000_000),), daemon=True)
    writing.start()
    writing.join(0.3)
    assert writing.is_alive()  # a pipe holds 65,536 bytes
    drain.start()
    writing.join()
    executor._call_queue._reader.close()  # by whoever else owns it
    drain.close()
    drain._thread.join()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("ends_by", ["the writer", "close"])
def test_a_drain_leaves_no_descriptor(pool, ends_by):
    executor, writer = pool
    drain = Drain(executor)
    descriptor = drain._descriptor
    drain.start()
    writer.close() if ends_by == "the writer" else drain.close()
    drain._thread.join()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_drain_that_was_never_needed_leaves_no_descriptor(pool):
    drain = Drain(pool[0])
    descriptor = drain._descriptor
    drain.close()
    drain.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_an_executor_that_keeps_its_pipe_elsewhere_is_left_alone():
    drain = Drain(SimpleNamespace())
    drain.start()
    drain.close()
