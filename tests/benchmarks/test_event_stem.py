"""event_stem.py at a size that is tested in seconds."""

import argparse

import event_stem
import pytest

from autosnn_hw.simulate import lava


@pytest.mark.slow
@pytest.mark.skipif(not lava.lava_status()[0], reason=lava.lava_status()[1])
def test_a_small_one_is_exact_and_fits_both_chips():
    sizes = {"side": 64, "timesteps": 3, "width": 2, "events": 0.05, "samples": 9}
    said = event_stem.figures(argparse.Namespace(**sizes))
    assert said["layers"][:4] == ["input", "stem", "stem_pool1", "stem_conv"]
    assert said["against_lava"]["mismatches"] == 0 and 0.02 < said["spike_rate"] < 0.6
    assert set(said["milliseconds"]) == {1, event_stem.CALIBRATION} and min(said["milliseconds"].values()) > 0
    assert all(target["cores"] > 0 and target["fits"] for target in said["targets"].values())
