import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.simulate.lava.stream import Stream

STREAMS = st.builds(
    Stream,
    samples=st.integers(1, 5),
    timesteps=st.integers(1, 6),
    layers=st.integers(1, 5),
    offset=st.integers(0, 1),
    blank=st.integers(0, 4),
)


@given(STREAMS)
def test_each_layer_sees_each_sample_one_step_after_the_layer_before(stream):
    rows = np.arange(1, stream.steps + 1)
    for layer in range(stream.layers):
        window = stream.window(rows, layer)
        assert window.shape == (stream.samples, stream.timesteps)
        assert window[0, 0] == stream.first_step(layer) == 1 + stream.offset + layer
        assert (np.diff(window, axis=1) == 1).all() and (np.diff(window, axis=0) == stream.interval).all()
        # lava-dl resets block i when time_step % interval == (reset_offset + 1 + i) % interval
        assert set(window[:, 0] % stream.interval) == {(stream.offset + 1 + layer) % stream.interval}
    assert stream.window(rows, stream.layers - 1)[-1, -1] == stream.steps
