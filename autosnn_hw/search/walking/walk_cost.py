"""What walking a whole space costs, known before it begins, and whether it is worth it beside another search."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, prod

from autosnn_hw.architecture import layout
from autosnn_hw.search.space import SearchSpace

# Measured: benchmarks/walk.py on two processes of a processor with AMX; without int8 matrix units it is up to three times as long.
SECONDS_A_PASS = 0.011  # rounding, tables, check and price
SECONDS_A_READ = 0.004  # check and price of an architecture that is another one's integers, stopped earlier
SECONDS_A_BOUND = 0.026  # on a crossbar, of an architecture whose first blocks are known: two layers weighed
SECONDS_A_PLACING = 0.35  # on a crossbar: an architecture placed, deployed and run once more
SECONDS_AN_UPDATE = 2.7e-9  # of one neuron in one step
LAYERS = 2  # chip layers of a block
# An image through a block in training, forward and backward, in passes of a walk (digits: 134 us against 44 us).
TRAINING_PASS = 3
WORTH = 2  # times as long as training the super-network: more is not spent unasked on ranking by it


@dataclass(frozen=True)
class WalkCost:
    """Size of a space and of its walk.

    Args:
        architectures: in the space.
        passes: blocks deployed and run; one by one it would be `alone`.
        images: that each pass sees, calibration included.
        seconds: of one process, roughly.
    """

    architectures: int
    passes: int
    alone: int
    images: int
    seconds: float

    def sentence(self, workers: int) -> str:
        """Size and time in words."""
        minutes = self.seconds / workers / 60
        time = f"about {ceil(minutes)} min" if minutes > 1 else f"about {ceil(60 * minutes)} s"
        return (
            f"the whole space: {self.architectures:,} architectures in {self.passes:,} block passes "
            f"(one by one {self.alone:,}), {time} on {workers} process{'es' if workers > 1 else ''}"
        )


def walk_cost(space: SearchSpace, image: tuple[int, int, int], images: int) -> WalkCost:
    """Cost of walking `space`.

    Args:
        image: (Cin, H, W).
        images: judged and calibrated on.
    """
    nodes = [prod(len(genes) for genes in space.genes[: slot + 1]) for slot in range(space.slots)]
    reads, updates = len(space.reads), 0
    for width, pools in space.roots:
        stages = layout(replace(space.largest, width=width, pools=pools), image, 2)
        slots = [stage for stage in stages if stage.block is not None]
        updates += sum(count * LAYERS * prod(stage.out_shape) for count, stage in zip(nodes, slots))
    passes = len(space.roots) * sum(nodes)
    seconds = SECONDS_A_PASS * passes + SECONDS_AN_UPDATE * images * space.timesteps * updates
    seconds += SECONDS_A_READ * (space.size - space.size // reads)
    return WalkCost(space.size, passes, space.size * space.slots, images, seconds)


def with_bounds(cost: WalkCost, best: int) -> WalkCost:
    """The cost of a walk that bounds every architecture and places at least `best` of them; how many more nobody knows before."""
    return replace(cost, seconds=cost.seconds + SECONDS_A_BOUND * cost.architectures + SECONDS_A_PLACING * best)


def worth_walking(cost: WalkCost, *, budget: int | None, slots: int, trained: int) -> bool:
    """Whether the walk is no dearer than the search asked for, or, where no budget was asked for, than what ranks.

    Args:
        budget: candidates asked for, or None.
        slots: of the space.
        trained: images through single blocks in the super-network's training.
    """
    if budget is not None:
        return cost.passes <= budget * slots
    return cost.passes * cost.images <= WORTH * TRAINING_PASS * trained
