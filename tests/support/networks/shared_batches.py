"""Processes that share batches, played by threads: each calls `add` as `training.ranks.Ranks.add` is called."""

import threading


class Sums:
    """Sums over `count` threads, in the order of their ranks."""

    def __init__(self, count):
        self.count, self._parts = count, [None] * count
        self._barrier = threading.Barrier(count, timeout=30)

    def adder(self, rank):
        def add(tensor):
            self._parts[rank] = tensor.clone()
            self._barrier.wait()
            tensor.copy_(sum(self._parts))
            self._barrier.wait()  # nobody brings the next before all have read

        return add

    def run(self, work):
        """What `work(rank, add)` gives in each thread."""
        results, failures = [None] * self.count, []

        def one(rank):
            try:
                results[rank] = work(rank, self.adder(rank))
            except BaseException as error:
                failures.append(error)
                self._barrier.abort()

        threads = [threading.Thread(target=one, args=(rank,)) for rank in range(self.count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        return results
