"""What is taken as integers, and what is refused in a sentence."""

import numpy as np
import pytest

from autosnn_hw.errors import InputError
from autosnn_hw.network.integer_values import integers


@pytest.mark.parametrize("value", [10**30, [1, 10**30], 1e30, np.array([1, 2**63], np.uint64)])
def test_whole_numbers_that_64_bits_do_not_hold_are_called_that(value):
    with pytest.raises(InputError, match="vth_mant holds values beyond 64 bits; integers"):
        integers(value, "vth_mant")
    with pytest.raises(InputError, match="dtype object"):
        integers([None], "vth_mant")
    np.testing.assert_array_equal(integers(np.array([0, 2**63 - 1], np.uint64), "vth_mant"), [0, 2**63 - 1])
