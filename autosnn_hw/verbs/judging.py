"""What a target says of a network: fit, place and price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autosnn_hw import cost
from autosnn_hw.errors import InputError
from autosnn_hw.verbs.files import Network, Target, loaded, name_of, profile_for

if TYPE_CHECKING:
    from autosnn_hw.activity import Activity
    from autosnn_hw.cost import Placement
    from autosnn_hw.cost_report import CostReport, FitReport


def check(network: Network, target: Target = None, *, remedies: bool = True) -> FitReport:
    """Whether a network fits a target, on which cores, and what would make it fit: `autosnn-hw check`.

    Args:
        network: or the path of a .net file.
        target: the one that the network names, else Loihi 2, where it is not given.
        remedies: look for the smallest changes that would fit.

    Raises:
        InputError: unknown target, or a file that is no network. Not fitting is an answer.

    Examples:
        >>> from autosnn_hw import check
        >>> report = check("tiny.net", "truenorth")
        >>> report.fits, report.violations[0].resource
        (False, 'neuron kind leaky (allowed: memoryless)')
    """
    found = loaded(network)
    return cost.check(found, profile_for(found, target, name_of(network)), remedies=remedies)


def place(network: Network, target: Target = None) -> Placement:
    """The cores of every layer on a target; a layer that fits nowhere has cores None and says what is broken.

    Examples:
        >>> from autosnn_hw import place
        >>> place("tiny.net", "loihi2").cores_used
        1
    """
    found = loaded(network)
    return cost.place(found, profile_for(found, target, name_of(network)))


def price(network: Network, activity: Activity, target: Target = None) -> CostReport:
    """Energy, time and messages of one inference on a target, for what a network did.

    Args:
        activity: of this network, as `simulate(..).activity` holds it: one run prices on many chips.

    Raises:
        DoesNotFitError: a layer fits on no core. InputError: the activity is not one of this network.

    Examples:
        >>> from autosnn_hw import price, simulate
        >>> activity = simulate("tiny.net", "npz:frames.npz").activity
        >>> [price("tiny.net", activity, chip).cores_used for chip in ("loihi1", "loihi2")]
        [1, 1]
    """
    from autosnn_hw.activity import Activity

    found = loaded(network)
    if not isinstance(activity, Activity):
        raise InputError(
            f"activity is of type {type(activity).__name__}; what `simulate(network, ..).activity` holds is needed."
        )
    return cost.price(found, activity, profile_for(found, target, name_of(network)))
