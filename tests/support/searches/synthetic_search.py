"""A search that needs no network: accuracy and costs as fixed functions of the genotype, with a known best.

A module of its own, so that worker processes can import it.
"""

import hashlib
import os
import time
from pathlib import Path

from autosnn_hw.architecture import Architecture
from autosnn_hw.cost_report import Interval
from autosnn_hw.pareto import pareto_front
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.database.study import CandidateStudy
from autosnn_hw.search.ranking.feedback import Measurement
from autosnn_hw.search.space import SearchSpace, search_space
from autosnn_hw.search.walking.walk import members

SPACE: SearchSpace = search_space(width=8, timesteps=4)
WALKED: SearchSpace = search_space(width=8, timesteps=4, blocks=("skip", "SCB_k3", "SRB_k5"))  # 243, in 9 subtrees
WORTH = {"skip": (0.0, 1.0), "SCB_k3": (2.0, 3.0), "SCB_k5": (2.5, 5.0), "SRB_k3": (3.0, 4.0), "SRB_k5": (3.5, 6.0)}


def noise(text):
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") / 2**32


def evaluate(architecture: Architecture) -> CandidateRecord:
    """Better blocks cost more; a little of both is particular to the genotype. A function of the architecture alone."""
    name = str(architecture)
    skill = sum(WORTH[block][0] for block in architecture.blocks)
    work = sum(WORTH[block][1] * (slot + 1) for slot, block in enumerate(architecture.blocks))
    energy = 1e-6 * work * (1 + 0.2 * noise(name))
    cores = 5 + int(work / 4)
    violations = (
        ()
        if cores <= 24
        else ({"layer": "TBD5.a", "resource": "cores", "needed": cores, "limit": 24, "source": "test"},)
    )
    interval = Interval(energy, energy / 2, 2 * energy)
    return CandidateRecord(
        name,
        accuracy=0.5 + skill / 40 + 0.02 * noise(name[::-1]),
        samples=100,
        energy=interval,
        dynamic=interval * 0.6,
        static=interval * 0.4,
        fitness_energy=interval,
        latency=interval * 100.0,
        edp=interval * interval,
        spikes={"paper": 100 * work, "chip": 120 * work, "own": 90 * work, "relay": 20 * work, "pool": 10 * work},
        synops=1000 * work,
        cores=cores,
        parameters=int(500 * work),
        violations=violations,
        supernet_accuracy=0.5 + skill / 40,
        supernet_spikes=100 * work * (0.8 + 0.4 * noise(name + "float")),
        parts={"synops": 0.4 * energy, "spikes": 0.2 * energy, "static": 0.4 * energy},
    )


def evaluate_subtree(first):
    """All records behind some first genes of the smaller space, as a walk asks for them."""
    return [evaluate(architecture) for architecture in members(WALKED, first)]


def measured(architectures, generation, *, ratio=1.0, kind="simulator"):
    """Measurements of 16 samples whose every value is `ratio` (a number, or a function of the record) times the model's."""
    for architecture in architectures:
        record = evaluate(architecture)
        factor = ratio(record) if callable(ratio) else ratio
        modelled = {
            "energy": record.energy.value,
            "dynamic": record.dynamic.value,
            "latency": record.latency.value,
            "edp": record.edp.value,
            "spikes": record.spikes["paper"],
            "synops": record.synops,
        }
        yield Measurement(
            record.genotype,
            generation,
            "lava" if kind == "simulator" else "board",
            kind,
            16,
            {name: factor * value for name, value in modelled.items()},
            modelled,
        )


def stopping_after(count):
    """`evaluate` that is interrupted when it is asked once more than `count` times."""
    left = [count]

    def stopping(architecture):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return evaluate(architecture)

    return stopping


def front(records):
    """Those of the records that no other beats in accuracy and energy, cheapest first."""
    return [records[index] for index in pareto_front([(record.accuracy, record.energy.value) for record in records])]


def slowly(architecture):
    time.sleep(0.1)
    return evaluate(architecture)


def dying(architecture):
    os._exit(9)


def where(architecture):
    return str(architecture), os.getpid()


def touch(architecture):
    """Leaves an empty file, its path beginning as the environment says."""
    path = Path(f"{os.environ['TOUCHED']}-{architecture}")
    path.touch()
    return str(path)


def endless(architecture):
    time.sleep(1000)


def study_in(folder: Path, settings, space=SPACE):
    folder.mkdir(exist_ok=True)
    return CandidateStudy(folder / "study.db", space, settings.identity(space))
