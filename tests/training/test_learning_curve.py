"""The forecast of epochs: right where the loss keeps to its line, and no number where it does not fall."""

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.training.learning_curve import MARGIN, forecast, guessing_loss


@settings(max_examples=25, deadline=None)
@given(st.integers(4, 40), st.floats(0.004, 0.02), st.floats(0.05, 0.15))
def test_a_loss_on_its_line_reaches_what_is_needed_where_the_line_does(done, slope, reached):
    """Loss = guessing - slope log(epoch), accuracy in proportion: what is needed comes at a power of the epochs so far."""
    guessing, needed = 0.09, 0.2
    losses = [guessing - slope * log(epoch + 1.0) for epoch in range(done)]
    found = forecast(losses, done, guessing, reached, needed)
    said = min(10 * done, done ** (needed / reached) * MARGIN)
    assert found.known and found.epochs > done
    assert found.epochs == pytest.approx(max(done + 1, said), rel=0.02, abs=1.01)
    assert f"About {found.epochs} epochs" in found.sentence


@pytest.mark.parametrize(
    ("losses", "reached"),
    [
        ([0.09] * 12, 0.1),  # the plateau of guessing
        ([0.09, 0.085, 0.09, 0.086, 0.091, 0.085], 0.1),  # noise
        ([0.12, 0.11, 0.10, 0.099], 0.1),  # worse than guessing
        ([0.09, 0.08, 0.07, 0.06], 0.0),  # accuracy at chance
        ([0.09, 0.08], 0.1),  # too few
    ],
)
def test_losses_that_say_nothing_are_called_that(losses, reached):
    found = forecast(losses, 8, 0.09, reached, 0.2)
    assert not found.known and found.epochs == 16 and "do not tell" in found.sentence


def test_guessing_the_shares_of_the_classes_has_that_loss():
    labels = np.array([0, 0, 0, 1, 2, 2])
    shares, onehot = np.array([0.5, 1 / 6, 1 / 3]), np.eye(3)[labels]
    assert guessing_loss(labels, 3) == pytest.approx(((onehot - shares) ** 2).mean())
