"""Section 4.4.1 in numbers: what each layer tells of each factor, and how disentangled codes are.

The thesis reads from coloured scatter plots that "slant is in z_1" or that "orientation does not
seem to be learned at all". Here a predictor learns each factor of variation from each layer, and is
asked about other images; beside it, the standard scores of disentanglement, and the losses that
Section 4.4.1 quotes.
"""

from collections.abc import Callable, Mapping
from itertools import chain
from typing import NamedTuple

import numpy as np
import pandas as pd

from chapters.ch4_4_embeddings import (
    CELEBA,
    CURATED,
    DSPRITES,
    MNIST,
    Embedding,
    attributes_of,
    measured_images,
)
from data_prep.dsprites_renderer import FACTORS, SHAPES
from data_prep.morphometry import COLUMNS
from data_prep.parallel import available_cores
from thesis_repro.analysis.factors import (
    LEAST_OF_A_CLASS,
    Factor,
    Kind,
    dsprites_orientation,
)
from thesis_repro.analysis.image_sets import Images
from thesis_repro.analysis.measuring import Task, disentanglement, information, table
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.seeds import derive_seed
from thesis_repro.thesis.claims import load_claims

MNIST_VLAE, DIM6, DSPRITES_VLAE = "mnist-vlae-factor-1", "dsprites-vae-dim6", "dsprites-vlae"
CELEBA_VLAE_GAN = "celeba-vlae-gan"

MEASURED = {  # by data set
    MNIST: ("mnist-vae", MNIST_VLAE, "mnist-vae-gan", "mnist-vlae-gan"),
    DSPRITES: (
        *("dsprites-vae", "7500-vae", "6250-vae", "5000-vae", "3750-vae", DIM6),
        *(DSPRITES_VLAE, "dsprites-vlae-dim2", "dsprites-vae-gan", "dsprites-vlae-gan"),
    ),
    CELEBA: ("celeba-vae", "celeba-vlae", "celeba-vae-gan", CELEBA_VLAE_GAN),
}

# CelebA's attributes are neither independent of each other nor all that varies: no score of
# disentanglement means anything there.
SCORED = (MNIST, DSPRITES)

QUOTED = (DIM6, "dsprites-vlae-dim2")  # in Section 4.4.1, by their losses
LOSSES = ("loss", "reconstruction", "kl")

TOGETHER, PLANE = "z_2 and z_3", "t-SNE"  # beside the layers, what else is measured

HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair")  # Figure 38: "from darker to brighter hair color"
SKIN, BACKGROUND = "skin (brightness)", "background (brightness)"

# Where every prepared picture of 128 x 128 px shows them: CelebA's faces are aligned, with the eyes
# in row 65 and columns 50 and 78. Rows, columns.
FACE = np.s_[:, 68:84, 54:74]  # nose and cheeks
CORNERS = (np.s_[:, :24, :16], np.s_[:, :24, -16:])  # above, left and right


class Amount(NamedTuple):
    """What is measured at a scale; None is all there is."""

    models: tuple[str, ...] | None
    attributes: tuple[str, ...] | None  # of CelebA


AMOUNTS = {
    "paper": Amount(None, None),
    "quick": Amount(None, None),
    "smoke": Amount((MNIST_VLAE, DIM6, DSPRITES_VLAE, CELEBA_VLAE_GAN), (*CURATED, *HAIR)),
}


class Numbers(NamedTuple):
    """What was measured, as tables.

    Attributes:
        information: A row per model, layer, factor and measure, of all data sets.
        scores: A row per model, layer and score of disentanglement.
        losses: A row per quoted model and reading.
    """

    information: pd.DataFrame
    scores: pd.DataFrame
    losses: pd.DataFrame


def emit(chapter: Chapter, codes: Codes, embedded: Mapping[str, Embedding]) -> Numbers:
    """Write what the layers tell (by data set), the scores of disentanglement and the losses."""
    amount = AMOUNTS[chapter.workspace.options.scale.name]
    tasks = {dataset: tasks_of(chapter, codes, dataset, amount) for dataset in MEASURED}
    further = [
        digits_task(chapter, codes),
        *rotation_tasks(tasks[DSPRITES], measured_images(chapter, DSPRITES)),
        plane_task(chapter, embedded[DIM6]),
    ]
    numbers = Numbers(
        information=measured(information, [*chain(*tasks.values()), *further]),
        scores=measured(disentanglement, [*chain(*(tasks[dataset] for dataset in SCORED))]),
        losses=losses({name: chapter.trained(name).history[-1] for name in QUOTED}),
    )
    for dataset, names in MEASURED.items():
        own = numbers.information[numbers.information["model"].isin(names)]
        description = chapter.prepared(dataset).description
        chapter.save_numbers(f"information_{dataset}", own, description)
    chapter.save_numbers("disentanglement", numbers.scores)
    chapter.save_numbers("losses", numbers.losses, chapter.prepared(DSPRITES).description)
    return numbers


# === Factors of variation ===


def factors_of(
    dataset: str, images: Images, attributes: tuple[str, ...] | None = None
) -> dict[str, Factor]:
    """What is known of the images of a data set, as factors of variation."""
    if dataset == MNIST:
        return mnist_factors(images)
    return dsprites_factors(images) if dataset == DSPRITES else celeba_factors(images, attributes)


def mnist_factors(images: Images) -> dict[str, Factor]:
    """The six attributes of Morpho-MNIST, and the digit."""
    columns = zip(COLUMNS, images.known["morphometrics"].T, strict=True)
    attributes = {name: Factor(values, Kind.CONTINUOUS) for name, values in columns}
    return attributes | {"digit": Factor(images.known["label"], Kind.CATEGORICAL)}


def dsprites_factors(images: Images) -> dict[str, Factor]:
    """All but the colour, which is always the same; the orientation by each shape's symmetry."""
    values = dict(zip(FACTORS, images.known["factors"].T, strict=True))
    shape = shapes_of(images)
    return {
        "shape": Factor(shape, Kind.CATEGORICAL),
        "scale": Factor(values["scale"], Kind.CONTINUOUS),
        "orientation": dsprites_orientation(values["orientation"], shape),
        "x": Factor(values["x"], Kind.CONTINUOUS),
        "y": Factor(values["y"], Kind.CONTINUOUS),
    }


def shapes_of(images: Images) -> np.ndarray:
    """The classes of shape, (n,)."""
    return images.known["classes"][:, FACTORS.index("shape")]


def celeba_factors(images: Images, chosen: tuple[str, ...] | None) -> dict[str, Factor]:
    """The attributes of which there are enough images with and without; skin and background."""
    found = {
        name: Factor(has, Kind.CATEGORICAL)
        for name, has in attributes_of(images).items()
        if (chosen is None or name in chosen) and min(has.sum(), (~has).sum()) >= LEAST_OF_A_CLASS
    }
    corners = np.mean([brightness(images.pixels[corner]) for corner in CORNERS], axis=0)
    seen = {SKIN: brightness(images.pixels[FACE]), BACKGROUND: corners}
    return found | {name: Factor(values, Kind.CONTINUOUS) for name, values in seen.items()}


def brightness(pixels: np.ndarray) -> np.ndarray:
    """The mean of all pixels and colours of each image, (n,) from 0 to 1."""
    return pixels.mean(axis=(1, 2, 3)) / 255


# === What is measured ===


def tasks_of(chapter: Chapter, codes: Codes, dataset: str, amount: Amount) -> list[Task]:
    """For each model of a data set: all its layers, all factors."""
    images = measured_images(chapter, dataset)
    factors = factors_of(dataset, images, amount.attributes)
    return [
        task(chapter, name, codes.means(name, images), factors)
        for name in MEASURED[dataset]
        if amount.models is None or name in amount.models
    ]


def task(
    chapter: Chapter, name: str, codes: Mapping[str, np.ndarray], factors: Mapping[str, Factor]
) -> Task:
    """To measure what these codes of a model tell of these factors."""
    seed = derive_seed(chapter.workspace.options.seed, chapter.section, "numbers", name)
    return Task(name, codes, factors, seed)


def measured(measure: Callable[[Task], list], tasks: list[Task]) -> pd.DataFrame:
    """The rows of these tasks, which the cores share."""
    return table(measure, tasks, min(len(tasks), available_cores()))


def digits_task(chapter: Chapter, codes: Codes) -> Task:
    """The digit in MNIST-VLAE's z_2 and z_3 side by side."""
    images = measured_images(chapter, MNIST)
    layers = codes.means(MNIST_VLAE, images)
    together = {TOGETHER: np.concatenate([layers["z_2"], layers["z_3"]], axis=1)}
    return task(chapter, MNIST_VLAE, together, {"digit": mnist_factors(images)["digit"]})


def rotation_tasks(tasks: list[Task], images: Images) -> list[Task]:
    """The orientation of each shape alone: a code that knows it need not tell it for all alike."""
    shape, angle = shapes_of(images), images.known["factors"][:, FACTORS.index("orientation")]
    found = []
    for own in tasks:
        for index, name in enumerate(SHAPES):
            rows = shape == index
            factor = {orientation_of(name): dsprites_orientation(angle[rows], shape[rows])}
            codes = {layer: z[rows] for layer, z in own.codes.items()}
            found.append(own._replace(codes=codes, factors=factor))
    return found


def orientation_of(shape: str) -> str:
    """What the orientation of one shape is called."""
    return f"orientation, {shape}"


def plane_task(chapter: Chapter, embedding: Embedding) -> Task:
    """What Figure 33 shows of each factor; of the orientation, from 0 to 2 pi as it is coloured."""
    factors = dsprites_factors(embedding.images)
    angle = embedding.images.known["factors"][:, FACTORS.index("orientation")]
    factors["orientation"] = Factor(angle, Kind.CIRCULAR)
    return task(chapter, DIM6, {PLANE: embedding.layers["z"]}, factors)


# === Losses ===


def losses(history: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Per quoted model: our losses after the last epoch, on both splits, and the reported ones.

    The text does not say of which images its losses are (erratum E80).
    """
    reported = {claim.models[0]: claim.reported for claim in load_claims("4.4") if claim.reported}
    rows = []
    for name, last in history.items():
        for reading, prefix in (("validation", "val_"), ("training", "")):
            own = {key: last[f"{prefix}{key}"] for key in LOSSES}
            rows.append({"model": name, "reading": reading, **own})
        rows.append({"model": name, "reading": "reported", **reported[name]})
    return pd.DataFrame(rows)
