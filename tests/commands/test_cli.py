"""The command line: bad input gets one sentence and exit code 2, good input the promised JSON."""

import json
import subprocess
import sys
from dataclasses import replace
from unittest.mock import ANY

import numpy as np
import pytest
from click.testing import CliRunner

from autosnn_hw import cli
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, Encoder, InputLayer, Readout
from exporters import netx


def network(vth=100, fan=4, decay=2048):
    rng = np.random.default_rng(3)
    neuron = CubaNeuron(vth, decay)
    encoder = Encoder(
        rng.integers(-20, 21, (fan, 1, 3, 3)).astype(np.int8),
        np.zeros(fan, np.int32),
        np.full(fan, 9, np.int32),
        4,
        table=np.tile(np.minimum(np.arange(256), 16) - 5, (1, 1)).astype(np.int8),
    )
    layers = (
        InputLayer("stem", (fan, 8, 8), neuron),
        ConvLayer("conv", (4, 8, 8), 2 * rng.integers(-40, 50, (4, fan, 3, 3)), neuron, padding=(1, 1), block="TBD1"),
        DenseLayer("readout", (10,), 2 * rng.integers(-40, 50, (10, 256)), neuron, block="readout"),
    )
    return ChipNetwork(layers, timesteps=4, encoder=encoder, readout=Readout(10), architecture="by hand")


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    path = tmp_path_factory.mktemp("nets") / "a.net"
    netx.write(network(), path)
    return str(path)


def run(capsys, *words):
    """Exit code, stdout and stderr of `autosnn-hw *words`."""
    before = sys.argv
    sys.argv = ["autosnn-hw", *map(str, words)]
    try:
        with pytest.raises(SystemExit) as left:
            cli.main()
    finally:
        sys.argv = before
    out, err = capsys.readouterr()
    return left.value.code or 0, out, err


@pytest.mark.parametrize(
    "words, said",
    [
        (("search", "--target", "loihi9"), "loihi9"),
        (("search", "--target", "truenorth", "--dataset", "cifar11"), "cifar11"),
        (("search", "--target", "truenorth", "--backend", "board"), "Loihi 2 board"),
        (("search", "--dataset", "cifar11"), "cifar11"),
        (("search", "--dataset", "npz:none.npz"), "none.npz"),
        (("search", "--supernet", "nowhere"), "nowhere"),
        (("search", "--config", "none.toml"), "none.toml"),
        (("search", "--resume", "nowhere"), "nowhere"),
        (("search", "--resume", "nowhere", "--width", "4"), "--resume"),
        (("search", "--lambda", "0.5"), "lambda"),
        (("search", "--lambda", "nan"), "--lambda"),
        (("search", "--lambda", "-5000"), "--lambda"),
        (("search", "--learning-rate", "nan"), "--learning-rate"),
        (("search", "--max-energy", "inf"), "--max-energy"),
        (("search", "--epochs", "3", "--warm-up", "4"), "0 to 3"),
        (("train", "all_SRB_k3", "--learning-rate", "inf", "--out", "o"), "--learning-rate"),
        (("front", "nowhere", "--lambda", "nan"), "--lambda"),
        (("train", "SRB_k3,SRB_k4", "--out", "o"), "SRB_k"),
        (("train", "NoSuchNet", "--out", "o"), "NoSuchNet"),
        (("train", "NoSuchNet"), "Known are AutoSNN"),
        (("train", "all_SRB_k3"), "Missing option '--out'"),
        (("train", "He2020_DVSGesture"), "Missing option '--out'"),
        (("simulate", "none.net"), "none.net"),
        (("check", "none.net"), "none.net"),
        (("inspect", "none.net"), "none.net"),
        (("export", "none.net"), "none.net"),
        (("front", "nowhere"), "not found"),
        (("report", "nowhere"), "nowhere"),
        (("compare", "a.json", "b.json"), "a.json"),
        (("targets", "loihi9"), "loihi9"),
        (("serach",), "serach"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(capsys, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert said in err and "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("search",), ("train", "all_SRB_k3", "--out", "o"), ("simulate", "NET")])
def test_a_cuda_device_that_is_not_there_is_refused_before_anything_is_begun(
    capsys, tmp_path, monkeypatch, real_cuda, net, words
):
    if real_cuda:
        pytest.skip("there is one")
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *(net if word == "NET" else word for word in words), "--device", "cuda")
    assert (code, out) == (2, "") and "sees no CUDA device" in err and "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_network_is_refused(capsys, tmp_path):
    path = tmp_path / "bad.net"
    path.write_bytes(b"not a network at all")
    code, _, err = run(capsys, "simulate", path)
    assert code == 2 and "bad.net" in err and "Traceback" not in err


def test_an_existing_run_folder_is_left_alone(capsys, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    code, _, err = run(capsys, "search", "--out", tmp_path / "mine")
    assert code == 2 and "exists already" in err
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_simulate_prints_the_promised_document(capsys, net):
    code, out, _ = run(capsys, "simulate", net, "--samples", "16", "--json", "--predictions")
    document = json.loads(out)
    assert code == 0
    assert document["dataset"] == {"name": "digits", "split": "test", "samples": 16}
    assert len(document["predictions"]) == 16
    spikes = document["spikes"]
    assert spikes["paper"] == pytest.approx(spikes["chip"] - spikes["relay"])
    assert sum(layer["synops"] for layer in document["layers"]) == pytest.approx(document["synops"])
    energy = document["energy"]
    assert energy["dynamic"]["value"] + energy["static"]["value"] == pytest.approx(energy["total"]["value"])


def test_check_says_what_does_not_fit_with_exit_code_3(capsys, tmp_path, net):
    code, out, _ = run(capsys, "check", net, "--json")
    assert code == 0 and json.loads(out)["fits"]
    code, out, _ = run(capsys, "check", net, "--target", "truenorth", "--json")
    document = json.loads(out)
    assert code == 3 and not document["fits"]
    assert all(violation["needed"] > violation["limit"] for violation in document["violations"])


def test_the_target_is_the_one_that_the_file_names(capsys, tmp_path):
    for named, taken in (("loihi1", "loihi1"), (None, "loihi2")):
        netx.write(replace(network(), target=named), tmp_path / "a.net")
        for words in (("check",), ("simulate", "--samples", "4")):
            assert json.loads(run(capsys, *words, tmp_path / "a.net", "--json")[1])["target"] in (
                taken,
                {"name": taken, "sha256": ANY},
            )
        assert (
            json.loads(run(capsys, "check", tmp_path / "a.net", "--target", "loihi1", "--json")[1])["target"]
            == "loihi1"
        )


def test_a_target_that_only_the_file_knows_is_asked_for_and_never_read_as_a_path(capsys, tmp_path):
    (tmp_path / "mine.toml").write_text('extends = "loihi2"\n')
    netx.write(replace(network(), target=str(tmp_path / "mine.toml")), tmp_path / "a.net")
    for verb in ("check", "simulate"):
        code, out, err = run(capsys, verb, tmp_path / "a.net")
        assert (code, out) == (2, "") and "give --target" in err
    assert run(capsys, "check", tmp_path / "a.net", "--target", tmp_path / "mine.toml")[0] == 0


def test_what_does_not_fit_is_priced_with_its_violations_beside(capsys, tmp_path):
    file = tmp_path / "memoryless.net"
    netx.write(network(decay=4096), file)
    code, out, _ = run(capsys, "simulate", file, "--samples", "4", "--json")
    document = json.loads(out)
    checked = json.loads(run(capsys, "check", file, "--json")[1])["violations"]
    assert code == 0 and not document["fits"] and document["energy"]["total"]["value"] > 0
    assert document["violations"] == [{k: v for k, v in violation.items() if k != "remedies"} for violation in checked]
    out = run(capsys, "simulate", file, "--samples", "4")[1]
    assert out.startswith("Does not fit loihi2") and "[does not fit loihi2]" in out


def test_what_has_no_place_has_no_price(capsys, net):
    code, out, err = run(capsys, "simulate", net, "--target", "truenorth", "--samples", "4", "--json")
    assert (code, out) == (3, "") and "truenorth" in err


@pytest.mark.parametrize(
    "words, meant",
    [
        (("frnt",), "No such command 'frnt'; did you mean front? Known are search, data"),
        (("zzzz",), "No such command 'zzzz'; known are search, data"),
        (("search", "--objective", "energie"), "did you mean energy?"),
        (("search", "--strategy", "walks"), "did you mean walk?"),
        (("tables", "transfr", "--out", "x"), "did you mean transfer?"),
        (("simulate", "a.net", "--backend", "exakt"), "did you mean exact?"),
        (("targets", "loihi"), "did you mean loihi2 or loihi1? Known are"),
        (("search", "--target", "loih2"), "did you mean loihi2"),
    ],
)
def test_a_name_that_is_none_is_refused_with_the_one_that_was_meant(capsys, words, meant):
    code, _, err = run(capsys, *words)
    assert code == 2 and meant in err and "Traceback" not in err


@pytest.mark.parametrize(
    "words, option",
    [
        (("check", "NET", "--svg", "/nowhere/x.svg"), "--svg"),
        (("targets", "new", "/nowhere/a.toml"), "FILE.toml"),
    ],
)
def test_what_cannot_be_written_names_the_option_that_asked_for_it(capsys, net, words, option):
    code, _, err = run(capsys, *(net if word == "NET" else word for word in words))
    assert code == 1 and f"Another {option}, or the right to write there" in err


def test_export_writes_every_format_once(capsys, tmp_path, net):
    for form in ("netx", "onnx", "onnx-step"):
        out = tmp_path / f"copy.{form}"
        assert run(capsys, "export", net, "--format", form, "--out", out)[0] == 0
        assert out.stat().st_size > 0
        code, _, err = run(capsys, "export", net, "--format", form, "--out", out)
        assert code == 2 and "--force" in err
    code, _, err = run(capsys, "export", net, "--target", "truenorth", "--out", tmp_path / "no.net")
    assert code == 3 and not (tmp_path / "no.net").exists() and "nothing was written" in err


def test_targets_runs_the_conformance_suite_on_a_profile(capsys, tmp_path):
    assert run(capsys, "targets", "loihi1", "--conformance")[:2] == (0, "loihi1 conforms.\n")
    (tmp_path / "mine.toml").write_text('extends = "loihi2"\nenergy.synop.source = "me"\n')
    code, out, _ = run(capsys, "targets", tmp_path / "mine.toml", "--conformance", "--json")
    document = json.loads(out)
    assert code == 2 and not document["conforms"] and "too short" in document["problems"][0]
    code, _, err = run(capsys, "targets", "--conformance")
    assert code == 2 and "needs the NAME" in err


def test_targets_new_writes_a_profile_that_check_takes(capsys, tmp_path, net):
    file = tmp_path / "mychip.toml"
    code, out, _ = run(capsys, "targets", "new", file, "--from", "loihi1", "--json")
    assert code == 0 and json.loads(out) == {"file": str(file), "name": "mychip", "from": "loihi1"}
    written = file.read_text()
    code, out, _ = run(capsys, "check", net, "--target", file, "--json")
    ours, theirs = json.loads(out), json.loads(run(capsys, "check", net, "--target", "loihi1", "--json")[1])
    assert code == 0 and ours["target"] == "mychip" and ours["cores"] == theirs["cores"]
    code, _, err = run(capsys, "targets", "new", file)
    assert code == 2 and "there already" in err and file.read_text() == written
    for words in (
        ("new",),
        ("new", tmp_path / "mychip"),
        ("loihi1", file),
        ("--from", "loihi1"),
        ("new", tmp_path / "b.toml", "--from", "x"),
    ):
        code, _, err = run(capsys, "targets", *words)
        assert code == 2 and "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["mychip.toml"]


def test_inspect_targets_and_compare_answer_in_words_and_json(capsys, tmp_path, net):
    assert "conv" in run(capsys, "inspect", net)[1]
    assert json.loads(run(capsys, "inspect", net, "--json")[1])
    assert "loihi2" in run(capsys, "targets")[1]
    assert json.loads(run(capsys, "targets", "loihi2", "--json")[1])
    for target in ("loihi1", "loihi2"):
        (tmp_path / f"{target}.json").write_text(
            run(capsys, "simulate", net, "--samples", "4", "--target", target, "--json")[1]
        )
    code, out, _ = run(capsys, "compare", tmp_path / "loihi1.json", tmp_path / "loihi2.json", "--json")
    document = json.loads(out)
    assert code == 0 and document["same_network"]
    assert document["totals"]["spikes.chip"]["ratio"] == 1
    assert run(capsys, "compare", tmp_path / "loihi1.json", tmp_path / "loihi2.json")[0] == 0


def test_data_says_what_it_holds_as_table_and_as_document():
    from autosnn_hw.commands.data import command

    table = CliRunner().invoke(command, ["digits", "--no-time"])
    assert table.exit_code == 0 and "1,150 training, 287 validation, 360 test" in table.output
    document = json.loads(CliRunner().invoke(command, ["digits", "--no-time", "--json"]).output)
    assert document["classes"] == 10 and document["search"] is None and document["findings"] == []


@pytest.mark.slow
def test_data_estimates_a_search_from_batches_that_it_trains():
    from autosnn_hw.commands.data import command

    document = json.loads(CliRunner().invoke(command, ["digits", "--json"]).output)
    training = document["search"]["training"]
    assert training["batches"] == 540 and training["peak_bytes"] > 2**27
    assert training["seconds"] == pytest.approx(540 * training["seconds_per_batch"])
    assert document["search"]["networks"] == 3125 and document["search"]["stages"][-1]["name"] == "readout"


def test_the_package_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "autosnn_hw", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split(",")[0]) == (0, "autosnn-hw")
