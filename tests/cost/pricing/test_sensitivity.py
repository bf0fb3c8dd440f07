"""What a constant does to the energy is what pricing with it changed says."""

import pytest

from autosnn_hw.cost import price
from hw_profiles import load
from hw_profiles.schema import Profile


def with_constant(profile, name, bound):
    """The profile with one constant at its low or high, made anew so that nothing is kept from before."""
    plain = profile.model_dump(mode="json")
    section, key, *index = name.split(".")
    table = plain[section][key][int(index[0])] if index else plain[section][key]
    table["value"] = table[bound]
    return Profile.model_validate(plain)


@pytest.mark.parametrize("target", ["loihi1", "loihi2"])
def test_each_constant_alone_moves_the_price_as_pricing_with_it_does(make_network, make_activity, target):
    profile, network = load(target), make_network("SRB_k3,SCB_k5,skip,SRB_k3,skip", 8, (1, 16, 16))
    activity = make_activity(network)
    report = price(network, activity, profile)
    named = {one.name: one.energy for one in report.constants}
    assert {"power.static_chip", "energy.synop"} <= set(named) and any(name.startswith("time.") for name in named)
    for name in profile.constants:
        for bound in ("low", "high"):
            wanted = price(network, activity, with_constant(profile, name, bound)).energy_total.value
            said = getattr(named[name], bound) if name in named else report.energy_total.value
            assert said == pytest.approx(wanted, rel=1e-9), (name, bound)
    swings = [one.energy.high - one.energy.low for one in report.constants]
    assert swings == sorted(swings, reverse=True) and min(swings) > 0


def test_who_asks_for_no_estimates_gets_none(make_network, make_activity, loihi2):
    network = make_network("skip,skip,skip,skip,skip", 8, (1, 16, 16))
    assert price(network, make_activity(network), loihi2, estimates=False).constants == ()
