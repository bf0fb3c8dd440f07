import pytest

from autosnn_hw.training.evaluation import AT_ONCE, ROOM, samples_at_once


@pytest.mark.parametrize(
    ("width", "timesteps", "image", "count"),
    [
        (8, 4, (1, 8, 8), AT_ONCE),
        (16, 8, (3, 32, 32), AT_ONCE),
        (16, 20, (2, 128, 128), 16),  # 256 of them would be 5 GB a layer
        (64, 100, (2, 480, 640), 1),
    ],
)
def test_large_samples_are_evaluated_a_few_at_a_time(width, timesteps, image, count):
    assert samples_at_once(width, timesteps, image) == count
    assert count == 1 or count * width * timesteps * image[1] * image[2] <= ROOM
