from dataclasses import replace

import pytest
import torch
from support.networks.training_runs import Stopped, same, stop_after

from autosnn_hw.errors import InputError, RunError
from autosnn_hw.seeds import generator
from autosnn_hw.training.checkpoint import read_checkpoint, write_checkpoint
from autosnn_hw.training.compute.adam import FlatAdam
from autosnn_hw.training.loop import Schedule, Seeded
from autosnn_hw.training.regime import Regime
from autosnn_hw.training.weight_sharing import supernet_trainer
from autosnn_hw.training.weight_sharing.supernet_checkpoint import load_supernet
from autosnn_hw.training.weight_sharing.supernet_trainer import train_supernet

SMALL = Schedule(epochs=3, learning_rate=3e-3, batch=32)

pytestmark = pytest.mark.usefixtures("one_thread")


def _tiny_supernet(dataset, **settings):
    options = {"width": 2, "timesteps": 2, "schedule": SMALL, "must_learn": False} | settings
    return train_supernet(dataset, **options)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [{}, {"strict": False}, {"sharing": "separate"}, {"warm_up": 1}, {"warm_up": 2}, {"warm_up": 1, "strict": False}],
    ids=str,
)
def test_a_resumed_super_network_is_the_one_that_was_never_stopped(few, tmp_path, settings):
    whole = _tiny_supernet(few, **settings)
    file = tmp_path / "supernet.safetensors"
    with pytest.raises(Stopped):
        _tiny_supernet(few, **settings, checkpoint=file, checkpoint_seconds=0.0, progress=stop_after(1))
    seen = []
    resumed = _tiny_supernet(few, **settings, checkpoint=file, progress=lambda done, *_: seen.append(done))
    assert seen == [2, 3]
    assert same(whole, resumed) and whole.losses == resumed.losses and whole.accuracies == resumed.accuracies
    again = _tiny_supernet(few, **settings, checkpoint=file, progress=stop_after(1))  # finished: nothing to do
    assert same(whole, again)
    assert same(whole, replace(whole, network=load_supernet(file)))
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("sharing", ["entangled", "separate"])
@pytest.mark.parametrize(
    "regime",
    [Regime(loss="steps"), Regime(weight_decay=0.1), Regime(augment="crop"), Regime(decay="constant")],
    ids=lambda regime: next(iter(regime.identity())),
)
def test_each_choice_of_training_changes_what_a_super_network_learns(few, regime, sharing):
    schedule = replace(SMALL, epochs=2)
    plain, other = (
        _tiny_supernet(few, schedule=replace(schedule, regime=one), warm_up=1, sharing=sharing)
        for one in (Regime(), regime)
    )
    assert not same(plain, other) and all(torch.isfinite(torch.tensor(other.losses)))


@pytest.mark.parametrize("stopped_after", [1, 3])
def test_more_epochs_go_on_from_the_checkpoint_also_when_stopped_again(few, tmp_path, stopped_after):
    """From a training of 3 epochs, finished or not, to 6: the first epochs are kept, and an interruption changes nothing."""
    longer = replace(SMALL, epochs=6)
    begun = tmp_path / "begun.safetensors"
    with pytest.raises(Stopped):
        _tiny_supernet(
            few,
            warm_up=None,
            checkpoint=begun,
            checkpoint_seconds=0.0,
            progress=stop_after(stopped_after),
            goes_on=True,
        )
    files = [tmp_path / f"{name}.safetensors" for name in ("whole", "stopped")]
    for file in files:
        file.write_bytes(begun.read_bytes())
    first = read_checkpoint(begun)[1]["losses"]
    seen = []
    whole = _tiny_supernet(
        few, schedule=longer, checkpoint=files[0], goes_on=True, progress=lambda done, *_: seen.append(done)
    )
    assert seen == list(range(stopped_after + 1, 7)) and whole.losses[:stopped_after] == first
    with pytest.raises(Stopped):
        _tiny_supernet(
            few, schedule=longer, checkpoint=files[1], checkpoint_seconds=0.0, progress=stop_after(5), goes_on=True
        )
    again = _tiny_supernet(few, schedule=longer, checkpoint=files[1], goes_on=True)
    assert same(whole, again) and whole.losses == again.losses and len(again.losses) == 6
    with pytest.raises(InputError, match="belongs to another training run .different schedule"):
        _tiny_supernet(few, checkpoint=files[1], goes_on=True)  # fewer than it has


@pytest.mark.slow
def test_warm_up_stays_that_of_the_epochs_that_it_was_begun_with(few, tmp_path):
    file = tmp_path / "supernet.safetensors"
    _tiny_supernet(few, schedule=replace(SMALL, epochs=1), checkpoint=file, goes_on=True)
    grown = _tiny_supernet(few, schedule=replace(SMALL, epochs=4), checkpoint=file, goes_on=True)
    new = _tiny_supernet(few, schedule=replace(SMALL, epochs=4), goes_on=True)
    assert (grown.warm_up, new.warm_up) == (0, 1)
    assert _tiny_supernet(few, schedule=replace(SMALL, epochs=4), checkpoint=file, goes_on=True).warm_up == 0


def _values(network):
    """All parameters of each segment in one tensor."""
    segments = {name: list(parameters) for name, parameters in supernet_trainer._segments(network).items()}
    return {
        name: torch.cat([p.detach().reshape(-1) for p in parameters])
        for name, parameters in segments.items()
        if parameters
    }


def test_in_the_warm_up_only_the_anchor_is_trained(few):
    trained = _tiny_supernet(few, schedule=replace(SMALL, epochs=1), warm_up=1, sharing="separate").network
    with Seeded(SMALL.seed, "supernet"):
        start = supernet_trainer.SuperNetwork("SNN_1", 2, 2, few.image, few.classes, sharing="separate")
    assert trained.anchor.blocks == ("SRB_k3",) * 5
    before, after = _values(start), _values(trained)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"stem", "readout", *(f"TBD{i}/SRB_k3/1" for i in range(1, 6))}


def test_what_the_anchor_learns_the_others_have_too(few):
    trained = _tiny_supernet(few, schedule=replace(SMALL, epochs=1), warm_up=1).network
    with Seeded(SMALL.seed, "supernet"):
        start = supernet_trainer.SuperNetwork("SNN_1", 2, 2, few.image, few.classes)
    for slot in ("TBD1", "TBD3"):
        before, after = (n.layers[slot]["SCB_k5/1"].convs[1].weight.detach() for n in (start, trained))
        assert not torch.equal(before[:, :, 1:4, 1:4], after[:, :, 1:4, 1:4])
        assert torch.equal(before[:, :, 0], after[:, :, 0]), "the ring is not the anchor's"


def test_epochs_of_warm_up_are_bounded_by_all(few):
    assert [supernet_trainer.warm_up_epochs(epochs) for epochs in (1, 4, 15, 60)] == [0, 1, 3, 15]
    assert supernet_trainer.warm_up_epochs(60, strict=False) == 0
    for wrong in (-1, 4):
        with pytest.raises(InputError, match=f"{wrong} epochs of warm-up of 3 in all: 0 to 3"):
            _tiny_supernet(few, warm_up=wrong)


def test_a_checkpoint_from_before_weights_were_shared_is_separate(few, tmp_path):
    file = tmp_path / "supernet.safetensors"
    trained = _tiny_supernet(few, schedule=replace(SMALL, epochs=1), sharing="separate", checkpoint=file)
    tensors, metadata = read_checkpoint(file)
    del metadata["identity"]["sharing"]
    write_checkpoint(file, tensors, metadata)
    loaded = load_supernet(file)
    assert loaded.sharing == "separate" and same(trained, replace(trained, network=loaded))


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
    random = generator(schedule.seed, "supernet", "epoch", 0)
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
        for parameters in map(list, supernet_trainer._segments(network).values())
    ]
    for ours, theirs in zip(seen["gradients"], expected):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-6)
    assert sum(float(g.abs().sum()) > 0 for g in expected) > 20


def test_single_path_updates_move_only_the_path(few):
    schedule = Schedule(epochs=1, batch=96)
    trained = _tiny_supernet(few, schedule=schedule, strict=False).network
    with Seeded(schedule.seed, "supernet"):
        start = supernet_trainer.SuperNetwork("SNN_1", 2, 2, few.image, few.classes)
    random = generator(schedule.seed, "supernet", "epoch", 0)
    random.permutation(96)
    moved = set(supernet_trainer._segment_names(start, start.uniform_path(random)))
    before, after = _values(start), _values(trained)
    for name in before:
        assert torch.equal(before[name], after[name]) != (name in moved), name


def test_a_super_network_that_has_not_learnt_stops_the_run(few):
    with pytest.raises(RunError, match="has not learnt .mean validation accuracy of 12 random paths 0.* chance 0.1"):
        _tiny_supernet(few, schedule=Schedule(epochs=1), must_learn=True)
    result = _tiny_supernet(few, schedule=Schedule(epochs=1))
    assert not result.learnt and "train longer" in result.sentence
    assert replace(result, accuracies=[0.5]).learnt
    assert not replace(result, accuracies=[1.0], chance=1.0).learnt, "nothing is better than chance there"


@pytest.mark.slow
def test_the_embedded_super_network_learns_the_digits(digits):
    result = train_supernet(digits)
    assert result.learnt and result.accuracy >= 0.95
