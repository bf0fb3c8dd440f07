"""`autosnn-hw simulate FILE`: run a network and price what it did."""

from __future__ import annotations

import click

from autosnn_hw.commands.arguments import network_file, options, own_target
from autosnn_hw.errors import InputError
from autosnn_hw.words.quantities import numbered


@click.command("simulate")
@click.argument("file", type=click.Path())
@own_target.option
@network_file.options
@options.data
@options.split
@click.option("--samples", type=click.IntRange(min=1), default=None, help="Only the first so many samples.")
@click.option(
    "--backend", type=options.Word(["exact", "lava", "board", "onnxruntime"]), default="exact", show_default=True
)
@options.timesteps
@options.graded
@click.option(
    "--device", type=options.Word(["cpu", "cuda"]), default="cpu", show_default=True, help="Of the exact simulator."
)
@click.option("--predictions", is_flag=True, help="Put the predicted class of each sample into the JSON.")
@options.as_json
@options.quiet
def command(
    file,
    target,
    input_shape,
    layers,
    dataset,
    data_dir,
    download,
    split,
    samples,
    backend,
    timesteps,
    graded,
    device,
    predictions,
    as_json,
    quiet,
):
    """Run FILE (.net) on a dataset, and show accuracy, spikes, energy and time, layer by layer.

    What does not fit the target is priced all the same, and that it does not stands first and beside every number. A file of
    `export --format onnx` is run by --backend onnxruntime, which counts spikes only.

    \b
    Example: autosnn-hw simulate runs/digits-loihi2-1/winner.net
             autosnn-hw simulate net.net --dataset npz:frames.npz --target loihi1 --backend lava --samples 50
    """
    if file.endswith(".onnx") or backend == "onnxruntime":
        _require_for_onnxruntime(file, backend, device=device, input_shape=input_shape, layers=layers)
        _cross_check(file, dataset, split, samples, timesteps, graded, data_dir, download, predictions, as_json)
        return
    from autosnn_hw.verbs import simulate

    result = simulate(
        file,
        dataset,
        target=target,
        split=split,
        samples=samples,
        backend=backend,
        timesteps=timesteps,
        graded=graded,
        device=device,
        data_dir=data_dir,
        download=download,
        input_shape=input_shape,
        layers=layers,
        predictions=predictions,
    )
    for note in result.notes:
        click.echo(f"note: {note}", err=True)
    if as_json:
        options.print_json(result.document)
    else:
        from autosnn_hw.report.elements import show
        from autosnn_hw.report.simulation_table import simulation_table

        show(simulation_table(result.document))


def _require_for_onnxruntime(file, backend, *, device, input_shape, layers):
    """Refuse other files, and options that a run in onnxruntime would leave out without a word."""
    if backend != "onnxruntime" or not file.endswith(".onnx"):
        raise InputError(
            f"{file}: --backend onnxruntime runs .onnx files, and nothing else does; `export --format onnx` makes one of a .net file."
        )
    given = {"--device cuda": device != "cpu", "--input-shape": input_shape, "--layers": layers}
    idle = [name for name, value in given.items() if value]
    if idle:
        raise InputError(
            f"{file}: onnxruntime runs an .onnx file as it is, on the CPU; leave {' and '.join(idle)} out, or run the .net file."
        )


def _cross_check(file, dataset, split, samples, timesteps, graded, data_dir, download, predictions, as_json):
    """One of our ONNX files in onnxruntime."""
    from autosnn_hw.run_and_price import load_samples, run_onnx

    data = load_samples(dataset, split, data_dir=data_dir, download=download).first(samples)
    document = run_onnx(file, data, timesteps=timesteps, graded=graded, with_predictions=predictions)
    for note in document["notes"]:
        click.echo(f"note: {note}", err=True)
    if as_json:
        options.print_json(document)
        return
    accuracy = document["accuracy"]["value"]
    known = "unknown" if accuracy is None else f"{100 * accuracy:.1f} %"
    steps = document["network"]["timesteps"]
    click.echo(
        f"{file}: accuracy {known}, {document['spikes']['chip']:,.1f} spikes an inference of {numbered(steps, 'step')}, {numbered(len(data.inputs), 'sample')}"
    )
    for layer in document["layers"]:
        click.echo(f"  {layer['name']}: {layer['spikes']:,.1f} spikes")
