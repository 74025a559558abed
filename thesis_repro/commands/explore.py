"""``thesis-repro explore``: the latent space of trained models, as one page to be opened."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from thesis_repro.commands.names import model_name
from thesis_repro.commands.options import data_dir_option, out_option, runs_dir_option
from thesis_repro.commands.workspace import import_matplotlib, try_places
from thesis_repro.models import zoo
from thesis_repro.models.keras_settings import import_keras
from thesis_repro.training.published_places import PAGES
from thesis_repro.training.withheld import WITHHELD

if TYPE_CHECKING:
    from thesis_repro.models.spec import ModelSpec
    from thesis_repro.training.run_folder import RunFolder

_MOST_MODELS = 2  # side by side
_MOST_DIMENSIONS = 100  # of a latent layer: each beyond two has a slider


@click.command()
@click.argument("models", nargs=-1, required=True, type=model_name, metavar="MODEL [MODEL]")
@click.option(
    "--run",
    "runs",
    multiple=True,
    metavar="RUN",
    help="The id of its run or the beginning of one, where it has several; of two models, one "
    "--run each, in their order.",
)
@data_dir_option
@runs_dir_option
@out_option
def explore(
    models: tuple[str, ...], runs: tuple[str, ...], data_dir: Path, runs_dir: Path, out: Path
) -> None:
    """Write a page in which MODEL decodes under the pointer, or two models side by side.

    Of finished runs, yours or published. The page, OUT/explore/MODEL_RUN.html, holds all that it
    needs: send it, open it anywhere. One of CelebA shows people, and is for you alone.
    """
    specs = [zoo.MODELS[model] for model in models]
    _check(specs, runs)
    _refuse_publishing(specs, out)
    try_places("--out", out / "explore")
    folders = _runs(specs, runs, runs_dir)
    from thesis_repro.library.data import load_data

    dataset = specs[0].dataset.value
    stand_in = any(folder.of_stand_ins for folder in folders)
    split = load_data(dataset, data_dir=data_dir, stand_in=stand_in)
    import_matplotlib()
    import_keras()
    from thesis_repro.explorer.page import write_explorer
    from thesis_repro.explorer.shown_images import shown_images
    from thesis_repro.library.models import load_model

    loaded = [
        load_model(folder.config.model, folder.config.run_id, runs_dir=runs_dir)
        for folder in folders
    ]
    stem = "_".join(f"{folder.config.model}_{folder.config.run_id}" for folder in folders)
    path = out / "explore" / f"{stem}.html"
    write_explorer(loaded, shown_images(dataset, split), path)
    click.echo(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


def _check(specs: "list[ModelSpec]", runs: tuple[str, ...]) -> None:
    """See that there is a page of these models.

    Raises:
        click.UsageError: there is none.
    """
    if len(specs) > _MOST_MODELS:
        raise click.UsageError(f"A page shows one model or two, not {len(specs)}.")
    if runs and len(runs) != len(specs):
        raise click.UsageError(
            f"Name one --run for each of {len(specs)} models in their order, or none."
        )
    for spec in specs:
        latent = spec.latent_dims.value
        if not latent:
            raise click.UsageError(f"{spec.id} is a classifier: it has no decoder to explore.")
        if max(latent) > _MOST_DIMENSIONS:
            raise click.UsageError(
                f"{spec.id} has {max(latent):,} latent dimensions, which no pads and sliders show "
                f"(up to {_MOST_DIMENSIONS}); `thesis-repro feature-maps` looks into it."
            )
    first, last = specs[0], specs[-1]
    for what, values in (
        ("latent dimensions", [" + ".join(map(str, spec.latent_dims.value)) for spec in specs]),
        ("data", [spec.dataset.value for spec in specs]),
    ):
        if len(set(values)) > 1:
            raise click.UsageError(
                f"One pointer moves both models, which takes the same {what}: {first.id} has "
                f"{values[0]}, {last.id} {values[1]}."
            )


def _refuse_publishing(specs: "list[ModelSpec]", out: Path) -> None:
    """See that no page with pictures that may not be passed on goes into the repository.

    Raises:
        click.UsageError: it would.
    """
    for dataset in {spec.dataset.value for spec in specs} & {*WITHHELD}:
        if (out / "explore").resolve().is_relative_to(PAGES.parent):
            raise click.UsageError(
                f"{out}: no page of {dataset} is published ({WITHHELD[dataset]}); name another "
                "folder with --out."
            )


def _runs(specs: "list[ModelSpec]", runs: tuple[str, ...], runs_dir: Path) -> "list[RunFolder]":
    """The finished run of each model.

    Raises:
        UnknownRunError: there is none that is meant, or there are several.
    """
    from thesis_repro.training.finding import chosen_run, runs_at_hand
    from thesis_repro.training.published import published_runs

    there = runs_at_hand(runs_dir, published_runs()).values()
    of_models = [[run for run in there if run.config.model == spec.id] for spec in specs]
    names = runs or [spec.id for spec in specs]
    return [
        chosen_run(name if of_model else spec.id, of_model)
        for name, spec, of_model in zip(names, specs, of_models, strict=True)
    ]
