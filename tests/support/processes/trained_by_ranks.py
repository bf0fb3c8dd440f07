"""Run by torchrun: trains a small super-network; what each rank has at the end goes to a file of its own.

torchrun --nproc-per-node 2 trained_by_ranks.py FOLDER CHECKPOINT SETTINGS
"""

import json
import sys
from contextlib import nullcontext
from pathlib import Path

import torch

from autosnn_hw.torchrun import place
from autosnn_hw.training.evaluation import Images
from autosnn_hw.training.loop import Schedule, TrainingRun
from autosnn_hw.training.ranks.meeting import Meeting
from autosnn_hw.training.regime import Regime
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork
from autosnn_hw.training.weight_sharing.supernet_trainer import train_supernet
from support.networks.learnable import dataset
from support.networks.training_runs import stop_after


def trained(settings, checkpoint=None, ranks=None, progress=None):
    """(training, paths of its updates in their order). Batches of 15 and of 16 samples, augmented, firing rates regularised.

    All in float64, unless settings have "float64": false: sums of float32 in another order let a membrane in a thousand end on the
    other side of the threshold, and after a few updates of Adam no weight agrees to more than two digits.
    """
    torch.set_num_threads(1)
    settings = {"float64": True, **settings}
    precise, batch, own = settings.pop("float64"), Images.batch, TrainingRun._own
    settings = {"epochs": 1, "width": 3, "timesteps": 2, "strict": True, **settings}
    schedule = Schedule(settings.pop("epochs"), 5e-3, 16, regime=Regime(augment="crop-flip"), spike_regularisation=0.01)
    paths, drawn = [], (SuperNetwork.fair_paths, SuperNetwork.uniform_path)

    def noted(draw):
        def noting(network, *given):
            found = draw(network, *given)
            paths.append(str(found))
            return found

        return noting

    SuperNetwork.fair_paths, SuperNetwork.uniform_path = map(noted, drawn)
    if precise:
        torch.set_default_dtype(torch.float64)
        Images.batch = lambda images, *given: batch(images, *given).double()
        TrainingRun._own = lambda run, *given: tuple(part.double() for part in own(run, *given))
    try:
        training = train_supernet(
            dataset(count=47), schedule=schedule, warm_up=0, must_learn=False, ranks=ranks,
            checkpoint=checkpoint, checkpoint_seconds=0.0, goes_on=True,
            progress=progress, **settings,
        )  # fmt: skip
    finally:
        torch.set_default_dtype(torch.float32)
        Images.batch, TrainingRun._own = batch, own
        SuperNetwork.fair_paths, SuperNetwork.uniform_path = drawn
    return training, paths


def main(folder, checkpoint, settings):
    here = place()
    meeting = Meeting(here)
    settings = json.loads(settings)
    stop = settings.pop("stop_after", None)
    progress = None if here.follows or stop is None else stop_after(stop)
    file = None if here.follows else Path(checkpoint)
    with nullcontext() if here.follows else meeting.led():
        if here.follows:
            assert meeting.follow() == {"of": "a test"}
        with meeting.following("cpu") if here.follows else meeting.training({"of": "a test"}, "cpu") as ranks:
            training, paths = trained(settings, file, ranks, progress)
    found = {
        "state": training.network.state_dict(),
        "losses": training.losses,
        "accuracies": training.accuracies,
        "paths": paths,
    }
    torch.save(found, Path(folder) / f"rank{here.rank}.pt")


if __name__ == "__main__":
    main(*sys.argv[1:])
