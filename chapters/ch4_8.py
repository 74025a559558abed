"""Section 4.8: Feature Map Stripes.

Feature maps of AlexNet-VAE have stripes along their borders (Figure 54), which the thesis lays to
large kernels, zero padding, biases, depth and the data set, looking at twelve made images (Figures
55 and 56). Here stripes are counted, and the networks that its argument asks for are trained:
AlexNet-VAEs with one thing changed each. Beside each stands the same network untrained.
"""

from collections.abc import Iterator
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd

from thesis_repro.analysis.artificial_images import artificial_images
from thesis_repro.analysis.feature_maps import maps_after, mean_absolute_maps
from thesis_repro.analysis.stripes import SIDES, contrasts, padding_contrast, stripe_shares
from thesis_repro.models.ablations import changed, mirrored_padding
from thesis_repro.models.building import builders
from thesis_repro.models.zoo import model
from thesis_repro.plots.feature_maps import feature_map_sheets, lettered_images
from thesis_repro.section.chapter import Chapter
from thesis_repro.verdicts.judgements import Judgement, Measurement

ALEXNET, CELEBA = "alexnet-vae", "alexnet-vae-celeba"
MIRRORED_PADDING, SMALL_KERNELS = "alexnet-vae-mirrored-padding", "alexnet-vae-small-kernels"
NO_BIAS, NO_BATCH_NORM = "alexnet-vae-no-bias", "alexnet-vae-no-batch-norm"
ABLATIONS = (MIRRORED_PADDING, NO_BIAS, NO_BATCH_NORM, SMALL_KERNELS, CELEBA)
MODELS = (ALEXNET, *ABLATIONS)
SMOKE_MODELS = (ALEXNET, MIRRORED_PADDING)  # all that smoke scale trains: the path, in little time
DATASETS = ()  # beside those of the models

BEFORE, AFTER, POOLED = "before re_lu_5", "re_lu_5", "max_pooling2d_3"
LAYERS = (*(f"re_lu_{depth}" for depth in range(1, 5)), BEFORE, AFTER, POOLED)

TRAINED, UNTRAINED, MIRRORED = "trained", "untrained", "mirrored at inference"  # states
NATURAL, MADE = "validation images", "Figure 55"
SHOWN = "i"  # the test image of Figure 56


class Amount(NamedTuple):
    """How much is computed at a scale."""

    images: int  # of each network's own validation images


AMOUNTS = {"paper": Amount(1_000), "quick": Amount(96), "smoke": Amount(16)}


class Numbers(NamedTuple):
    """The tables that the claim is judged by."""

    stripes: pd.DataFrame  # see `stripe_rows`
    contrasts: pd.DataFrame  # see `contrast_rows`


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load six AlexNet-VAEs; emit Figures 54 to 56, their numbers and a verdict."""
    scale = chapter.workspace.options.scale.name
    made = artificial_images()
    figure = lettered_images("Test images: white and black bands of 28 px", made)
    chapter.save_figure(55, figure, "made images, 224 × 224 px", ())
    stripes, indices, quarters = [], [], []
    for name in SMOKE_MODELS if scale == "smoke" else MODELS:
        natural = some_images(chapter, name, AMOUNTS[scale].images)
        for state, encoder in encoders(chapter, name):
            who = {"model": name, "weights": state}
            stripes += stripe_rows(who, encoder, {NATURAL: natural, MADE: stacked(made)})
            quarters += contrast_rows(who, encoder, made[SHOWN])
            if state == TRAINED:
                indices.append(index_table(name, encoder, natural))
            if (name, state) == (ALEXNET, TRAINED):
                save_figures(chapter, encoder, natural[0], made[SHOWN])
        chapter.release(name)
    numbers = Numbers(pd.DataFrame(stripes), pd.DataFrame(quarters))
    chapter.save_numbers("stripes", numbers.stripes)
    chapter.save_numbers("stripe_index", pd.concat(indices, ignore_index=True))
    chapter.save_numbers("black_black_contrast", numbers.contrasts, "made images, 224 × 224 px")
    judgements = chapter.judge(measurements(numbers))
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


def stacked(images: dict[str, np.ndarray]) -> np.ndarray:
    """Images by letter as one array (n, height, width, channels)."""
    return np.stack(list(images.values()))


def sources(encoder: keras.Model) -> dict[str, str]:
    """The layers of an encoder whose outputs are the maps of `LAYERS`, in the same order."""
    known = {layer.name for layer in encoder.layers}
    before = "batch_normalization_5" if "batch_normalization_5" in known else "conv2d_5"
    return {label: before if label == BEFORE else label for label in LAYERS}


# === Tables ===


def stripe_rows(
    who: dict[str, str], encoder: keras.Model, images: dict[str, np.ndarray]
) -> list[dict[str, float | str]]:
    """Shares of striped maps by images and layer, in the images' mean |activity|."""
    layers = sources(encoder)
    rows = []
    for shown, pixels in images.items():
        maps = mean_absolute_maps(encoder, tuple(layers.values()), pixels)
        for label, layer in layers.items():
            what = {"images": shown, "count": len(pixels), "layer": label}
            shares = stripe_shares(maps[layer])
            rows.append({**who, **what, "maps": maps[layer].shape[-1], **shares._asdict()})
    return rows


def index_table(name: str, encoder: keras.Model, images: np.ndarray) -> pd.DataFrame:
    """The stripe index of each map after the last ReLU, by side: see `contrasts`."""
    (maps,) = mean_absolute_maps(encoder, (AFTER,), images).values()
    index = pd.DataFrame(contrasts(maps).T, columns=SIDES)
    return index.assign(model=name, layer=AFTER, map=index.index)


def contrast_rows(
    who: dict[str, str], encoder: keras.Model, image: np.ndarray
) -> list[dict[str, float | str]]:
    """White and black against padding in test image (i), before and after the last ReLU."""
    layers = {label: sources(encoder)[label] for label in (BEFORE, AFTER)}
    maps = maps_after(encoder, tuple(layers.values()), image[np.newaxis])
    rows = []
    for label, layer in layers.items():
        found = padding_contrast(maps[layer][0])
        rows.append(
            {**who, "layer": label, **found._asdict(), "black_to_white": found.black_to_white}
        )
    return rows


# === Figures ===


def save_figures(
    chapter: Chapter, encoder: keras.Model, natural: np.ndarray, made: np.ndarray
) -> None:
    """Figures 54 and 56, and both before the ReLU.

    The thesis's network had LeakyReLUs and its stripes are negative (erratum E72): after a ReLU
    these cannot be seen.
    """
    data = chapter.images(ALEXNET).description
    titles = ("an image of the data set", f"test image ({SHOWN})")
    pictures = (("(a) original image", natural), (f"test image ({SHOWN})", made))
    letters = ("bc", "ab")  # as the thesis's
    for number, title, picture, (first, second) in zip(
        (54, 56), titles, pictures, letters, strict=True
    ):
        layers = [sources(encoder)[label] for label in (AFTER, POOLED, BEFORE)]
        maps = maps_after(encoder, layers, picture[1][np.newaxis])
        after, pooled, before = (maps[layer][0] for layer in layers)
        title = f"{model(ALEXNET).name}: feature maps of {title}"
        sheets = {f"({first}) after {AFTER}": after, f"({second}) after {POOLED}": pooled}
        figure = feature_map_sheets(title, picture, sheets)
        chapter.save_figure(number, figure, data, [ALEXNET])
        figure = feature_map_sheets(title, picture, {f"({first}) before {AFTER}": before})
        chapter.save_figure(f"{number}_before_relu", figure, data, [ALEXNET])


# === Claim ===


def measurements(numbers: Numbers) -> list[Measurement]:
    """What was measured for the claim of Section 4.8: shares of maps with a stripe at any side.

    NaN where a network was not trained at this scale.
    """
    found = {
        "striped": striped(numbers),
        "striped_after_pooling": striped(numbers, layer=POOLED),
        "striped_before_relu": striped(numbers, layer=BEFORE),
        "striped_untrained": striped(numbers, weights=UNTRAINED),
        "striped_with_mirrored_padding": striped(numbers, MIRRORED_PADDING),
        "striped_with_small_kernels": striped(numbers, SMALL_KERNELS),
        "striped_on_celeba": striped(numbers, CELEBA),
    }
    return [Measurement("4.8-stripes", found)]


def striped(
    numbers: Numbers, name: str = ALEXNET, *, weights: str = TRAINED, layer: str = AFTER
) -> float:
    """Share of a layer's maps that are striped at any side on natural images; NaN without it."""
    by_row = numbers.stripes.set_index(["model", "weights", "layer", "images"])["any"]
    return float(by_row.get((name, weights, layer, NATURAL), np.nan))
