"""`export --target` refuses exactly what `check` refuses: one place judges a chip's integers."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from autosnn_hw.commands.check import command as check
from autosnn_hw.commands.export import command as export
from autosnn_hw.errors import DoesNotFitError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, InputLayer
from exporters import netx

FORGETS = CubaNeuron(vth_mant=0, v_decay=4096)
LEAKS = CubaNeuron(vth_mant=200, v_decay=1024)


def or_pool(v_decay):
    neuron = CubaNeuron(vth_mant=1, v_decay=v_decay)
    pool = ConvLayer("pool", (2, 2, 2), np.full((2, 1, 2, 2), 2), neuron, stride=(2, 2), groups=2)
    return ChipNetwork((InputLayer("in", (2, 4, 4)), pool))


def net(*weights, neuron=LEAKS):
    """One neuron with these weights; a convolution, whose weights Lava runs as they are."""
    layer = ConvLayer("c", (1, 1, 1), np.array(weights).reshape(1, -1, 1, 1), neuron)
    return ChipNetwork((InputLayer("in", (len(weights), 1, 1)), layer))


@pytest.mark.parametrize(
    "network, target, refused",
    [
        pytest.param(or_pool(4096), "loihi2", [], id="a pool cannot remember, so its decay is free"),
        pytest.param(net(2, -2, neuron=CubaNeuron(200, 4096)), "loihi2", ["v_decay"], id="others' is not"),
        pytest.param(net(-256, neuron=FORGETS), "truenorth", ["weight"], id="nine bits end at -255"),
        pytest.param(net(-255, neuron=FORGETS), "truenorth", [], id="and hold -255"),
        pytest.param(net(255, 2, -2), "loihi2", ["odd weights", "weight"], id="mixed signs end at 254 and are even there"),
        pytest.param(net(254, -256), "loihi2", [], id="even weights reach twice as far as odd ones"),
        pytest.param(net(254, -255), "loihi2", ["odd weights"], id="one odd weight makes the layer odd"),
    ],
)  # fmt: skip
def test_an_export_for_a_chip_refuses_what_check_refuses(network, target, refused, tmp_path):
    source, written = str(tmp_path / "a.net"), tmp_path / "b.net"
    netx.write(network, source)
    checked = CliRunner().invoke(check, [source, "--target", target, "--json"])
    exported = CliRunner().invoke(export, [source, "--target", target, "--out", str(written)])
    resources = [violation["resource"] for violation in json.loads(checked.stdout)["violations"]]
    assert len(resources) == len(refused)
    assert all(any(r.startswith(name) for r in resources) for name in refused), resources
    assert checked.exit_code == (DoesNotFitError.exit_code if refused else 0)
    assert isinstance(exported.exception, DoesNotFitError) == bool(refused) and written.exists() == (not refused)
