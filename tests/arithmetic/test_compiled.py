import os
import threading
import time

import numpy as np
import pytest

from autosnn_hw.arithmetic.compiled import aligned, share


@pytest.mark.parametrize("samples", [1, 2, 5, 64])
@pytest.mark.parametrize("threads", [1, 2, 3, 100])
def test_every_sample_is_in_exactly_one_share(samples, threads):
    done = np.zeros(samples, int)

    def work(low, high):
        assert low < high
        done[low:high] += 1

    share(work, samples, threads)
    assert done.tolist() == [1] * samples


def test_a_failure_in_any_share_is_raised_when_none_runs_any_more():
    for failing in range(3):
        begun, finished = [], []

        def work(low, high, failing=failing, begun=begun, finished=finished):
            begun.append(low)
            if low == failing:
                raise ValueError(f"share {low}")
            time.sleep(0.02)
            finished.append(low)

        with pytest.raises(ValueError, match=f"share {failing}"):
            share(work, 3, 3)
        assert sorted(begun) == sorted([*finished, failing])


def test_shares_may_be_shared_out_themselves_by_many_callers_at_once():
    counts = np.zeros(16, int)

    def caller(number):
        def inner(low, high):
            counts[number] += high - low

        lock = threading.Lock()

        def outer(low, high):
            with lock:
                share(inner, 4, 4)

        share(outer, 3, 3)

    callers = [threading.Thread(target=caller, args=(number,)) for number in range(16)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join(60)
        assert not thread.is_alive()
    assert counts.tolist() == [12] * 16


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_gets_threads_of_its_own():
    share(lambda low, high: None, 4, 4)
    child = os.fork()
    if child == 0:
        seen = []
        share(lambda low, high: seen.append(low), 4, 4)
        os._exit(0 if sorted(seen) == [0, 1, 2, 3] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_aligned_arrays_begin_on_a_cache_line():
    for size in (1, 3, 1000):
        assert aligned(size, np.int16).ctypes.data % 64 == 0 and aligned(size, np.int16).shape == (size,)
