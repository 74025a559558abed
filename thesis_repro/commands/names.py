"""Arguments that name a model, a figure, an erratum or a run, and what shells complete them to."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from thesis_repro.commands.options import completions
from thesis_repro.models import zoo
from thesis_repro.section import places
from thesis_repro.thesis.errata import load_errata
from thesis_repro.training import published_places

_KINDS = {"fig": "figure", "figure": "figure", "tab": "table", "table": "table"}


class Completed(click.ParamType, ABC):
    """A name that a shell completes, in capital or small letters."""

    @abstractmethod
    def known(self, ctx: click.Context, param: click.Parameter) -> Mapping[str, str]:
        """What may stand here, each with a few words on it."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Those that begin so; none where something is wrong: the command itself will say it."""
        try:
            known = self.known(ctx, param)
        except Exception:  # whatever it is, the line that is being typed is no place for it
            return []
        return completions(incomplete, known)


class _ModelName(Completed):
    """A model's id, alias or name; its id is passed on."""

    name = "model"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The id.

        Raises:
            thesis_repro.models.zoo.UnknownModelError: no model is called that.
        """
        return zoo.model(value).id

    def known(self, ctx: click.Context, param: click.Parameter) -> Mapping[str, str]:
        """Ids and aliases."""
        specs = zoo.MODELS.values()
        return {name: spec.name for spec in specs for name in (spec.id, *spec.aliases)}


class _FigureName(Completed):
    """A figure, table or file of numbers, in one or more words: 41, Table 4, 27_as_run."""

    name = "figure"

    def known(self, ctx: click.Context, param: click.Parameter) -> Mapping[str, str]:
        """Names of files and numbers; after "Figure" or "Table", the numbers of that kind."""
        before = ctx.params.get(param.name) or ()
        if not before:
            return places.known_names()
        kind = _KINDS.get(before[0].casefold().rstrip(".")) if len(before) == 1 else None
        return places.known_numbers(kind) if kind else {}


class _ErratumId(Completed):
    """An erratum's id."""

    name = "erratum"

    def known(self, ctx: click.Context, param: click.Parameter) -> Mapping[str, str]:
        """All ids."""
        return {erratum.id: erratum.title for erratum in load_errata().values()}


class _RunName(Completed):
    """A run's id or the beginning of one, or a model that has one run."""

    name = "run"

    def known(self, ctx: click.Context, param: click.Parameter) -> Mapping[str, str]:
        """Ids and models of the runs that lie here, which are not looked into."""
        runs_dir = ctx.params.get("runs_dir") or Path("runs")
        folders = (runs_dir, published_places.downloads(runs_dir), published_places.CLONE)
        paths = [path.parent for each in folders for path in each.glob("[!.]*/[!.]*/config.json")]
        models = {path.parent.name: "its only run" for path in paths}
        return {path.name: path.parent.name for path in sorted(paths)} | models


model_name, figure_name = _ModelName(), _FigureName()
erratum_id, run_name = _ErratumId(), _RunName()
