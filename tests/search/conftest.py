"""The synthetic search that tests of the runner and the study share."""

import pytest


@pytest.fixture(scope="session")
def synthetic():
    from support.searches import synthetic_search

    return synthetic_search
