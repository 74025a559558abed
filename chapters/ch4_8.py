"""Section 4.8: Feature Map Stripes.

Feature maps of AlexNet-VAE have stripes along their borders (Figure 54), which the thesis lays to
large kernels, zero padding, biases, depth and the data set, looking at twelve made images (Figures
55 and 56). Here stripes are counted, and the networks that its argument asks for are trained:
AlexNet-VAEs with one thing changed each. Beside each stands the same network untrained.
"""

if __name__ == "__main__":  # the same as `thesis-repro chapter 4.8`
    from thesis_repro.cli import run_section

    run_section("4.8")

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from thesis_repro.analysis.artificial_images import artificial_images
from thesis_repro.analysis.border_activity import (
    AFTER,
    BEFORE,
    POOLED,
    contrast_rows,
    last_maps,
    stripe_index,
    stripe_rows,
)
from thesis_repro.analysis.tables import pick
from thesis_repro.models.ablations import changed, mirrored_padding
from thesis_repro.models.building import builders
from thesis_repro.models.zoo import model
from thesis_repro.plots.feature_maps import feature_map_sheets, lettered_images
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.declarations import Shown, figure, numbers
from thesis_repro.verdicts.judgements import Judgement, Measurement

ALEXNET, CELEBA = "alexnet-vae", "alexnet-vae-celeba"
MIRRORED_PADDING, SMALL_KERNELS = "alexnet-vae-mirrored-padding", "alexnet-vae-small-kernels"
NO_BIAS, NO_BATCH_NORM = "alexnet-vae-no-bias", "alexnet-vae-no-batch-norm"
NETWORKS = (ALEXNET, MIRRORED_PADDING, NO_BIAS, NO_BATCH_NORM, SMALL_KERNELS, CELEBA)
SMOKE_MODELS = (ALEXNET, MIRRORED_PADDING)  # all that smoke scale trains: the path, in little time

TRAINED, UNTRAINED, MIRRORED = "trained", "untrained", "mirrored at inference"  # states
NATURAL, MADE = "validation images", "Figure 55"
IN_FIGURE_56 = "i"  # its test image
MADE_IMAGES = "made images, 224 × 224 px"

VALIDATION_IMAGES = {"paper": 1_000, "quick": 96, "smoke": 16}  # of each network's data


class Picture(NamedTuple):
    """An image and AlexNet-VAE's maps of it: see `last_maps`."""

    name: str
    label: str
    pixels: np.ndarray
    letters: str  # the thesis's, of the maps after the last ReLU and after pooling
    maps: dict[str, np.ndarray]


class Tables(NamedTuple):
    """The section's tables: each network adds its rows."""

    stripes: list[dict]
    index: list[pd.DataFrame]
    contrasts: list[dict]


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load six AlexNet-VAEs; emit Figures 54 to 56, their numbers and a verdict."""
    made = artificial_images()
    chapter.emit(figure_55, made)
    tables = Tables([], [], [])
    for name in chapter.model_ids:
        natural = some_images(chapter, name, chapter.at_scale(VALIDATION_IMAGES))
        for state, encoder in encoders(chapter, name):
            add_rows(tables, {"model": name, "weights": state}, encoder, natural, made)
            if (name, state) == (ALEXNET, TRAINED):
                pictures = figures_54_and_56(encoder, natural[0], made[IN_FIGURE_56])
                chapter.emit(after_the_relu, pictures)
                chapter.emit(before_the_relu, pictures)
        chapter.release(name)
    stripes = chapter.compute(striped_maps, tables)
    chapter.emit(stripe_indices, tables)
    chapter.emit(black_black_contrast, tables)
    judgements = chapter.judge(measurements(stripes))
    chapter.write_manifest()
    return judgements


# === Networks and images ===


def encoders(chapter: Chapter, name: str) -> Iterator[tuple[str, keras.Model]]:
    """A model's encoder as it was trained, and as it was before, with what says so.

    AlexNet-VAE's also with the weights it was trained with, and mirrored images for padding: what
    zeros do to a network that is used to them, where `MIRRORED_PADDING` never saw any.
    """
    trained = chapter.trained(name).model.encoder
    yield TRAINED, trained
    # The literal builders take Keras's default initialisers, which draw from the global seed.
    keras.utils.set_random_seed(int(chapter.rng("untrained", name).integers(2**31)))
    yield UNTRAINED, builders(model(name))["encoder"]()
    if name == ALEXNET:
        mirrored = changed(trained, mirrored_padding)
        mirrored.set_weights(trained.get_weights())
        yield MIRRORED, mirrored


def some_images(chapter: Chapter, name: str, count: int) -> np.ndarray:
    """Validation images of the data that a model is trained on, chosen at random: at most so many.

    Models of the same data get the same images.
    """
    validation = chapter.images(name).validation
    rng = chapter.rng("images", model(name).dataset.value)
    rows = rng.permutation(len(validation))[:count]
    return validation[np.sort(rows)]


# === Tables ===


def add_rows(
    tables: Tables,
    origin: dict[str, str],
    encoder: keras.Model,
    natural: np.ndarray,
    made: Mapping[str, np.ndarray],
) -> None:
    """Add what an encoder does with validation images and with the made ones."""
    images = {NATURAL: natural, MADE: np.stack(list(made.values()))}
    tables.stripes.extend(origin | row for row in stripe_rows(encoder, images))
    contrasts = contrast_rows(encoder, made[IN_FIGURE_56])
    tables.contrasts.extend(origin | row for row in contrasts)
    if origin["weights"] == TRAINED:
        index = stripe_index(encoder, natural)
        tables.index.append(index.assign(model=origin["model"], layer=AFTER, map=index.index))


@numbers("stripes", models=NETWORKS)
def striped_maps(chapter: Chapter, shown: Shown, tables: Tables) -> pd.DataFrame:
    """Shares of striped maps by network, images and layer."""
    return pd.DataFrame(tables.stripes)


@numbers("stripe_index", models=NETWORKS)
def stripe_indices(chapter: Chapter, shown: Shown, tables: Tables) -> pd.DataFrame:
    """The stripe index of each map of the trained networks."""
    return pd.concat(tables.index, ignore_index=True)


@numbers("black_black_contrast", models=NETWORKS, data=(), note=MADE_IMAGES)
def black_black_contrast(chapter: Chapter, shown: Shown, tables: Tables) -> pd.DataFrame:
    """What networks do where white and where black meets padding."""
    return pd.DataFrame(tables.contrasts)


# === Figures ===


@figure(55, data=(), note=MADE_IMAGES)
def figure_55(chapter: Chapter, shown: Shown, made: Mapping[str, np.ndarray]) -> Figure:
    """The test images."""
    return lettered_images("Test images: white and black bands of 28 px", made)


@figure(54, models=(ALEXNET,))
@figure(56, models=(ALEXNET,))
def after_the_relu(chapter: Chapter, shown: Shown, pictures: Mapping[str, Picture]) -> Figure:
    """An image and its feature maps after the last ReLU and after pooling."""
    picture = pictures[shown.declaration.name]
    first, second = picture.letters
    return beside_maps(
        picture, {f"({first}) after {AFTER}": AFTER, f"({second}) after {POOLED}": POOLED}
    )


@figure("54_before_relu", models=(ALEXNET,))
@figure("56_before_relu", models=(ALEXNET,))
def before_the_relu(chapter: Chapter, shown: Shown, pictures: Mapping[str, Picture]) -> Figure:
    """The maps before the last ReLU.

    The thesis's network had LeakyReLUs and its stripes are negative (erratum E72): after a ReLU
    these cannot be seen.
    """
    picture = pictures[shown.declaration.name.removesuffix("_before_relu")]
    return beside_maps(picture, {f"({picture.letters[0]}) {BEFORE}": BEFORE})


def figures_54_and_56(
    encoder: keras.Model, natural: np.ndarray, made: np.ndarray
) -> dict[str, Picture]:
    """What is to be drawn of an image of each kind, by the figure's number."""
    first, second = last_maps(encoder, natural), last_maps(encoder, made)
    name = f"test image ({IN_FIGURE_56})"
    return {
        "54": Picture("an image of the data set", "(a) original image", natural, "bc", first),
        "56": Picture(name, name, made, "ab", second),
    }


def beside_maps(picture: Picture, layers: Mapping[str, str]) -> Figure:
    """A picture, and to its right its maps of these layers under their names."""
    title = f"{model(ALEXNET).name}: feature maps of {picture.name}"
    maps = {name: picture.maps[layer] for name, layer in layers.items()}
    return feature_map_sheets(title, (picture.label, picture.pixels), maps)


# === Claim ===


def measurements(stripes: pd.DataFrame) -> list[Measurement]:
    """What was measured for the claim of Section 4.8: shares of maps with a stripe at any side.

    NaN where a network was not trained at this scale.
    """
    shares = {
        "striped": striped(stripes),
        "striped_after_pooling": striped(stripes, layer=POOLED),
        "striped_before_relu": striped(stripes, layer=BEFORE),
        "striped_untrained": striped(stripes, weights=UNTRAINED),
        "striped_with_mirrored_padding": striped(stripes, MIRRORED_PADDING),
        "striped_with_small_kernels": striped(stripes, SMALL_KERNELS),
        "striped_on_celeba": striped(stripes, CELEBA),
    }
    return [Measurement("4.8-stripes", shares)]


def striped(
    stripes: pd.DataFrame, name: str = ALEXNET, *, weights: str = TRAINED, layer: str = AFTER
) -> float:
    """Share of a layer's maps that are striped at any side on natural images; NaN without it."""
    return pick(stripes, "any", model=name, weights=weights, layer=layer, images=NATURAL)
