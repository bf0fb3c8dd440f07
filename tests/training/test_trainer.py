from dataclasses import replace

import numpy as np
import pytest
import torch
from support.networks.training_runs import Stopped, same, stop_after

from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import InputError, RunError
from autosnn_hw.training import trainer
from autosnn_hw.training.checkpoint import read_checkpoint
from autosnn_hw.training.compute.adam import FlatAdam
from autosnn_hw.training.data import datasets
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.trainer import train_network
from autosnn_hw.training.weight_sharing.supernet_checkpoint import load_supernet
from autosnn_hw.training.weight_sharing.supernet_trainer import train_supernet

SMALL = Schedule(epochs=3, learning_rate=3e-3, batch=32)
TINY = Architecture.parse("SRB_k3,SCB_k3,skip,SRB_k3,skip", width=2, timesteps=2)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_flat_adam_is_torch_adam(decay):
    """With weight decay it is AdamW, of what has two axes or more."""
    parameters = [
        torch.nn.Parameter(torch.randn(3, 4)),
        torch.nn.Parameter(torch.randn(5)),
        torch.nn.Parameter(torch.randn(2)),
    ]
    peers = [torch.nn.Parameter(p.detach().clone()) for p in parameters]
    ours = FlatAdam([parameters[:2], parameters[2:]], decay)
    theirs = torch.optim.AdamW(
        [{"params": peers[:1], "weight_decay": decay}, {"params": peers[1:], "weight_decay": 0.0}], 1e-2
    )
    for i in range(6):
        ours.zero_grad()
        theirs.zero_grad(set_to_none=True)
        used = slice(0, 3 if i % 2 else 2)  # the second segment rests every other step
        for set_of in (parameters, peers):
            sum(((p * (i + 1)).sin() ** 2).sum() for p in set_of[used]).backward()
        ours.step(1e-2, [0, 1] if i % 2 else [0])
        theirs.step()
        for own, peer in zip(parameters, peers):
            torch.testing.assert_close(own, peer, rtol=1e-6, atol=1e-7)


def test_same_seed_same_network_and_another_seed_another(few):
    first = train_network(TINY, few, schedule=SMALL, full_train=False)
    torch.manual_seed(99)
    np.random.default_rng(99).random()
    second = train_network(TINY, few, schedule=SMALL, full_train=False)
    assert same(first, second) and first.losses == second.losses
    assert not same(first, train_network(TINY, few, schedule=replace(SMALL, seed=1), full_train=False))


def test_a_resumed_network_is_the_one_that_was_never_stopped(few, tmp_path):
    whole = train_network(TINY, few, schedule=SMALL)
    file = tmp_path / "network.safetensors"
    with pytest.raises(Stopped):
        train_network(TINY, few, schedule=SMALL, checkpoint=file, checkpoint_seconds=0.0, progress=stop_after(2))
    resumed = train_network(TINY, few, schedule=SMALL, checkpoint=file)
    assert same(whole, resumed)
    with pytest.raises(InputError, match="no super-network"):
        load_supernet(file)
    with pytest.raises(InputError, match="another training run .different schedule"):
        train_network(TINY, few, schedule=replace(SMALL, seed=5), checkpoint=file)
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(InputError, match="not a readable checkpoint"):
        train_network(TINY, few, schedule=SMALL, checkpoint=file)


def test_a_checkpoint_that_cannot_be_written_is_one_sentence(few, tmp_path):
    with pytest.raises(RunError, match="could not be written"):
        train_network(TINY, few, schedule=SMALL, checkpoint=tmp_path / "nowhere" / "a.safetensors")


def test_frames_of_another_number_of_steps_are_refused(tmp_path):
    x = np.random.default_rng(0).integers(0, 2, (10, 5, 2, 8, 8), np.uint8)
    y = np.arange(10) % 2
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    dataset = datasets.load(f"npz:{tmp_path / 'a.npz'}")
    with pytest.raises(InputError, match="frames of 5 steps; 4"):
        train_supernet(dataset, width=2, timesteps=4)
    architecture = replace(TINY, timesteps=5)
    result = train_network(architecture, dataset, schedule=Schedule(epochs=2, batch=4))
    assert len(result.losses) == 2 and np.isfinite(result.losses).all()


@pytest.mark.slow
def test_a_network_alone_learns_the_digits(digits):
    result = train_network(Architecture.parse("all_SRB_k3", width=8, timesteps=4), digits, full_train=False)
    evaluation = trainer.evaluate_network(result.network, digits, digits.x_val, digits.y_val)
    assert evaluation.accuracy > 0.93
    assert 500 < evaluation.spikes < 20000


@pytest.mark.parametrize("averaged", [0, 2])
def test_trained_until_an_epoch_and_then_on_is_trained_at_once(few, tmp_path, averaged):
    """Bit for bit, weights, losses and running statistics; the file of a rung holds the optimiser and what is averaged."""
    schedule = replace(SMALL, epochs=4, regime=replace(SMALL.regime, averaged=averaged))
    initial = train_network(TINY, few, schedule=replace(SMALL, seed=7, epochs=1)).network
    whole = train_network(TINY, few, schedule=schedule, initial=initial, checkpoint=tmp_path / "whole")
    rungs = tmp_path / "rungs"
    first, again, second, last = (
        train_network(TINY, few, schedule=schedule, initial=initial, checkpoint=rungs, until=until)
        for until in (1, 1, 3, None)
    )
    assert same(first, again) and first.losses == again.losses == whole.losses[:1]
    assert second.losses == whole.losses[:3] and not same(second, whole) and not same(first, second)
    assert last.losses == whole.losses and same(last, whole)
    (ours, said), (theirs, told) = (read_checkpoint(file) for file in (rungs, tmp_path / "whole"))
    assert said == told and ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_training_is_not_taken_back_and_stops_within_its_schedule(few, tmp_path):
    file = tmp_path / "rung"
    train_network(TINY, few, schedule=SMALL, checkpoint=file, until=2)
    with pytest.raises(InputError, match="holds 2 epochs, which cannot be taken back to 1"):
        train_network(TINY, few, schedule=SMALL, checkpoint=file, until=1)
    for until in (0, 4):
        with pytest.raises(InputError, match="1 to 3 is needed"):
            train_network(TINY, few, schedule=SMALL, until=until)


def test_a_checkpoint_may_go_by_the_name_of_what_it_went_on_from(few, tmp_path):
    """Another machine's estimate of the same network differs in its last bits: its name does not."""
    file = tmp_path / "rung"
    initial = train_network(TINY, few, schedule=replace(SMALL, seed=7, epochs=1)).network
    train_network(TINY, few, schedule=SMALL, initial=initial, checkpoint=file, until=1, begun_from="one")
    with torch.no_grad():
        next(initial.parameters()).mul_(1 + 1e-6)
    with pytest.raises(InputError, match="initial"):
        train_network(TINY, few, schedule=SMALL, initial=initial, checkpoint=file, begun_from="another")
    train_network(TINY, few, schedule=SMALL, initial=initial, checkpoint=file, begun_from="one")
