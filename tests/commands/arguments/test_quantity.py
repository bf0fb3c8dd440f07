"""A quantity given to an option arrives in its SI unit; what is none is bad usage, with what would work."""

import click
import pytest
from click.testing import CliRunner

from autosnn_hw.commands.arguments.quantity import Quantity


@click.command()
@click.option("--max-energy", type=Quantity("J"), default=None)
def command(max_energy):
    click.echo(repr(max_energy))


@pytest.mark.parametrize(("text", "value"), [("9uJ", 9e-6), ("9e-6", 9e-6), ("0.5 mJ", 5e-4)])
def test_a_quantity_arrives_in_its_unit(text, value):
    assert float(CliRunner().invoke(command, ["--max-energy", text]).output) == pytest.approx(value)


@pytest.mark.parametrize(("text", "said"), [("9us", "9uJ"), ("nan", "9uJ"), ("0", "above 0"), ("-1uJ", "above 0")])
def test_what_is_none_is_bad_usage(text, said):
    result = CliRunner().invoke(command, ["--max-energy", text])
    assert result.exit_code == 2 and said in result.output


def test_the_help_names_the_unit():
    assert "--max-energy X[J]" in CliRunner().invoke(command, ["--help"]).output
