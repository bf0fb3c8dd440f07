"""From norse to Loihi: a spiking net of norse becomes a NetX file; where it would differ from norse is said spike by spike.

python examples/your_norse_net.py [FOLDER]
"""

import sys
from pathlib import Path

import norse.torch as norse
import numpy as np
import torch
from torch import nn

from autosnn_hw import from_torch, place, write
from autosnn_hw.deploy.from_torch import compare

PARAMETERS = norse.LIFBoxParameters(
    tau_mem_inv=torch.tensor(250.0), v_th=torch.tensor(0.05)
)  # dt is 1 ms: a quarter leaks


def network():
    torch.manual_seed(0)
    net = norse.SequentialState(
        nn.Conv2d(2, 8, 3, padding=1, bias=False),
        norse.LIFBoxCell(PARAMETERS),
        nn.AvgPool2d(2),
        nn.Conv2d(8, 16, 3, bias=False),
        norse.LIFBoxCell(PARAMETERS),
        nn.Flatten(),
        nn.Linear(256, 10, bias=False),
        norse.LIFBoxCell(PARAMETERS),
    )
    for weight in net.parameters():  # on a grid, as training for eight bits leaves them: none is changed on the chip
        weight.data = (weight.data * 128).round() / 128
    return net


def main(folder="."):
    net = network()
    chip = from_torch(net, (2, 12, 12))
    frames = (np.random.default_rng(0).random((16, 20, 2, 12, 12)) < 0.2).astype(np.uint8)
    done = compare(net, chip, frames)
    for layer in done["layers"]:
        print(f"layer {layer['layer']}: {layer['spikes_float']} spikes in norse, {layer['differ']} differ on the chip")
    print("first difference:", done["first_difference"])
    print("cores on Loihi 2:", place(chip, "loihi2").cores_used)
    print("written:", write(chip, Path(folder) / "norse.net"), "and", write(chip, Path(folder) / "norse.nir"))
    return done


if __name__ == "__main__":
    main(*sys.argv[1:])
