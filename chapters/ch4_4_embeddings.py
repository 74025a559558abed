"""Part of `ch4_4.py`: Section 4.4.1, Latent Space Embeddings (Figures 29-34 and 63-70).

Where do images lie that are alike in one factor of variation? Codes of validation images in the
plane, as they are or by t-SNE, coloured by what Morpho-MNIST, dSprites and CelebA know of them.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from data_prep.celeba_attributes import ATTRIBUTES
from data_prep.parallel import available_cores
from thesis_repro.analysis.embedding import embeddings
from thesis_repro.analysis.image_factors import attributes, known_images
from thesis_repro.analysis.image_sets import Images, known_of_all
from thesis_repro.models.zoo import model, short_name
from thesis_repro.plots.embeddings import (
    coloured,
    dsprites_colourings,
    mnist_colourings,
    presence_bars,
    present_or_not,
)
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.section.declarations import Declared, Shown, figure, numbers

# Figure 32: "curated Factors of Variation" of CelebA-VLAE. The text names hair colour; which other
# attributes it shows is not on record. These are the four of which the original code made vectors.
CURATED = ("Black_Hair", "Blond_Hair", "Male", "Eyeglasses")

# Panels of the thesis, by figure and colouring, layer by layer: what the text says of Figures 29
# and 30 (no more is on record), the captions of Figure 33, and Figure 34, which goes on by layers.
# Figure 32's are not on record: "a" and "b" are of hair, "d" is of something that is not learned.
LETTERS = {
    "29": {"slant": "a", "digit": "g"},
    "30": {"slant": "a", "digit": "gmn"},
    "33": {"shape": "a", "scale": "b", "orientation": "c", "x": "d", "y": "e"},
    "34": {"shape": "afk", "scale": "bgl", "orientation": "chm", "x": "din", "y": "ejo"},
}


class SampleSizes(NamedTuple):
    """How many validation images are shown at a scale."""

    images: int  # of MNIST and dSprites
    faces: int  # of CelebA


SAMPLE_SIZES = {
    "paper": SampleSizes(5_000, 3_200),  # original code (erratum E58)
    "quick": SampleSizes(2_000, 2_000),
    "smoke": SampleSizes(400, 120),  # more than 100 of each of dSprites' shapes
}


class Embedding(NamedTuple):
    """One model's mean codes in the plane: points (n, 2) of each layer, and what they show."""

    layers: dict[str, np.ndarray]
    images: Images


Embeddings = Mapping[str, Embedding]  # by model


def emit(chapter: Chapter, codes: Codes) -> dict[str, Embedding]:
    """Write Figures 29 to 34 and 63 to 70; what all but Figure 31 show."""
    chapter.emit(attribute_bars)
    chapter.emit(attribute_shares)
    sizes = chapter.at_scale(SAMPLE_SIZES)
    digits = in_the_plane(chapter, codes, digit_codes, "morpho-mnist", sizes.images)
    sprites = in_the_plane(chapter, codes, sprite_codes, "dsprites", sizes.images)
    faces = in_the_plane(chapter, codes, face_codes, "celeba", sizes.faces)
    chapter.emit(digit_codes, digits)
    chapter.emit(sprite_codes, sprites)
    chapter.emit(face_codes, faces)
    chapter.emit(curated_codes, faces)
    return digits | sprites | faces


def in_the_plane(
    chapter: Chapter, codes: Codes, figures: Declared, dataset: str, count: int
) -> dict[str, Embedding]:
    """The mean codes of so many images, of each model that these figures show.

    Each layer as points (n, 2), by t-SNE where it has more dimensions; all layers are shared out
    among the cores. CelebA's of two dimensions go through t-SNE, too, as the captions of Figures
    32, 69 and 70 say.
    """
    split = chapter.prepared(dataset).validation
    images = known_images(f"{dataset}, shown", split, count, chapter.section)
    names = [name for declaration in figures.declarations for name in declaration.models]
    means = {name: codes.means(name, images) for name in names}
    points = iter(
        embeddings(
            [z for layers in means.values() for z in layers.values()],
            chapter.seed("t-SNE"),
            also_planes=dataset == "celeba",
            workers=available_cores(),
        )
    )
    return {
        name: Embedding({layer: next(points) for layer in layers}, images)
        for name, layers in means.items()
    }


# === Figures 29, 30, 32 to 34 and 63 to 70; 63 to 70 are in Appendix E ===


@figure(29, models=("mnist-vae",), data="morpho-mnist")
@figure(30, models=("mnist-vlae-factor-1",), data="morpho-mnist")
@figure(63, models=("mnist-vae-gan",), data="morpho-mnist")
@figure(64, models=("mnist-vlae-gan",), data="morpho-mnist")
def digit_codes(chapter: Chapter, shown: Shown, embedded: Embeddings) -> Figure:
    """Codes of MNIST, coloured by digit and Morpho-MNIST's attributes."""
    layers, images = embedded[shown.model]
    letters = LETTERS.get(shown.declaration.name, {})
    return coloured(title(shown.model, images), layers, mnist_colourings(images), letters)


@figure(33, models=("dsprites-vae-dim6",))
@figure(34, models=("dsprites-vlae-dim2",))
@figure(65, models=("dsprites-vae-gan",))
@figure(66, models=("dsprites-vlae-gan",))
def sprite_codes(chapter: Chapter, shown: Shown, embedded: Embeddings) -> Figure:
    """Codes of dSprites, coloured by its factors."""
    layers, images = embedded[shown.model]
    letters = LETTERS.get(shown.declaration.name, {})
    return coloured(title(shown.model, images), layers, dsprites_colourings(images), letters)


@figure(67, models=("celeba-vae",), shows_pictures=False)
@figure(68, models=("celeba-vae-gan",), shows_pictures=False)
@figure(69, models=("celeba-vlae",), shows_pictures=False)
@figure(70, models=("celeba-vlae-gan",), shows_pictures=False)
def face_codes(chapter: Chapter, shown: Shown, embedded: Embeddings) -> Figure:
    """Codes of CelebA, once for each attribute that one of these images has."""
    layers, images = embedded[shown.model]
    drawn = {name: has for name, has in attributes(images).items() if has.any()}
    return present_or_not(title(shown.model, images), layers, drawn)


@figure(32, models=("celeba-vlae",), shows_pictures=False)
def curated_codes(chapter: Chapter, shown: Shown, embedded: Embeddings) -> Figure:
    """The same for four attributes."""
    layers, images = embedded[shown.model]
    curated = {name: attributes(images)[name] for name in CURATED}
    return present_or_not(title(shown.model, images), layers, curated)


def title(name: str, images: Images) -> str:
    """What a figure shows: of which model, how many images, and how they came into the plane."""
    spec = model(name)
    is_planar = spec.dataset.value != "celeba" and set(spec.latent_dims.value) == {2}
    how = "" if is_planar else ", by t-SNE"
    return f"{short_name(name)}: mean codes of {len(images):,} validation images{how}"


# === Attributes of CelebA: Figure 31 ===


@figure(31, data="celeba", shows_pictures=False)
def attribute_bars(chapter: Chapter, shown: Shown) -> Figure:
    """The share of all images that have an attribute; without those that none has."""
    known = known_of_all(chapter.prepared("celeba"), "attributes")
    shares = dict(zip(ATTRIBUTES, known.mean(axis=0), strict=True))
    drawn = {name: share for name, share in shares.items() if share}
    words = f"CelebA: attributes of all {len(known):,} images"
    if missing := len(shares) - len(drawn):  # stand-ins draw a few
        words += f"\n{missing} that none of them has are left out"
    return presence_bars(words, drawn)


@numbers("figure_31", data="celeba")
def attribute_shares(chapter: Chapter, shown: Shown) -> pd.DataFrame:
    """The same in numbers."""
    known = known_of_all(chapter.prepared("celeba"), "attributes")
    return pd.DataFrame({"attribute": ATTRIBUTES, "present": known.mean(axis=0)})
