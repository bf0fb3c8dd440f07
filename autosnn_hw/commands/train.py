"""`autosnn-hw train ARCH`: train one architecture, quantise it with the integers in the loop, write its chip network."""

from __future__ import annotations

import click

from autosnn_hw.commands import options


@click.command("train")
@click.argument("architecture", metavar="ARCH")
@options.target
@options.data
@click.option(
    "--space",
    type=click.Choice(["SNN_1", "SNN_2", "SNN_3", "SNN_4"]),
    default="SNN_1",
    show_default=True,
    help="Macro-architecture.",
)
@click.option(
    "--width", type=click.IntRange(min=1), default=None, help="Base width C. [default: 8 for digits, 16 otherwise]"
)
@click.option(
    "--timesteps", type=click.IntRange(min=1), default=None, help="Steps a sample. [default: 4 for digits, 8 otherwise]"
)
@click.option("--epochs", type=click.IntRange(min=1), default=None, help="[default: 20 for digits, 60 otherwise]")
@click.option(
    "--finetune-epochs",
    type=click.IntRange(min=0),
    default=None,
    help="Epochs with the integer forward in the loop. [default: 5 for digits, 8 otherwise]",
)
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True)
@options.precision
@click.option(
    "--out",
    type=click.Path(),
    required=True,
    metavar="DIR",
    help="Folder for network.net and result.json; must not exist.",
)
@options.seed
@options.as_json
@options.quiet
def command(
    architecture,
    target,
    dataset,
    data_dir,
    download,
    space,
    width,
    timesteps,
    epochs,
    finetune_epochs,
    device,
    precision,
    out,
    seed,
    as_json,
    quiet,
):
    """Train ARCH (five blocks such as SRB_k5,SRB_k5,skip,SRB_k3,SRB_k5, or a published name) and write its chip network."""
    from autosnn_hw import pipeline
    from autosnn_hw.architecture import Architecture
    from autosnn_hw.progress import progress

    sizes = pipeline.sizes_for(dataset, target)
    parsed = Architecture.parse(
        architecture, space=space, width=width or sizes["width"], timesteps=timesteps or sizes["timesteps"]
    )
    with progress(quiet or as_json) as reporter:
        result = pipeline.train(
            parsed,
            out,
            reporter,
            dataset=dataset,
            data_dir=data_dir,
            download=download,
            target=target,
            epochs=epochs or sizes["retrain_epochs"],
            learning_rate=sizes["learning_rate"],
            batch=sizes["batch"],
            finetune_epochs=sizes["finetune_epochs"] if finetune_epochs is None else finetune_epochs,
            device=device,
            precision=precision or "float32",
            seed=seed,
        )
    if as_json:
        options.print_json(result)
    else:
        accuracy = result["accuracy"]
        click.echo(
            f"{result['file']}: {result['architecture']}, test accuracy float {accuracy['float']:.4f}, as the chip runs it {accuracy['exact_test']:.4f}"
        )
