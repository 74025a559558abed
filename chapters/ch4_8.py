"""Section 4.8: Feature Map Stripes.

Feature maps of AlexNet-VAE have stripes along their borders (Figure 54), which the thesis lays to
large kernels, zero padding, biases, depth and the data set, looking at twelve made images (Figures
55 and 56). Here stripes are counted, and the networks that its argument asks for are trained:
AlexNet-VAEs with one thing changed each. Beside each stands the same network untrained: the weights
that its run began with, its batch normalisation with the statistics of training images.
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

from chapters.ch4_8_claims import (
    ALEXNET,
    CELEBA,
    IN_FIGURE_56,
    MADE,
    MIRRORED,
    MIRRORED_PADDING,
    NATURAL,
    NO_BATCH_NORM,
    NO_BIAS,
    SMALL_KERNELS,
    TRAINED,
    UNTRAINED,
    Measures,
    measurements,
)
from thesis_repro.analysis.artificial_images import artificial_images
from thesis_repro.analysis.border_activity import (
    AFTER,
    BEFORE,
    LEAKY,
    LEAKY_POOLED,
    POOLED,
    contrast_rows,
    last_maps,
    maps_by_layer,
    mean_maps,
    stripe_index,
    stripe_rows,
)
from thesis_repro.analysis.dominant_map import dominant_map, one_map
from thesis_repro.analysis.reconstruction_quality import reconstruction_quality
from thesis_repro.analysis.stripes import quarter_stripes
from thesis_repro.models.ablations import changed, mirrored_padding
from thesis_repro.models.zoo import model
from thesis_repro.plots.feature_maps import feature_map_sheets, lettered_images
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.declarations import Shown, figure, numbers
from thesis_repro.verdicts.judgements import Judgement

NETWORKS = (ALEXNET, MIRRORED_PADDING, NO_BIAS, NO_BATCH_NORM, SMALL_KERNELS, CELEBA)
SMOKE_MODELS = (ALEXNET, MIRRORED_PADDING)  # all that smoke scale trains: the path, in little time

MADE_IMAGES = "made images, 224 × 224 px"

VALIDATION_IMAGES = {"paper": 1_000, "quick": 96, "smoke": 16}  # of each network's data
ONE_BY_ONE = 16  # validation images whose maps are looked at by themselves, at most


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
    dominant: list[dict]
    reconstructions: list[dict]


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load six AlexNet-VAEs; emit Figures 54 to 56, their numbers and verdicts."""
    made = artificial_images()
    chapter.emit(figure_55, made)
    tables = Tables([], [], [], [], [])
    for name in chapter.model_ids:
        natural = some_images(chapter, name, chapter.at_scale(VALIDATION_IMAGES))
        tables.reconstructions.append(reconstructed(chapter, name, natural))
        for state, encoder in encoders(chapter, name):
            add_rows(tables, {"model": name, "weights": state}, encoder, natural, made)
            if (name, state) == (ALEXNET, TRAINED):
                pictures = figures_54_and_56(encoder, natural[0], made[IN_FIGURE_56])
                chapter.emit(after_the_relu, pictures)
                chapter.emit(before_the_relu, pictures)
                chapter.emit(after_a_leaky_relu, pictures)
        chapter.release(name)
    chapter.emit(stripe_indices, tables)
    measured = Measures(
        chapter.compute(striped_maps, tables),
        chapter.compute(black_black_contrast, tables),
        chapter.compute(dominant_maps, tables),
        chapter.compute(reconstructions, tables),
    )
    judgements = chapter.judge(measurements(measured))
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
    yield UNTRAINED, chapter.untrained(name)
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


def reconstructed(chapter: Chapter, name: str, natural: np.ndarray) -> dict[str, float | str]:
    """How well a trained model reconstructs these images, and its last validation losses."""
    trained = chapter.trained(name)
    quality = reconstruction_quality(trained.reconstruct, natural)
    last = trained.history[-1]
    losses = {key: last[key] for key in ("val_loss", "val_reconstruction", "val_kl")}
    return {"model": name, "count": len(natural), **quality._asdict(), **losses}


# === Tables ===


def add_rows(
    tables: Tables,
    origin: dict[str, str],
    encoder: keras.Model,
    natural: np.ndarray,
    made: Mapping[str, np.ndarray],
) -> None:
    """Add what an encoder does with validation images and with the made ones."""
    for shown, images in ((NATURAL, natural), (MADE, np.stack(list(made.values())))):
        maps = mean_maps(encoder, images)
        what = origin | {"images": shown, "count": len(images)}
        tables.stripes.extend(what | row for row in stripe_rows(maps))
        if (origin["weights"], shown) == (TRAINED, NATURAL):
            tables.index.append(stripe_index(maps).assign(model=origin["model"]))
    image = made[IN_FIGURE_56]
    maps = last_maps(encoder, image)
    tables.contrasts.extend(
        origin | row | quarter_stripes(maps[row["layer"]])._asdict() for row in contrast_rows(maps)
    )
    tables.dominant.extend(
        origin | row for row in dominant_rows(encoder, image, natural[:ONE_BY_ONE])
    )


def dominant_rows(
    encoder: keras.Model, image: np.ndarray, natural: np.ndarray
) -> Iterator[dict[str, float | str]]:
    """What the most active map of test image (i) does with it and with others: means over images.

    It is one map for an activation and its pooling, and for all images, as in the text.
    """
    shown = {IN_FIGURE_56: image[np.newaxis], NATURAL: natural}
    maps = {name: maps_by_layer(encoder, images) for name, images in shown.items()}
    for activation, pooled in ((LEAKY, LEAKY_POOLED), (AFTER, POOLED)):
        number = dominant_map(maps[IN_FIGURE_56][activation][0])
        for name, images in shown.items():
            for layer in (activation, pooled):
                pairs = zip(maps[name][layer], images, strict=True)
                means = pd.DataFrame(one_map(*pair, number) for pair in pairs).mean(skipna=False)
                what = {"images": name, "layer": layer, "count": len(images), "map": number}
                yield what | means.to_dict()


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


@numbers("dominant_map", models=NETWORKS)
def dominant_maps(chapter: Chapter, shown: Shown, tables: Tables) -> pd.DataFrame:
    """The share of a layer's activity that test image (i)'s map has, and what that looks like."""
    return pd.DataFrame(tables.dominant)


@numbers("reconstructions", models=NETWORKS)
def reconstructions(chapter: Chapter, shown: Shown, tables: Tables) -> pd.DataFrame:
    """How well the trained networks reconstruct validation images."""
    return pd.DataFrame(tables.reconstructions)


# === Figures ===


@figure(55, data=(), note=MADE_IMAGES)
def figure_55(chapter: Chapter, shown: Shown, made: Mapping[str, np.ndarray]) -> Figure:
    """The test images."""
    return lettered_images("Test images: white and black bands of 28 px", made)


@figure(54, models=(ALEXNET,), shows_pictures=True)
@figure(56, models=(ALEXNET,), shows_pictures=False)
def after_the_relu(chapter: Chapter, shown: Shown, pictures: Mapping[str, Picture]) -> Figure:
    """An image and its feature maps after the last ReLU and after pooling."""
    picture = pictures[shown.declaration.name]
    first, second = picture.letters
    return beside_maps(
        picture, {f"({first}) after {AFTER}": AFTER, f"({second}) after {POOLED}": POOLED}
    )


@figure("54_before_relu", models=(ALEXNET,), shows_pictures=True)
@figure("56_before_relu", models=(ALEXNET,), shows_pictures=False)
def before_the_relu(chapter: Chapter, shown: Shown, pictures: Mapping[str, Picture]) -> Figure:
    """The maps before the last ReLU.

    The thesis's network had LeakyReLUs and its stripes are negative (erratum E72): after a ReLU
    these cannot be seen.
    """
    picture = pictures[shown.declaration.name.removesuffix("_before_relu")]
    return beside_maps(picture, {f"({picture.letters[0]}) {BEFORE}": BEFORE})


@figure("54_leaky_relu", models=(ALEXNET,), shows_pictures=True)
@figure("56_leaky_relu", models=(ALEXNET,), shows_pictures=False)
def after_a_leaky_relu(chapter: Chapter, shown: Shown, pictures: Mapping[str, Picture]) -> Figure:
    """The maps after a LeakyReLU in place of the last ReLU, and after its pooling."""
    picture = pictures[shown.declaration.name.removesuffix("_leaky_relu")]
    first, second = picture.letters
    return beside_maps(
        picture, {f"({first}) {LEAKY}": LEAKY, f"({second}) {LEAKY_POOLED}": LEAKY_POOLED}
    )


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
