"""The command line. Heavy imports wait inside the commands, so that ``--help`` answers at once."""

import os
import sys
from pathlib import Path

import click

from thesis_repro.commands import (
    audit,
    claims,
    controls,
    data,
    doctor,
    explore,
    multiverse,
    pictures,
    plan,
    program,
    reference,
    report,
    run,
    runs,
    weights,
)
from thesis_repro.section.registry import files


@click.group(cls=program.Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="thesis-repro")
def main() -> None:
    """Reproduce the thesis "Semantic Representations in VAEs as a Model of the Visual System".

    Exit codes: 0 done, 1 a job failed or a run is missing, 2 wrong usage, 3 data missing or
    corrupt, 4 a claim does not replicate or cannot be compared (claims --strict), 130 stopped
    by Ctrl-C (143 by SIGTERM, 129 by a closed terminal). 1 is also for damaged results
    (report), 3 for a place that cannot be written to. THESIS_REPRO_DEBUG=1 shows the traceback
    of what no message explains.
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
