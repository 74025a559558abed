"""Command-line options that mean the same everywhere, and imports that stay quiet."""

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from thesis_repro.names import did_you_mean, named
from thesis_repro.thesis.claims import Claim, load_claims
from thesis_repro.training.precision import FLOAT32, PRECISIONS
from thesis_repro.training.scale import SCALES
from thesis_repro.verdicts.discussions import DISCUSSIONS


class UnknownNameError(click.ClickException):
    """A line on its own, where click would show the usage and the parameter, too."""

    exit_code = click.UsageError.exit_code


def completions(incomplete: str, known: Mapping[str, str | None]) -> list[CompletionItem]:
    """What a shell may complete a word to: names with the words on each, in any case."""
    begin = incomplete.casefold()
    return [
        CompletionItem(name, help=words)
        for name, words in known.items()
        if name.casefold().startswith(begin)
    ]


class Name(click.Choice):
    """One of a few names, in capital or small letters; a wrong one is answered by the nearest."""

    def __init__(self, kind: str, choices: Iterable[str]):
        super().__init__(choices, case_sensitive=False)
        self.kind = kind

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """An argument's own name, where all choices would make a long line of each usage."""
        return super().get_metavar(param, ctx) if isinstance(param, click.Option) else None

    def fail(
        self,
        message: str,
        param: click.Parameter | None = None,
        ctx: click.Context | None = None,
    ) -> NoReturn:
        """Say nothing else."""
        raise UnknownNameError(message)

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:
        """One line, as of a wrong name."""
        return f"Choose from {', '.join(self.choices)}."

    def get_invalid_choice_message(self, value: str, ctx: click.Context | None) -> str:
        """One line that says what to type."""
        hint = did_you_mean(value, self.choices) or f" Choose from {', '.join(self.choices)}."
        return f"No {self.kind} is called {value!r}.{hint}"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The names as they are written, where click would give what it compares them by."""
        return completions(incomplete, dict.fromkeys(self.choices))


class SectionName(Name):
    """A section of the thesis, "4.2"."""

    def __init__(self, choices: Iterable[str]):
        super().__init__("section", choices)

    def get_invalid_choice_message(self, value: str, ctx: click.Context | None) -> str:
        """One line that says what to type, also for a chapter, a list, and a discussion."""
        if value in DISCUSSIONS:
            return (
                f"Section {value} discusses and computes nothing; `thesis-repro chapter {value}` "
                "lists the results that bear on it."
            )
        parts = [section for section in self.choices if section.startswith(f"{value}.")]
        if value.isdecimal() and parts:
            return f"{value} is a whole chapter; name its sections: {' '.join(parts)}."
        several = [part.strip() for part in value.split(",")]
        if len(several) > 1 and set(several) <= {*self.choices}:
            return f"Set sections apart by blanks: {' '.join(several)}."
        return super().get_invalid_choice_message(value, ctx)


class ClaimName(SectionName):
    """A section of the thesis, or one of its claims by id, "4.2-best-epoch"."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | Claim:
        """The claim of this id, else the section."""
        claim = named(value, {claim.id: claim for claim in load_claims()})
        return claim or super().convert(value, param, ctx)

    def get_invalid_choice_message(self, value: str, ctx: click.Context | None) -> str:
        """One line that says what to type; ids have a dash, and sections none."""
        if "-" not in value:
            return super().get_invalid_choice_message(value, ctx)
        hint = did_you_mean(value, (claim.id for claim in load_claims()))
        return f"No claim is called {value!r}.{hint} `thesis-repro claims` lists all."

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Sections, and once a section is typed its claims with their statements."""
        claims = {claim.id: claim.statement for claim in load_claims()} if incomplete else {}
        return super().shell_complete(ctx, param, incomplete) + completions(incomplete, claims)


class Place(click.Path):
    """A path that is not empty: what a variable that is not set names would be this folder."""

    def __init__(self, *, file_okay: bool = True):
        super().__init__(file_okay=file_okay, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Refuse the empty one."""
        if value == "":
            self.fail("It is empty; name a path ('.' is this folder).", param, ctx)
        return super().convert(value, param, ctx)


class Seeds(click.ParamType):
    """Seeds as a range or a list, "0-4" or "0,2,5": those that there are, in order."""

    name = "seeds"
    _PART = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?", re.ASCII)
    _MOST = 1_000

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """How it looks."""
        return "0-4|0,2,5"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """The seeds, sorted, each once."""
        if isinstance(value, tuple):  # the default of a command
            return value
        seeds: set[int] = set()
        for part in value.split(","):
            match = self._PART.fullmatch(part.strip())
            if not match:
                self.fail(f"{value!r} is no list of seeds; write 0-4 or 0,2,5.", param, ctx)
            first, last = int(match[1]), int(match[2] or match[1])
            if last < first:
                wrong = f"{part.strip()!r} ends before it begins; write {last}-{first}."
                self.fail(wrong, param, ctx)
            if last - first >= self._MOST or len(seeds | {*range(first, last + 1)}) > self._MOST:
                self.fail(f"More than {self._MOST:,} seeds are asked for.", param, ctx)
            seeds |= {*range(first, last + 1)}
        return tuple(sorted(seeds))


directory = Place(file_okay=False)

data_dir_option = click.option(
    "--data-dir", type=directory, default="data", show_default=True, help="Prepared data sets."
)
stand_in_option = click.option(
    "--stand-in",
    is_flag=True,
    help="Use stand-ins for CelebA and ImageNet, whose files are yours to get; labelled as such. "
    "The other data sets need none.",
)
runs_dir_option = click.option(
    "--runs-dir", type=directory, default="runs", show_default=True, help="Trained models."
)
out_option = click.option(
    "--out", type=directory, default="results", show_default=True, help="Results."
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Errors only.")
train_option = click.option(
    "--train",
    is_flag=True,
    help="Train also those models whose finished run is published (weights list).",
)
dry_run_option = click.option(
    "--dry-run",
    is_flag=True,
    help="Only show the jobs, what is done of them, and what they cost (timed once, if not known).",
)


_seed_option = click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
_seeds_option = click.option(
    "--seeds",
    type=Seeds(),
    help="In place of --seed: each of them, and what they come to together. Results of the first "
    "are in OUT, of each further one in OUT/seed-N.",
)


def run_options(command: Callable) -> Callable:
    """The options of a command that trains or loads with one ``seed``."""
    return _with(command, _seed_option)


def training_options(command: Callable) -> Callable:
    """The options of a command that trains or loads with one or more ``seeds``."""

    @functools.wraps(command)
    def with_seeds(
        *arguments: Any, seed: int, seeds: tuple[int, ...] | None, **options: Any
    ) -> Any:
        source = click.get_current_context().get_parameter_source("seed")
        if seeds and source is not ParameterSource.DEFAULT:
            raise click.UsageError("--seed is one of several --seeds; give either.")
        return command(*arguments, seeds=seeds or (seed,), **options)

    return train_option(_with(with_seeds, _seed_option, _seeds_option))


def _with(command: Callable, *of_seeds: Callable) -> Callable:
    """A command with the options of every training, and these."""
    options = (
        click.option(
            "--scale",
            type=Name("scale", SCALES),
            default="paper",
            show_default=True,
            help="paper: the thesis's; quick: shows the effects on a CPU; smoke: proves the path; "
            "untrained: a control, as quick but that nothing is learned.",
        ),
        data_dir_option,
        stand_in_option,
        runs_dir_option,
        *of_seeds,
        click.option(
            "--precision",
            type=Name("precision", PRECISIONS),
            default=FLOAT32,
            show_default=True,
            help="; ".join(f"{name}: {what}" for name, what in PRECISIONS.items()) + ".",
        ),
        dry_run_option,
        quiet_option,
        click.option(
            "-v",
            "--verbose",
            is_flag=True,
            help="Also say which run is used and how each check of a verdict went.",
        ),
    )
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)
