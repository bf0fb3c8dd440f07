"""A network as a Lava job needs it: in memory, as a .net file, and the process that will load it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from autosnn_hw.network import ChipNetwork
from autosnn_hw.simulate.lava.process import LavaChild
from exporters import netx


@dataclass(frozen=True, eq=False)
class Loaded:
    """`network` and `file` are the same network; `child` runs it."""

    network: ChipNetwork
    file: Path
    child: LavaChild


@contextmanager
def loaded(network: ChipNetwork | str | Path, child: LavaChild | None) -> Iterator[Loaded]:
    """Write a network to a .net file, or read the file given; both go with the context.

    Args:
        network: a network, or a .net file, which Lava then loads as it is; but for one that ends in an average of voters, which
            lava-dl refuses: it runs the layers before it, written anew, and the voters are counted here.
        child: the process to run it in; None makes one for this context, which starts at its first job.
    """
    with ExitStack() as stack:
        if child is None:
            child = LavaChild()
            stack.callback(child.close)
        if not isinstance(network, ChipNetwork) and netx.ends_in_average(network):
            network = netx.read(network)
        if isinstance(network, ChipNetwork):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="net-", dir=child.folder)))
            file = folder / "network.net"
            netx.write(network, file)
            yield Loaded(network, file, child)
        else:
            file = Path(network).absolute()
            yield Loaded(netx.read(file), file, child)
