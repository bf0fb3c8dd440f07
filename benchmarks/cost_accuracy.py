"""How far the cost model can be believed: PilotNet's cores and counters, published measurements, SANA-FE, nengo-loihi, speed.

    python benchmarks/cost_accuracy.py --json

Needs lava-dl's wheel (PilotNet) and sanafe; nengo-loihi runs in the Python that NENGO_LOIHI_PYTHON names, or is left out.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import autosnn16
import cost_loihi1
import cost_points
import cost_sanafe
import cost_space
import numpy as np

from autosnn_hw.cost import place, price
from autosnn_hw.cost.columns import mesh
from autosnn_hw.cost.columns.column_blocks import core_use, exceeded
from autosnn_hw.cost_report import CostReport
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer
from autosnn_hw.simulate import exact
from exporters import netx
from hw_profiles import load

COUNTERS = {"2:conv": [131010], "3:conv": [150710], "4:conv": [52581, 46002], "5:conv": [51112, 15984]}
CORES = [13, 25, 13, 3, 3, 2, 12, 1, 1, 1]
SHAPES = [  # neurons, inputs, output axons of one core
    (10, 10, 10),
    (1024, 100, 1024),
    (1025, 10, 10),
    (100, 1000, 100),
    (10, 4096, 4096),
    (10, 4097, 10),
    (10, 10, 4097),
    (256, 512, 256),
    (256, 400, 256),
    (128, 1024, 128),
    (64, 1820, 64),
    (64, 1821, 64),
    (200, 600, 200),
    (1024, 1024, 1024),
]


def pilotnet() -> tuple[dict[str, Any], CostReport, ChipNetwork]:
    """Cores a layer and operations a core and step against Intel's compiler and the board's counters."""
    found = [f.locate() for f in metadata.files("lava-dl") or [] if str(f).endswith("pilotnet_lif/network.net")]
    network = netx.read(Path(str(found[0])))
    activity = exact.run(network, np.zeros((1, *network.layers[0].shape), np.int64), timesteps=16)
    report = price(network, activity, load("loihi2"))
    cores = [layer.cores for layer in report.layers]
    counted = {
        name: sorted({round(core.synops) for core in report.cores if core.layer == name}, reverse=True)
        for name in COUNTERS
    }
    agree = all(abs(a - b) <= 1 for name, board in COUNTERS.items() for a, b in zip(counted[name], board))
    return (
        {
            "cores": {"ours": cores, "compiler": CORES, "equal": cores == CORES, "sum": sum(c or 0 for c in cores)},
            "synops_per_core": {"ours": counted, "board": COUNTERS, "equal": agree},
        },
        report,
        network,
    )


def nengo_loihi() -> dict[str, Any]:
    """Accept or reject of one core of Loihi 1, ours against nengo-loihi's own validation."""
    profile = load("loihi1")
    ours = []
    for neurons, inputs, out_axons in SHAPES:
        layer = DenseLayer("d", (neurons,), np.ones((neurons, inputs), int), CubaNeuron(1, 0))
        whole = np.array([0, 1])
        heard = np.zeros((neurons, 1, 1), np.int64)
        heard[0] = out_axons
        use = core_use(layer, (inputs,), (np.array([0, neurons]), whole, whole), (neurons, 1, 1), heard, profile)
        broken = exceeded(use, layer, profile)
        ours.append(", ".join(f"{name} {use[name]}" for name in broken) or None)
    python = os.environ.get("NENGO_LOIHI_PYTHON", sys.executable)
    command = [python, str(Path(__file__).parent / "peers/nengo_worker.py")]
    done = subprocess.run(command, input=json.dumps(SHAPES), capture_output=True, text=True, timeout=300)
    if done.returncode:
        return {"ran": False, "why": done.stderr.strip().splitlines()[-1:], "ours": list(zip(SHAPES, ours))}
    theirs = json.loads(done.stdout.strip().splitlines()[-1])
    table = [{"shape": s, "ours": a, "nengo_loihi": b} for s, a, b in zip(SHAPES, ours, theirs)]
    same = sum((row["ours"] is None) == (row["nengo_loihi"] is None) for row in table)
    return {"ran": True, "same_verdict": f"{same} of {len(table)}", "table": table}


def speed(network: ChipNetwork) -> dict[str, float]:
    """Milliseconds of one price of a placed network, least of 200 (this thread's own time: others may use the machine), and
    of placing it for the first time."""
    profile = load("loihi2")
    start = time.thread_time()
    place(network, profile)
    placed = time.thread_time() - start
    activity = cost_points.activity(network, 1.2, 8)
    price(network, activity, profile)

    def least(**options: bool) -> float:
        times = []
        for _ in range(200):
            start = time.thread_time()
            price(network, activity, profile, **options)
            times.append(time.thread_time() - start)
        return 1e3 * min(times)

    return {"place_ms": 1e3 * placed, "price_ms": least(per_core=False, estimates=False), "price_all_ms": least()}


def hops(networks: dict[str, ChipNetwork]) -> dict[str, Any]:
    """Hops of one spike of every neuron, over those of row-major order."""
    profile = load("loihi2")
    per_chip, table = profile.limits.cores_per_chip.value, {}
    for name, network in networks.items():
        placement = place(network, profile)
        talking, cores = mesh.talk(network, placement.layers), placement.cores_used or 0
        rows = mesh.hops(talking, mesh.row_major(cores, profile.mesh, per_chip))
        snake = mesh.hops(talking, mesh.slots(np.arange(cores), profile.mesh, per_chip))
        assert placement.positions is not None
        table[name] = {"cores": cores, "snake": snake / rows, "ours": mesh.hops(talking, placement.positions) / rows}
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    board, report, network = pilotnet()
    groups = (cost_loihi1.loihi1_points(), cost_points.loihi2_points(report), cost_points.truenorth_points())
    points = [point.to_json() for group in groups for point in group]
    with contextlib.redirect_stdout(sys.stderr):  # it prints rates
        sixteen = autosnn16.chip_network(autosnn16.folded_network())
    document = {
        "pilotnet": board,
        "goals": cost_points.summary(points),
        "points": points,
        "second_ways": cost_loihi1.second_ways(),
        "sanafe": cost_sanafe.compare(),
        "nengo_loihi": nengo_loihi(),
        "hops_over_row_major": hops({"PilotNet": network, "AutoSNN-16": sixteen}),
        "speed": speed(sixteen),
        "whole_space": cost_space.whole_space(),
    }
    if options.json:
        print(json.dumps(document, indent=1))
        return
    print(
        f"PilotNet: {board['cores']['sum']} cores, equal {board['cores']['equal']}; counters {board['synops_per_core']}"
    )
    for point in points:
        p = point["predicted"]
        fitted = "fitted" if point["fitted"] else ""
        print(
            f"{point['name'][:30]:30} {point['quantity']:24} {point['measured']:.3g} {point['unit']}: "
            f"{p['value']:.3g} [{p['low']:.3g}, {p['high']:.3g}] {point['relative_error']:+.0%} {fitted}"
        )
    for name, value in document["goals"].items():
        print(f"{name}: {value}")
    for name, tried in document["second_ways"].items():
        print(f"tried for {name}: {tried}")
    for entry in document["sanafe"]:
        print(entry["network"], {key: round(value, 4) for key, value in entry["ratio"].items()})
    print(document["nengo_loihi"].get("same_verdict"), document["hops_over_row_major"], document["speed"])
    print(document["whole_space"])


if __name__ == "__main__":
    main()
