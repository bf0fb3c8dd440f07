import numpy as np

from autosnn_hw.arithmetic.bounds import largest_sum


def test_the_largest_sum_is_of_the_row_with_the_largest_magnitudes():
    weight = np.array([[[5, -3]], [[-7, 2]]])
    assert largest_sum(weight) == 9 and largest_sum(weight, 255) == 9 * 255


def test_a_bound_beyond_64_bits_does_not_overflow():
    assert largest_sum(np.full((1, 4), -(1 << 62)), 2) == 1 << 65
