"""Sizes and schedule that nobody chose are those of dataset and target."""

from autosnn_hw.stages.chosen import sizes_for


def test_a_crossbar_gets_more_epochs():
    own, others = sizes_for("digits", "truenorth"), sizes_for("digits")
    assert own["epochs"] > others["epochs"] and own["retrain_epochs"] > others["retrain_epochs"]
    assert {name: own[name] for name in ("width", "timesteps")} == {
        name: others[name] for name in ("width", "timesteps")
    }
    assert sizes_for("cifar10", "loihi1") == sizes_for("cifar10")
