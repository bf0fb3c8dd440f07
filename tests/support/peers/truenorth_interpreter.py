"""A chip of crossbar cores, tick by tick, from winner.cores.json alone. It shares no code with the package, on purpose.

All cores run freely from tick 0: nothing is gated, held or reset. Input spikes of step t go in at tick t; the readout's
spikes of ticks depth .. depth + T - 1 are votes; a layer's spikes of step t are those of tick start + t.
"""

import base64
import json

import numpy as np


class Chip:
    def __init__(self, path):
        with open(path) as file:
            self.file = json.load(file)
        cores = self.file["cores"]
        self.axon_base = np.cumsum([0] + [len(core["axon_types"]) for core in cores])
        self.neuron_base = np.cumsum([0] + [len(core["neurons"]) for core in cores])
        self.weights = [self._weights(core) for core in cores]
        neurons = [neuron for core in cores for neuron in core["neurons"]]
        self.leak, self.alpha, self.beta, self.delay = (
            np.array([neuron[key] for neuron in neurons]) for key in ("leak", "alpha", "beta", "delay")
        )
        self.axon = np.full(len(neurons), -1)
        self.vote = np.full((len(neurons), 2), -1)
        for index, neuron in enumerate(neurons):
            dest = neuron["dest"]
            if dest is None:
                continue
            if dest[0] == "out":
                self.vote[index] = dest[1:]
            else:
                self.axon[index] = self.axon_base[dest[0]] + dest[1]
        self.place = [None if n["source"] == "splitter" else tuple(n["source"]) for n in neurons]

    @staticmethod
    def _weights(core):
        """(neurons, axons): the weight of the axon's type where the crossbar has a bit."""
        types = np.array(core["axon_types"], int)
        table = np.array([neuron["weights"] for neuron in core["neurons"]])
        packed = np.frombuffer(base64.b64decode(core["crossbar"]), np.uint8).reshape(len(table), -(-len(types) // 8))
        bits = np.unpackbits(packed, axis=1)[:, : len(types)]
        return (bits * table[:, types]).astype(np.float32)

    def run(self, spikes, extra_ticks=0):
        """spikes: 0/1 (samples, T, input neurons). Returns the spikes of every neuron in every tick: (ticks, samples, neurons)."""
        samples, steps, _ = spikes.shape
        assert steps == self.file["T"]
        ticks = self.file["depth"] + steps + extra_ticks
        arriving = np.zeros((16, samples, self.axon_base[-1]), bool)
        v = np.zeros((samples, len(self.leak)), np.int64)
        fired_in = np.zeros((ticks, samples, len(self.leak)), bool)
        self.events = 0
        for tick in range(ticks):
            now = arriving[tick % 16]
            if tick < steps:
                for j, targets in enumerate(self.file["inputs"]):
                    for core, axon in targets:
                        now[:, self.axon_base[core] + axon] |= spikes[:, tick, j] > 0
            for core, weights in enumerate(self.weights):
                axons = slice(self.axon_base[core], self.axon_base[core + 1])
                neurons = slice(self.neuron_base[core], self.neuron_base[core + 1])
                v[:, neurons] += np.rint(now[:, axons].astype(np.float32) @ weights.T).astype(np.int64)
                self.events += int((now[:, axons] @ np.count_nonzero(weights, axis=0)).sum())
            now[:] = False
            v += self.leak
            fired = v >= self.alpha
            v[fired | (v < -self.beta)] = 0
            fired_in[tick] = fired
            for delay in np.unique(self.delay):
                sent = (self.delay == delay) & (self.axon >= 0)
                np.logical_or.at(arriving[(tick + delay) % 16], (slice(None), self.axon[sent]), fired[:, sent])
        return fired_in

    def votes(self, fired):
        """(samples, classes): the readout's spikes in the window."""
        total = np.zeros((fired.shape[1], self.file["readout"]["classes"]), int)
        window = fired[self.file["depth"] : self.file["depth"] + self.file["T"]].sum(axis=0)
        for index in np.flatnonzero(self.vote[:, 0] >= 0):
            total[:, self.vote[index, 0]] += window[:, index]
        return total

    def layer_spikes(self, fired, layer):
        """(samples, T, *shape) spikes of a layer in its window; every copy of a neuron must agree."""
        entry = self.file["layers"][layer]
        shape = (*entry["shape"], 1, 1)[:3]
        window = fired[entry["start"] : entry["start"] + self.file["T"]].transpose(1, 0, 2)
        found = np.full((*window.shape[:2], *shape), -1, np.int8)
        for index, place in enumerate(self.place):
            if place is None or place[0] != layer:
                continue
            seen = found[(slice(None), slice(None), *place[1:])]
            assert ((seen == -1) | (seen == window[:, :, index])).all(), f"copies of {place} differ"
            found[(slice(None), slice(None), *place[1:])] = window[:, :, index]
        assert (found >= 0).all(), f"layer {layer} lacks neurons"
        return found.reshape(*window.shape[:2], *entry["shape"])
