"""One architecture trained from scratch, fine-tuned as integers and written as a file: the winner and the baselines alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import hw_profiles
from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.cost import check
from autosnn_hw.deploy.lowering import lower
from autosnn_hw.network import CheckSamples, ChipNetwork
from autosnn_hw.run_and_price import Samples, measure
from autosnn_hw.run_folder import write_json
from autosnn_hw.seeds import derive_seed
from autosnn_hw.simulate import exact
from autosnn_hw.stages.trained_network import Accuracies, TrainedNetwork
from autosnn_hw.training import datasets
from autosnn_hw.training.datasets import Dataset
from autosnn_hw.training.fabric import Fabric
from autosnn_hw.training.finetune import fit
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.network import SpikingNetwork, parameter_count
from autosnn_hw.training.threads import one_thread
from autosnn_hw.training.trainer import evaluate_network, train_network
from exporters import netx
from hw_profiles.schema import Profile

Tell = Callable[[int, int, str], None]  # epochs done, epochs in all, how it stands
CHECK_SAMPLES = 8  # test images that travel in the file with what the exact simulator said of them


@dataclass(frozen=True)
class NetworkJob:
    """A picklable function of an architecture: trains it and leaves `<slug>.net` and `<slug>.json` in a folder.

    Args:
        folder: where the files go; what is there already is not trained again.
        config: images, epochs, learning rate, batch, precision, device and seed.
        target: profile name or file; decides neuron kind and integers.
    """

    folder: str
    config: SearchConfig
    target: str

    @classmethod
    def of(cls, config: SearchConfig, folder: str | Path, target: str | None = None) -> NetworkJob:
        """The job of a config, for its own target or another."""
        return cls(str(folder), config, target or config.target)

    def file(self, architecture: Architecture, suffix: str = ".net") -> Path:
        """Where the files of an architecture are."""
        slug = str(architecture).replace(",", "-").replace("/", "g")
        return Path(self.folder) / f"{slug}{suffix}"

    def finished(self, architecture: Architecture) -> bool:
        """Whether its files are there already."""
        return self.file(architecture, ".json").is_file() and self.file(architecture).is_file()

    def __call__(self, architecture: Architecture, progress: Tell | None = None) -> TrainedNetwork:
        """The trained network of one architecture, from the folder where it is there already.

        Raises:
            InputError: its file there is damaged.
        """
        done = self.file(architecture, ".json")
        if self.finished(architecture):
            return TrainedNetwork.read(done, self.file(architecture))
        with one_thread():
            result = self._train(architecture, progress or (lambda done, total, text: None))
        write_json(done, result.to_json())
        return result

    def _train(self, architecture: Architecture, tell: Tell) -> TrainedNetwork:
        config = self.config
        total = config.retrain_epochs + config.finetune_epochs
        data = datasets.load(config.dataset, data_dir=config.data_dir)
        profile = hw_profiles.load(self.target)
        seed = derive_seed(config.seed, "retrain", str(architecture))
        trained = train_network(
            architecture,
            data,
            schedule=Schedule(
                config.retrain_epochs, config.learning_rate, config.batch, seed, precision=config.precision
            ),
            fabric=Fabric.of(profile),
            device=config.device,
            checkpoint=self.file(architecture, ".safetensors"),
            progress=lambda done, _, loss: tell(done, total, f"loss {loss:.4f}"),
        )
        network = trained.network.cpu()
        folded = network.to_folded(data)
        tuned = fit(
            folded,
            data,
            epochs=config.finetune_epochs,
            seed=seed,
            target=profile,
            full_train=True,
            progress=lambda done, _, accuracy: tell(config.retrain_epochs + done, total, "integers in the loop"),
        )
        chip = lower(
            tuned.folded,
            profile,
            architecture=str(architecture),
            dataset=data.name,
            provenance={
                "seed": config.seed,
                "epochs": config.retrain_epochs,
                "finetune_epochs": config.finetune_epochs,
                "data_sha256": data.sha256,
            },
        )
        chip = with_check_samples(chip, data.x_test[:CHECK_SAMPLES], data.y_test[:CHECK_SAMPLES])
        netx.write(chip, self.file(architecture))
        return self._judged(architecture, network, lower(folded, profile), chip, data, profile)

    def _judged(
        self,
        architecture: Architecture,
        network: SpikingNetwork,
        untuned: ChipNetwork,
        chip: ChipNetwork,
        data: Dataset,
        profile: Profile,
    ) -> TrainedNetwork:
        """What the test samples and the target say of a network: as floats, quantised, and as it is delivered."""
        samples = Samples(data.x_test, data.y_test, data.name, "test")
        float_view = evaluate_network(network, data, data.x_test, data.y_test)
        report = check(chip, profile, remedies=False)
        document = None
        if report.cores_used is not None:
            document = measure(chip, samples, profile, file=self.file(architecture)).document
        exact_test = accuracy_of(chip, samples) if document is None else document["accuracy"]["value"]
        judged = TrainedNetwork(
            architecture=str(architecture),
            file=str(self.file(architecture)),
            accuracy=Accuracies(float_view.accuracy, accuracy_of(untuned, samples), exact_test),
            float_spikes=float_view.spikes,
            parameters=parameter_count(network),
            fits=report.fits,
            violations=tuple(f"{v.layer}: {v.resource} {v.needed:g} > {v.limit:g}" for v in report.violations),
            samples=len(data.x_test),
        )
        return judged if document is None else judged.priced(document)


def accuracy_of(network: ChipNetwork, samples: Samples) -> float:
    """Share of samples that the integer network gets right in the exact simulator."""
    predictions = exact.run(network, samples.inputs).predictions(network.readout)
    return float((predictions == samples.labels).mean())


def with_check_samples(network: ChipNetwork, images: np.ndarray, labels: np.ndarray) -> ChipNetwork:
    """The network with sample images and what the exact simulator says of them."""
    activity = exact.run(network, images)
    spikes = np.stack([layer.spikes.sum(axis=(0, 2)) for layer in activity.layers])
    return replace(network, check=CheckSamples(images, labels, spikes, activity.predictions(network.readout)))
