"""Section 4.5: Latent Space Separability on Generated Images.

Do layers of a VLAE change generated images independently? Algorithm 1 fixes one layer and averages
over the others; where pixels of two layers' samples correlate, the thesis says no. But what two
layers make of the same vector correlates even if they share nothing, since few dimensions leave few
directions: two networks that were trained apart say how much. Beside them: what permutations give
by chance, a measure that is not linear, and how much of the images each layer explains.
"""

if __name__ == "__main__":  # the same as `thesis-repro chapter 4.5`
    from thesis_repro.cli import run_section

    run_section("4.5")

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import permutations
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from thesis_repro.analysis import layer_independence
from thesis_repro.analysis.centre import central
from thesis_repro.analysis.layer_independence import APPROXIMATIONS, SAMPLES, Representatives
from thesis_repro.analysis.layer_pairs import against_chance, in_numbers, significant_share
from thesis_repro.analysis.pixel_dependence import Dependence, dependence, pearson
from thesis_repro.analysis.tables import rows
from thesis_repro.models.zoo import model, short_name
from thesis_repro.plots.independence import correlation_histograms, pixel_boxes
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.declarations import Shown, figure, numbers
from thesis_repro.verdicts.judgements import Judgement, Measurement

MNIST_VLAE, MNIST_GAN = "mnist-vlae-factor-1", "mnist-vlae-gan"
DSPRITES_VLAE, DSPRITES_GAN = "dsprites-vlae", "dsprites-vlae-gan"
DRAWN = (MNIST_VLAE, MNIST_GAN, DSPRITES_VLAE, DSPRITES_GAN)
VLAES = (*DRAWN, "mnist-vlae-factor-2", "mnist-vlae-factor-3", "dsprites-vlae-dim2")
COUNTERPARTS = ((MNIST_VLAE, MNIST_GAN), (DSPRITES_VLAE, DSPRITES_GAN))  # with layers of equal size

PAIRS = ((0, 1), (0, 2), (1, 2))  # of layers, counted from 0
BOXES = {"45": (0, 1), "84": (0, 2), "85": (1, 2), "86": (0, 1), "87": (0, 2), "88": (1, 2)}


class SampleSizes(NamedTuple):
    """How much is computed at a scale."""

    samples: int
    approximations: int
    permutations: int


SAMPLE_SIZES = {
    "paper": SampleSizes(SAMPLES, APPROXIMATIONS, 1_000),
    "quick": SampleSizes(SAMPLES, 20, 100),
    "smoke": SampleSizes(16, 4, 20),
}

Samples = Mapping[str, Representatives]  # by model
Dependences = Mapping[tuple[str, int, int], Dependence]  # by model and two of its layers


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load 7 models; emit Figures 45-47 and 84-88, their numbers and verdicts."""
    sizes = chapter.at_scale(SAMPLE_SIZES)
    samples = {name: representatives(chapter, name, sizes) for name in VLAES}
    dependences = {
        (name, *pair): dependence(
            *(pixels(samples, name, layer) for layer in pair),
            sizes.permutations,
            chapter.rng("permutations", name, *pair),
        )
        for name in VLAES
        for pair in PAIRS
    }
    chapter.emit(boxes, samples, dependences)
    chapter.emit(histograms, dependences)
    pairs = chapter.compute(layer_pairs, samples, dependences)
    layers = chapter.compute(layer_effects, samples)
    control = chapter.compute(layers_of_two_models, samples)
    judgements = chapter.judge(measurements(pairs, layers, control))
    chapter.answer("RQ6", **independence(pairs, layers, control))
    chapter.write_manifest()
    return judgements


def representatives(chapter: Chapter, name: str, sizes: SampleSizes) -> Representatives:
    """The layer-representative samples of a model, by Algorithm 1.

    Models with layers of the same sizes have the same v, so that their samples can be paired.
    """
    dims = model(name).latent_dims.value
    decode = partial(chapter.trained(name).decode, batch_size=layer_independence.AT_ONCE)
    rng = chapter.rng("other layers", name)
    fixed = layer_independence.shared_vectors(dims, sizes.samples, chapter.rng("v", *dims))
    return layer_independence.layer_representatives(decode, fixed, sizes.approximations, rng)


def images_of(samples: Samples, name: str, pair: Iterable[int]) -> tuple[np.ndarray, ...]:
    """The samples of some layers of a model, (n, height, width) each."""
    return tuple(samples[name].means[layer] for layer in pair)


def pixels(samples: Samples, name: str, layer: int) -> np.ndarray:
    """The samples of a model's layer as rows of pixels, (n, height * width)."""
    images = samples[name].means[layer]
    return images.reshape(len(images), -1)


def layer_name(layer: int) -> str:
    """A layer's name, "z_1" for 0."""
    return f"z_{layer + 1}"


# === Figures ===


@figure(45, models=(MNIST_VLAE,))
@figure(84, models=(MNIST_VLAE,))  # 84 to 88 are in Appendix G
@figure(85, models=(MNIST_VLAE,))
@figure(86, models=(MNIST_GAN,))
@figure(87, models=(MNIST_GAN,))
@figure(88, models=(MNIST_GAN,))
def boxes(chapter: Chapter, shown: Shown, samples: Samples, dependences: Dependences) -> Figure:
    """Every pixel of one layer against that of another; the thesis draws none for dSprites."""
    pair = BOXES[shown.declaration.name]
    first, second = map(layer_name, pair)
    images = images_of(samples, shown.model, pair)
    r = dependences[shown.model, *pair].pearson.value.reshape(images[0].shape[1:])
    title = f"{short_name(shown.model)}: pixel intensities when fixing ${first} = {second} = φ$"
    return pixel_boxes(title, (first, second), images, r)


@figure(46, models=(MNIST_VLAE, MNIST_GAN))
@figure(47, models=(DSPRITES_VLAE, DSPRITES_GAN))
def histograms(chapter: Chapter, shown: Shown, dependences: Dependences) -> Figure:
    """The correlations of all pixels, by model and pair of layers."""
    by_model = {
        short_name(name): {", ".join(map(layer_name, p)): dependences[name, *p] for p in PAIRS}
        for name in shown.models
    }
    title = "Correlations of pixels when the same φ is fixed in two layers"
    return correlation_histograms(title, by_model)


# === Tables ===


@numbers("layer_pairs", models=VLAES)
def layer_pairs(
    chapter: Chapter, shown: Shown, samples: Samples, dependences: Dependences
) -> pd.DataFrame:
    """A row for each model's pair of layers: see `in_numbers`."""
    return pd.DataFrame(
        {
            **identity(name, *pair),
            "samples": samples[name].means.shape[1],
            **in_numbers(dependence_of_pair, images_of(samples, name, pair)),
        }
        for (name, *pair), dependence_of_pair in dependences.items()
    )


def identity(name: str, first: int, second: int) -> dict[str, str]:
    """The columns that say which layers a row is about."""
    return {"model": name, "first": layer_name(first), "second": layer_name(second)}


@numbers("layer_effects", models=VLAES)
def layer_effects(chapter: Chapter, shown: Shown, samples: Samples) -> pd.DataFrame:
    """How much each layer of a model explains of its images by itself."""
    return pd.DataFrame(
        {"model": name, "layer": layer_name(layer), **effect._asdict()}
        for name, representatives in samples.items()
        for layer, effect in enumerate(layer_independence.effects(representatives))
    )


@numbers("layers_of_two_models", models=DRAWN)
def layers_of_two_models(chapter: Chapter, shown: Shown, samples: Samples) -> pd.DataFrame:
    """A layer of one model against another layer of a model that was trained apart from it."""
    count = chapter.at_scale(SAMPLE_SIZES).permutations
    table_rows = []
    for name, other in COUNTERPARTS:
        centre = central(samples[name].means.shape[2:]).ravel()
        for first, second in permutations(range(3), 2):
            rng = chapter.rng("permutations", name, other, first, second)
            images = pixels(samples, name, first), pixels(samples, other, second)
            linear = pearson(*images, count, rng)
            row = {**identity(name, first, second), "other_model": other}
            row |= {"tested": int(linear.tested.sum()), **against_chance(linear, centre)}
            table_rows.append(row | {"strength_in_the_centre": linear.strength_of(centre)})
    return pd.DataFrame(table_rows)


# === Claims, and research question 6 ===


def of_models(table: pd.DataFrame, column: str, *names: str) -> list[float]:
    """A column for these models: of their pairs of layers, or of their layers."""
    return [value for name in names for value in rows(table, model=name)[column]]


def measurements(
    pairs: pd.DataFrame, layers: pd.DataFrame, control: pd.DataFrame
) -> list[Measurement]:
    """What was measured for each claim of Section 4.5."""
    in_figure_45 = rows(pairs, model=MNIST_VLAE).iloc[0]
    return [
        Measurement(
            "4.5-not-independent",
            dependent(pairs, control, (MNIST_VLAE, DSPRITES_VLAE))
            | {"rarer_sign_in_figure_45": rarer_sign(in_figure_45)},
        ),
        Measurement("4.5-outer-boxes", outer_boxes(in_figure_45)),
        Measurement("4.5-individual-pixels", individual_pixels(in_figure_45)),
        Measurement("4.5-all-vlaes-alike", alike(pairs, control)),
        Measurement("4.5-gan-more-independent", more_independent(pairs)),
        Measurement("4.5-gan-uses-lower-layers", lower_layers(layers)),
    ]


def dependent(
    pairs: pd.DataFrame, control: pd.DataFrame, names: tuple[str, ...]
) -> dict[str, list[float]]:
    """Of these models' pairs of layers, beside the strongest pair of layers that share nothing."""
    columns = (
        "share_in_the_centre",
        "share_in_the_centre_by_chance_95",
        "strength_in_the_centre",
        "p",
    )
    return {
        **{column: of_models(pairs, column, *names) for column in columns},
        "strength_of_layers_that_share_nothing": [
            strongest_control(control, name) for name in names for _ in PAIRS
        ],
    }


def alike(pairs: pd.DataFrame, control: pd.DataFrame) -> dict[str, list[float]]:
    """The same of the models whose plots the thesis has, and the signs of their correlations."""
    names = (MNIST_VLAE, MNIST_GAN)
    of_pairs = [pair for name in names for pair in rows(pairs, model=name).to_dict("records")]
    return dependent(pairs, control, names) | {"rarer_sign": [*map(rarer_sign, of_pairs)]}


def strongest_control(control: pd.DataFrame, name: str) -> float:
    """The largest mean |r| in the centre of this model's layers with those of its counterpart."""
    (counterparts,) = (names for names in COUNTERPARTS if name in names)
    return float(np.max(of_models(control, "strength_in_the_centre", counterparts[0])))


def rarer_sign(pair: Mapping[str, float]) -> float:
    """The share of the rarer sign among a pair's significant pixels; NaN if there are none."""
    significant = pair["significant"]
    positive = pair["positive"] / significant if significant else np.nan
    return float(np.minimum(positive, 1 - positive))


def outer_boxes(pair: Mapping[str, float]) -> dict[str, float]:
    """The pixels around the digits."""
    return {
        key: float(pair[key]) for key in ("brightness_of_the_frame", "significant_in_the_frame")
    }


def individual_pixels(pair: Mapping[str, float]) -> dict[str, float]:
    """How many of all pixels of a pair of layers correlate, and how many do by chance.

    What chance gives is known as a share of the pixels tested: constant ones never correlate.
    """
    tested = (pair["pixels"] - pair["constant"]) / pair["pixels"]
    return {
        "share_of_all_pixels": float(pair["significant"] / pair["pixels"]),
        "share_by_chance_95": float(pair["share_by_chance_95"] * tested),
    }


def more_independent(pairs: pd.DataFrame) -> dict[str, list[float]]:
    """Significant pixels of all three pairs: of MNIST's models and of dSprites'."""
    without, gans = zip(*COUNTERPARTS, strict=True)
    return {
        "significant_of_vlae": [sum(of_models(pairs, "significant", name)) for name in without],
        "share_of_vlae": [significant_share(rows(pairs, model=name)) for name in without],
        "significant_of_vlae_gan": [sum(of_models(pairs, "significant", name)) for name in gans],
        "share_of_vlae_gan": [significant_share(rows(pairs, model=name)) for name in gans],
    }


def lower_layers(layers: pd.DataFrame) -> dict[str, list[float]]:
    """How much z_1 and z_2 of the GANs, and of their counterparts, explain of their images."""
    without, gans = zip(*COUNTERPARTS, strict=True)

    def below_z_3(column: str, name: str) -> list[float]:
        return of_models(layers, column, name)[:-1]

    return {
        "spread_of_vlae_gan": [value for name in gans for value in below_z_3("spread", name)],
        "effect_of_vlae_gan": [sum(below_z_3("main_effect", name)) for name in gans],
        "effect_of_vlae": [sum(below_z_3("main_effect", name)) for name in without],
    }


def independence(
    pairs: pd.DataFrame, layers: pd.DataFrame, control: pd.DataFrame
) -> dict[str, list[dict]]:
    """The numbers of the answer: of each model, and of each two that were trained apart.

    ``interactions`` are what the layers' main effects leave.
    """
    return {
        "models": [
            {
                "name": short_name(name),
                "shares": of_models(pairs, "share", name),
                "by_chance": np.max(of_models(pairs, "share_by_chance", name)),
                "distance_shares": of_models(pairs, "distance_share", name),
                "strengths": of_models(pairs, "strength_in_the_centre", name),
                "strongest_control": strongest_control(control, name),
                "main_effects": of_models(layers, "main_effect", name),
                "interactions": np.maximum(0, 1 - sum(of_models(layers, "main_effect", name))),
            }
            for name in DRAWN
        ],
        "controls": [
            {
                "names": [short_name(name) for name in names],
                "share": float(np.mean(of_models(control, "share", names[0]))),
            }
            for names in COUNTERPARTS
        ],
    }
