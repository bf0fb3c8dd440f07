"""What is delivered is the file that was judged, in every form, and the certificate says what was compared."""

import json
from pathlib import Path

import pytest

from autosnn_hw.run_folder import CERTIFICATE, SUPERNET, WINNER_NET, WINNER_ONNX, WINNER_SCRIPT, WINNER_SIMULATION
from autosnn_hw.simulate.lava import LavaChild
from autosnn_hw.stages.final_training.retrained_networks import Networks
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator
from autosnn_hw.stages.winner import delivery
from exporters import netx, onnx


@pytest.fixture
def networks(folder, config, architecture):
    (folder / "networks").mkdir()
    judge = CandidateEvaluator(str(folder / SUPERNET), config.dataset, None, config.target, None, config.seed)
    winner = NetworkJob.of(config, folder / "networks", supernet=str(folder / SUPERNET))(architecture)
    return Networks(winner, judge(architecture), {})


@pytest.fixture
def exported(prepared, folder, networks):
    delivery.export(prepared.profile, folder, networks.winner)
    return networks


def test_every_form_is_of_the_network_that_was_judged(folder, exported, tmp_path):
    assert (folder / WINNER_NET).read_bytes() == Path(exported.winner.file).read_bytes()
    onnx.write(netx.read(folder / WINNER_NET), tmp_path / "again.onnx", form="scan")
    assert (folder / WINNER_ONNX).read_bytes() == (tmp_path / "again.onnx").read_bytes()
    document = json.loads((folder / WINNER_SIMULATION).read_text())
    assert document["network"]["file"] == WINNER_NET and document["spikes"] == exported.winner.spikes
    assert WINNER_NET in (folder / WINNER_SCRIPT).read_text()


def test_without_lava_the_certificate_says_so_and_why(prepared, folder, exported):
    document = delivery.certify_winner(prepared.data, folder, None, "Lava is not here")
    assert document == json.loads((folder / CERTIFICATE).read_text())
    assert document["backends"] == ["exact"] and document["reason"] == "Lava is not here"
    assert document["accuracy"]["exact"] == exported.winner.accuracy.exact_test


def test_a_certificate_of_this_file_is_kept_and_of_another_is_made_anew(prepared, folder, exported):
    made = delivery.certify_winner(prepared.data, folder, None, "first")
    assert delivery.certify_winner(prepared.data, folder, None, "second") == made
    (folder / CERTIFICATE).write_text(json.dumps(made | {"network_sha256": "other"}))
    assert delivery.certify_winner(prepared.data, folder, None, "third") == made | {"reason": "third"}


@pytest.mark.slow
def test_lava_is_asked_where_it_is_there_though_a_certificate_without_it_is(prepared, folder, exported):
    delivery.certify_winner(prepared.data, folder, None, "Lava was not here")
    with LavaChild() as child:
        document = delivery.certify_winner(prepared.data, folder, child)
        assert document["mismatches"] == 0 and document["accuracy"]["lava"] == document["accuracy"]["exact"]
        assert delivery.certify_winner(prepared.data, folder, child) == document
