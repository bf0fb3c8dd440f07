"""Makes `synthetic_search` importable, here and in worker processes (they are given sys.path)."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def synthetic():
    import synthetic_search

    return synthetic_search
