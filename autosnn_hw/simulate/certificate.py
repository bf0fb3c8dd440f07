"""The certificate of a network: the exact simulator and Lava agree on every neuron in every step."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork
from autosnn_hw.simulate import exact, lava
from autosnn_hw.simulate.agreement import require_same_trace
from autosnn_hw.simulate.counting import Counter, counted
from autosnn_hw.simulate.lava.loaded import Loaded
from autosnn_hw.simulate.lava.process import LavaChild
from autosnn_hw.simulate.stimulus import Stimulus, stimulus
from autosnn_hw.simulate.trace import Trace
from exporters import netx


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """winner.certificate.json.

    Args:
        network_sha256: of the .net file.
        backends: that ran it: "exact", "lava".
        samples: that were run; steps: of each; layers: with neurons.
        neuron_steps: values compared, a neuron in a step of a sample each; mismatches: of them, none in a certificate.
        accuracy_equal: both predict the same classes; None where only one ran.
        accuracy: share of right predictions by backend, None for one that did not run; None without labels.
        versions: of what ran.
        reason: why only one backend ran.
    """

    network_sha256: str
    backends: tuple[str, ...]
    samples: int
    steps: int | None
    layers: int
    neuron_steps: int
    mismatches: int = 0
    accuracy_equal: bool | None
    accuracy: Mapping[str, float | None] | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None

    @classmethod
    def uncompared(
        cls, network: ChipNetwork, network_sha256: str, *, samples: int, accuracy: float, reason: str | None
    ) -> Certificate:
        """What is said where there is no Lava: the exact simulator alone ran the network, and nothing was compared."""
        return cls(
            network_sha256=network_sha256,
            backends=("exact",),
            samples=samples,
            steps=network.timesteps,
            layers=len(network.neuron_layers),
            neuron_steps=0,
            accuracy_equal=None,
            accuracy={"exact": accuracy, "lava": None},
            reason=reason,
        )

    @property
    def confirmed(self) -> bool:
        """Whether Lava ran the network, too."""
        return "lava" in self.backends

    def to_json(self) -> dict[str, Any]:
        document = {**asdict(self), "backends": list(self.backends)}
        if self.accuracy is None:
            del document["accuracy"]
        if self.confirmed:
            del document["reason"]
        return document


@dataclass(frozen=True, eq=False)
class Certified:
    """A certificate and what Lava measured for it, per step."""

    certificate: Certificate
    lava: Activity


def certify(
    network: ChipNetwork | str | Path,
    inputs: np.ndarray,
    *,
    labels: Sequence[int] | np.ndarray | None = None,
    timesteps: int | None = None,
    graded: bool = False,
    child: LavaChild | None = None,
    timeout: float | None = None,
) -> Certified:
    """Run both simulators over the same samples and compare every spike.

    Args:
        network: a .net file, which Lava loads as it is, or a network, which is written to one first.
        inputs, timesteps, graded: see `stimulus`.
        labels: int (N,); with them the accuracies are in the certificate, too.
        child, timeout: see `lava.run`.

    Raises:
        SpikesDifferError: names the first layer, sample, step and neuron that differ.
        InputError, LavaUnavailable, LavaFailed: see `lava.run`.
    """
    inputs = np.asarray(inputs)
    if labels is not None and len(labels) != len(inputs):
        raise InputError(f"{len(labels)} labels were given for {len(inputs)} samples; one for each is needed.")
    with lava.ready(network, child) as job:
        comparison = _Comparison(job, timesteps, graded, timeout)
        size = lava.samples_per_job(comparison.network, comparison.stimulus(inputs[:1]).timesteps)
        for low in range(0, len(inputs), size):
            comparison.add(inputs[low : low + size], first=low)
        return comparison.certified(labels)


class _Comparison:
    """Both simulators over one batch of samples after the other."""

    def __init__(self, job: Loaded, timesteps: int | None, graded: bool, timeout: float | None) -> None:
        self.job, self.timesteps, self.graded, self.timeout = job, timesteps, graded, timeout
        self.network = netx.read(job.file)  # what Lava loads, whatever was written
        self.accumulates = self.network.readout is not None and self.network.readout.accumulates
        self.expected, self.measured = (Counter(self.network, lava.identity()) for _ in range(2))

    def stimulus(self, inputs: np.ndarray) -> Stimulus:
        return stimulus(self.network, inputs, timesteps=self.timesteps, graded=self.graded)

    def add(self, inputs: np.ndarray, first: int) -> None:
        """Run and compare a batch; first: number of its first sample."""
        measured = lava.trace(
            self.job.file,
            inputs,
            timesteps=self.timesteps,
            graded=self.graded,
            states=[self.network.layers[-1].name] if self.accumulates else [],
            child=self.job.child,
            timeout=self.timeout,
        )
        expected = exact.trace(
            self.network, inputs, timesteps=self.timesteps, graded=self.graded, states=self.accumulates
        )
        require_same_trace(expected, measured, first)
        drive = self.stimulus(inputs)
        for counter, trace in ((self.expected, expected), (self.measured, measured)):
            spikes = [layer.spikes for layer in trace.layers]
            counter.add(counted(self.network, drive, spikes, final_v=self._final_v(trace)))

    def _final_v(self, trace: Trace) -> np.ndarray | None:
        v = trace.layers[-1].v if self.accumulates else None
        return None if v is None else v[:, -1].reshape(len(v), -1).astype(np.int64)

    def certified(self, labels: Sequence[int] | np.ndarray | None) -> Certified:
        network, measured = self.network, self.measured.activity()
        predicted = {
            "exact": self.expected.activity().predictions(network.readout),
            "lava": measured.predictions(network.readout),
        }
        neurons = sum(int(np.prod(layer.shape)) for layer in network.neuron_layers)
        certificate = Certificate(
            network_sha256=hashlib.sha256(self.job.file.read_bytes()).hexdigest(),
            backends=tuple(predicted),
            samples=measured.samples,
            steps=measured.timesteps,
            layers=len(network.neuron_layers),
            neuron_steps=measured.samples * measured.timesteps * neurons,
            accuracy_equal=bool(np.array_equal(predicted["exact"], predicted["lava"])),
            accuracy=None
            if labels is None
            else {name: float(np.mean(classes == np.asarray(labels))) for name, classes in predicted.items()},
            versions=_versions(),
        )
        return Certified(certificate, measured)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), **lava.versions()}
    for name in ("autosnn-hw", "numpy", "torch"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
