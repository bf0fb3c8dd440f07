"""Every way of training leaves a plain integer network, is drawn from the seed, and can be interrupted."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from support.networks.training_runs import Stopped, same, stop_after

import hw_profiles
from autosnn_hw.architecture import Architecture
from autosnn_hw.deploy.lowering import lower
from autosnn_hw.errors import InputError
from autosnn_hw.simulate import exact
from autosnn_hw.training.data import datasets
from autosnn_hw.training.evaluation import Images
from autosnn_hw.training.finetuning.finetune import fit
from autosnn_hw.training.loop import Schedule, identity_of, rate_at
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.modules.spiking_network import SpikingNetwork
from autosnn_hw.training.regime import Regime, loss_of
from autosnn_hw.training.teacher import RELU, train_teacher
from autosnn_hw.training.teaching import Teacher
from autosnn_hw.training.trainer import train_network
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork
from autosnn_hw.training.weight_sharing.supernet_trainer import fair_step

TINY = Architecture.parse("SRB_k3,SCB_k3,skip,SRB_k3,skip", width=2, timesteps=2)
SMALL = Schedule(epochs=3, learning_rate=3e-3, batch=32)
EVERYTHING = Regime("steps", 0.05, "crop-flip-cutout", "constant", 0.5, 2)

pytestmark = pytest.mark.usefixtures("one_thread")


def with_regime(regime):
    return replace(SMALL, regime=regime)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 99))
def test_the_error_of_each_step_is_that_of_all_and_their_spread(steps, count, seed):
    random = torch.Generator().manual_seed(seed)
    votes = torch.rand(steps, count, 4, generator=random, dtype=torch.float64)
    target = F.one_hot(torch.randint(0, 4, (count,), generator=random), 4).double()
    together, each = loss_of(votes, target), loss_of(votes, target, "steps")
    torch.testing.assert_close(together, F.mse_loss(votes.sum(0) / steps, target))
    torch.testing.assert_close(each, together + votes.var(0, unbiased=False).mean())


def test_votes_by_step_add_up_to_the_votes(digits, images):
    network = SpikingNetwork(TINY, digits.image, digits.classes).eval()
    assert torch.equal(network.by_step(images).sum(0), network(images)) and network.by_step(images).shape == (2, 32, 10)


def test_the_rate_falls_or_stays():
    assert (
        rate_at(0.0, "cosine") == 1.0 and rate_at(1.0, "cosine") == 0.0 and rate_at(0.5, "cosine") == pytest.approx(0.5)
    )
    assert {rate_at(done, "constant") for done in (0.0, 0.5, 1.0)} == {1.0}


def test_checkpoints_from_before_there_was_a_choice_go_on(few):
    known = {"epochs": 3, "learning_rate": 3e-3, "batch": 32, "seed": 0, "augment": None}
    assert identity_of("network", few, SMALL)["schedule"] == known
    assert identity_of("network", few, with_regime(Regime(loss="steps")))["schedule"] == known | {
        "regime": {"loss": "steps"}
    }


@pytest.mark.parametrize("name", ["loss", "weight_decay", "augment", "decay", "averaged"])
def test_each_choice_changes_what_is_learnt(few, name):
    regime = replace(Regime(), **{name: asdict(EVERYTHING)[name]})
    plain, other = (train_network(TINY, few, schedule=with_regime(one), full_train=False) for one in (Regime(), regime))
    assert not same(plain, other) and np.isfinite(other.losses).all()
    assert same(other, train_network(TINY, few, schedule=with_regime(regime), full_train=False))


def test_weights_decay_and_neurons_and_norms_do_not(few):
    strong = with_regime(
        Regime(weight_decay=10.0, decay="constant")
    )  # three epochs of three updates: (1 - .03)^9 is left
    plain, decayed = (train_network(TINY, few, schedule=one, full_train=False).network for one in (SMALL, strong))
    ours, theirs = (one.layers[0].convs[0].conv.weight.norm() for one in (decayed, plain))
    assert 0.6 * theirs < ours < 0.9 * theirs
    assert decayed.layers[0].convs[0].norm.weight.min() > 0.95, "it begins at 1"


def test_the_average_is_that_of_the_last_epochs_with_statistics_of_its_own(few):
    after = {}
    for epochs in (3, 4, 5):  # at a constant rate these are the same run, some epochs longer
        schedule = replace(with_regime(Regime(decay="constant")), epochs=epochs)
        after[epochs] = train_network(TINY, few, schedule=schedule, full_train=False).network
    schedule = replace(with_regime(Regime(decay="constant", averaged=3)), epochs=5)
    found = train_network(TINY, few, schedule=schedule, full_train=False).network
    for name, parameter in found.named_parameters():
        mean = torch.stack([dict(one.named_parameters())[name] for one in after.values()]).mean(0)
        torch.testing.assert_close(parameter, mean, rtol=1e-5, atol=1e-6)
    x = Images(few, few.x_train).batch(slice(None))
    stem = found.layers[0].convs[0]
    current = F.conv2d(x, stem.conv.weight, padding=1)
    torch.testing.assert_close(stem.norm.mean, current.mean((0, 2, 3)), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(stem.norm.var, current.var((0, 2, 3)), rtol=1e-2, atol=1e-3)


def test_a_resumed_average_is_the_one_that_was_never_stopped(few, tmp_path):
    schedule, file = with_regime(Regime(averaged=3, weight_decay=0.1)), tmp_path / "network.safetensors"
    whole = train_network(TINY, few, schedule=schedule)
    with pytest.raises(Stopped):
        train_network(TINY, few, schedule=schedule, checkpoint=file, checkpoint_seconds=0.0, progress=stop_after(2))
    assert same(whole, train_network(TINY, few, schedule=schedule, checkpoint=file))
    assert same(whole, train_network(TINY, few, schedule=schedule, checkpoint=file)), "finished, and read"
    with pytest.raises(InputError, match="different schedule"):
        train_network(TINY, few, schedule=SMALL, checkpoint=file)


def test_a_teacher_is_a_network_without_spikes_of_one_step(few, images):
    assert train_teacher(TINY, few, SMALL, full_train=False) is None
    teacher = train_teacher(TINY, few, replace(with_regime(EVERYTHING), epochs=2), full_train=False)
    assert teacher.network.timesteps == 1 and teacher.network.fabric == RELU and teacher.share == 0.5
    target = F.one_hot(torch.arange(32) % 10, 10).float()
    soft = teacher.softened(images, target)
    answers = teacher.network(images).clamp(0, 1)
    torch.testing.assert_close(soft, 0.5 * target + 0.5 * answers)
    assert soft.min() >= 0 and soft.max() <= 1 and not soft.requires_grad
    with torch.no_grad():
        first = teacher.network.layers[0](images, 1, constant=True)
        torch.testing.assert_close(first, F.relu(teacher.network.layers[0].convs[0](images)))


def test_a_teacher_of_frames_sees_every_step(tmp_path):
    x = np.random.default_rng(0).integers(0, 2, (15, 3, 2, 8, 8), np.uint8)
    y = np.arange(15) % 3
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    data = datasets.load(f"npz:{tmp_path / 'a.npz'}")
    architecture = replace(TINY, timesteps=3)
    schedule = Schedule(1, 1e-2, 16, regime=Regime(distillation=1.0))
    teacher = train_teacher(architecture, data, schedule, full_train=False)
    assert teacher.network.timesteps == 3
    trained = train_network(architecture, data, schedule=schedule, full_train=False, teacher=teacher)
    tuned = fit(trained.network.to_folded(data), data, epochs=1, regime=schedule.regime, teacher=teacher)
    assert len(exact.run(lower(tuned.folded), data.x_test[:2]).layers) > 3


def test_a_perfect_teacher_changes_nothing_and_one_that_is_missing_is_asked_for(few, images):
    target = F.one_hot(torch.arange(32) % 10, 10).float()

    class Right(torch.nn.Module):
        timesteps = 2

        def forward(self, x):
            return 2 * target

    assert torch.equal(Teacher(Right(), 0.7).softened(images, target), target)
    with pytest.raises(InputError, match="needs a teacher"):
        train_network(TINY, few, schedule=with_regime(Regime(distillation=0.5)))


@pytest.mark.parametrize("target", ["loihi2", "truenorth"])
def test_with_everything_at_once_what_is_trained_is_what_is_deployed(few, target):
    profile, schedule = hw_profiles.load(target), with_regime(EVERYTHING)
    teacher = train_teacher(TINY, few, schedule, full_train=False)
    trained = train_network(TINY, few, schedule=schedule, full_train=False, teacher=teacher, fabric=Fabric.of(profile))
    folded = trained.network.to_folded(few)
    one, two = (
        fit(folded, few, epochs=2, target=profile, regime=EVERYTHING, teacher=teacher, full_train=True)
        for _ in range(2)
    )
    assert one.losses == two.losses
    chip = lower(one.folded, profile)
    right = exact.run(chip, few.x_val).predictions(chip.readout) == few.y_val
    assert right.mean() == pytest.approx(one.accuracies[-1])


def test_fair_sampling_asks_every_step_too():
    genes = [[("SRB_k3", 1), ("skip", 1)]] * 5
    network = SuperNetwork("SNN_1", 2, 2, (1, 8, 8), 3, genes=genes).double()
    x, target = torch.randn(4, 1, 8, 8, dtype=torch.float64), F.one_hot(torch.tensor([0, 1, 2, 0]), 3).double()
    paths = [network.path([slot[i % 2] for i, slot in enumerate(genes, shift)]) for shift in (0, 1)]
    loss = fair_step(network, x, target, paths, loss_name="steps")
    found = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
    network.zero_grad(set_to_none=True)
    total = sum(loss_of(network.by_step(network.stem(x), path), target, "steps") for path in paths)
    total.backward()
    assert loss.item() == pytest.approx(total.item() / 2)
    for name, parameter in network.named_parameters():
        if name in found:
            torch.testing.assert_close(found[name], parameter.grad, rtol=1e-9, atol=1e-12)
