"""Section 4.4.1: Latent Space Embeddings (Figures 29-34 and 63-70).

Where do images lie that are alike in one factor of variation? Codes of validation images in the
plane, as they are or by t-SNE, coloured by what Morpho-MNIST, dSprites and CelebA know of them.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from data_prep.celeba_attributes import ATTRIBUTES
from data_prep.dsprites_renderer import FACTORS, SHAPES
from data_prep.morphometry import UNITS
from data_prep.parallel import available_cores
from thesis_repro.analysis.embedding import embeddings
from thesis_repro.analysis.image_sets import Images, encoded_rows, some_images
from thesis_repro.models.zoo import model, short_name
from thesis_repro.plots.embeddings import Colouring, coloured, presence_bars, present_or_not
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.seeds import derive_seed

MNIST, DSPRITES, CELEBA = "morpho-mnist", "dsprites", "celeba"

FIGURES = {  # by data set: the model of each figure; 63 to 70 are in Appendix E
    MNIST: {29: "mnist-vae", 30: "mnist-vlae-factor-1", 63: "mnist-vae-gan", 64: "mnist-vlae-gan"},
    DSPRITES: {
        33: "dsprites-vae-dim6",
        34: "dsprites-vlae-dim2",
        65: "dsprites-vae-gan",
        66: "dsprites-vlae-gan",
    },
    CELEBA: {67: "celeba-vae", 68: "celeba-vae-gan", 69: "celeba-vlae", 70: "celeba-vlae-gan"},
}

# Figure 32: "curated Factors of Variation" of CelebA-VLAE. The text names hair colour; which other
# attributes it shows is not on record. These are the four of which the original code made vectors.
CURATED_MODEL = "celeba-vlae"
CURATED = ("Black_Hair", "Blond_Hair", "Male", "Eyeglasses")


class Amount(NamedTuple):
    """How many validation images are used at a scale."""

    measured: int  # of each data set, for the numbers of this section
    shown: int  # of MNIST and dSprites
    shown_celeba: int


AMOUNTS = {
    "paper": Amount(10_000, 5_000, 3_200),  # shown: original code (erratum E58)
    "quick": Amount(3_000, 2_000, 2_000),
    "smoke": Amount(400, 150, 120),
}


class Embedding(NamedTuple):
    """One model's mean codes in the plane: points (n, 2) of each layer, and what they show."""

    layers: dict[str, np.ndarray]
    images: Images


def emit(chapter: Chapter, codes: Codes) -> dict[str, Embedding]:
    """Write Figures 29 to 34 and 63 to 70; returns what all but Figure 31 show, by model."""
    save_attributes(chapter)
    found = {}
    for dataset, figures in FIGURES.items():
        images = shown_images(chapter, dataset)
        layers = in_the_plane(chapter, codes, figures.values(), images)
        found |= {name: Embedding(layers[name], images) for name in figures.values()}
        for number, name in figures.items():
            save_embedding(chapter, number, name, found[name], dataset)
    save_curated(chapter, found[CURATED_MODEL])
    return found


# === Images ===


def measured_images(chapter: Chapter, dataset: str) -> Images:
    """The validation images whose codes are measured: a fixed random choice in file order.

    Those that Morpho-MNIST could not measure are left out.
    """
    amount = AMOUNTS[chapter.workspace.options.scale.name].measured
    return _some(chapter, dataset, "measured", amount)


def shown_images(chapter: Chapter, dataset: str) -> Images:
    """Those whose codes are drawn."""
    amount = AMOUNTS[chapter.workspace.options.scale.name]
    count = amount.shown_celeba if dataset == CELEBA else amount.shown
    return _some(chapter, dataset, "shown", count)


def _some(chapter: Chapter, dataset: str, name: str, count: int) -> Images:
    split = chapter.prepared(dataset).validation
    usable = np.arange(len(split))
    if dataset == MNIST:
        usable = np.flatnonzero(np.isfinite(split.known["morphometrics"]).all(axis=1))
    rows = usable[encoded_rows(len(usable), count, chapter.section)]
    return some_images(f"{dataset}, {name}", split, rows)


# === Embeddings: Figures 29, 30, 33, 34 and 63 to 70 ===


def in_the_plane(
    chapter: Chapter, codes: Codes, names: Iterable[str], images: Images
) -> dict[str, dict[str, np.ndarray]]:
    """Each model's layers as points (n, 2): mean codes, by t-SNE where they have more dimensions.

    All layers are shared out among the cores. CelebA's of two dimensions go through t-SNE, too, as
    the captions of Figures 32, 69 and 70 say.
    """
    means = {name: codes.means(name, images) for name in names}
    points = iter(
        embeddings(
            [z for layers in means.values() for z in layers.values()],
            derive_seed(chapter.workspace.options.seed, chapter.section, "t-SNE"),
            also_planes=images.name.startswith(CELEBA),
            workers=available_cores(),
        )
    )
    return {name: {layer: next(points) for layer in layers} for name, layers in means.items()}


def save_embedding(
    chapter: Chapter, number: int, name: str, found: Embedding, dataset: str
) -> None:
    """The figure of one model, with all that is known of its images."""
    title = embedding_title(name, found, dataset)
    if dataset == CELEBA:
        figure = present_or_not(title, labelled(found.layers), attributes_of(found.images))
    else:
        colourings = {MNIST: mnist_colourings, DSPRITES: dsprites_colourings}[dataset]
        figure = coloured(title, labelled(found.layers), colourings(found.images))
    save(chapter, number, figure, name, dataset)


def save_curated(chapter: Chapter, found: Embedding) -> None:
    """Figure 32, of four attributes."""
    known = attributes_of(found.images)
    title = embedding_title(CURATED_MODEL, found, CELEBA)
    chosen = {name: known[name] for name in CURATED}
    figure = present_or_not(title, labelled(found.layers), chosen)
    save(chapter, 32, figure, CURATED_MODEL, CELEBA)


def save(chapter: Chapter, number: int, figure: Figure, name: str, dataset: str) -> None:
    """Write a figure of one model and one data set."""
    chapter.save_figure(number, figure, chapter.prepared(dataset).description, models=[name])


def embedding_title(name: str, found: Embedding, dataset: str) -> str:
    """What a figure shows: of which model, how many images, and how they came into the plane."""
    planar = dataset != CELEBA and set(model(name).latent_dims.value) == {2}
    how = "" if planar else ", by t-SNE"
    return f"{short_name(name)}: mean codes of {len(found.images):,} validation images{how}"


def labelled(layers: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The layers under their names as they are printed."""
    return {f"${name}$": points for name, points in layers.items()}


def mnist_colourings(images: Images) -> tuple[Colouring, ...]:
    """The six attributes of Morpho-MNIST, and the digit."""
    columns = zip(UNITS.items(), images.known["morphometrics"].T, strict=True)
    measured = tuple(Colouring(f"{name} ({unit})", values) for (name, unit), values in columns)
    return *measured, Colouring("digit", images.known["label"], tuple(map(str, range(10))))


def dsprites_colourings(images: Images) -> tuple[Colouring, ...]:
    """Shape, scale, orientation and position."""
    values = dict(zip(FACTORS, images.known["factors"].T, strict=True))
    return (
        Colouring("shape", images.known["classes"][:, FACTORS.index("shape")], SHAPES),
        Colouring("scale", values["scale"]),
        Colouring("orientation (rad)", values["orientation"], colour_map="twilight"),
        Colouring("x", values["x"]),
        Colouring("y", values["y"]),
    )


def attributes_of(images: Images) -> dict[str, np.ndarray]:
    """CelebA's 40 attributes, bool (n,) each."""
    return dict(zip(ATTRIBUTES, images.known["attributes"].T, strict=True))


# === Attributes of CelebA: Figure 31 ===


def save_attributes(chapter: Chapter) -> None:
    """Figure 31 and its numbers: the share of all images that have an attribute."""
    data = chapter.prepared(CELEBA)
    known = [np.asarray(split.known["attributes"]) for split in (data.train, data.validation)]
    shares = dict(zip(ATTRIBUTES, np.concatenate(known).mean(axis=0), strict=True))
    count = sum(map(len, known))
    figure = presence_bars(f"CelebA: attributes of all {count:,} images", shares)
    chapter.save_figure(31, figure, data.description, models=[])
    table = [{"attribute": name, "present": share} for name, share in shares.items()]
    chapter.save_figure_numbers(31, pd.DataFrame(table), data.description)
