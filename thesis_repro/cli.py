"""The command line. Heavy imports wait inside the commands, so that ``--help`` answers at once."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from data_prep.errors import DataError
from data_prep.parallel import WorkerKilledError
from thesis_repro.commands import controls, data, doctor, pictures, plan, reference, report, run
from thesis_repro.errors import TrainingError
from thesis_repro.models import zoo
from thesis_repro.section.declarations import DeclarationError
from thesis_repro.section.places import UnknownFigureError
from thesis_repro.section.registry import files
from thesis_repro.thesis.errata import UnknownErratumError

EXIT_JOB_FAILED, EXIT_USAGE, EXIT_DATA = 1, 2, 3

_EXIT_CODES: dict[type[Exception], int] = {
    TrainingError: EXIT_JOB_FAILED,
    WorkerKilledError: EXIT_JOB_FAILED,
    zoo.UnknownModelError: EXIT_USAGE,
    UnknownErratumError: EXIT_USAGE,
    UnknownFigureError: EXIT_USAGE,
    DeclarationError: EXIT_JOB_FAILED,
    DataError: EXIT_DATA,
}


class _Commands(click.Group):
    """A group whose known errors end with one clear message and their exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except tuple(_EXIT_CODES) as error:
            failure = click.ClickException(str(error))
            failure.exit_code = next(
                code for kind, code in _EXIT_CODES.items() if isinstance(error, kind)
            )
            raise failure from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="thesis-repro")
def main() -> None:
    """Reproduce the thesis "Semantic Representations in VAEs as a Model of the Visual System".

    Exit codes: 0 done, 1 a job failed, 2 wrong usage, 3 data missing or corrupt, 4 a claim
    does not replicate or cannot be compared (claims --strict).
    """
    # "No GPU found" is not an error here; what really fails is raised as a Python exception.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


for command in (
    run.chapter,
    run.train,
    plan.plan,
    plan.run_all,
    report.report,
    report.claims,
    controls.controls,
    reference.where,
    reference.models,
    reference.listing,
    reference.errata,
    pictures.kernels,
    pictures.feature_maps,
    data.data,
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
