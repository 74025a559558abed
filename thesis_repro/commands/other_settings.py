"""``--set`` and ``--reading``: models with other settings than the thesis's."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from thesis_repro.commands.names import Completed
from thesis_repro.commands.options import UnknownNameError
from thesis_repro.models.changed import CHANGEABLE
from thesis_repro.section.other_readings import AS_RUN
from thesis_repro.thesis.errata import get, load_errata


class _Setting(Completed):
    """FIELD=VALUE, as the two words."""

    name = "setting"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """How it looks."""
        return "FIELD=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Field and value, whatever they are."""
        field, is_set, text = value.partition("=")
        if not (field.strip() and is_set and text.strip()):
            raise UnknownNameError(
                f"{value!r} sets nothing; write FIELD=VALUE, learning_rate=0.0005."
            )
        return field.strip().replace("-", "_"), text.strip()

    def known(self, ctx: click.Context, param: click.Parameter) -> Mapping[str, str]:
        """The fields that can be changed."""
        return {f"{field}=": field.replace("_", " ") for field in CHANGEABLE}


class _Reading(Completed):
    """ID=as-run, as the erratum's id."""

    name = "reading"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """How it looks."""
        return f"ID={AS_RUN}"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The id.

        Raises:
            thesis_repro.thesis.errata.UnknownErratumError: there is none.
        """
        erratum_id, is_set, reading = value.partition("=")
        erratum = get(erratum_id)
        if is_set and reading.casefold() != AS_RUN:
            raise UnknownNameError(
                f"{value!r} is no reading; write {erratum.id}, or {erratum.id}={AS_RUN}. Without "
                "the option, the reading taken is ours."
            )
        return erratum.id

    def known(self, ctx: click.Context, param: click.Parameter) -> Mapping[str, str]:
        """The errata that change a training, and of a section those that its script asks for."""
        errata = load_errata().values()
        of_section = ctx.info_name == "chapter"
        known = (each for each in errata if each.trained or (of_section and each.switched_in))
        return {f"{each.id}={AS_RUN}": each.title for each in known}


def _each_once(
    ctx: click.Context, param: click.Parameter, given: Sequence[tuple[str, str]]
) -> dict[str, str]:
    fields = [field for field, _ in given]
    for field in fields:
        if fields.count(field) > 1:
            raise UnknownNameError(f"{field} is set twice; leave one of them out.")
    return dict(given)


_set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    type=_Setting(),
    callback=_each_once,
    help="Another value than the thesis's, of each model; with it, a model bears a mark in its id "
    "and is never taken for the thesis's.",
)
reading_option = click.option(
    "--reading",
    "readings",
    multiple=True,
    type=_Reading(),
    help=f"The other reading of an erratum, whichever source it is from; {AS_RUN!r} may be left "
    "out. Several for several errata (`errata` lists which can be run).",
)


def other_settings(command: Callable) -> Callable:
    """The options ``settings`` and ``readings`` of a command."""
    return _set_option(reading_option(command))
