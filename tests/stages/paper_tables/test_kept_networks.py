"""What a table's folder holds is taken for what it is: networks of a known size, whole, each with the file that it was written with."""

import json
import shutil
from dataclasses import replace

import pytest

from autosnn_hw.errors import InputError
from autosnn_hw.stages.paper_tables import row_training
from autosnn_hw.stages.paper_tables.table_data import DATA, SETTINGS, Amount
from autosnn_hw.stages.paper_tables.tables import made
from autosnn_hw.words.progress import Silent

ONE = Amount(images=30, test_images=6, seeds=1, certified=0, only="SCB_k3")
NOTHING = replace(ONE, most=0)


class Told(Silent):
    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


@pytest.fixture(scope="module")
def small(config):
    return config.with_changes(width=2, timesteps=1, finetune_epochs=0)


@pytest.fixture(scope="module")
def whole(small, tmp_path_factory):
    out = tmp_path_factory.mktemp("tables") / "whole"
    return out, made("blocks", small, out, ONE, Silent())


@pytest.fixture
def copy(whole, tmp_path):
    shutil.copytree(whole[0], tmp_path / "t")
    return tmp_path / "t"


def refusal(config, out, amount=ONE):
    with pytest.raises(InputError) as refused:
        made("blocks", config, out, amount, Silent())
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_networks_whose_size_the_folder_does_not_say_are_refused(copy, small):
    (copy / SETTINGS).unlink()
    for config in (small, small.with_changes(width=3)):
        said = refusal(config, copy)
        assert "holds networks of an unknown size: it has no tables.json; take another --out." in said
    assert not (copy / SETTINGS).exists()


def test_what_an_end_in_the_first_moment_leaves_is_gone_on_with(copy, small, tmp_path):
    begun = tmp_path / "begun"
    (begun / "networks" / "SNN_1_SCB_k3" / "seed-0").mkdir(parents=True)
    for name in ("lock", f".{SETTINGS}.x", DATA):
        (begun / name).write_bytes(b"")
    assert made("blocks", small, begun, NOTHING, Silent())["missing"] == 1


@pytest.mark.parametrize("text", ["{}", "[]", "", '{"dataset": "digits"}'])
def test_damaged_settings_are_one_sentence(copy, small, text):
    (copy / SETTINGS).write_text(text)
    said = refusal(small, copy)
    assert str(copy / SETTINGS) in said and "`autosnn-hw tables` wrote" in said and "search" not in said


def cut(path):
    path.write_bytes(path.read_bytes()[:100])


def gone(path):
    path.unlink()


def other(path):
    path.write_bytes(path.read_bytes() + b" ")


@pytest.mark.parametrize(
    ("suffix", "damage"), [(".net", cut), (".net", gone), (".net", other), (".json", cut), (".json", gone)]
)
def test_a_network_whose_files_are_not_whole_is_made_again_and_equal(copy, whole, small, suffix, damage):
    (network,) = copy.rglob("*.net")
    damage(network.with_suffix(suffix))
    assert made("blocks", small, copy, NOTHING, Silent())["missing"] == 1
    reporter = Told()
    document = made("blocks", small, copy, ONE, reporter)
    assert document["rows"] == whole[1]["rows"]
    assert "note: SNN_1_SCB_k3, seed 0: its files are not whole, and it is made again." in reporter.sentences
    assert made("blocks", small, copy, NOTHING, Silent())["missing"] == 0


def test_a_document_without_the_hash_of_its_file_is_taken_as_ever(copy, small):
    (network,) = copy.rglob("*.net")
    document = json.loads(network.with_suffix(".json").read_text())
    assert document["file_sha256"] == document["document"]["network"]["sha256"]
    del document["file_sha256"], document["document"]["network"]["sha256"]
    network.with_suffix(".json").write_text(json.dumps(document))
    assert made("blocks", small, copy, NOTHING, Silent())["missing"] == 0


def test_a_certificate_is_of_the_network_that_is_there(tmp_path):
    network, file = tmp_path / "a.net", tmp_path / "a.certificate.json"
    network.write_bytes(b"")
    known = {
        "samples": 2,
        "mismatches": 0,
        "network_sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
    assert row_training._kept_certificate(file, network) is None
    for text in ("", "{}", json.dumps(known | {"network_sha256": "0"})):
        file.write_text(text)
        assert row_training._kept_certificate(file, network) is None
    file.write_text(json.dumps(known))
    assert row_training._kept_certificate(file, network) == known
