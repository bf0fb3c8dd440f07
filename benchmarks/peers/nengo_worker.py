"""nengo-loihi in a process of its own: reads [[neurons, inputs, out_axons], ...] from stdin, prints its verdicts as JSON.

Its Python may be another one (environment variable NENGO_LOIHI_PYTHON): nengo-loihi asks for an old numpy.
"""

from __future__ import annotations

import json
import sys
import warnings

warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
from nengo.exceptions import BuildError  # noqa: E402
from nengo_loihi.block import Axon, LoihiBlock, Synapse  # noqa: E402
from nengo_loihi.builder.validate import validate_block  # noqa: E402


def verdict(neurons: int, inputs: int, out_axons: int) -> str | None:
    """None where nengo-loihi accepts one core with these neurons, dense inputs and output axons, else its message."""
    block = LoihiBlock(neurons)
    synapse = Synapse(inputs)
    synapse.set_weights(np.ones((inputs, neurons)))
    block.add_synapse(synapse)
    axon = Axon(out_axons)
    axon.target = synapse
    block.add_axon(axon)
    try:
        validate_block(block)
    except BuildError as error:
        return str(error)
    return None


if __name__ == "__main__":
    print(json.dumps([verdict(*shape) for shape in json.load(sys.stdin)]))
