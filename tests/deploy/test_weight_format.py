from dataclasses import replace

import pytest

import hw_profiles
from autosnn_hw.deploy.lowering import lower
from autosnn_hw.deploy.quantise import EVEN, TERNARY
from autosnn_hw.deploy.weight_format import target_name, weight_format
from autosnn_hw.errors import InputError


@pytest.mark.parametrize("name, expected", [("loihi2", EVEN), ("loihi1", EVEN), ("truenorth", TERNARY)])
def test_the_profiles_hold_what_the_rules_say(name, expected):
    assert weight_format(name) == weight_format(hw_profiles.load(name)) == expected
    assert target_name(name) == target_name(hw_profiles.load(name)) == name


def test_formats_by_themselves():
    assert weight_format(None) == weight_format("loihi") == EVEN and weight_format("ternary") == TERNARY
    assert weight_format(TERNARY) is TERNARY and target_name(None) is None and target_name("ternary") is None


def test_a_chip_of_fewer_bits_gets_fewer_bits(folded):
    network = lower(folded("SRB_k3,skip,SCB_k3,SRB_k3,skip"), replace(EVEN, weight_max=14, bias_max=127))
    for layer in network.layers[1:]:
        assert abs(layer.weight).max() <= 14 and (layer.bias is None or abs(layer.bias).max() <= 127)
    assert lower(folded("skip,skip,skip,skip,skip"), "loihi2").target == "loihi2"


def test_a_profile_without_the_needed_neuron_is_refused():
    profile = hw_profiles.load("loihi2")
    narrow = profile.model_copy(update={"neuron": profile.neuron.model_copy(update={"kinds": ("memoryless",)})})
    with pytest.raises(InputError, match="memoryless"):
        weight_format(narrow)
