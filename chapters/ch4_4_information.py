"""Part of `ch4_4.py`: Section 4.4.1 in numbers, what each layer tells of each factor.

The thesis reads from coloured scatter plots that "slant is in z_1" or that "orientation does not
seem to be learned at all". Here a predictor learns each factor of variation from each layer, and is
asked about other images; beside it, the standard scores of disentanglement, and the losses that
Section 4.4.1 quotes.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from data_prep.celeba_attributes import ATTRIBUTES
from data_prep.dsprites_renderer import SHAPES
from data_prep.parallel import available_cores
from thesis_repro.analysis.explained_variance import explained_variance
from thesis_repro.analysis.factors import Factor, Kind, dsprites_orientation, fold
from thesis_repro.analysis.image_factors import (
    celeba_factors,
    drawn_from,
    dsprites_classes,
    dsprites_factors,
    known_images,
    mnist_factors,
    orientation_of,
    shape_classes,
    slant_within_digits,
)
from thesis_repro.analysis.image_sets import Images
from thesis_repro.analysis.measuring import (
    Task,
    disentanglement,
    disentanglement_of_the_told,
    information,
    standard_disentanglement,
    table,
)
from thesis_repro.models.zoo import DSPRITES_VAES
from thesis_repro.models.zoo import MNIST_GENERATORS as MNIST_MODELS
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.section.declarations import Shown, numbers
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import REPORTED

# The models of the claims, for `ch4_4.py`, too.
MNIST_VLAE, DIM6, DSPRITES_VLAE = "mnist-vlae-factor-1", "dsprites-vae-dim6", "dsprites-vlae"
MNIST_VAE, DIM2 = "mnist-vae", "dsprites-vlae-dim2"
CELEBA_VLAE, CELEBA_VLAE_GAN = "celeba-vlae", "celeba-vlae-gan"

DSPRITES_MODELS = (
    *(*DSPRITES_VAES, DIM6),
    *(DSPRITES_VLAE, DIM2, "dsprites-vae-gan", "dsprites-vlae-gan"),
)
CELEBA_MODELS = ("celeba-vae", CELEBA_VLAE, "celeba-vae-gan", CELEBA_VLAE_GAN)
QUOTED = (DIM6, DIM2)  # in Section 4.4.1, by their losses

# Claims say of these that they have learned something; so they are measured before training, too.
CONTROLLED_DIGITS = (MNIST_VLAE, MNIST_VAE)
CONTROLLED_SPRITES = (DIM6, DSPRITES_VLAE, DIM2, "dsprites-vae-gan", "dsprites-vlae-gan")
CONTROLLED_FACES = (CELEBA_VLAE, CELEBA_VLAE_GAN)

# Beside the layers, what else is measured.
_UNTRAINED = ", untrained "  # and a number, after the model of a network
TOGETHER, LOWER_TOGETHER, PLANE = "z_2 and z_3", "z_1 and z_2", "t-SNE"
WITHIN_DIGITS = "slant within digits"
HEART_BY_PI = f"{orientation_of('heart')}, by pi"
HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair")  # Figure 38: "from darker to brighter hair color"
ENCODED = ("x", "y", "scale")  # Figure 34: all that dSprites-VLAE-dim2 seems to learn
LOSSES = ("loss", "reconstruction", "kl")


class SampleSizes(NamedTuple):
    """What is measured at a scale."""

    images: int  # of the validation images of each data set
    models: tuple[str, ...]
    attributes: tuple[str, ...]  # of CelebA
    untrained: int  # networks before training, of each model that is measured so


_ALL = (*MNIST_MODELS, *DSPRITES_MODELS, *CELEBA_MODELS)
SAMPLE_SIZES = {
    "paper": SampleSizes(10_000, _ALL, ATTRIBUTES, 10),
    "quick": SampleSizes(3_000, _ALL, ATTRIBUTES, 3),
    "smoke": SampleSizes(
        400,
        (*CONTROLLED_DIGITS, *CONTROLLED_SPRITES, *CONTROLLED_FACES),
        (*HAIR, "Male", "Eyeglasses"),
        1,
    ),
}


def emit(
    chapter: Chapter, codes: Codes, plane: Mapping[str, np.ndarray], shown: Images
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, Images]:
    """Write what the layers tell (of all data sets), the scores of disentanglement, the losses.

    And what MNIST-VAE's codes vary with. ``plane`` has the points of Figure 33 and ``shown`` their
    images. Returned are these numbers, the first with those before training (`before`), and the
    digits that they are of.
    """
    sizes = chapter.at_scale(SAMPLE_SIZES)
    digits, sprites, faces = (
        known_images(
            f"{name}, measured", chapter.prepared(name).validation, sizes.images, chapter.section
        )
        for name in ("morpho-mnist", "dsprites", "celeba")
    )
    of_digits = tasks_of(chapter, codes, MNIST_MODELS, digits, mnist_factors(digits))
    of_sprites = tasks_of(chapter, codes, DSPRITES_MODELS, sprites, dsprites_factors(sprites))
    of_faces = tasks_of(
        chapter, codes, CELEBA_MODELS, faces, celeba_factors(faces, sizes.attributes)
    )
    tasks = [
        *(*of_digits, *of_sprites, *of_faces),
        digit_task(chapter, codes, digits),
        square_task(of_sprites, sprites),
        *within_digits(of_digits, digits),
        *rotation_tasks(of_sprites, sprites),
        *plane_tasks(chapter, plane, shown),
    ]
    control_tasks = [
        *controls(chapter, codes, of_digits, CONTROLLED_DIGITS, digits),
        *controls(chapter, codes, of_sprites, CONTROLLED_SPRITES, sprites),
        *controls(chapter, codes, of_faces, (CELEBA_VLAE,), faces, HAIR),
        *controls(chapter, codes, of_faces, (CELEBA_VLAE_GAN,), faces),
    ]
    measured = table(information, tasks, available_cores())
    chapter.emit(information_by_dataset, measured)
    untrained = chapter.compute(information_before, control_tasks, digits, sprites)
    # CelebA's attributes are neither independent of each other nor all that varies: no score of
    # disentanglement means anything there.
    classes = dsprites_classes(sprites)
    as_classes = [whole._replace(factors=classes) for whole in of_sprites]
    scores = chapter.compute(disentanglement_scores, [*of_digits, *of_sprites], as_classes)
    histories = {name: chapter.trained(name).history for name in QUOTED}
    known = pd.concat([measured, untrained], ignore_index=True)
    last = chapter.compute(losses, histories)
    return known, scores, last, chapter.compute(variance_of_codes, of_digits), digits


@numbers("information_morpho-mnist", models=MNIST_MODELS, data="morpho-mnist")
@numbers("information_dsprites", models=DSPRITES_MODELS)
@numbers("information_celeba", models=CELEBA_MODELS)
def information_by_dataset(chapter: Chapter, shown: Shown, measured: pd.DataFrame) -> pd.DataFrame:
    """What the layers tell of the factors of one data set."""
    return measured[measured["model"].isin(shown.models)]


@numbers(
    "information_before_training",
    models=(*CONTROLLED_DIGITS, *CONTROLLED_SPRITES, *CONTROLLED_FACES),
    data=("morpho-mnist", "dsprites", "celeba"),
)
def information_before(
    chapter: Chapter, shown: Shown, tasks: list[Task], digits: Images, sprites: Images
) -> pd.DataFrame:
    """What the layers tell before training: the control for what they have learned.

    Of several networks of each model, as chance makes some of them tell more than others.
    """
    of_sprites = [one for one in tasks if model_of(one.model) in CONTROLLED_SPRITES]
    rotations = rotation_tasks(of_sprites, sprites)
    every = [*tasks, *within_digits(tasks, digits), *rotations]
    return table(information, every, available_cores())


@numbers(
    "disentanglement",
    models=(*MNIST_MODELS, *DSPRITES_MODELS),
    data=("morpho-mnist", "dsprites"),
)
def disentanglement_scores(
    chapter: Chapter, shown: Shown, tasks: list[Task], as_classes: list[Task]
) -> pd.DataFrame:
    """The scores of each layer; of dSprites also as the literature has them.

    And of dSprites-VLAE-dim2 that of the factors which it has learned.
    """
    workers = available_cores()
    encoded = [
        whole._replace(factors={name: whole.factors[name] for name in ENCODED})
        for whole in tasks
        if whole.model == DIM2
    ]
    return pd.concat(
        [
            table(disentanglement, tasks, workers),
            table(standard_disentanglement, as_classes, workers),
            table(disentanglement_of_the_told, encoded),
        ],
        ignore_index=True,
    )


@numbers("variance_of_codes", models=(MNIST_VAE,), data="morpho-mnist")
def variance_of_codes(chapter: Chapter, shown: Shown, tasks: list[Task]) -> pd.DataFrame:
    """The share of the codes' variance that goes with each factor."""
    rng = chapter.rng("variance of codes")
    return pd.DataFrame(
        {"model": whole.model, "layer": layer, "factor": name}
        | dict(zip(("share", "low", "high"), explained_variance(z, factor, rng), strict=True))
        for whole in tasks
        if whole.model in shown.models
        for layer, z in whole.codes.items()
        for name, factor in whole.factors.items()
    )


# === Codes, and the factors that are asked of them ===


def tasks_of(
    chapter: Chapter,
    codes: Codes,
    models: Iterable[str],
    images: Images,
    factors: Mapping[str, Factor],
) -> list[Task]:
    """For each of these models: all its layers, all factors."""
    measured = chapter.at_scale(SAMPLE_SIZES).models
    return [
        task(chapter, name, codes.means(name, images), factors)
        for name in models
        if name in measured
    ]


def task(
    chapter: Chapter, name: str, codes: Mapping[str, np.ndarray], factors: Mapping[str, Factor]
) -> Task:
    """To measure what these codes of a model tell of these factors."""
    return Task(name, codes, factors, chapter.seed("numbers", name))


def before(model: str, number: int = 1) -> str:
    """What a network is called in tables that has not been trained; the first is the run's own."""
    return f"{model}{_UNTRAINED}{number}"


def model_of(network: str) -> str:
    """The model of a network in tables, trained or not."""
    return network.partition(_UNTRAINED)[0]


def controls(
    chapter: Chapter,
    codes: Codes,
    tasks: Iterable[Task],
    models: Iterable[str],
    images: Images,
    chosen: Iterable[str] | None = None,
) -> list[Task]:
    """The tasks of these models once more, for networks of theirs before training; same split.

    Of the chosen factors, or of all.
    """
    numbers = range(1, chapter.at_scale(SAMPLE_SIZES).untrained + 1)
    return [
        whole._replace(
            model=before(whole.model, number),
            codes=codes.before_training(whole.model, images, number),
            factors={
                name: factor
                for name, factor in whole.factors.items()
                if chosen is None or name in chosen
            },
        )
        for whole in tasks
        if whole.model in models
        for number in numbers
    ]


def within_digits(tasks: Iterable[Task], images: Images) -> list[Task]:
    """The slant of images within their digit, in MNIST-VAE's only layer, trained or not."""
    factors = {WITHIN_DIGITS: slant_within_digits(images)}
    return [one._replace(factors=factors) for one in tasks if model_of(one.model) == MNIST_VAE]


def digit_task(chapter: Chapter, codes: Codes, images: Images) -> Task:
    """The digit in MNIST-VLAE's z_2 and z_3 side by side."""
    layers = codes.means(MNIST_VLAE, images)
    together = {TOGETHER: np.concatenate([layers["z_2"], layers["z_3"]], axis=1)}
    return task(chapter, MNIST_VLAE, together, {"digit": mnist_factors(images)["digit"]})


def square_task(tasks: Iterable[Task], images: Images) -> Task:
    """The orientation of squares in dSprites-VLAE's z_1 and z_2 side by side."""
    (whole,) = (one for one in tasks if one.model == DSPRITES_VLAE)
    codes = {LOWER_TOGETHER: np.concatenate([whole.codes["z_1"], whole.codes["z_2"]], axis=1)}
    square, *_ = rotation_tasks([whole._replace(codes=codes)], images)
    return square


def rotation_tasks(tasks: list[Task], images: Images) -> Iterator[Task]:
    """The orientation of each shape alone: a code that knows it need not tell it for all alike."""
    shape, angle = shape_classes(images), drawn_from(images)["orientation"]
    for whole in tasks:
        for index, name in enumerate(SHAPES):
            rows = shape == index
            factor = {orientation_of(name): dsprites_orientation(angle[rows], shape[rows])}
            codes = {layer: z[rows] for layer, z in whole.codes.items()}
            yield whole._replace(codes=codes, factors=factor)


def plane_tasks(
    chapter: Chapter, plane: Mapping[str, np.ndarray], images: Images
) -> Iterator[Task]:
    """What Figure 33 shows of each factor, and of the orientation of each shape alone.

    Of all shapes from 0 to 2 pi as it is coloured; of a shape by its symmetry, and of the heart
    also by pi, as if it looked the same after half a turn.
    """
    angle, shape = drawn_from(images)["orientation"], shape_classes(images)
    factors = dsprites_factors(images) | {"orientation": Factor(angle, Kind.CIRCULAR)}
    whole = task(chapter, DIM6, {PLANE: plane["z"]}, factors)
    hearts = shape == SHAPES.index("heart")
    by_pi = Factor(fold(angle[hearts], 2), Kind.CIRCULAR)
    yield whole
    yield from rotation_tasks([whole], images)
    yield whole._replace(codes={PLANE: plane["z"][hearts]}, factors={HEART_BY_PI: by_pi})


# === Losses ===


@numbers("losses", models=QUOTED)
def losses(
    chapter: Chapter, shown: Shown, histories: Mapping[str, list[dict[str, float]]]
) -> pd.DataFrame:
    """Per quoted model: our losses after the last epoch, on both splits, and the reported ones.

    The text does not say of which images its losses are (erratum E80).
    """
    reported = {claim.models[0]: claim.reported for claim in load_claims("4.4") if claim.reported}
    rows = []
    for name in shown.models:
        for reading, prefix in (("validation", "val_"), ("training", "")):
            last = {key: histories[name][-1][f"{prefix}{key}"] for key in LOSSES}
            rows.append({"model": name, "reading": reading, **last})
        rows.append({"model": name, "reading": REPORTED, **reported[name]})
    return pd.DataFrame(rows)
