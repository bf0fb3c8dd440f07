"""The processes that train one network together: what they share out, and what they sum.

Data parallel without `DistributedDataParallel`: gradients are summed over the processes by segments of `FlatAdam`, which are the ones
that the paths of the update have, the same in every process. So nothing has to find parameters that were not used, and blocks that
no path held keep their moments, as in one process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import nn

from autosnn_hw.errors import RunError
from autosnn_hw.training.modules.blocks import Norm

PATIENCE = timedelta(minutes=30)  # for one sum: rank 0 may be writing its checkpoint to a slow disk


class RankLostError(RunError):
    """Another process has ended, or is not heard of any more."""


@dataclass(frozen=True)
class Ranks:
    """All processes, seen from one of them, which has joined `joined`'s group.

    Args:
        rank: of this process; 0 is the one that has the checkpoint.
        count: of all.
        device: of the tensors that are exchanged.
    """

    rank: int
    count: int
    device: str = "cpu"

    def part(self, samples: int) -> slice:
        """This process's part of so many samples: they differ by one at most, the first are the larger ones."""
        each, more = divmod(samples, self.count)
        start = self.rank * each + min(self.rank, more)
        return slice(start, start + each + (self.rank < more))

    def add(self, tensor: torch.Tensor) -> None:
        """Make a tensor the sum of those of all processes, in place; to the bit the same in each of them.

        Raises:
            RankLostError: one of them has ended.
        """
        with _heard_of(self.count):
            dist.all_reduce(tensor)

    def add_all(self, tensors: Sequence[torch.Tensor]) -> None:
        """`add` of several in one exchange."""
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        self.add(flat)
        for tensor, added in zip(tensors, flat.split([tensor.numel() for tensor in tensors])):
            tensor.copy_(added.view(tensor.shape))

    def total(self, value: float) -> float:
        """Sum of a number of all processes, in float64."""
        tensor = torch.tensor([value], dtype=torch.float64, device=self.device)
        self.add(tensor)
        return float(tensor)

    def from_first(self, tensors: Sequence[torch.Tensor]) -> None:
        """Overwrite tensors with those of rank 0, in place.

        Raises:
            RankLostError: one of the processes has ended.
        """
        with _heard_of(self.count):
            for tensor in tensors:
                dist.broadcast(tensor, 0)

    def numbers_from_first(self, numbers: Sequence[float]) -> list[float]:
        """The numbers that rank 0 has, however many, as float64."""
        length = torch.tensor([len(numbers)], device=self.device)
        self.from_first([length])
        own = list(numbers) if self.rank == 0 else [0.0] * int(length)
        values = torch.tensor(own, dtype=torch.float64, device=self.device)
        self.from_first([values])
        return [float(value) for value in values]

    def require_alike(self, tensors: Sequence[torch.Tensor]) -> None:
        """Refuse to go on where the processes no longer hold the same weights.

        Raises:
            RunError: as may be where processors of different kinds round differently.
        """
        sums = torch.stack([tensor.double().sum() for tensor in tensors]).to(self.device)
        first = sums.clone()
        self.from_first([first])
        if self.total(float(not torch.equal(sums, first))):
            raise RunError(
                f"the {self.count} processes of this training no longer have the same weights; give them processors and libraries of one kind."
            )


@contextmanager
def joined(store: dist.Store, rank: int, count: int, device: str) -> Iterator[Ranks]:
    """This process's view of a group of `count` that meet at `store`: NCCL between CUDA devices, Gloo between CPUs.

    Raises:
        RankLostError: the others do not come.
    """
    with _heard_of(count):
        dist.init_process_group(
            "nccl" if device.startswith("cuda") else "gloo", store=store, rank=rank, world_size=count, timeout=PATIENCE
        )
    try:
        yield Ranks(rank, count, device)
        with _heard_of(count):
            dist.barrier()  # nobody hangs up while another still listens
    finally:
        dist.destroy_process_group()


@contextmanager
def sharing_batches(network: nn.Module, ranks: Ranks | None) -> Iterator[None]:
    """Batch norm without statistics of its own takes those of the batches of all processes inside."""
    norms = [] if ranks is None else [module for module in network.modules() if isinstance(module, Norm)]
    try:
        for norm in norms:
            norm.add = ranks.add if ranks is not None else None
        yield
    finally:
        for norm in norms:
            norm.add = None


@contextmanager
def _heard_of(count: int) -> Iterator[None]:
    """Failures of an exchange as a sentence."""
    try:
        yield
    except RuntimeError as error:  # torch's DistBackendError is one
        first = (str(error).splitlines() or [""])[0].strip()
        raise RankLostError(
            f"one of the {count} processes that train the super-network has ended or is not heard of any more ({first.rstrip('.')})."
        ) from error
