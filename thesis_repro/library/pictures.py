"""Pictures of trained models, as the thesis draws them: matplotlib figures, outside pyplot.

``figure.savefig("grid.png")`` writes one.
"""

import reprlib
import textwrap
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from thesis_repro.analysis.decoded_images import shrunk
from thesis_repro.analysis.embedding import LEAST_IMAGES, embeddings
from thesis_repro.analysis.explorations import MNIST_POINTS, axis, grid, layered_grid, segment
from thesis_repro.errors import ModelError
from thesis_repro.models.decoding import grey
from thesis_repro.models.zoo import MODELS, name_by_weight, short_name
from thesis_repro.plots.embeddings import Colouring, coloured
from thesis_repro.plots.latent import image_rows
from thesis_repro.plots.losses import History, loss_curves
from thesis_repro.plots.trajectories import image_grids
from thesis_repro.thesis.readings import Reading
from thesis_repro.training.given_codes import RandomNumbers, as_codes, as_count, as_generator
from thesis_repro.training.given_images import ImagesLike
from thesis_repro.training.trained_model import TrainedModel

LINE_POINTS = 21  # "21 evenly spaced points on the line segment" (Section 4.3)

_LETTERS = 13  # of a title, in an inch
_LINE = 0.17  # height of its lines (inches)
_CLASSES = 10  # more values than these are no classes, but numbers
_GREY = ("mnist", "morpho-mnist", "dsprites")  # whose models may make three channels (erratum E01)


def explore(
    *models: TrainedModel,
    points: int = MNIST_POINTS,
    rng: RandomNumbers | None = None,
    reading: Reading | str = Reading.WRITTEN,
    side: int | None = None,
) -> Figure:
    """Images decoded from a grid over each latent layer of two dimensions (Figures 35, 36, 38).

    From -3 to 3 along both dimensions. Of a model with several layers there is a grid for each,
    with uniform draws from [-3, 3] in the others.

    Args:
        models: One, or several whose grids stand side by side.
        points: Along each axis.
        rng: For the draws, a generator or a seed; without one, they are the same at each call.
        reading: "as written", or "as run" by the original code (erratum E57).
        side: Pixels that images are shrunk to, a divisor of theirs.

    Raises:
        ModelError: a model has no layer of two dimensions; or there is no such reading, side or
            number of points.
        TypeError: there are no models, or they are something else.
    """
    _need_models("explore", models)
    if reading not in [*Reading]:
        raise ModelError(f'{reading!r} is not a valid Reading: "as written" or "as run" is one.')
    reading = Reading(reading)
    for model in models if side is not None else ():
        _check_side(side, model)
    ticks = axis(as_count(points, "points", 2), reading)
    rng = as_generator(0 if rng is None else rng)
    names = _names(models)
    grids = []
    for name, model in zip(names, models, strict=True):
        for layer, positions in _grids(model, ticks, rng, reading):
            images = _as_data(model, model.decode(positions))
            several = len(models) > 1 or not layer
            label = ", ".join(filter(None, (name if several else "", layer)))
            grids.append((label, shrunk(images, side) if side is not None else images))
    reach = f"images decoded from {ticks[0]:.2g} to {ticks[-1]:.2g}"
    if all(len(model.spec.latent_dims.value) == 1 for model in models):
        return image_grids(reach.capitalize(), grids, ticks)
    drawn = "uniform draws" if reading is Reading.WRITTEN else "one draw"
    title = f"{', '.join(names)}: {reach} in a layer, {drawn} from [-3, 3] in the others"
    return image_grids(title, grids, ticks)


def _grids(
    model: TrainedModel, ticks: np.ndarray, rng: np.random.Generator, reading: Reading
) -> list[tuple[str, list[np.ndarray]]]:
    """The positions of each grid of a model, with the name of the layer that it is over."""
    sizes = model.spec.latent_dims.value
    if sizes == (2,):
        return [("", [grid(ticks)])]
    if 2 not in sizes:
        raise ModelError(
            f"{model.spec.name} has no latent layer of two dimensions: its layers have "
            f"{', '.join(map(str, sizes)) or 'none'}. Draw lines through them with traverse."
        )
    return [
        (f"layer {layer + 1}", layered_grid(ticks, layer, sizes, rng, reading))
        for layer, size in enumerate(sizes)
        if size == 2
    ]


def traverse(
    model: TrainedModel,
    start: np.ndarray | Sequence[np.ndarray],
    end: np.ndarray | Sequence[np.ndarray],
    *,
    points: int = LINE_POINTS,
    labels: Sequence[str] = (),
    title: str | None = None,
) -> Figure:
    """A row of images for each straight line from one code to another (Figures 27, 61, 62).

    Args:
        model: Whose codes they are.
        start: The codes that n lines begin at, (n, dimensions) of each latent layer, as
            `TrainedModel.sample` gives them; of a single layer, the array alone will do.
        end: The codes that they end at.
        points: Of each line, both ends included.
        labels: What to write beside each line.
        title: Of the figure.

    Raises:
        ModelError: the codes are not the model's, or not as many ends or labels as starts.
        TypeError: the model is something else.
    """
    _need_models("traverse", [model])
    points = as_count(points, "points", 2)
    starts, ends = as_codes(start, model.spec), as_codes(end, model.spec)
    if [z.shape for z in starts] != [z.shape for z in ends]:
        raise ModelError(
            f"Lines lead from codes {[z.shape for z in starts]} to codes "
            f"{[z.shape for z in ends]}; pass as many ends as starts."
        )
    _check_labels(labels, len(starts[0]), "lines")
    lines = [
        np.concatenate([segment(*pair, points) for pair in zip(z, z_end, strict=True)])
        for z, z_end in zip(starts, ends, strict=True)
    ]
    images = np.split(_as_data(model, model.decode(lines)), len(starts[0]))
    names = labels if len(labels) else [f"{number}" for number in range(1, len(images) + 1)]
    heading = f"{_name(model)}: from code to code" if title is None else title
    return image_rows(heading, [*zip(names, images, strict=True)])


def plot_latent_space(
    model: TrainedModel,
    images: ImagesLike,
    known: Mapping[str, Sequence[int] | Sequence[float] | np.ndarray] | None = None,
    *,
    seed: int = 0,
    title: str | None = None,
) -> Figure:
    """The mean codes of images in the plane, coloured by what is known of them (Figures 29-34).

    A row of panels per latent layer, a column per thing that is known. Layers of more than two
    dimensions go through t-SNE, which takes 92 images or more.

    Args:
        model: It encodes the images.
        images: As `TrainedModel.encode` takes them.
        known: Of each image, by name, (n,): whole numbers are classes if they are no more than ten
            different ones; all else is a scale.
        seed: Of t-SNE's first positions.
        title: Of the figure.

    Raises:
        ModelError: the model takes no such images or too few for t-SNE, or what is known is not
            of as many.
        TypeError: the model is something else, or what is known has no names.
    """
    _need_models("plot_latent_space", [model])
    if known is not None and not isinstance(known, Mapping):
        raise TypeError(
            f'What is known is passed by name, as in {{"digit": labels}}, not as '
            f"{type(known).__name__}."
        )
    layers = [layer.mu for layer in model.encode(images)]
    names = ["z"] if len(layers) == 1 else [f"z_{number}" for number in range(1, len(layers) + 1)]
    count = len(layers[0])
    if count < LEAST_IMAGES and {z.shape[1] for z in layers} != {2}:
        raise ModelError(
            f"{model.spec.name} has layers of more than two dimensions, which go through t-SNE: "
            f"pass {LEAST_IMAGES} images or more, not {count}."
        )
    colourings = tuple(
        _colouring(str(name), values, count) for name, values in (known or {}).items()
    )
    if not colourings:
        colourings = (Colouring("images", np.zeros(count), ("",)),)
    points = dict(zip(names, embeddings(layers, seed), strict=True))
    how = "" if {z.shape[1] for z in layers} == {2} else ", by t-SNE"
    heading = f"{_name(model, short_name)}: mean codes of {count:,} images{how}"
    figure = coloured(heading if title is None else title, points, colourings, {})
    _fit_title(figure)
    return figure


def _fit_title(figure: Figure) -> None:
    """Break a title that is wider than the figure, which becomes higher by its further lines."""
    width = max(1, int(_LETTERS * figure.get_figwidth()))
    given = figure.get_suptitle().splitlines()
    lines = [part for line in given for part in textwrap.wrap(line, width) or [""]]
    if len(lines) > len(given):
        figure.set_figheight(figure.get_figheight() + _LINE * (len(lines) - len(given)))
        figure.suptitle("\n".join(lines), fontsize=10)


def _colouring(name: str, given: Sequence | np.ndarray, count: int) -> Colouring:
    """The colours of one thing that is known."""
    values = np.asarray(given)
    if values.shape != (count,):
        raise ModelError(f"{name!r} is {values.shape}: pass one value for each of {count} images.")
    if values.dtype.kind == "O":
        raise ModelError(f"{name!r} holds {values.dtype}: pass numbers.")
    different = np.unique(values)
    if len(different) == 1 or (values.dtype.kind in "iub" and len(different) <= _CLASSES):
        classes = np.searchsorted(different, values)
        return Colouring(name, classes, tuple(map(str, different.tolist())))
    if values.dtype.kind not in "iuf":
        raise ModelError(f"{name!r} holds {values.dtype}: pass numbers.")
    if not np.isfinite(values).all():
        raise ModelError(f"{name!r} holds values that are not finite: leave those images out.")
    return Colouring(name, values)


def plot_losses(
    *models: TrainedModel,
    loss: str = "loss",
    labels: Sequence[str] = (),
    further: Sequence[Sequence[History]] = (),
    title: str | None = None,
) -> Figure:
    """Training and validation loss by epoch; a dot marks the lowest validation loss (Figure 20).

    Args:
        models: One or several, in one panel.
        loss: Which of the losses in their history: GANs have "encoder_loss" and others.
        labels: What each is called in the legend, in place of its name.
        further: For each model the histories of trainings with further seeds: a band shows them.
        title: Of the figure.

    Raises:
        ModelError: a model has no such loss, or there are not as many labels or further histories
            as models.
        TypeError: there are no models, or they are something else.
    """
    _need_models("plot_losses", models)
    _check_labels(labels, len(models), "models")
    if further and (not isinstance(further, Sequence) or len(further) != len(models)):
        raise ModelError(f"Pass further histories for each of {len(models)} models, or none.")
    for model in models:
        if not model.history:
            raise ModelError(f"{model.spec.name} has no history: it was not trained.")
        kept = [name for name in model.history[0] if f"val_{name}" in model.history[0]]
        if loss not in kept:
            raise ModelError(
                f"{model.spec.name} has no {loss!r} in its history, but {', '.join(kept)}."
            )
    names = labels if len(labels) else _names(models)
    histories = [
        [model.history, *others]
        for model, others in zip(models, further or [()] * len(models), strict=True)
    ]
    curves = [*zip(names, histories, strict=True)]
    return loss_curves(", ".join(names) if title is None else title, curves, loss=loss)


def _need_models(function: str, models: Sequence[object]) -> None:
    """See that there are models, and nothing else."""
    wrong = [each for each in models if not isinstance(each, TrainedModel)]
    if wrong or not models:
        passed = reprlib.repr(wrong[0]) if wrong else "none"
        raise TypeError(f"{function} takes models as load_model gives them, not {passed}.")


def _check_labels(labels: Sequence[str], count: int, what: str) -> None:
    """See that labels are as many as what they stand beside, or none."""
    is_several = isinstance(labels, Sequence | np.ndarray) and not isinstance(labels, str)
    given = [label for label in labels if isinstance(label, str)] if is_several else []
    if not is_several or (len(labels) and not len(given) == len(labels) == count):
        raise ModelError(f"Pass a label, a text, for each of {count} {what}, or none.")


def _check_side(side: int | None, model: TrainedModel) -> None:
    """See that images can be shrunk to so many pixels by whole blocks."""
    height = model.spec.input_shape.value[0]
    sides = [each for each in range(1, height + 1) if height % each == 0]
    if side not in sides:
        raise ModelError(
            f"{model.spec.name} has images of {height} pixels, which can be shrunk to a side of "
            f"{', '.join(map(str, sides))}, not {side!r}."
        )


def _name(model: TrainedModel, name: Callable[[str], str] = name_by_weight) -> str:
    """As the thesis has it; a changed model's is its own."""
    return name(model.spec.id) if model.spec.id in MODELS else model.spec.name


def _names(models: Sequence[TrainedModel]) -> list[str]:
    """Those of several models, with their runs where models have the same."""
    names = [*map(_name, models)]
    return [
        f"{name}, run {model.run.config.run_id}" if names.count(name) > 1 else name
        for name, model in zip(names, models, strict=True)
    ]


def _as_data(model: TrainedModel, images: np.ndarray) -> np.ndarray:
    """Decoded images in as many channels as the model's data have (erratum E01)."""
    is_grey = model.spec.dataset.value in _GREY
    return grey(images) if is_grey and images.shape[-1] > 1 else images
