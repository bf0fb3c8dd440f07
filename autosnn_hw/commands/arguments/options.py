"""Options and printing that several verbs share."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin

import click

from autosnn_hw.commands.arguments.quantity import Quantity
from autosnn_hw.default_target import DEFAULT_TARGET
from autosnn_hw.words.near_names import did_you_mean

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

Function = TypeVar("Function", bound=Callable[..., Any])


class Word(click.Choice):
    """One of a few words; a refusal says which was meant, as click itself does of options."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as refusal:
            meant = did_you_mean(str(value), map(str, self.choices))
            if not meant:
                raise
            self.fail(f"{refusal.message.rstrip('.')}; {meant}", param, ctx)


target = click.option(
    "--target", default=DEFAULT_TARGET, show_default=True, metavar="NAME|FILE.toml", help="Profile of the chip."
)
dataset = click.option(
    "--dataset",
    default="digits",
    show_default=True,
    metavar="NAME|folder:PATH|npz:PATH",
    help="As in search --help: digits, events, cifar10, .., folder:PATH, or npz:PATH (npz:TRAIN,TEST).",
)
data_dir = click.option("--data-dir", type=click.Path(), default=None, help="Folder of the dataset's files.")
download = click.option(
    "--download",
    is_flag=True,
    help="Download the dataset where it is missing: mnist, fashion-mnist, cifar10, cifar100, svhn, cifar10-dvs or dvs128-gesture.",
)
seed = click.option("--seed", type=int, default=0, show_default=True, help="Seed of everything random.")
split = click.option(
    "--split",
    type=Word(["train", "val", "test"]),
    default="test",
    show_default=True,
    help="Part of the dataset.",
)
timesteps = click.option(
    "--timesteps",
    type=click.IntRange(min=1),
    default=None,
    help="Steps a sample; needed for images to a net that was not made here.",
)
graded = click.option("--graded", is_flag=True, help="Send frame values as graded spikes, not as spikes where > 0.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
quiet = click.option("--quiet", is_flag=True, help="Print results only, no progress.")


def combine(*decorators: Callable[[Function], Function]) -> Callable[[Function], Function]:
    """One decorator out of several options, shown in the order given."""

    def apply(function: Function) -> Function:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


data = combine(dataset, data_dir, download)


class FiniteRange(click.FloatRange):
    """A number within bounds that is one: click lets nan pass every bound."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if not math.isfinite(number := float(click.FLOAT.convert(value, param, ctx))):
            self.fail(f"{number} is no finite number.", param, ctx)
        return float(super().convert(number, param, ctx))


class Sizes(click.ParamType):
    """One size, or several with commas between."""

    name = "N[,N..]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | tuple[int, ...]:
        from autosnn_hw.architecture import size_list

        try:
            return size_list.parsed(value)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


class Placements(click.ParamType):
    """Slots that pools follow, with dots between; several such with commas between."""

    name = "N.N[,N.N..]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        from autosnn_hw.architecture import pool_list

        try:
            return pool_list.parsed(value)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


class Choice(click.Option):
    """An option made from a field of `SearchConfig`, shown under the field's heading."""

    def __init__(self, *declarations: Any, group: str, **settings: Any) -> None:
        super().__init__(*declarations, **settings)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose --help shows its options under headings, those without one last."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if record is not None:
                groups.setdefault(getattr(parameter, "group", ""), []).append(record)
        for name in sorted(groups, key=lambda name: not name):
            with formatter.section(name or "Other options"):
                formatter.write_dl(groups[name])


def choice(
    field: str, *, name: str | None = None, shown: str | None = None, words: Mapping[str, str] | None = None
) -> Callable[[Function], Function]:
    """The option of one field of `SearchConfig`: its type, range, help and default are the field's. Not given, it is None.

    Args:
        name: of the option, where it is not the field's; its value still comes as `field`.
        shown: words for the default, where this verb has another.
        words: help by field, where this verb has another.
    """
    from autosnn_hw.config import SearchConfig

    info = SearchConfig.model_fields[field]
    extra: Any = info.json_schema_extra
    name = name or extra["option"] or field.replace("_", "-")
    kind = _type(info)
    letter = {click.IntRange: "N", FiniteRange: "X"}.get(type(kind))
    names = [f"--{name}"] + [extra["also"]] * bool(extra["also"])
    declarations, settings = [*names, field], {"type": kind, "metavar": extra["metavar"] or letter}
    if bool in (info.annotation, *get_args(info.annotation)):
        if info.default is False:
            settings["is_flag"] = True
        else:
            declarations[0] += f"/--no-{name}"
    default = shown or extra["shown"] or _shown(info.default)
    text = (words or {}).get(field, info.description)
    text = f"{text} [default: {default}]" if default else text

    def apply(function: Function) -> Function:
        decorate: Callable[[Function], Function] = click.option(
            *declarations, cls=Choice, group=extra["group"], default=None, help=text, **settings
        )
        return decorate(function)

    return apply


def choices(*fields: str, words: Mapping[str, str] | None = None) -> Callable[[Function], Function]:
    """The options of several fields of `SearchConfig`, in the order of the model; of all of them where none is named.

    Args:
        words: as `choice` has them.
    """
    from autosnn_hw.config import SearchConfig

    return combine(
        *(choice(field, words=words) for field in SearchConfig.model_fields if not fields or field in fields)
    )


def _shown(default: Any) -> str | None:
    if default is None or default is False:
        return None
    return "yes" if default is True else str(default)


def _type(info: FieldInfo) -> click.ParamType:
    kinds = get_args(info.annotation) or (info.annotation,)
    for kind in kinds:
        if get_origin(kind) is tuple:
            return Placements() if str in get_args(kind) else Sizes()
    bounds = {name: getattr(part, name) for part in info.metadata for name in ("ge", "gt", "le") if hasattr(part, name)}
    least, most = bounds.get("ge", bounds.get("gt")), bounds.get("le")
    if bool in kinds:
        return click.BOOL
    if int in kinds:
        from autosnn_hw.config.choice import MOST

        return click.IntRange(least, None if most == MOST else most)
    if float in kinds:
        extra: Any = info.json_schema_extra
        if extra["unit"]:
            return Quantity(extra["unit"])
        return FiniteRange(least, most, min_open="gt" in bounds)
    if words := [word for word in kinds if isinstance(word, str)]:
        return Word(words)
    return click.STRING


def print_json(document: Any) -> None:
    """Write one JSON document to stdout; numbers stay numbers, unknown is null, NaN is refused."""
    click.echo(json.dumps(document, indent=2, allow_nan=False))
