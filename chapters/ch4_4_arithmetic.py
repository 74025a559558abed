"""Section 4.4.2's attribute arithmetic on CelebA (Figure 39).

Is "blond" a direction in latent space? The mean code of an attribute's images is added to a code.
Beside the pictures, the share of them that look like the attribute, which the thesis judges by eye.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from chapters.ch4_4_explorations import decoded_parts, shrunk
from data_prep.celeba_attributes import ATTRIBUTES
from thesis_repro.analysis.explorations import (
    ALPHAS_AS_RUN,
    ATTRIBUTE_IMAGES,
    GENDER_ALPHAS,
    HAIR_ALPHAS,
    arithmetic,
    some_with,
)
from thesis_repro.analysis.image_sets import Images, images_of_all, known_of_all
from thesis_repro.models.zoo import short_name
from thesis_repro.plots.latent import image_rows
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes, decoder_of

FACES = ("celeba-vae", "celeba-vae-gan")  # Figure 39; "The same holds for CelebA-VAE-GAN"

HAIR_TOLD, GENDER_TOLD = (0.0, 1.0, 2.0), (0.0, 2.0, 4.0)  # alphas of which numbers are given
OPPOSITES = {"Blond_Hair": "Black_Hair", "Male": "Female"}
SEEN_AT = 16  # px: side of the pictures by which hair and gender are told, a face's main colours


class Amount(NamedTuple):
    """How much is computed at a scale."""

    attribute_images: int  # that the mean of an attribute is taken over, at most
    starts: int  # images and draws that attributes are added to, for the numbers


AMOUNTS = {
    "paper": Amount(ATTRIBUTE_IMAGES, 200),
    "quick": Amount(400, 50),
    "smoke": Amount(60, 8),
}


def emit(chapter: Chapter, codes: Codes) -> pd.DataFrame:
    """Write Figure 39 and the share of images with the attribute, by how much of it is added."""
    amount = AMOUNTS[chapter.workspace.options.scale.name]
    faces = faces_of(chapter, amount)
    sights = {own: sight_of(faces, own, other) for own, other in OPPOSITES.items()}
    hair, gender, rows = {}, {}, []
    for name in FACES:
        means = mean_codes(codes, name, faces)
        rng = chapter.rng("arithmetic", name)
        (black,) = codes.of(name, faces["Black_Hair"])
        starts = black.mu[rng.permutation(len(black.mu))[: amount.starts]]
        draws = rng.standard_normal((amount.starts, starts.shape[1]))
        shown = shown_positions(means, starts[0], draws[0])
        told = told_positions(means, starts, draws)
        found = decoded_parts(decoder_of(chapter, name), shown | told)
        title = short_name(name)
        hair[title] = found["black to blond"]
        gender |= {f"{title}\n{own}": found[own] for own in ("+ male", "+ blond hair")}
        rows += [
            {
                "model": name,
                "attribute": attribute,
                "alpha": alpha,
                "images": len(told[attribute, alpha]),
                "share": share_with(sights[attribute], found[attribute, alpha]),
                "accuracy_on_photos": sights[attribute].accuracy,
            }
            for attribute, alpha in told
        ]
    data = chapter.prepared("celeba").description
    title = "v - v(black hair) + α v(blond hair), v a face with black hair, α from 0 to 2"
    chapter.save_figure("39_a", image_rows(title, hair), data, FACES)
    title = "v + α v(attribute), v random, α from 0 to 4"
    chapter.save_figure("39_b", image_rows(title, gender), data, FACES)
    chapter.save_figure("39_as_run", arithmetic_as_run(chapter, codes, faces), data, FACES[:1])
    table = pd.DataFrame(rows)
    chapter.save_numbers("attribute_arithmetic", table, data)
    return table


def faces_of(chapter: Chapter, amount: Amount) -> dict[str, Images]:
    """Random images with each attribute, of both splits as in the original code.

    "Female" are those that lack "Male".
    """
    data = chapter.prepared("celeba")
    attributes = known_of_all(data, "attributes")
    names = ("Black_Hair", "Blond_Hair", "Male")
    has = {own: attributes[:, ATTRIBUTES.index(own)] for own in names}
    has["Female"] = ~has["Male"]
    rng = chapter.rng("faces")
    rows = {own: some_with(mask, amount.attribute_images, rng) for own, mask in has.items()}
    return {own: images_of_all(own, data, chosen) for own, chosen in rows.items()}


def mean_codes(
    codes: Codes, name: str, faces: Mapping[str, Images], *, sampled: bool = False
) -> dict[str, np.ndarray]:
    """The mean code of each attribute's images, (dimensions,); as run, of sampled codes."""
    found = {own: codes.of(name, images)[0] for own, images in faces.items()}
    return {own: (one.z if sampled else one.mu).mean(axis=0) for own, one in found.items()}


def shown_positions(
    means: Mapping[str, np.ndarray], start: np.ndarray, draw: np.ndarray
) -> dict[str, np.ndarray]:
    """What Figure 39 decodes, by its label: panel a from a face, panel b from a random draw.

    Panel b with the vector of the caption, "male", and that of the text, "blond hair" (E59).
    """
    return {
        "black to blond": arithmetic(start, means["Blond_Hair"], HAIR_ALPHAS, means["Black_Hair"]),
        "+ male": arithmetic(draw, means["Male"], GENDER_ALPHAS),
        "+ blond hair": arithmetic(draw, means["Blond_Hair"], GENDER_ALPHAS),
    }


def told_positions(
    means: Mapping[str, np.ndarray], starts: np.ndarray, draws: np.ndarray
) -> dict[tuple[str, float | None], np.ndarray]:
    """The same for many faces and draws (n, dimensions), by attribute and alpha.

    From nothing to all that the figure adds; None: the faces as they are, nothing taken off either.
    """
    bald = starts - means["Black_Hair"]
    added = {("Blond_Hair", alpha): bald + alpha * means["Blond_Hair"] for alpha in HAIR_TOLD}
    added |= {("Male", alpha): draws + alpha * means["Male"] for alpha in GENDER_TOLD}
    return {("Blond_Hair", None): starts, **added}


class Sight(NamedTuple):
    """Tells by a picture's main colours which of two attributes it has.

    Logistic regression on 16 x 16 pixels of the photos of both; codes play no part in it.
    """

    model: Pipeline  # 1 for the attribute, 0 for its opposite
    accuracy: float  # balanced, on photos that were held out (5 folds)


def sight_of(faces: Mapping[str, Images], attribute: str, other: str) -> Sight:
    """What tells an attribute from another, learnt from the photos with either."""
    groups = [main_colours(faces[own].pixels / 255) for own in (other, attribute)]
    seen, truth = np.concatenate(groups), np.repeat([0, 1], [len(own) for own in groups])
    regression = LogisticRegression(C=0.01, class_weight="balanced", max_iter=1_000)
    model = make_pipeline(StandardScaler(), regression)
    found = cross_val_predict(model, seen, truth, cv=5)
    return Sight(model.fit(seen, truth), float(balanced_accuracy_score(truth, found)))


def share_with(sight: Sight, images: np.ndarray) -> float:
    """The share of images (n, height, width, 3) in [0, 1] that look like the attribute."""
    return float(sight.model.predict(main_colours(images)).mean())


def main_colours(images: np.ndarray) -> np.ndarray:
    """The colours of images in [0, 1] at 16 x 16 pixels, (n, 768)."""
    return shrunk(images, SEEN_AT).reshape(len(images), -1)


def arithmetic_as_run(chapter: Chapter, codes: Codes, faces: Mapping[str, Images]) -> Figure:
    """Figure 39 as the stored code has it: gender in both panels, sampled codes (erratum E59)."""
    name = FACES[0]
    means = mean_codes(codes, name, faces, sampled=True)
    (black,) = codes.of(name, faces["Black_Hair"])
    start = black.z[min(1, len(black.z) - 1)]  # "element 1"
    draw = chapter.rng("arithmetic as run").standard_normal(start.shape)
    moved = {
        "black hair\n- male + female": arithmetic(
            start, means["Female"], ALPHAS_AS_RUN, means["Male"]
        ),
        "random + male": arithmetic(draw, means["Male"], ALPHAS_AS_RUN),
    }
    title = f"{short_name(name)}: attribute arithmetic as run, α from 0 to 3.8"
    return image_rows(title, decoded_parts(decoder_of(chapter, name), moved))
