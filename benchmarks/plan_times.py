"""What `thesis-repro plan` predicts of trainings, against the clock.

Each family is calibrated in an empty folder of runs, as on a machine where nothing has been
trained; then `thesis-repro train` trains the models in processes of their own, on the MNIST that is
prepared. Times hold for a machine as busy as it was when it was calibrated: nothing else should
run.

    python benchmarks/plan_times.py [--models ID,ID] [--scale quick] [--data-dir data]
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # as thesis_repro has it, which comes later

import click
from workload import Clock, chosen_from

from data_prep.errors import DataError
from thesis_repro.models.zoo import MODELS
from thesis_repro.plan.execution import PROGRAM, start_process
from thesis_repro.plan.plan import make_plan
from thesis_repro.plan.timings import machine_of, seconds_of, timings
from thesis_repro.progress import TrainingProgress
from thesis_repro.section.workspace import Workspace
from thesis_repro.training.configuration import TrainingOptions
from thesis_repro.training.scale import SCALES

GOAL = 1.5  # either way
BENCHMARKED = "digit-classifier,feature-extraction,mnist-vlae-factor-3,mnist-vlae-factor-2"


def predicted(model_id: str, workspace: Workspace) -> float:
    """Seconds that the plan says, by a calibration of the model's family.

    Raises:
        click.ClickException: the family cannot be timed.
        data_prep.errors.DataError: the model's data are not prepared.
    """
    workspace.manifest(MODELS[model_id].dataset.value)
    job = make_plan((), [model_id], workspace)[f"train {model_id}"]
    machine = machine_of(workspace.options.precision)
    seconds = seconds_of(job, timings([job.family], machine, workspace, tell=click.echo))
    if not seconds:
        raise click.ClickException(f"{model_id}: its family cannot be timed here; the log says why")
    return seconds


def measured(model_id: str, workspace: Workspace, runs_dir: Path) -> tuple[float, float]:
    """Seconds that the command takes, and the cores that were at work meanwhile."""
    places = ["--data-dir", str(workspace.data_dir), "--runs-dir", str(runs_dir)]
    options = ["--scale", workspace.options.scale.name, "--quiet", *places]
    log = runs_dir / f"{model_id}.log"
    before = Clock.now()
    code = start_process(PROGRAM, ["train", model_id, *options], log).wait()
    after = Clock.now()
    if code:
        raise click.ClickException(log.read_text(encoding="utf-8"))
    wall = after.wall - before.wall
    return wall, (after.all_work - before.all_work) / wall


@click.command(help=__doc__.splitlines()[0])
@click.option(
    "--models", default=BENCHMARKED, callback=chosen_from(MODELS), help="Comma-separated."
)
@click.option("--scale", default="quick", show_default=True, type=click.Choice([*SCALES]))
@click.option(
    "--data-dir", default="data", show_default=True, type=click.Path(path_type=Path, exists=True)
)
def main(models: list[str], scale: str, data_dir: Path) -> None:
    """Print a row per model."""
    with TemporaryDirectory() as folder:
        calibrations, runs = Path(folder, "calibrations"), Path(folder, "runs")
        workspace = Workspace(
            data_dir.resolve(),
            calibrations,
            Path(folder, "out"),
            TrainingOptions(SCALES[scale]),
            stand_in=False,
            progress=TrainingProgress(quiet=True),
        )
        try:
            predictions = {model_id: predicted(model_id, workspace) for model_id in models}
        except DataError as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"{'model':<22} {'predicted s':>11} {'took s':>8} {'ratio':<12} cores at work")
        for model_id, seconds in predictions.items():
            took, cores = measured(model_id, workspace, runs)
            ratio = seconds / took
            verdict = "met" if 1 / GOAL <= ratio <= GOAL else "missed"
            click.echo(
                f"{model_id:<22} {seconds:>11.0f} {took:>8.0f} {f'{ratio:.2f} {verdict}':<12} "
                f"{cores:.1f}"
            )


if __name__ == "__main__":
    main()
