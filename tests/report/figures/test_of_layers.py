"""Spikes by layer: integers stacked by role, floats beside them where they are known."""

from autosnn_hw.report.figures.of_layers import layer_spikes
from autosnn_hw.report.paper.drawing import draw


def test_floats_stand_beside_the_layers_that_they_are_known_of(winner):
    names = [layer["name"] for layer in winner["layers"] if layer["neurons"] and layer["spikes"] is not None]
    floats = {name: 10.0 * index for index, name in enumerate(names[1:])} | {"no layer of it": 1.0}
    plain, beside = layer_spikes(winner["layers"]), layer_spikes(winner["layers"], floats)
    assert len(beside.data) == len(plain.data) + 1 and beside.data[:-1] == plain.data
    assert dict(zip(beside.data[-1].y, beside.data[-1].x)) == {name: floats[name] for name in names[1:]}
    on_paper = draw(beside).axes[0].collections[-1]
    assert len(on_paper.get_offsets()) == len(names) - 1 and not on_paper.get_facecolors().size
    assert (
        len(layer_spikes(winner["layers"], {}).data)
        == len(layer_spikes(winner["layers"], None).data)
        == len(plain.data)
    )
