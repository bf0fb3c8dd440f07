"""A small run, as the stages find it: images that are easy to learn, and a super-network that has seen them a little."""

import numpy as np
import pytest

from autosnn_hw.config import SearchConfig
from autosnn_hw.run_folder import CONFIG, SUPERNET, RunFolder, write_text
from autosnn_hw.stages import manifest
from autosnn_hw.training.compute.threads import one_thread
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.weight_sharing.supernet_trainer import train_supernet


@pytest.fixture(scope="session")
def bright(tmp_path_factory):
    """npz file: three classes that differ in where they are bright."""
    random = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", 100), ("test", 24)):
        labels = np.arange(count) % 3
        images = random.integers(0, 60, (count, 1, 8, 8))
        for image, label in zip(images, labels):
            image[0, :, 3 * label : 3 * label + 2] += 190
        arrays |= {f"x_{part}": images.astype(np.uint8), f"y_{part}": labels}
    path = tmp_path_factory.mktemp("data") / "bright.npz"
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="session")
def config(bright):
    return SearchConfig(
        dataset=f"npz:{bright}",
        width=4,
        timesteps=2,
        epochs=3,
        batch=16,
        retrain_epochs=1,
        finetune_epochs=1,
        workers=1,
        finalists=2,
    )


@pytest.fixture(scope="session")
def prepared(config):
    return manifest.prepare(config)


@pytest.fixture(scope="session")
def supernet_file(config, prepared, tmp_path_factory):
    path = tmp_path_factory.mktemp("supernet") / SUPERNET
    with one_thread():
        train_supernet(
            prepared.data,
            width=config.width,
            timesteps=config.timesteps,
            genes=prepared.space.genes,
            schedule=Schedule(config.epochs, 2e-2, config.batch, 5),
            checkpoint=path,
            must_learn=False,
            fabric=prepared.fabric,
        )
    return path


@pytest.fixture
def folder(config, supernet_file, tmp_path):
    """A run's folder as the search leaves it."""
    made = RunFolder.create(tmp_path / "run")
    write_text(made / CONFIG, config.to_toml())
    (made / SUPERNET).write_bytes(supernet_file.read_bytes())
    return made


@pytest.fixture
def architecture(prepared):
    return prepared.space.architecture([("SRB_k3", 1), ("SCB_k3", 1), ("skip", 1), ("SRB_k5", 1), ("skip", 1)])
