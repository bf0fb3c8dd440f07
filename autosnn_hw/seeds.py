"""Seeds: everything random is drawn from a generator named by the run's seed, what it is for and whom it is for.

Neither the order of the draws elsewhere nor the number of workers can then change a result. Python's own hash() is
salted per process and is never used.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np


def derive_seed(run_seed: int, *purpose: str | int) -> int:
    """A 63-bit seed out of a run's seed and a purpose, such as ("train", genotype).

    Args:
        run_seed: the run's `--seed`.
        purpose: what the randomness is for; strings and integers, in an order that the caller keeps.
    """
    text = json.dumps([int(run_seed), *purpose])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def generator(run_seed: int, *purpose: str | int) -> np.random.Generator:
    """A numpy generator of its own for one purpose (`derive_seed`)."""
    return np.random.default_rng(derive_seed(run_seed, *purpose))
