"""A search that chooses where its pools stand, stopped and gone on with, end to end: small, but every stage real."""

import json

import pytest
from click.testing import CliRunner

from autosnn_hw import pipeline
from autosnn_hw.commands.search import command as search
from autosnn_hw.commands.train import command as train
from autosnn_hw.errors import InputError
from autosnn_hw.search.database.study import read_records
from autosnn_hw.simulate import exact
from autosnn_hw.stages.judging.repricing import priced_on
from autosnn_hw.training.data import datasets
from exporters import netx


def end_to_end(test):
    return pytest.mark.slow(pytest.mark.timeout(1200)(test))


SPACE = """
pools = ["2", "1"]
timesteps = [2, 4]
[[slots]]
width = 1
blocks = ["SCB_k3", "SRB_k3"]
[[slots]]
width = 2
blocks = ["SCB_k3", "SRB_k3"]
"""
SMALL = {
    "width": 4, "epochs": 8, "retrain_epochs": 2, "finetune_epochs": 1, "finalists": 3, "mean_cost_samples": 4, "measure": 1,
    "samples": 4, "workers": 1,
}  # fmt: skip


class Stopping:
    """Is interrupted when a stage begins, and keeps what it was told."""

    def __init__(self, stage):
        self.at, self.said = stage, []

    def stage(self, name, total=None):
        if name.startswith(self.at):
            raise KeyboardInterrupt

    def advance(self, done, text=""):
        pass

    def say(self, sentence):
        self.said.append(sentence)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """(folder, summary, what was said first) of a search that was stopped in the walk and gone on with."""
    folder = tmp_path_factory.mktemp("pools")
    (folder / "space.toml").write_text(SPACE)
    config = pipeline.config_for({"space": str(folder / "space.toml"), "strategy": "walk", **SMALL})
    stopping = Stopping("random baseline")
    with pytest.raises(KeyboardInterrupt):
        pipeline.search(config, folder / "run", stopping)
    return folder / "run", pipeline.resume(folder / "run"), stopping.said


@end_to_end
def test_every_placement_of_every_architecture_is_judged(run):
    folder, summary, said = run
    records = read_records(folder / "study.db")
    assert summary["evaluated"] == len(records) == 4 * 2 * 2
    assert {record.genotype.split("@")[1] for record in records} == {"P1T2", "P1T4", "P2T2", "P2T4"}
    assert "at C = 4, T = 2, 4, pools behind slots 1, 2: 16 architectures" in said[0]
    energy = {record.genotype: record.energy.value for record in records}
    for genotype, value in energy.items():
        if "@P1" in genotype:
            assert value < energy[genotype.replace("@P1", "@P2")]


@end_to_end
def test_the_winner_s_files_are_its_own_placement(run):
    folder, summary, _ = run
    winner = summary["winner"]
    assert summary["pools"] == ["1", "2"]
    assert winner["architecture"].endswith(f"@P{winner['pools']}T{winner['timesteps']}")
    network = netx.read(folder / "winner.net")
    assert network.architecture == winner["architecture"] and network.timesteps == winner["timesteps"]
    assert [layer.name.split(".")[0] for layer in network.layers].index("pool1") > 0
    first = next(layer for layer in network.layers if layer.name.startswith("TBD2"))
    assert first.shape[1] == (4 if winner["pools"] == "1" else 8)
    data = datasets.load("digits")
    found = exact.run(network, data.x_test)
    accuracy = float((found.predictions(network.readout) == data.y_test).mean())
    assert accuracy == winner["accuracy"]["exact_test"]
    certificate = json.loads((folder / "winner.certificate.json").read_text())
    assert certificate == summary["certificate"]
    assert f"@P{winner['pools']}".strip("@") in (folder / "report.html").read_text()


@end_to_end
def test_baselines_have_the_first_placement_where_the_macro_architecture_has_none(run):
    _, summary, _ = run
    named = {one["name"]: one["architecture"] for one in summary["baselines"]}
    assert named["all_SRB_k3"] == "SRB_k3,SRB_k3@P1T4"


@end_to_end
def test_a_finished_run_is_summed_up_again_to_the_same(run):
    folder, summary, _ = run
    again = pipeline.resume(folder)
    assert json.loads(json.dumps(again["winner"])) == json.loads(json.dumps(summary["winner"]))
    assert again["evaluated"] == summary["evaluated"]


@end_to_end
def test_what_was_walked_is_priced_on_another_target(run):
    folder, _, _ = run
    known = {record.genotype: record for record in read_records(folder / "study.db")}
    for record in priced_on(folder, "loihi1", workers=1):
        assert (record.accuracy, record.spikes) == (known[record.genotype].accuracy, known[record.genotype].spikes)
        assert record.energy != known[record.genotype].energy


@end_to_end
def test_any_point_is_delivered_with_its_pools_where_they_were_chosen(run, tmp_path):
    folder, _, _ = run
    document = pipeline.deploy(folder, "SRB_k3,SCB_k3@P2T2", tmp_path / "point")
    network = netx.read(tmp_path / "point" / "winner.net")
    assert document["architecture"] == "SRB_k3,SCB_k3@P2T2" == network.architecture
    assert network.timesteps == 2 and network.layers[-2].name == "pool1"
    assert "lava" not in document["certificate"]["backends"] or document["certificate"]["mismatches"] == 0


@end_to_end
def test_a_super_network_of_other_placements_is_refused(run):
    folder, _, _ = run
    config = pipeline.config_for({"supernet": str(folder), "workers": 1, "pools": ("0", "2"), **SMALL})
    kept = (folder / "config.toml").read_text().partition('space = "')[2].partition('"')[0]
    with pytest.raises(InputError, match=r"pools 0\) is not in this super-network .*, pools 1, 2\)"):
        pipeline.search(config.with_changes(space=kept, timesteps=(2, 4)), folder.parent / "other")
    assert not (folder.parent / "other").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--dataset", "events", "--timesteps", "5", "--pools", "1,1.2"], "16 x 16 images 8 x 8, 1.2 makes them 4 x 4: choices of one search"),
        (["--pools", "1,1.3"], "1 and 1.3 are the same network on images of 8 x 8"),
        (["--pools", "9"], "SNN_1 has slots 1 to 5"),
        (["--pools", "1.1"], "every slot may be named once"),
        (["--pools", "1,1"], "1 twice"),
        (["--pools", "x"], "numbers of slots with dots between are needed"),
        (["--pools", ""], "numbers of slots with dots between are needed"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_one_sentence_and_leaves_no_folder(words, said, tmp_path):
    done = CliRunner().invoke(search, [*words, "--out", str(tmp_path / "run"), "--quiet"])
    told = str(done.exception) if isinstance(done.exception, InputError) else done.output
    assert isinstance(done.exception, InputError) or done.exit_code == 2
    assert said in " ".join(told.split()) and not (tmp_path / "run").exists()


def test_an_architecture_is_trained_with_its_pools_where_it_says(tmp_path):
    sizes = ["--width", "2", "--timesteps", "1", "--epochs", "1", "--finetune-epochs", "0", "--quiet"]
    done = CliRunner().invoke(train, ["all_SCB_k3@P0", *sizes, "--out", str(tmp_path / "one")])
    assert done.exit_code == 0, done.output
    network = netx.read(next((tmp_path / "one").glob("**/*.net")))
    names = [layer.name for layer in network.layers]
    assert names[1] == "pool1" and network.architecture.endswith("@P0")
    assert {layer.shape[1] for layer in network.layers[1:-1]} == {4}
