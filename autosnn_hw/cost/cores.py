"""A network written out on the cores of a crossbar chip: what winner.cores.json holds."""

from __future__ import annotations

from autosnn_hw.cost.crossbar import tiled_network
from autosnn_hw.cost.crossbar.write_out import build
from autosnn_hw.cost.fit import assess
from autosnn_hw.cost.limits import neuron_kinds
from autosnn_hw.cost.mapping import place
from autosnn_hw.errors import DoesNotFitError, InputError
from autosnn_hw.network import ChipNetwork
from autosnn_hw.network.core_network import CoreNetwork
from hw_profiles.schema import Profile


def core_network(network: ChipNetwork, profile: Profile) -> CoreNetwork:
    """The network written out on cores: what winner.cores.json holds.

    Raises:
        DoesNotFitError: it breaks a limit of the chip, or needs a neuron that the chip has not (IF would have to be held
            still until its first tick and reset between samples; PLIF has a multiplicative leak).
        InputError: it does not say how many steps it runs for.
    """
    if network.timesteps is None:
        raise InputError("the network has no timesteps, which a cores file needs; give them when lowering it.")
    report = assess(network, profile)
    if not report.fits:
        first = report.violations[0]
        more = f" (and {len(report.violations) - 1} more)" if len(report.violations) > 1 else ""
        raise DoesNotFitError(
            f"{first.layer}: {first.resource} is {first.needed:g}, at most {first.limit:g} fits {profile.name}{more}; "
            "`check` lists all and what would fit."
        )
    remembering = [layer.name for layer in network.layers[1:] if (neuron_kinds(layer) != "memoryless").any()]
    if remembering:
        raise DoesNotFitError(
            f"a cores file holds memoryless neurons only; those of {', '.join(remembering)} remember."
        )
    return build(network, tiled_network(place(network, profile)).layers)
