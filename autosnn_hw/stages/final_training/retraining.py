"""One architecture with its weights, inherited or learnt from scratch, written as a file: the winner and the baselines alike."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import hw_profiles
from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.cost import check
from autosnn_hw.deploy.lowering import lower
from autosnn_hw.errors import InputError
from autosnn_hw.files import whole_file
from autosnn_hw.network import CheckSamples, ChipNetwork
from autosnn_hw.run_and_price import Samples, measure, sha256
from autosnn_hw.run_folder import write_json
from autosnn_hw.simulate import exact
from autosnn_hw.stages.final_training.learnt import Learnt, Tell, from_scratch, inherited
from autosnn_hw.stages.final_training.not_lowered import Floats, lowering
from autosnn_hw.stages.final_training.trained_network import Accuracies, TrainedNetwork
from autosnn_hw.stages.judging.evaluator import judged
from autosnn_hw.training.compute.threads import one_thread
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.float_view import float_view
from exporters import netx
from hw_profiles.schema import Profile

CHECK_SAMPLES = 8  # test images that travel in the file with what the exact simulator said of them


@dataclass(frozen=True)
class NetworkJob:
    """A picklable function of an architecture: trains it and leaves `<slug>.net` and `<slug>.json` in a folder.

    Args:
        folder: where the files go; what is there already is not trained again.
        config: images, epochs, learning rate, batch, precision, device and seed.
        target: profile name or file; decides neuron kind and integers.
        supernet: checkpoint that weights are inherited from; None learns from scratch.
        held_out: learning from scratch, too, leaves out the validation images, so that they can judge it.
        repeat: above 0 the training is drawn anew, from another seed of the same run.
        name: what the user called the architecture; it travels in its files.
    """

    folder: str
    config: SearchConfig
    target: str
    supernet: str | None = None
    held_out: bool = False
    repeat: int = 0
    name: str | None = None

    @classmethod
    def of(
        cls,
        config: SearchConfig,
        folder: str | Path,
        target: str | None = None,
        supernet: str | None = None,
        name: str | None = None,
    ) -> NetworkJob:
        """The job of a config, for its own target or another; without a super-network it is that of the paper."""
        if supernet is None:
            config = config.with_changes(retrain="scratch", rungs=1)
        return cls(str(folder), config, target or config.target, supernet, name=name)

    def file(self, architecture: Architecture, suffix: str = ".net") -> Path:
        """Where the files of an architecture are."""
        slug = str(architecture).replace(",", "-").replace("/", "g")
        return Path(self.folder) / f"{slug}{suffix}"

    def checkpoints(self, architecture: Architecture) -> tuple[Path, Path]:
        """Files of the state of its training, and of its teacher's."""
        return self.file(architecture, ".safetensors"), self.file(architecture, ".teacher.safetensors")

    def finished(self, architecture: Architecture) -> bool:
        """Whether its files are there already, and sound."""
        return self._kept(architecture) is not None

    def _kept(self, architecture: Architecture) -> TrainedNetwork | None:
        """The network that is in the folder; None where it is missing, cut, not the file that its document is of, or of another version: it
        is trained again, from its checkpoint."""
        if not self.file(architecture).is_file():
            return None
        try:
            kept = TrainedNetwork.read(self.file(architecture, ".json"), self.file(architecture))
        except InputError:
            return None
        return kept if kept.sha256 in (None, sha256(kept.file)) else None

    def __call__(self, architecture: Architecture, progress: Tell | None = None) -> TrainedNetwork:
        """The trained network of one architecture, from the folder where it is there already.

        Raises:
            NotLoweredError: it was trained, and its integers cannot be made or written.
        """
        kept = self._kept(architecture)
        if kept is not None:
            return kept
        with one_thread():
            result = self._train(architecture, progress or (lambda done, total, text: None))
        write_json(self.file(architecture, ".json"), result.to_json())
        return result

    def _train(self, architecture: Architecture, tell: Tell) -> TrainedNetwork:
        if self.config.retrain == "both":
            return self._better(architecture, tell)
        config, profile = self.config, hw_profiles.load(self.target)
        data = datasets.load(config.dataset, data_dir=config.data_dir, graded=config.graded)
        checkpoint, _ = self.checkpoints(architecture)
        if self.supernet is not None and config.retrain == "inherit":
            learnt = inherited(
                architecture, config, self.supernet, self.target, profile, checkpoint, tell, repeat=self.repeat
            )
        else:
            learnt = from_scratch(
                architecture, config, data, profile, checkpoint, tell, held_out=self.held_out, repeat=self.repeat
            )
        origin = {
            "seed": config.seed,
            **({"repeat": self.repeat} if self.repeat else {}),
            "weights": learnt.weights,
            "epochs": config.retrain_epochs if learnt.weights == "scratch" else config.epochs,
            "finetune_epochs": config.finetune_epochs if learnt.kept == "tuned" else 0,
            "data_sha256": data.sha256,
            "space": architecture.space,
            **({} if self.name is None else {"name": self.name}),
        }
        with lowering(floats_of(learnt), len(data.x_test)):
            plain = lower(learnt.untuned, profile)
            chip = lower(learnt.tuned, profile, architecture=str(architecture), dataset=data.name, provenance=origin)
            chip = with_check_samples(chip, data.x_test[:CHECK_SAMPLES], data.y_test[:CHECK_SAMPLES])
            netx.write(chip, self.file(architecture))
        return self._judged(architecture, learnt, plain, chip, data, profile)

    def _better(self, architecture: Architecture, tell: Tell) -> TrainedNetwork:
        """Both ways, each in a folder of its own and without the validation images; these choose, ties for inherited."""
        results = []
        for way in ("inherit", "scratch"):
            folder = Path(self.folder) / way
            folder.mkdir(exist_ok=True)
            config = self.config.with_changes(retrain=way)
            results.append(replace(self, folder=str(folder), config=config, held_out=True)(architecture, tell))
        results.sort(key=lambda result: result.accuracy.validation or 0.0, reverse=True)
        best, other = results
        with whole_file.beside(self.file(architecture)) as copy:
            shutil.copyfile(best.file, copy)
        said = {
            "weights": other.weights,
            "validation": other.accuracy.validation,
            "exact_test": other.accuracy.exact_test,
        }
        return replace(best, file=str(self.file(architecture)), other=said)

    def _judged(
        self,
        architecture: Architecture,
        learnt: Learnt,
        plain: ChipNetwork,
        chip: ChipNetwork,
        data: Dataset,
        profile: Profile,
    ) -> TrainedNetwork:
        """What the samples and the target say of a network: as floats, quantised (`plain`), and as it is delivered (`chip`)."""
        samples = Samples(data.x_test, data.y_test, data.name, "test")
        report = check(chip, profile, remedies=False)
        document = None
        if report.cores_used is not None:
            document = measure(chip, samples, profile, file=self.file(architecture)).document
        exact_test = accuracy_of(chip, samples) if document is None else document["accuracy"]["value"]
        validation = inherited_accuracy = record = None
        if learnt.weights == "inherited" or self.held_out:
            run = exact.run(chip, data.x_val)
            validation = float((run.predictions(chip.readout) == data.y_val).mean())
            record = judged(architecture, chip, lambda: run, data.y_val, profile, {"parameters": learnt.parameters})
        if learnt.weights == "inherited":
            inherited_accuracy = learnt.steps.get("inherited", validation)
        untuned = accuracy_of(plain, samples)
        floats = float_view(learnt.tuned, data, data.x_test, data.y_test, profile)
        floats_validation = None
        if validation is not None:
            floats_validation = float_view(learnt.tuned, data, data.x_val, data.y_val, profile).accuracy
        result = TrainedNetwork(
            architecture=str(architecture),
            file=str(self.file(architecture)),
            accuracy=Accuracies(
                learnt.float_accuracy,
                untuned,
                exact_test,
                inherited_accuracy,
                validation,
                delivered_float=floats.accuracy,
                delivered_float_validation=floats_validation,
                supernet_float=learnt.supernet_float,
            ),
            float_spikes=learnt.float_spikes,
            float_firing_rate=learnt.float_firing_rate,
            parameters=learnt.parameters,
            fits=report.fits,
            violations=tuple(f"{v.layer}: {v.resource} {v.needed:g} > {v.limit:g}" for v in report.violations),
            samples=len(data.x_test),
            weights=learnt.weights,
            steps=learnt.steps,
            kept=learnt.kept,
            as_candidate=None if record is None else record.to_json(),
            curves=learnt.curves,
            float_layers=floats.spikes,
            space=architecture.space,
            name=self.name,
            file_sha256=sha256(self.file(architecture)),
        )
        return result if document is None else result.priced(document)


def floats_of(learnt: Learnt) -> Floats:
    """What is known without integers."""
    losses = learnt.curves.get("loss", [])
    return Floats(learnt.float_accuracy, learnt.float_spikes, learnt.float_firing_rate, learnt.parameters, losses)


def accuracy_of(network: ChipNetwork, samples: Samples) -> float:
    """Share of samples that the integer network gets right in the exact simulator."""
    predictions = exact.run(network, samples.inputs).predictions(network.readout)
    return float((predictions == samples.labels).mean())


def with_check_samples(network: ChipNetwork, images: np.ndarray, labels: np.ndarray) -> ChipNetwork:
    """The network with sample images and what the exact simulator says of them; of event frames travels what is sent in."""
    if network.encoder is None:
        images = images.clip(0, network.input_layer.payload).astype(np.uint8)
    activity = exact.run(network, images)
    spikes = np.stack([layer.spikes.sum(axis=(0, 2)) for layer in activity.layers])
    return replace(network, check=CheckSamples(images, labels, spikes, activity.predictions(network.readout)))
