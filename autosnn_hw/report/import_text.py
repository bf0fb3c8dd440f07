"""What `import` says on the terminal: layer by layer what was read and rounded, the framework beside the integers, fit and energy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from autosnn_hw.documents.fit import fit_words, violation_sentence
from autosnn_hw.words.quantities import with_bounds


def import_lines(document: Mapping[str, Any], layers: int, *, explain: bool = False) -> Iterator[str]:
    """The `import --json` document in lines.

    Args:
        layers: of the network, the input not counted.
        explain: an account of every layer, too.
    """
    for layer in document["layers"] if explain else ():
        yield from _explained(layer)
    yield from _calibrated(document["calibration"])
    yield from _tuned(document["finetuning"])
    yield from _compared(document["comparison"])
    yield from _priced(document)
    yield f"{document['file']}: {_summary(document, layers)}"


def node_lines(nodes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The nodes of a file that was refused (`from_nir.nodes_of`), with their constants."""
    for node in nodes:
        yield from _node(node)


def _priced(there: Mapping[str, Any]) -> Iterator[str]:
    """The fit, where the target is known, and what an inference costs where samples were run."""
    fit = there["fit"]
    if fit is None:
        return
    yield "".join(fit_words(fit))
    broken = [violation_sentence(violation) for violation in fit["violations"]]
    if broken:
        yield f"  {broken[0]}{'' if len(broken) == 1 else f', and {len(broken) - 1} more'}; `check` says what would fit"
    if there["energy"] is not None:
        yield f"{with_bounds(there['energy']['total'], 'J')} an inference on {fit['target']} (estimate)"


def _node(node: Mapping[str, Any]) -> Iterator[str]:
    shape = f" {'x'.join(map(str, node['shape']))}" if node["shape"] else ""
    yield f"{node['node']} ({node['kind']}){shape}{', from ' + ', '.join(node['from']) if node['from'] else ''}"
    if node["read"]:
        yield f"  read      {_values(node['read'])}"


def _summary(about: Mapping[str, Any], layers: int) -> str:
    if about.get("read_back"):
        return f"{layers} layers, the network that {about['source']} was written from"
    return f"{layers} layers, dt {about['dt']:g} ({about['dt_is']}), reset {about['reset']}, fires {about['fires']}"


def _explained(layer: Mapping[str, Any]) -> Iterator[str]:
    through = f" through {', '.join(layer['through'])}" if layer["through"] else ""
    yield f"{layer['layer']} ({layer['kind']}) {'x'.join(map(str, layer['shape']))}, from {', '.join(layer['from'])}{through}"
    if layer["read"]:
        yield f"  read      {_values(layer['read'])}"
    yield f"  a step    {_values(layer['a_step'])}"
    yield f"  integers  {_values(layer['integers'])}, scale {layer['scale']:.6g}"
    changes = {name: change for name, change in layer["changed_by_rounding"].items() if change > 1e-6}
    exact = "weights are exact" if layer["weights_exact"] else "nearest even weights"
    yield f"  rounding  {exact}" + "".join(f"; {name} {change:.2g}" for name, change in changes.items())


def _values(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in values.items() if value is not None)


def _value(value: float | list[float]) -> str:
    return f"{value[0]:.6g}..{value[1]:.6g}" if isinstance(value, list) else f"{value:.6g}"


def _calibrated(shares: Mapping[str, float] | None) -> Iterator[str]:
    cut = {name: share for name, share in (shares or {}).items() if share < 1}
    if cut:
        named = ", ".join(f"{name} {share:.0%}" for name, share in cut.items())
        yield f"scales chosen on data: the largest weight that is told apart, of the largest there is: {named}"


def _tuned(tuned: Mapping[str, Any] | None) -> Iterator[str]:
    if tuned is not None:
        accuracies = tuned["validation_accuracies"]
        yield (
            f"fine-tuned for {tuned['epochs']} epochs: {100 * accuracies[0]:.1f} % of the validation samples right as rounded, "
            f"{100 * accuracies[tuned['best_epoch']]:.1f} % after epoch {tuned['best_epoch']}, which is kept"
        )


def _compared(comparison: Mapping[str, Any] | None) -> Iterator[str]:
    """The framework beside the integers, in lines."""
    if comparison is None:
        return
    accuracy = {
        name: "unknown" if value is None else f"{100 * value:.1f} %" for name, value in comparison["accuracy"].items()
    }
    by = comparison["float_by"]
    floats = "" if by is None else f"{'in ' if by == 'its framework' else 'by '}{by} {accuracy['float']}, "
    rounded = f"rounded {accuracy['rounded']}, fine-tuned " if "rounded" in accuracy else ""
    yield f"accuracy on {comparison['samples']} samples: {floats}{rounded}as integers {accuracy['integer']}, in Lava {accuracy['lava']}"
    if comparison["lava_mismatches"] is not None:
        yield f"Lava differs from the integers in {comparison['lava_mismatches']} spikes"
    there = "in the framework" if by == "its framework" else "in floats"
    for layer in comparison["layers"]:
        yield (
            f"  {layer['layer']}: {layer['spikes_float']} spikes {there}, {layer['spikes_integer']} as integers; "
            f"{layer['differ']} of {layer['of']} neuron-steps differ"
        )
    first = comparison["first_difference"]
    if first is not None:
        yield (
            f"  first: layer {first['layer']!r}, sample {first['sample']}, step {first['step']}, neuron {tuple(first['neuron'])}: "
            f"{first['float']} {there}, {first['integer']} as integers"
        )
