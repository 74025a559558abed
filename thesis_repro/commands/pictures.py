"""``thesis-repro kernels`` and ``feature-maps``: what a model sees with, and makes of a picture."""

import hashlib
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data_prep.errors import printable
from thesis_repro.commands import plan
from thesis_repro.commands.names import model_name
from thesis_repro.commands.options import Place, out_option, run_options
from thesis_repro.commands.workspace import import_matplotlib, open_workspace
from thesis_repro.errors import TrainingError
from thesis_repro.models import zoo
from thesis_repro.models.keras_settings import import_keras
from thesis_repro.training.scale import SCALES
from thesis_repro.words import counted

if TYPE_CHECKING:
    import keras
    import numpy as np

    from thesis_repro.models.spec import ModelSpec
    from thesis_repro.section.workspace import Workspace
    from thesis_repro.training.run_folder import RunFolder

_MANY = 4  # sheets in one figure
_LABEL = 30  # characters of a picture's name above it
_STEM_BYTES = 100  # of a picture's name in its figure's; file systems allow 255 in all


@click.command()
@click.argument("model", type=model_name)
@click.option(
    "--epoch", type=click.IntRange(0), help="Of the training, 0 before it.  [default: the last]"
)
@run_options
@out_option
def kernels(model: str, epoch: int | None, out: Path, **options: Any) -> None:
    """Draw the kernels of MODEL's first layer, and say what Gabor functions explain of them.

    Of its finished run at this scale, which needs no data; without one, it is said what training
    takes and how it is started (exit 1).
    """
    spec = zoo.MODELS[model]
    if options["dry_run"]:
        plan.show((), (spec.id,), seeds=(options["seed"],), out=out, **options)
        return
    workspace = open_workspace(places=[out / "kernels"], out=out, **options)
    run = run_of(spec, workspace)
    by_epoch = run.read_kernels()
    last = len(by_epoch) - 1
    if epoch is not None and epoch > last:
        raise click.UsageError(f"This training of {spec.name} has {counted(last, 'epoch')}.")
    chosen = last if epoch is None else epoch
    import_matplotlib()
    import_keras()
    from thesis_repro.analysis.gabor import slices

    shown, initial = slices(by_epoch[chosen]), slices(by_epoch[0])
    for line in (
        *_save_kernels(out, spec, run, shown, chosen),
        _gabors(shown, initial, by_epoch.shape[-2], chosen),
    ):
        click.echo(line)


def _save_kernels(
    out: Path, spec: "ModelSpec", run: "RunFolder", shown: "np.ndarray", epoch: int
) -> list[str]:
    """Write the sheet; the paths of its files."""
    from thesis_repro.plots.figures import save_figure
    from thesis_repro.plots.kernels import kernel_sheet

    figure = kernel_sheet(f"{spec.name}: kernels of the first layer after epoch {epoch}", shown)
    origin = _origin(f"thesis-repro kernels {spec.id}", run)
    stem = out / "kernels" / f"{spec.id}_{run.config.run_id}_epoch_{epoch}"
    return [str(path) for path in save_figure(figure, stem, origin, _caution(run))]


def _gabors(shown: "np.ndarray", initial: "np.ndarray", channels: int, epoch: int) -> str:
    """A line on how many of these kernels are more like Gabor functions than both nulls."""
    import numpy as np

    from thesis_repro.analysis.gabor import SMALLEST
    from thesis_repro.analysis.gabor_shares import resemblance, share_with_interval

    count, *size = shown.shape
    if min(size) < SMALLEST:
        return f"{count} kernels of {size[0]} x {size[1]} px, too small for a Gabor function"
    likeness = resemblance(shown, initial, channels, np.random.default_rng(epoch))
    share = share_with_interval(likeness.gabor_like, channels)
    return (
        f"{share.mean:.1%} of {count} kernels ({share.low:.1%} to {share.high:.1%}) are more like "
        "a Gabor function of a whole cycle than 95 % of those before training and of Gaussian "
        "fields as smooth as these; "
        f"median R2 {np.median(likeness.fits.r2):.2f}"
    )


@click.command("feature-maps")
@click.argument("model", type=model_name)
@click.argument("image", type=Place())
@click.option(
    "--layer",
    "layers",
    multiple=True,
    metavar="NAME",
    help="Show the maps after this layer; up to 4 of them.  [default: after the activation that "
    "follows the last convolution]",
)
@run_options
@out_option
def feature_maps(
    model: str, image: Path, layers: tuple[str, ...], out: Path, **options: Any
) -> None:
    """Draw the feature maps of MODEL for the picture file IMAGE, and say which have stripes.

    Of its finished run at this scale, which needs no data; without one, it is said what training
    takes and how it is started (exit 1). Of an autoencoder, its encoder is shown; the picture is
    squashed to what it takes.
    """
    spec = zoo.MODELS[model]
    if len(layers) > _MANY:
        raise click.UsageError(f"A figure has room for {_MANY} layers; {len(layers)} are given.")
    if options["dry_run"]:
        plan.show((), (spec.id,), seeds=(options["seed"],), out=out, **options)
        return
    pixels = read_picture(image, spec.input_shape.value)
    workspace = open_workspace(places=[out / "feature_maps"], out=out, **options)
    run = run_of(spec, workspace)
    import_matplotlib()
    import_keras()
    from appendix_architectures.shapes import build_shapes
    from thesis_repro.analysis.feature_maps import maps_after
    from thesis_repro.models.building import builders
    from thesis_repro.models.families import FAMILIES
    from thesis_repro.training.train import load_run

    part = FAMILIES[spec.family].parts[0]
    names = chosen_layers(build_shapes(builders(spec)[part]), layers)
    network = load_run(spec, run).networks[part]
    maps = {name: batch[0] for name, batch in maps_after(network, names, pixels[None]).items()}
    for line in (*_save(out, spec, run, image, pixels, maps), *_shares(maps)):
        click.echo(line)


def run_of(spec: "ModelSpec", workspace: "Workspace") -> "RunFolder":
    """The finished run of a model at the scale asked for; none is trained here.

    Raises:
        TrainingError: there is none; the message says what training takes and what starts it.
    """
    run = workspace.loadable(spec.id)
    if run is not None:
        return workspace.fetched(run)
    from thesis_repro.plan.execution import repeat_command
    from thesis_repro.plan.plan import make_plan
    from thesis_repro.training.run_folder import finished_runs, passed_over

    jobs = make_plan((), (spec.id,), workspace)
    job, options = jobs[f"train {spec.id}"], workspace.options
    epochs, passes = workspace.schedule(spec).epochs, job.image_passes
    takes = f"{counted(epochs, 'epoch')} of all its images"
    if passes:
        takes = (
            f"{counted(passes // epochs, 'image')}, {counted(epochs, 'epoch')}, "
            f"{passes:,} passes of an image"
        )
    first = ", ".join(name for name in job.needs if not jobs[name].is_done)
    others = "; ".join(
        "scale {scale}, seed {seed}, {precision}, {backend}".format_map(run.config.values)
        + (", on stand-ins" if run.of_stand_ins else "")
        for run in finished_runs(workspace.runs_dir, spec.id)
    )
    left_out = passed_over(workspace.runs_dir, spec.id)
    strays = "; ".join(f"{folder} ({reason})" for folder, reason in left_out.items())
    raise TrainingError(
        f"{spec.id}: {workspace.runs_dir} holds no finished run of scale {options.scale.name}, "
        f"seed {options.seed}, {options.precision} on these data, and none is trained unasked."
        f"{f' Finished runs there: {others}.' if others else ''}"
        f"{f' Passed over: {strays}.' if strays else ''} Training takes {takes}"
        f"{f', and before it: {first}' if first else ''}. `{repeat_command(job)}` does it; with "
        "--dry-run it says how long that takes."
    )


def read_picture(path: Path, shape: tuple[int, int, int]) -> "np.ndarray":
    """A picture as uint8 of this shape (height, width, channels), squashed to it by Lanczos.

    Any format that Pillow reads; colours become grey where the shape has one channel.

    Raises:
        data_prep.errors.DataError: The file cannot be read, or holds no whole picture.
    """
    from data_prep.pictures import Size, grey, picture_bytes, resized

    height, width, channels = shape
    data = picture_bytes(path, official=False)
    pixels = resized(data, Size(height, width), path, official=False)
    return grey(pixels) if channels == 1 else pixels


def chosen_layers(network: "keras.Model", asked: tuple[str, ...]) -> list[str]:
    """The layers asked for; by default the activation after the last convolution.

    Raises:
        click.UsageError: One is unknown, or makes no feature maps.
    """
    import keras

    layers = network.layers
    known = [
        layer.name
        for layer in layers
        if not isinstance(layer, keras.layers.InputLayer) and len(layer.output.shape) == 4
    ]
    if strangers := [name for name in asked if name not in known]:
        hint = f"Layers with feature maps are {', '.join(known)}."
        raise click.UsageError(f"{network.name} has no feature maps after '{strangers[0]}'. {hint}")
    kinds = keras.layers.ReLU | keras.layers.LeakyReLU | keras.layers.Activation
    activations = [
        layer.name for layer in layers if layer.name in known and isinstance(layer, kinds)
    ]
    return list(asked) or (activations or known)[-1:]


def _save(
    out: Path,
    spec: "ModelSpec",
    run: "RunFolder",
    image: Path,
    pixels: "np.ndarray",
    maps: dict[str, "np.ndarray"],
) -> list[str]:
    """Write the figure; the paths of its files."""
    from thesis_repro.plots.feature_maps import feature_map_sheets
    from thesis_repro.plots.figures import save_figure

    sheets = {f"after {name}": images for name, images in maps.items()}
    name = printable(image.name)
    label = name if len(name) <= _LABEL else f"{name[: _LABEL // 2]}…{name[-_LABEL // 2 + 1 :]}"
    figure = feature_map_sheets(f"{spec.name}: feature maps", (label, pixels), sheets)
    command = shlex.join(("thesis-repro", "feature-maps", spec.id, name))
    stem = f"{spec.id}_{run.config.run_id}_{name_of(image, pixels, tuple(maps))}"
    path = out / "feature_maps" / stem
    paths = save_figure(figure, path, _origin(command, run), _caution(run))
    return [str(path) for path in paths]


def name_of(image: Path, pixels: "np.ndarray", layers: tuple[str, ...]) -> str:
    """A name for the maps of a picture after some layers, and for those of no other picture.

    What the picture's name has of text, but not too much of it, and a digest of all three.
    """
    text = "".join(sign if sign.isprintable() else "_" for sign in image.stem)
    short = text.encode()[:_STEM_BYTES].decode(errors="ignore")
    digest = hashlib.sha256(b"\0".join((os.fsencode(image.name), *map(str.encode, layers))))
    digest.update(pixels.tobytes())
    return f"{short}_{digest.hexdigest()[:8]}"


def _caution(run: "RunFolder") -> str:
    """What a figure of one run says first; of a scale that is no longer one, nothing."""
    scale = SCALES.get(run.config.values["scale"])
    return scale.caution if scale else ""


def _origin(command: str, run: "RunFolder") -> str:
    """The line under a figure of one run."""
    from thesis_repro.plots.figures import origin_line

    values, data = run.config.values, ", ".join(run.recorded("data"))
    return origin_line(
        command,
        f"scale {values['scale']}",
        f"trained on {data}" if data else "",
        f"seed {values['seed']}",
        values["precision"],
        f"runs {run.config.run_id}",
    )


def _shares(maps: dict[str, "np.ndarray"]) -> list[str]:
    """For each layer a line that says how many of its maps have stripes, and where."""
    from thesis_repro.analysis.stripes import SIDES, SMALLEST, stripe_shares

    lines = []
    for name, images in maps.items():
        height, width, count = images.shape
        if min(height, width) < SMALLEST:
            lines.append(f"{name}: maps of {height} x {width} px are too small for stripes")
            continue
        shares = stripe_shares(images)
        sides = ", ".join(f"{side} {getattr(shares, side):.1%}" for side in SIDES)
        lines.append(f"{name}: {shares.any:.1%} of {count} maps striped ({sides})")
    return lines
