"""``thesis-repro kernels`` and ``feature-maps``: what a model sees with, and makes of a picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from thesis_repro.commands import plan
from thesis_repro.commands.options import import_keras, out_option, run_options
from thesis_repro.commands.workspace import open_workspace
from thesis_repro.models import zoo

if TYPE_CHECKING:
    import keras
    import numpy as np

    from thesis_repro.models.spec import ModelSpec
    from thesis_repro.training.run_folder import RunFolder
    from thesis_repro.training.train import TrainedModel

_MANY = 4  # sheets in one figure


@click.command()
@click.argument("model")
@click.option(
    "--epoch", type=click.IntRange(0), help="Of the training, 0 before it.  [default: the last]"
)
@run_options
@out_option
def kernels(model: str, epoch: int | None, out: Path, **options: Any) -> None:
    """Draw the kernels of MODEL's first layer, and say what Gabor functions explain of them.

    The model is trained unless it has been.
    """
    spec = zoo.model(model)
    if options["dry_run"]:
        plan.show((), (spec.id,), out=out, **options)
        return
    import_keras()
    from thesis_repro.analysis.gabor import slices

    workspace = open_workspace([spec.dataset.value], out=out, **options)
    run = workspace.finished(spec.id)
    run = run or workspace.trained(spec.id, workspace.images(spec.id)).run
    by_epoch = run.read_kernels()
    last = len(by_epoch) - 1
    if epoch is not None and epoch > last:
        raise click.UsageError(f"This training of {spec.name} has {last} epochs.")
    chosen = last if epoch is None else epoch
    data = workspace.manifest(spec.dataset.value).description
    shown, initial = slices(by_epoch[chosen]), slices(by_epoch[0])
    for line in (
        *_save_kernels(out, spec, run, data, shown, chosen),
        _gabors(shown, initial, by_epoch.shape[-2], chosen),
    ):
        click.echo(line)


def _save_kernels(
    out: Path, spec: "ModelSpec", run: "RunFolder", data: str, shown: "np.ndarray", epoch: int
) -> list[str]:
    """Write the sheet; the paths of its files."""
    from thesis_repro.plots.figures import save_figure
    from thesis_repro.plots.kernels import kernel_sheet

    figure = kernel_sheet(f"{spec.name}: kernels of the first layer after epoch {epoch}", shown)
    origin = _origin(f"thesis-repro kernels {spec.id}", run, data)
    stem = out / "kernels" / f"{spec.id}_epoch_{epoch}"
    return [str(path) for path in save_figure(figure, stem, origin)]


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
@click.argument("model")
@click.argument("image", type=click.Path(path_type=Path))
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

    The model is trained unless it has been. Of an autoencoder, its encoder is shown; the picture is
    squashed to what it takes.
    """
    spec = zoo.model(model)
    if len(layers) > _MANY:
        raise click.UsageError(f"A figure has room for {_MANY} layers; {len(layers)} are given.")
    if options["dry_run"]:
        plan.show((), (spec.id,), out=out, **options)
        return
    import_keras()
    from appendix_architectures.shapes import build_shapes
    from thesis_repro.analysis.feature_maps import maps_after
    from thesis_repro.models.building import builders
    from thesis_repro.models.families import FAMILIES

    # Mistakes are named before hours of training.
    pixels = read_picture(image, spec.input_shape.value)
    family = FAMILIES[spec.family]
    part = family.parts[0]
    names = chosen_layers(build_shapes(builders(spec)[part]), layers)
    workspace = open_workspace([spec.dataset.value], out=out, **options)
    data = workspace.images(spec.id)
    trained = workspace.trained(spec.id, data)
    network = family.networks(trained.model)[part]
    maps = {name: batch[0] for name, batch in maps_after(network, names, pixels[None]).items()}
    for line in (*_save(out, trained, data.description, image, pixels, maps), *_shares(maps)):
        click.echo(line)


def read_picture(path: Path, shape: tuple[int, int, int]) -> "np.ndarray":
    """A picture as uint8 of this shape (height, width, channels), squashed to it by Lanczos.

    Any format that Pillow reads; colours become grey where the shape has one channel.

    Raises:
        data_prep.errors.DataError: The file cannot be read, or holds no whole picture.
    """
    from data_prep.errors import os_errors
    from data_prep.pictures import Size, grey, resized

    fix = "name a picture file that exists and can be opened"
    with os_errors(path, "it cannot be read", fix):
        data = path.read_bytes()
    height, width, channels = shape
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
    trained: "TrainedModel",
    data: str,
    image: Path,
    pixels: "np.ndarray",
    maps: dict[str, "np.ndarray"],
) -> list[str]:
    """Write the figure; the paths of its files."""
    from thesis_repro.plots.feature_maps import feature_map_sheets
    from thesis_repro.plots.figures import save_figure

    spec = trained.spec
    sheets = {f"after {name}": images for name, images in maps.items()}
    figure = feature_map_sheets(f"{spec.name}: feature maps", (image.name, pixels), sheets)
    command = f"thesis-repro feature-maps {spec.id} {image.name}"
    stem = out / "feature_maps" / f"{spec.id}_{image.stem}"
    return [str(path) for path in save_figure(figure, stem, _origin(command, trained.run, data))]


def _origin(command: str, run: "RunFolder", data: str) -> str:
    """The line under a figure of one run, of a model trained on these data."""
    from thesis_repro.plots.figures import origin_line

    values = run.config.values
    return origin_line(
        command,
        f"scale {values['scale']}",
        f"trained on {data}",
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
