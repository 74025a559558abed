"""The command line. Heavy imports wait inside the commands, so that ``--help`` answers at once."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from data_prep.errors import DataError
from data_prep.parallel import WorkerKilledError
from thesis_repro import interrupts
from thesis_repro.commands import (
    audit,
    claims,
    controls,
    data,
    doctor,
    exit_codes,
    explore,
    failures,
    multiverse,
    pictures,
    plan,
    reference,
    report,
    run,
    runs,
    terminal,
    weights,
)
from thesis_repro.errors import ModelError, SettingsError, TrainingError, UnknownRunError
from thesis_repro.files import DataFileError
from thesis_repro.models import zoo
from thesis_repro.section.declarations import DeclarationError
from thesis_repro.section.places import UnknownFigureError
from thesis_repro.section.registry import files
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


class _Commands(click.Group):
    """A group whose errors end with one clear message and their exit code, on any terminal."""

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


def _failure(message: str, exit_code: int) -> click.ClickException:
    failure = click.ClickException(message)
    failure.exit_code = exit_code
    return failure


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="thesis-repro")
def main() -> None:
    """Reproduce the thesis "Semantic Representations in VAEs as a Model of the Visual System".

    Exit codes: 0 done, 1 a job failed, 2 wrong usage, 3 data missing or corrupt, 4 a claim
    does not replicate or cannot be compared (claims --strict), 130 stopped by Ctrl-C (143 by
    SIGTERM, 129 by a closed terminal). 1 is also for damaged results (report), 3 for a place
    that cannot be written to. THESIS_REPRO_DEBUG=1 shows the traceback of what no message
    explains.
    """
    # "No GPU found" is not an error here; what really fails is raised as a Python exception.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


for command in (
    run.chapter,
    run.train,
    plan.plan,
    plan.run_all,
    report.report,
    claims.claims,
    audit.audit,
    controls.controls,
    multiverse.multiverse,
    reference.where,
    reference.models,
    reference.listing,
    reference.errata,
    pictures.kernels,
    pictures.feature_maps,
    explore.explore,
    data.data,
    runs.runs,
    weights.weights,
    doctor.doctor,
):
    main.add_command(command)


def run_section(section: str) -> None:
    """Run a section's script as a program: ``thesis-repro chapter SECTION`` with its arguments."""
    started = Path(sys.modules["__main__"].__file__).resolve()
    script = files(section)[0].resolve()
    if started != script:
        sys.exit(
            f"{started} is not run: the script of Section {section} is {script}; edit that one."
        )
    # Worker processes import the main module again: this one, not the script and Keras with it.
    sys.modules["__main__"] = sys.modules[__name__]
    main(["chapter", section, *sys.argv[1:]], prog_name="thesis-repro")
