"""A super-network's file says what it holds; what it says is held against its tensors before anything is built."""

import json
import os
import resource

import pytest
import torch
from safetensors.torch import save_file
from support.networks.training_runs import Stopped, stop_after

from autosnn_hw.errors import InputError
from autosnn_hw.training.checkpoint import FORMAT, read_checkpoint, write_checkpoint
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.weight_sharing.supernet_checkpoint import load_supernet
from autosnn_hw.training.weight_sharing.supernet_trainer import train_supernet

OPTIONS = {"width": 2, "timesteps": 2, "must_learn": False}


@pytest.fixture(scope="module")
def trained(few, tmp_path_factory):
    path = tmp_path_factory.mktemp("supernet") / "a.safetensors"
    train_supernet(few, schedule=Schedule(1), checkpoint=path, **OPTIONS)
    return read_checkpoint(path)


@pytest.mark.parametrize(
    "change, said",
    [
        ({"width": 4000}, "it says width 4000, images .* its stem is"),
        ({"width": 10**9}, "width: Input should be less than or equal to 4096"),
        ({"image": [1, 4096, 4096]}, "it says width 2, images .1, 4096, 4096."),
        ({"image": [3, 8, 8]}, "its stem is"),
        ({"image": [8, 8]}, "image"),
        ({"classes": 7}, "7 classes"),
        ({"timesteps": 2**40}, "timesteps"),
        ({"space": "SNN_9"}, "space: .*known are SNN_1"),
        ({"neuron": "alif"}, "neuron: .*known are plif"),
        ({"sharing": 3}, "sharing"),
        ({"genes": [[["SRB_k9", 1]]] * 5}, "genes: .*unknown blocks SRB_k9"),
        ({"genes": [[["SRB_k3", 1]]] * 4}, "SNN_1 has 5 slots"),
        ({"genes": [[["SRB_k3", 1 + i] for i in range(99)]] * 5}, "genes.0: List should have at most 64"),
        ({"genes": {}}, "genes"),
        ({"kind": "network"}, "holds no super-network"),
    ],
)
def test_what_the_tensors_contradict_is_refused(trained, tmp_path, change, said):
    tensors, metadata = trained
    write_checkpoint(tmp_path / "b", tensors, metadata | {"identity": metadata["identity"] | change})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=said) as error:
        load_supernet(tmp_path / "b")
    assert "\n" not in str(error.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


@pytest.mark.parametrize(
    "text", ["{}", "[]", '{"identity": []}', '{"identity": {"kind": "supernet"}}', "{", "[" * 9999, "NaN"]
)
def test_metadata_of_another_shape_are_one_sentence(trained, tmp_path, text):
    save_file(trained[0], str(tmp_path / "b"), {"format": FORMAT, "json": text})
    with pytest.raises(InputError) as error:
        load_supernet(tmp_path / "b")
    assert "\n" not in str(error.value)


def test_tensors_that_are_missing_are_named(trained, tmp_path):
    for left_out in ("model.layers.stem.convs.0.conv.weight", "model.layers.readout.linear.weight"):
        tensors = {name: tensor for name, tensor in trained[0].items() if name != left_out}
        write_checkpoint(tmp_path / "b", tensors, trained[1])
        with pytest.raises(InputError, match="has no stem or no readout"):
            load_supernet(tmp_path / "b")


def test_only_a_regular_file_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is not a file; a checkpoint"):
        load_supernet(tmp_path / "pipe")


@pytest.mark.parametrize("metadata", [{}, {"identity": 3}, {"losses": "x"}, {"identity": {}, "losses": [None]}])
def test_training_does_not_go_on_from_a_damaged_state(few, tmp_path, metadata):
    path = tmp_path / "a.safetensors"
    with pytest.raises(Stopped):
        train_supernet(
            few, schedule=Schedule(3), checkpoint=path, checkpoint_seconds=0.0, progress=stop_after(1), **OPTIONS
        )
    tensors, kept = read_checkpoint(path)
    write_checkpoint(path, tensors, metadata)
    with pytest.raises(InputError, match="does not say whose state it holds"):
        train_supernet(few, schedule=Schedule(3), checkpoint=path, **OPTIONS)
    write_checkpoint(path, {n: t for n, t in tensors.items() if n != "adam.steps"}, json.loads(json.dumps(kept)))
    with pytest.raises(InputError, match="the optimiser's state does not fit"):
        train_supernet(few, schedule=Schedule(3), checkpoint=path, **OPTIONS)
    assert torch.is_tensor(tensors["adam.steps"])
