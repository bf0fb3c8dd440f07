"""`price`: what a run costs on a target. Events times constants, static power times time, and the boundary in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.cost.events import Events
from autosnn_hw.cost.mapping import mapping_of, place
from autosnn_hw.cost.placement import Placement
from autosnn_hw.cost.pricing.energy import dynamic_energy
from autosnn_hw.cost.pricing.estimates import estimates as other_rules
from autosnn_hw.cost.pricing.sensitivity import influences
from autosnn_hw.cost.pricing.step_time import StepTime, step_time
from autosnn_hw.cost_report import CoreCost, CostReport, Interval, LayerCost
from autosnn_hw.errors import DoesNotFitError
from autosnn_hw.network import ChipNetwork
from autosnn_hw.words.quantities import numbered
from hw_profiles.schema import Profile


def price(
    network: ChipNetwork,
    activity: Activity,
    profile: Profile,
    *,
    placement: Placement | None = None,
    per_core: bool = True,
    estimates: bool = True,
) -> CostReport:
    """Energy, time and messages of one inference (mean over the activity's samples).

    A network that breaks a limit but has a place is priced: too many cores take as many chips as they need.

    Args:
        placement: of this network on this profile; made, and kept with the network, where it is not given.
        per_core: fill `CostReport.cores`, and the parts of every layer's energy.
        estimates: fill `CostReport.estimates` (the figures of other rules) and `CostReport.constants`.

    Raises:
        DoesNotFitError: a layer fits on no core, so that there is nothing to price; `check` says what would help.
        InputError: the activity is not one of this network.
    """
    placement = placement if placement is not None else place(network, profile)
    _whole(placement, profile)
    events = mapping_of(profile).events(network, activity, placement, profile, per_core=per_core)
    cores_used, chips = placement.cores_used or 0, placement.chips or 1
    time = step_time(events.cores, cores_used, chips, profile)
    return _report(network, activity, profile, placement, events, time, per_core, estimates)


def least_price(network: ChipNetwork, activity: Activity, profile: Profile) -> CostReport | None:
    """What a run costs at least: no number of cores, energy or time of `price` is below its own here.

    It takes no placement where that is dear (docs/search.md says what for).

    Returns:
        None where a layer fits on no core.

    Raises:
        InputError: the activity is not one of this network.
    """
    found = mapping_of(profile).bound(network, activity, profile)
    if found is None:
        return None
    placement, events = found
    time = step_time(events.cores, placement.cores_used or 0, placement.chips or 1, profile)
    return _report(network, activity, profile, placement, events, time, per_core=False, estimates=False)


def _whole(placement: Placement, profile: Profile) -> None:
    lost = [layer for layer in placement.layers if layer.cores is None]
    if lost:
        broken = ", ".join(lost[0].broken) or "no place"
        raise DoesNotFitError(
            f"layer {lost[0].name!r} fits on no core of {profile.name} ({broken}), so it has no price; `check` says what would fit."
        )


def _report(
    network: ChipNetwork,
    activity: Activity,
    profile: Profile,
    placement: Placement,
    events: Events,
    time: StepTime,
    per_core: bool,
    estimates: bool,
) -> CostReport:
    charged = dynamic_energy(events.layers, profile, by_layer=per_core)
    dynamic = charged.total
    cores, chips = placement.cores_used or 0, placement.chips or 1
    run = time.step * activity.timesteps
    power = profile.power
    static = power.static_chip.interval * chips * run
    whole = dynamic + static
    fitness = whole
    if power.fitness == "used_cores" and power.static_core is not None:
        fitness = dynamic + power.static_core.interval * cores * run
    static_assumed = 1.0 if power.static_chip.kind == "estimated" else time.assumed_share
    assumed_energy = charged.assumed + static.value * static_assumed
    latency = time.step * events.latency_steps
    host = profile.energy.host_mac
    return CostReport(
        target=profile.name,
        profile_sha256=profile.sha256,
        timesteps=activity.timesteps,
        energy_total=whole,
        energy_dynamic=dynamic,
        energy_static=static,
        energy_host=host.interval * activity.host_macs if host and activity.host_macs is not None else None,
        fitness_energy=fitness,
        time_per_step=time.step,
        latency=latency,
        throughput=Interval(1.0 / run.value, 1.0 / run.high, 1.0 / run.low),
        edp=whole * latency,
        assumed_share=assumed_energy / whole.value if whole.value else 0.0,
        cores_used=cores,
        cores_available=profile.cores,
        chips=chips,
        messages=sum(entry.messages for entry in events.layers),
        neuron_updates=sum(entry.neuron_updates for entry in events.layers),
        neuron_active=sum(entry.neuron_active for entry in events.layers),
        layers=tuple(
            LayerCost(
                entry.name,
                entry.cores,
                entry.spikes,
                entry.synops,
                entry.synops_dense,
                entry.neuron_updates,
                entry.messages,
                energy,
                part,
                entry.neuron_active,
            )
            for entry, energy, part in zip(events.layers, charged.layers, charged.parts)
        ),
        energy_parts=charged.sums,
        cores=_cores(placement, events, time, profile) if per_core else (),
        not_counted=_not_counted(network, activity, profile, events),
        constants=influences(charged, static, events.cores, cores, chips, activity.timesteps, profile)
        if estimates
        else (),
        estimates=_estimates(network, activity, profile, placement, events) if estimates else {},
    )


def _cores(placement: Placement, events: Events, time: StepTime, profile: Profile) -> tuple[CoreCost, ...]:
    cores = events.cores
    limit = profile.limits.neurons_per_core.value
    names = [layer.name for layer in placement.layers]
    chip = placement.positions.chip if placement.positions else np.zeros(len(cores.neurons), np.int64)
    columns = zip(
        chip.tolist(),
        cores.layer.tolist(),
        cores.neurons.tolist(),
        cores.synops.tolist(),
        cores.spikes_out.tolist(),
        cores.messages_in.tolist(),
        time.cores.T.tolist(),
    )
    return tuple(
        CoreCost(i, c, names[layer], n, synops, float(n), spikes, messages, Interval(*busy), {"neurons": n / limit})
        for i, (c, layer, n, synops, spikes, messages, busy) in enumerate(columns)
    )


def _not_counted(network: ChipNetwork, activity: Activity, profile: Profile, events: Events) -> tuple[str, ...]:
    sentences = [f"Boundary: {profile.boundary}.", *profile.not_counted]
    layer, image = network.input_layer, profile.time.image_value
    if layer.neuron is not None and (network.sigma_delta or not layer.host):
        what = "values are given to the delta encoder" if network.sigma_delta else "biases are rewritten"
        held, values = int(np.prod(layer.shape)), activity.values_written
        if values is None or values == held:
            values, sentence = held, f"Image I/O: {held} {what} for each image"
        else:
            sentence = f"Frame I/O: {held} {what} in each of {numbered(activity.timesteps, 'step')}"
        if image is not None:
            sentence += f", about {image.interval.value * values:.2g} s ({image.interval.low * values:.2g} to {image.interval.high * values:.2g} s) with the public ways of doing it"
        sentences.append(sentence + ".")
    if network.encoder is not None:
        sentences.append("The host's stem convolution is shown as host energy and is not part of the total.")
    return (*sentences, *(f"Assumed: {note}." for note in events.notes))


def _estimates(
    network: ChipNetwork, activity: Activity, profile: Profile, placement: Placement, events: Events
) -> dict[str, Any]:
    own = mapping_of(profile).breakdown(network, activity, placement)
    return {**other_rules(network, activity, events.layers), **own}
