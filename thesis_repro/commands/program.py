"""Commands as programs: errors end with one clear message and their exit code, on any terminal."""

import os
from typing import Any

import click

from data_prep.errors import DataError
from data_prep.parallel import WorkerKilledError
from thesis_repro import interrupts
from thesis_repro.commands import exit_codes, failures, terminal
from thesis_repro.errors import ModelError, SettingsError, TrainingError, UnknownRunError
from thesis_repro.files import DataFileError
from thesis_repro.models import zoo
from thesis_repro.section.declarations import DeclarationError
from thesis_repro.section.places import UnknownFigureError
from thesis_repro.thesis.errata import UnknownErratumError, UnknownSectionError

_EXIT_CODES: dict[type[Exception], int] = {
    SettingsError: exit_codes.USAGE,
    TrainingError: exit_codes.FAILED,
    WorkerKilledError: exit_codes.FAILED,
    zoo.UnknownModelError: exit_codes.USAGE,
    ModelError: exit_codes.USAGE,
    UnknownRunError: exit_codes.USAGE,
    UnknownErratumError: exit_codes.USAGE,
    UnknownSectionError: exit_codes.USAGE,
    UnknownFigureError: exit_codes.USAGE,
    DeclarationError: exit_codes.FAILED,
    DataFileError: exit_codes.FAILED,
    DataError: exit_codes.DATA,
}


class _Program:
    """What a command of Click is as a program."""

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        """As a program."""
        try:
            return self.main(*arguments, **settings)
        except SystemExit as end:
            if end.code in interrupts.EXIT_CODES:
                interrupts.end_program(end.code)
            raise

    def main(self, *arguments: Any, **settings: Any) -> Any:
        with terminal.usable_streams():
            return super().main(*arguments, **settings)

    def make_context(self, *arguments: Any, **settings: Any) -> click.Context:
        """Where ``--help`` and ``--version`` of the group are written."""
        try:
            return super().make_context(*arguments, **settings)
        except OSError as error:
            raise _failure(failures.explained(error), exit_codes.FAILED) from error

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with interrupts.as_exceptions():
                return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            click.echo("Stopped; the same command goes on from here.", err=True)
            raise click.exceptions.Exit(interrupts.exit_code(interrupt)) from None
        except tuple(_EXIT_CODES) as error:
            code = next(code for kind, code in _EXIT_CODES.items() if isinstance(error, kind))
            raise _failure(str(error), code) from error
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            if os.environ.get(failures.DEBUG):
                raise
            raise _failure(failures.explained(error), exit_codes.FAILED) from error


class Command(_Program, click.Command):
    """A program of one command."""


class Group(_Program, click.Group):
    """A program of several."""


def _failure(message: str, exit_code: int) -> click.ClickException:
    failure = click.ClickException(message)
    failure.exit_code = exit_code
    return failure
