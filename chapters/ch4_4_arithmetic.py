"""Part of `ch4_4.py`: Section 4.4.2's attribute arithmetic on CelebA (Figure 39).

Is "blond" a direction in latent space? The mean code of an attribute's images is added to a code.
Beside the pictures, the share of them that look like the attribute, which the thesis judges by eye.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from data_prep.celeba_attributes import ATTRIBUTES
from thesis_repro.analysis.colour_classifier import ColourClassifier, colour_classifier
from thesis_repro.analysis.decoded_images import decoded_together
from thesis_repro.analysis.explorations import (
    ALPHAS_AS_RUN,
    ATTRIBUTE_IMAGES,
    GENDER_ALPHAS,
    HAIR_ALPHAS,
    arithmetic,
    some_with,
)
from thesis_repro.analysis.image_sets import Images, images_of_all, known_of_all
from thesis_repro.analysis.tables import rows
from thesis_repro.models.zoo import short_name
from thesis_repro.plots.latent import image_rows
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.section.declarations import Shown, figure, numbers
from thesis_repro.thesis.readings import Reading

FACES = ("celeba-vae", "celeba-vae-gan")  # Figure 39; "The same holds for CelebA-VAE-GAN"

HAIR_MEASURED, GENDER_MEASURED = (0.0, 1.0, 2.0), (0.0, 1.0, 4.0)  # alphas that have numbers
OPPOSITES = {"Blond_Hair": "Black_Hair", "Male": "Female"}


class SampleSizes(NamedTuple):
    """How much is computed at a scale."""

    attribute_images: int  # that the mean of an attribute is taken over, at most
    starts: int  # images and draws that attributes are added to, for the numbers


SAMPLE_SIZES = {
    "paper": SampleSizes(ATTRIBUTE_IMAGES, 200),
    "quick": SampleSizes(400, 50),
    "smoke": SampleSizes(60, 8),
}


class Changed(NamedTuple):
    """What adding attributes to codes of one model does."""

    pictures: dict[str, np.ndarray]  # of Figure 39, by label
    shares: pd.DataFrame  # a row per attribute and alpha


def emit(chapter: Chapter, codes: Codes) -> pd.DataFrame:
    """Write Figure 39 and the share of images with the attribute, by how much of it is added."""
    photos = photos_of(chapter)
    classifiers = {
        attribute: colour_classifier(photos[attribute].pixels, photos[opposite].pixels)
        for attribute, opposite in OPPOSITES.items()
    }
    changed = {name: changed_faces(chapter, codes, name, photos, classifiers) for name in FACES}
    chapter.emit(hair_of_faces, changed)
    chapter.emit(attributes_of_draws, changed)
    chapter.emit(arithmetic_as_run, codes, photos)
    return chapter.compute(attribute_arithmetic, changed)


@figure("39_a", models=FACES, shows_pictures=True)
def hair_of_faces(chapter: Chapter, shown: Shown, changed: Mapping[str, Changed]) -> Figure:
    """Black hair becomes blond."""
    title = "v - v(black hair) + α v(blond hair), v a face with black hair, α from 0 to 2"
    pictures = {short_name(name): changed[name].pictures["black to blond"] for name in shown.models}
    return image_rows(title, pictures.items())


@figure("39_b", models=FACES, shows_pictures=True)
def attributes_of_draws(chapter: Chapter, shown: Shown, changed: Mapping[str, Changed]) -> Figure:
    """A random draw becomes male, or blond: the caption's attribute and the text's (E59)."""
    pictures = {
        f"{short_name(name)}\n{label}": changed[name].pictures[label]
        for name in shown.models
        for label in ("+ male", "+ blond hair")
    }
    return image_rows("v + α v(attribute), v random, α from 0 to 4", pictures.items())


@figure(39, models=FACES[:1], readings=(Reading.RUN,), shows_pictures=True)
def arithmetic_as_run(
    chapter: Chapter, shown: Shown, codes: Codes, photos: Mapping[str, Images]
) -> Figure:
    """The stored code has gender in both panels, and sampled codes (erratum E59)."""
    name = shown.model
    sampled = {attribute: codes.of(name, images)[0].z for attribute, images in photos.items()}
    means = {attribute: z.mean(axis=0) for attribute, z in sampled.items()}
    start = sampled["Black_Hair"][:2][-1]  # "element 1"
    draw = chapter.rng("arithmetic as run").standard_normal(start.shape)
    positions = {
        "black hair\n- male + female": arithmetic(
            start, means["Female"], ALPHAS_AS_RUN, means["Male"]
        ),
        "random + male": arithmetic(draw, means["Male"], ALPHAS_AS_RUN),
    }
    title = f"{short_name(name)}: attribute arithmetic as run, α from 0 to 3.8"
    made = decoded_together(chapter.trained(name).decode, positions)
    return image_rows(title, made.items())


@numbers("attribute_arithmetic", models=FACES)
def attribute_arithmetic(
    chapter: Chapter, shown: Shown, changed: Mapping[str, Changed]
) -> pd.DataFrame:
    """A row per model, attribute and alpha: the share of faces that look like the attribute."""
    return pd.concat([changed[name].shares for name in shown.models], ignore_index=True)


def shares_changed(arithmetic: pd.DataFrame) -> dict[str, list[float]]:
    """Per model, the share of pictures that look blond or male: before, at alpha = 1 and after.

    And how many more these are after.
    """
    shares = {}
    for attribute, name in (("Blond_Hair", "blond"), ("Male", "male")):
        by_model = rows(arithmetic, attribute=attribute).groupby("model", sort=False)["share"]
        before, at_one, after = (by_model.nth(n).to_numpy() for n in (0, -2, -1))
        shares[f"{name}_before"] = before.tolist()
        shares[f"{name}_at_one"] = at_one.tolist()
        shares[f"{name}_after"] = after.tolist()
        shares[f"more_{name}"] = (after - before).tolist()
    return shares


def needed(arithmetic: pd.DataFrame) -> dict[str, list[float]]:
    """Of both attributes and models: how many more pictures look so, at the end and at alpha 1."""
    shares = shares_changed(arithmetic)
    at_one = [
        np.subtract(shares[f"{name}_at_one"], shares[f"{name}_before"])
        for name in ("blond", "male")
    ]
    return {
        "gained": [*shares["more_blond"], *shares["more_male"]],
        "gained_at_one": np.concatenate(at_one).tolist(),
    }


# === Faces, and their codes with attributes added ===


def photos_of(chapter: Chapter) -> dict[str, Images]:
    """Random images with each attribute, of both splits as in the original code.

    "Female" are those that lack "Male".
    """
    data, limit = chapter.prepared("celeba"), chapter.at_scale(SAMPLE_SIZES).attribute_images
    known = known_of_all(data, "attributes")
    has = {name: known[:, ATTRIBUTES.index(name)] for name in ("Black_Hair", "Blond_Hair", "Male")}
    has["Female"] = ~has["Male"]
    rng = chapter.rng("faces")
    chosen = {name: some_with(mask, limit, rng) for name, mask in has.items()}
    return {name: images_of_all(name, data, those) for name, those in chosen.items()}


def changed_faces(
    chapter: Chapter,
    codes: Codes,
    name: str,
    photos: Mapping[str, Images],
    classifiers: Mapping[str, ColourClassifier],
) -> Changed:
    """Attributes added to faces and to random draws, as a model of one layer decodes them."""
    mu = {attribute: codes.of(name, images)[0].mu for attribute, images in photos.items()}
    means = {attribute: layer.mean(axis=0) for attribute, layer in mu.items()}
    count = chapter.at_scale(SAMPLE_SIZES).starts
    rng = chapter.rng("arithmetic", name)
    starts = mu["Black_Hair"][rng.permutation(len(mu["Black_Hair"]))[:count]]
    draws = rng.standard_normal((count, starts.shape[1]))
    shown = shown_positions(means, starts[0], draws[0])
    measured = measured_positions(means, starts, draws)
    images = decoded_together(chapter.trained(name).decode, shown | measured)
    measures = [
        {
            "model": name,
            "attribute": attribute,
            "alpha": alpha,
            "images": len(images[attribute, alpha]),
            "share": classifiers[attribute].share(images[attribute, alpha]),
            "accuracy_on_photos": classifiers[attribute].accuracy,
        }
        for attribute, alpha in measured
    ]
    return Changed({label: images[label] for label in shown}, pd.DataFrame(measures))


def shown_positions(
    means: Mapping[str, np.ndarray], start: np.ndarray, draw: np.ndarray
) -> dict[str, np.ndarray]:
    """What Figure 39 decodes, by its label: panel a from a face, panel b from a random draw."""
    return {
        "black to blond": arithmetic(start, means["Blond_Hair"], HAIR_ALPHAS, means["Black_Hair"]),
        "+ male": arithmetic(draw, means["Male"], GENDER_ALPHAS),
        "+ blond hair": arithmetic(draw, means["Blond_Hair"], GENDER_ALPHAS),
    }


def measured_positions(
    means: Mapping[str, np.ndarray], starts: np.ndarray, draws: np.ndarray
) -> dict[tuple[str, float | None], np.ndarray]:
    """The same for many faces and draws (n, dimensions), by attribute and alpha.

    From nothing to all that the figure adds; None: the faces as they are, nothing taken off either.
    """
    bald = starts - means["Black_Hair"]
    added = {("Blond_Hair", alpha): bald + alpha * means["Blond_Hair"] for alpha in HAIR_MEASURED}
    added |= {("Male", alpha): draws + alpha * means["Male"] for alpha in GENDER_MEASURED}
    return {("Blond_Hair", None): starts, **added}
