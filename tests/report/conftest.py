"""A finished search to report on: candidates of a real run on a known function, and a real simulation of a small network."""

import numpy as np
import pytest

NAMES = ("all_SCB_k3", "all_SRB_k3", "AutoSNN", "random search")


def small_network():
    """A stem, a residual block with relays, a pool, a plain block and a readout, with random integers."""
    from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Readout, Role

    rng = np.random.default_rng(1)
    neuron = CubaNeuron(120, 2048)

    def conv(name, inputs, outputs, size, *, roles=None, block, groups=1, weight=None, **how):
        weight = rng.integers(-30, 50, (outputs, inputs // groups, 3, 3)) if weight is None else weight
        return ConvLayer(
            name,
            (outputs, size, size),
            weight,
            neuron,
            padding=how.pop("padding", (1, 1)),
            roles=roles,
            block=block,
            groups=groups,
            **how,
        )

    relayed = rng.integers(-30, 50, (16, 8, 3, 3))
    relayed[8:] = 0
    relayed[np.arange(8, 16), np.arange(8), 1, 1] = 122
    pool = np.full((8, 1, 2, 2), 122)
    layers = (
        InputLayer("stem", (8, 8, 8), CubaNeuron(250, 2048)),
        conv("TBD1.a", 8, 16, 8, roles=np.repeat([Role.OWN, Role.RELAY], 8), block="TBD1", weight=relayed),
        conv("TBD1.b", 16, 8, 8, block="TBD1"),
        conv("pool1", 8, 8, 4, roles=np.full(8, Role.POOL), block="pool1", groups=8, weight=pool, padding=(0, 0), stride=(2, 2)),
        conv("TBD2.a", 8, 16, 4, block="TBD2"),
        conv("TBD2.b", 16, 16, 4, block="TBD2"),
        DenseLayer("readout", (100,), rng.integers(-40, 50, (100, 256)), neuron, block="readout"),
    )  # fmt: skip
    return ChipNetwork(layers, timesteps=4, readout=Readout(10, 10), architecture="SRB_k3,SCB_k3,skip,skip,skip")


@pytest.fixture(scope="session")
def network():
    return small_network()


@pytest.fixture(scope="session")
def winner(network):
    """The `simulate --json` document of the small network on random images, priced for Loihi 2."""
    from autosnn_hw.cost import check, price
    from autosnn_hw.documents.simulation import simulation_document
    from autosnn_hw.simulate import exact
    from hw_profiles import load

    rng = np.random.default_rng(0)
    images = rng.integers(0, 4096, (40, 8, 8, 8))
    activity = exact.run(network, images)
    labels = np.where(rng.random(40) < 0.95, activity.predictions(network.readout), 0)
    cost = price(network, activity, load("loihi2"))
    health = [{"sentence": "TBD2.a: 3 of 16 channels never fire on these samples."}]
    return simulation_document(
        network, activity, cost, check(network, load("loihi2")), file="winner.net", file_sha256="ab" * 32, dataset="digits", split="test", labels=labels, health=health
    )  # fmt: skip


@pytest.fixture(scope="session")
def result(tmp_path_factory):
    """A search of 6 generations of 20 with measurements."""
    from support.searches import synthetic_search as synthetic

    from autosnn_hw.search.runner import run_search
    from autosnn_hw.search.settings import SearchSettings

    settings = SearchSettings(reference=20, exponent=-0.16)
    study = synthetic.study_in(tmp_path_factory.mktemp("report"), settings)
    return run_search(synthetic.SPACE, synthetic.evaluate, study, settings, measure=synthetic.measured)


@pytest.fixture(scope="session")
def summary(result, winner):
    """summary.json of that search."""
    best = result.winner

    def energy(factor):
        total = {name: factor * value for name, value in winner["energy"]["total"].items()}
        return {"total": total, "assumed_share": 0.41}

    return {
        "target": "loihi2",
        "dataset": "digits",
        "objective": "energy",
        "lambda": -0.16,
        "winner": {
            "architecture": best.genotype,
            "name": None,
            "accuracy": {"supernet": best.accuracy, "float": 0.975, "exact": 0.9722, "lava": 0.9722, "exact_test": 0.9722},
            "spikes": winner["spikes"],
            "energy": energy(1.0),
            "cores": winner["cores"]["used"],
            "parameters": best.parameters,
        },
        "finalists": [{"architecture": record.genotype, "accuracy": record.accuracy} for record in (best, *result.records[:3])],
        "evaluated": len(result.records),
        "measured": len(result.measurements),
        "infeasible": result.infeasible,
        "feedback": result.feedback,
        "baselines": [
            {"name": name, "accuracy": 0.9722 + step, "spikes": factor * winner["spikes"]["chip"], "energy": energy(factor)}
            for name, step, factor in zip(NAMES, (-0.014, 0.003, 0.0056, -0.0028), (1.12, 1.6, 2.3, 1.05))
        ],
        "wall_time": 212.4,
        "stages": [{"name": "super-network", "seconds": 58.1}, {"name": "search", "seconds": 74.0}],
        "supernet": {"accuracy": 0.91, "chance": 0.1, "learnt": True},
        "certificate": {"samples": 360, "neuron_steps": 12345678, "mismatches": 0},
    }  # fmt: skip


@pytest.fixture(scope="session")
def candidates(result):
    return [record.row() for record in result.records]


@pytest.fixture(scope="session")
def manifest():
    return {
        "seed": 0,
        "arguments": ["search", "--target", "loihi2"],
        "versions": {"python": "3.10.13", "torch": "2.3.1", "lava-nc": "0.10.0"},
        "hashes": {"profile": "cd" * 32},
    }


@pytest.fixture(scope="session")
def behaviour(network):
    """winner.behaviour.json of the small network on random images, a third of them labelled otherwise."""
    from autosnn_hw.documents.behaviour import behaviour, raster_of
    from autosnn_hw.simulate import exact

    rng = np.random.default_rng(0)
    images = rng.integers(0, 4096, (30, 8, 8, 8))
    activity, traced = exact.run(network, images), exact.trace(network, images[:1])
    predictions = activity.predictions(network.readout)
    labels = np.where(np.arange(30) % 3, predictions, (predictions + 1) % 10)
    raster = raster_of(
        network, {layer.name: layer.spikes[0] for layer in traced.layers}, sample=0, label=1, prediction=2
    )
    shown = rng.integers(0, 256, (30, 1, 8, 8)).astype(np.uint8)
    return behaviour(network, activity, shown, labels, raster=raster, classes=[f"class {i}" for i in range(10)])


@pytest.fixture(scope="session")
def cores_drawn(network):
    from autosnn_hw.report.core_map import core_map
    from hw_profiles import load

    return core_map(network, load("loihi2"), whole=False)


@pytest.fixture(scope="session")
def page(summary, candidates, winner, manifest, behaviour, cores_drawn):
    from autosnn_hw.report.page.html import render

    return render(
        summary,
        candidates,
        winner=winner,
        manifest=manifest,
        behaviour=behaviour,
        core_map=cores_drawn,
        run="runs/digits-loihi2-1",
    )
