from dataclasses import replace

import numpy as np
import pytest
import torch

from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import InputError, RunError
from autosnn_hw.training import datasets, trainer
from autosnn_hw.training.adam import FlatAdam
from autosnn_hw.training.augmentation import crop_and_flip
from autosnn_hw.training.loop import Schedule, Seeded
from autosnn_hw.training.trainer import train_network, train_supernet

SMALL = Schedule(epochs=3, learning_rate=3e-3, batch=32)
TINY = Architecture.parse("SRB_k3,SCB_k3,skip,SRB_k3,skip", width=2, timesteps=2)


@pytest.fixture(scope="module")
def few(digits):
    return replace(digits, x_train=digits.x_train[:96], y_train=digits.y_train[:96], sha256="few")


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _tiny_supernet(dataset, **settings):
    options = {"width": 2, "timesteps": 2, "schedule": SMALL, "must_learn": False} | settings
    return train_supernet(dataset, **options)


def _same(one, other):
    ours, theirs = one.network.state_dict(), other.network.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_flat_adam_is_torch_adam():
    parameters = [
        torch.nn.Parameter(torch.randn(3, 4)),
        torch.nn.Parameter(torch.randn(5)),
        torch.nn.Parameter(torch.randn(2)),
    ]
    peers = [torch.nn.Parameter(p.detach().clone()) for p in parameters]
    ours, theirs = FlatAdam([parameters[:2], parameters[2:]]), torch.optim.Adam(peers, 1e-2)
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
    assert _same(first, second) and first.losses == second.losses
    assert not _same(first, train_network(TINY, few, schedule=replace(SMALL, seed=1), full_train=False))


class Stopped(Exception):
    pass


def _stop_after(epochs):
    def progress(done, total, loss):
        if done == epochs:
            raise Stopped

    return progress


@pytest.mark.parametrize("strict", [True, False])
def test_a_resumed_super_network_is_the_one_that_was_never_stopped(few, tmp_path, strict):
    whole = _tiny_supernet(few, strict=strict)
    file = tmp_path / "supernet.safetensors"
    with pytest.raises(Stopped):
        _tiny_supernet(few, strict=strict, checkpoint=file, checkpoint_seconds=0.0, progress=_stop_after(1))
    seen = []
    resumed = _tiny_supernet(few, strict=strict, checkpoint=file, progress=lambda done, *_: seen.append(done))
    assert seen == [2, 3]
    assert _same(whole, resumed) and whole.losses == resumed.losses and whole.accuracies == resumed.accuracies
    again = _tiny_supernet(few, strict=strict, checkpoint=file, progress=_stop_after(1))  # finished: nothing to do
    assert _same(whole, again)
    assert _same(whole, replace(whole, network=trainer.load_supernet(file)))
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_a_resumed_network_is_the_one_that_was_never_stopped(few, tmp_path):
    whole = train_network(TINY, few, schedule=SMALL)
    file = tmp_path / "network.safetensors"
    with pytest.raises(Stopped):
        train_network(TINY, few, schedule=SMALL, checkpoint=file, checkpoint_seconds=0.0, progress=_stop_after(2))
    resumed = train_network(TINY, few, schedule=SMALL, checkpoint=file)
    assert _same(whole, resumed)
    with pytest.raises(InputError, match="no super-network"):
        trainer.load_supernet(file)
    with pytest.raises(InputError, match="another training run .different schedule"):
        train_network(TINY, few, schedule=replace(SMALL, seed=5), checkpoint=file)
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(InputError, match="not a readable checkpoint"):
        train_network(TINY, few, schedule=SMALL, checkpoint=file)


def test_a_checkpoint_that_cannot_be_written_is_one_sentence(few, tmp_path):
    with pytest.raises(RunError, match="could not be written"):
        train_network(TINY, few, schedule=SMALL, checkpoint=tmp_path / "nowhere" / "a.safetensors")


def test_strict_fairness_adds_the_gradients_of_its_paths(digits, few, monkeypatch):
    """One strict update = the sum of the gradients of five whole paths, stem included."""
    seen = {}
    monkeypatch.setattr(
        FlatAdam,
        "step",
        lambda self, rate, segments=None: seen.setdefault("gradients", [g.clone() for g in self.gradients]),
    )
    schedule = Schedule(epochs=1, batch=96)
    network = _tiny_supernet(few, schedule=schedule).network
    random = trainer.generator(schedule.seed, "supernet", "epoch", 0)
    order = torch.from_numpy(random.permutation(96))
    x = torch.from_numpy(few.normalise(few.x_train))[order]
    target = torch.nn.functional.one_hot(torch.from_numpy(few.y_train), 10).float()[order]
    network.zero_grad(set_to_none=True)
    for path in network.fair_paths(random):
        torch.nn.functional.mse_loss(network(x, path) / 2, target).backward()
    expected = [
        torch.cat(
            [(torch.zeros_like(p) if p.grad is None else p.grad).reshape(-1) for p in parameters] or [torch.zeros(0)]
        )
        for parameters in map(list, trainer._segments(network).values())
    ]
    for ours, theirs in zip(seen["gradients"], expected):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-6)
    assert sum(float(g.abs().sum()) > 0 for g in expected) > 20


def test_single_path_updates_move_only_the_path(few):
    schedule = Schedule(epochs=1, batch=96)
    trained = _tiny_supernet(few, schedule=schedule, strict=False).network
    with Seeded(schedule.seed, "supernet"):
        start = trainer.SuperNetwork("SNN_1", 2, 2, few.image, few.classes)
    random = trainer.generator(schedule.seed, "supernet", "epoch", 0)
    random.permutation(96)
    moved = set(trainer._segment_names(start, start.uniform_path(random)))
    before = {
        name: torch.cat([p.detach().reshape(-1) for p in ps] or [torch.zeros(1)])
        for name, ps in ((n, list(p)) for n, p in trainer._segments(start).items())
    }
    after = {
        name: torch.cat([p.detach().reshape(-1) for p in ps] or [torch.zeros(1)])
        for name, ps in ((n, list(p)) for n, p in trainer._segments(trained).items())
    }
    for name in before:
        free_skip = before[name].numel() == 1
        assert torch.equal(before[name], after[name]) != (name in moved and not free_skip), name


def test_a_super_network_that_has_not_learnt_stops_the_run(few):
    with pytest.raises(RunError, match="has not learnt .mean validation accuracy of 12 random paths 0.* chance 0.1"):
        _tiny_supernet(few, schedule=Schedule(epochs=1), must_learn=True)
    result = _tiny_supernet(few, schedule=Schedule(epochs=1))
    assert not result.learnt and "train longer" in result.sentence
    assert replace(result, accuracies=[0.5]).learnt


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


def test_crop_and_flip_shows_shifted_and_mirrored_images():
    x = torch.arange(1, 2 * 3 * 32 * 32 + 1, dtype=torch.int32).view(2, 3, 32, 32)
    y = crop_and_flip(x.repeat(40, 1, 1, 1), np.random.default_rng(0))
    assert y.shape == (80, 3, 32, 32)
    padded = torch.nn.functional.pad(x, (4,) * 4)
    windows = {
        window.numpy().tobytes()
        for image in padded
        for top in range(9)
        for left in range(9)
        for window in (image[:, top : top + 32, left : left + 32], image[:, top : top + 32, left : left + 32].flip(2))
    }
    assert all(image.numpy().tobytes() in windows for image in y)
    assert len({image.numpy().tobytes() for image in y}) > 50


@pytest.mark.slow
def test_a_network_alone_learns_the_digits(digits):
    result = train_network(Architecture.parse("all_SRB_k3", width=8, timesteps=4), digits, full_train=False)
    evaluation = trainer.evaluate_network(result.network, digits, digits.x_val, digits.y_val)
    assert evaluation.accuracy > 0.93
    assert 500 < evaluation.spikes < 20000


@pytest.mark.slow
def test_the_embedded_super_network_learns_the_digits(digits):
    result = train_supernet(digits)
    assert result.learnt and result.accuracy >= 0.9
