"""One architecture trained from scratch, fine-tuned as integers and written as a file: the winner and the baselines alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autosnn_hw.architecture import Architecture
from autosnn_hw.network import CheckSamples, ChipNetwork
from autosnn_hw.run_folder import read_json, write_json
from autosnn_hw.seeds import derive_seed
from autosnn_hw.training.threads import one_thread

CHECK_SAMPLES = 8  # test images that travel in the file with what the exact simulator said of them


@dataclass(frozen=True)
class NetworkJob:
    """A picklable function of an architecture: trains it and leaves `<slug>.net` and `<slug>.json` in a folder.

    Args:
        folder: where the files go; what is there already is not trained again.
        dataset, data_dir: images.
        target: profile name or file; decides neuron kind and integers.
        epochs, finetune_epochs: of float training and of training with the integer forward in the loop.
        seed: of the run.
        learning_rate, batch, precision: of the float training (Adam, start of the cosine).
    """

    folder: str
    dataset: str
    data_dir: str | None
    target: str
    epochs: int
    finetune_epochs: int
    seed: int = 0
    device: str = "cpu"
    learning_rate: float = 1e-2
    batch: int = 32
    precision: str = "float32"

    def file(self, architecture: Architecture, suffix: str = ".net") -> Path:
        """Where the files of an architecture are."""
        slug = str(architecture).replace(",", "-").replace("/", "g")
        return Path(self.folder) / f"{slug}{suffix}"

    def finished(self, architecture: Architecture) -> bool:
        """Whether its files are there already."""
        return self.file(architecture, ".json").is_file() and self.file(architecture).is_file()

    def __call__(
        self, architecture: Architecture, progress: Callable[[int, int, str], None] | None = None
    ) -> dict[str, Any]:
        """Result of one architecture as plain values: accuracies, spikes, energy, cores, parameters, file."""
        done = self.file(architecture, ".json")
        if self.finished(architecture):
            # The run folder may have been moved since.
            return {**read_json(done), "file": str(self.file(architecture))}
        with one_thread():
            result = self._train(architecture, progress)
        write_json(done, result)
        return result

    def _train(self, architecture: Architecture, progress: Callable[[int, int, str], None] | None) -> dict[str, Any]:
        import hw_profiles
        from autosnn_hw.cost import check
        from autosnn_hw.deploy.lowering import lower
        from autosnn_hw.run_and_price import Samples, measure
        from autosnn_hw.training import datasets
        from autosnn_hw.training.finetune import fit
        from autosnn_hw.training.network import parameter_count
        from autosnn_hw.training.trainer import Schedule, evaluate_network, train_network
        from exporters import netx

        tell = progress or (lambda done, total, text: None)
        total = self.epochs + self.finetune_epochs
        data = datasets.load(self.dataset, data_dir=self.data_dir)
        profile = hw_profiles.load(self.target)
        seed = derive_seed(self.seed, "retrain", str(architecture))
        schedule = Schedule(self.epochs, self.learning_rate, self.batch, seed, precision=self.precision)
        trained = train_network(
            architecture,
            data,
            schedule=schedule,
            **fabric(profile),
            device=self.device,
            checkpoint=self.file(architecture, ".safetensors"),
            progress=lambda done, _, loss: tell(done, total, f"loss {loss:.4f}"),
        )
        network = trained.network.cpu()
        float_view = evaluate_network(network, data, data.x_test, data.y_test)
        folded = network.to_folded(data)
        untuned = lower(folded, profile)
        tuned = fit(
            folded,
            data,
            epochs=self.finetune_epochs,
            seed=seed,
            target=profile,
            full_train=True,
            progress=lambda done, _, accuracy: tell(self.epochs + done, total, "integers in the loop"),
        )
        chip = lower(
            tuned.folded,
            profile,
            architecture=str(architecture),
            dataset=data.name,
            provenance={
                "seed": self.seed,
                "epochs": self.epochs,
                "finetune_epochs": self.finetune_epochs,
                "data_sha256": data.sha256,
            },
        )
        chip = with_check_samples(chip, data.x_test[:CHECK_SAMPLES], data.y_test[:CHECK_SAMPLES])
        netx.write(chip, self.file(architecture))
        samples = Samples(data.x_test, data.y_test, data.name, "test")
        before = accuracy_of(untuned, samples)
        fit_report = check(chip, profile, remedies=False)
        result: dict[str, Any] = {
            "architecture": str(architecture),
            "file": str(self.file(architecture)),
            "accuracy": {"float": float_view.accuracy, "quantised": before, "exact_test": None},
            "float_spikes": float_view.spikes,
            "parameters": parameter_count(network),
            "fits": fit_report.fits,
            "violations": [f"{v.layer}: {v.resource} {v.needed:g} > {v.limit:g}" for v in fit_report.violations],
            "samples": len(data.x_test),
            "spikes": None,
            "energy": None,
            "latency": None,
            "cores": None,
        }
        if fit_report.cores_used is None:
            result["accuracy"]["exact_test"] = accuracy_of(chip, samples)
            return result
        document = measure(chip, samples, profile, file=self.file(architecture)).document
        result["accuracy"]["exact_test"] = document["accuracy"]["value"]
        return result | {
            "spikes": document["spikes"],
            "synops": document["synops"],
            "energy": document["energy"],
            "latency": document["latency"],
            "edp": document["edp"],
            "cores": document["cores"]["used"],
            "document": document,
        }


def fabric(profile: Any) -> dict[str, Any]:
    """What a target asks of training: {"neuron", "ternary", "readout_block"} as `training.network.SpikingNetwork` takes them.

    PLIF, float weights and a dense readout; or memoryless neurons, ternary weights and a readout in blocks where the chip is
    a crossbar without a multiplicative leak.
    """
    from autosnn_hw.deploy.weight_format import weight_format

    weights = weight_format(profile)
    ternary = weights.kind == "ternary"
    return {
        "neuron": "memoryless" if ternary else "plif",
        "ternary": ternary,
        "readout_block": weights.readout_block,
    }


def accuracy_of(network: ChipNetwork, samples: Any) -> float:
    """Share of samples that the integer network gets right in the exact simulator."""
    from autosnn_hw.simulate import exact

    predictions = exact.run(network, samples.inputs).predictions(network.readout)
    return float((predictions == samples.labels).mean())


def with_check_samples(network: ChipNetwork, images: Any, labels: Any) -> ChipNetwork:
    """The network with sample images and what the exact simulator says of them."""
    import numpy as np

    from autosnn_hw.simulate import exact

    activity = exact.run(network, images)
    spikes = np.stack([layer.spikes.sum(axis=(0, 2)) for layer in activity.layers])
    return replace(network, check=CheckSamples(images, labels, spikes, activity.predictions(network.readout)))
