"""What the report shows of the winner is what winner.net does; another file is looked at anew."""

import numpy as np

from autosnn_hw.run_folder import WINNER_BEHAVIOUR, WINNER_NET, read_json
from autosnn_hw.simulate import exact
from autosnn_hw.stages.winner import behaviour
from exporters import netx


def test_it_counts_what_the_file_does_and_keeps_it(prepared, folder, config, architecture, monkeypatch):
    from autosnn_hw.stages.judging.evaluator import CandidateEvaluator

    judge = CandidateEvaluator(str(folder / "supernet.safetensors"), config.dataset, None, config.target, None, 0)
    netx.write(judge.deploy(architecture), folder / WINNER_NET)
    found = behaviour.show_winner(prepared.data, folder, {"stem": 5.5})
    assert found["floats"] == {"samples": len(prepared.data.x_test), "spikes": {"stem": 5.5}}
    assert found == read_json(folder / WINNER_BEHAVIOUR)
    network, data = netx.read(folder / WINNER_NET), prepared.data
    activity = exact.run(network, data.x_test)
    wrong = activity.predictions(network.readout) != data.y_test
    assert found["wrong"] == wrong.sum() and all(wrong[error["sample"]] for error in found["errors"])
    silent = [int((layer.neuron_spikes == 0).sum()) for layer in activity.layers]
    assert [layer["rates"][0] for layer in found["layers"]] == silent
    shown = found["raster"]["sample"]
    traced = exact.trace(network, data.x_test[shown : shown + 1])
    assert len(found["raster"]["layers"][-1]["spikes"]) <= np.count_nonzero(traced.layers[-1].spikes)
    monkeypatch.setattr(behaviour.exact, "run", lambda *_, **__: 1 / 0)
    assert behaviour.show_winner(prepared.data, folder) == found
