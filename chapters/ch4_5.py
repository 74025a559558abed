"""Section 4.5: Latent Space Separability on Generated Images.

Do layers of a VLAE change generated images independently? Algorithm 1 fixes one layer and averages
over the others; where pixels of two layers' samples correlate, the thesis says no. Beside its
figures: what permutations give by chance, a measure that is not linear, two networks that share
nothing, and how much of the images each layer explains.
"""

from itertools import permutations
from typing import NamedTuple

import numpy as np
import pandas as pd

from thesis_repro.analysis.centre import central
from thesis_repro.analysis.layer_independence import (
    APPROXIMATIONS,
    SAMPLES,
    Representatives,
    effects,
    layer_representatives,
    shared_vectors,
)
from thesis_repro.analysis.pixel_dependence import Dependence, Found, dependence, pearson
from thesis_repro.models.zoo import model, short_name
from thesis_repro.plots.independence import PairHistogram, correlation_histograms, pixel_boxes
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import decoder_of
from thesis_repro.verdicts.judgements import Judgement, Measurement

MNIST_VLAE, MNIST_GAN = "mnist-vlae-factor-1", "mnist-vlae-gan"
DSPRITES_VLAE, DSPRITES_GAN = "dsprites-vlae", "dsprites-vlae-gan"
OTHERS = ("mnist-vlae-factor-2", "mnist-vlae-factor-3", "dsprites-vlae-dim2")  # in numbers alone
MODELS = (MNIST_VLAE, MNIST_GAN, DSPRITES_VLAE, DSPRITES_GAN, *OTHERS)
DATASETS = ()  # beside those of the models

PAIRS = ((0, 1), (0, 2), (1, 2))  # of layers, counted from 0
BOX_FIGURES = {  # model and pair of each; 84 to 88 are in Appendix G
    45: (MNIST_VLAE, 0, 1),
    84: (MNIST_VLAE, 0, 2),
    85: (MNIST_VLAE, 1, 2),
    86: (MNIST_GAN, 0, 1),
    87: (MNIST_GAN, 0, 2),
    88: (MNIST_GAN, 1, 2),
}
HISTOGRAM_FIGURES = {46: (MNIST_VLAE, MNIST_GAN), 47: (DSPRITES_VLAE, DSPRITES_GAN)}


class Amount(NamedTuple):
    """How much is computed at a scale."""

    samples: int
    approximations: int
    permutations: int


AMOUNTS = {
    "paper": Amount(SAMPLES, APPROXIMATIONS, 1_000),
    "quick": Amount(SAMPLES, 20, 100),
    "smoke": Amount(16, 4, 20),
}


class Numbers(NamedTuple):
    """The tables that claims and the answer are made of."""

    pairs: pd.DataFrame  # see `pair_row`
    layers: pd.DataFrame  # see `layer_rows`
    strangers: pd.DataFrame  # see `stranger_rows`


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load 7 models; emit Figures 45-47 and 84-88, their numbers and verdicts."""
    amount = AMOUNTS[chapter.workspace.options.scale.name]
    samples = {name: representatives(chapter, name, amount) for name in MODELS}
    found = {
        (name, *pair): depends(chapter, samples, (name, *pair), amount)
        for name in MODELS
        for pair in PAIRS
    }
    save_boxes(chapter, samples, found)
    save_histograms(chapter, found)
    numbers = Numbers(
        pd.DataFrame(pair_row(key, own, sides_of(samples, key)) for key, own in found.items()),
        pd.DataFrame(row for name in MODELS for row in layer_rows(name, samples[name])),
        pd.DataFrame(
            stranger_row(chapter, samples, names, pair, amount)
            for names in HISTOGRAM_FIGURES.values()
            for pair in permutations(range(3), 2)
        ),
    )
    chapter.save_numbers("layer_pairs", numbers.pairs)
    chapter.save_numbers("layer_effects", numbers.layers)
    chapter.save_numbers("layers_of_two_models", numbers.strangers)
    judgements = chapter.judge(measurements(numbers))
    chapter.answer("RQ6", answer(numbers))
    chapter.write_manifest()
    return judgements


# === Algorithm 1, and what depends on what ===


def representatives(chapter: Chapter, name: str, amount: Amount) -> Representatives:
    """The layer-representative samples of a model.

    Models with layers of the same sizes have the same v, so that their samples can be paired.
    """
    sizes = model(name).latent_dims.value
    fixed = shared_vectors(sizes, amount.samples, chapter.rng("v", *sizes))
    decode = decoder_of(chapter, name)
    rng = chapter.rng("other layers", name)
    return layer_representatives(decode, fixed, amount.approximations, rng)


def depends(
    chapter: Chapter, samples: dict[str, Representatives], key: tuple[str, int, int], amount: Amount
) -> Dependence:
    """How the pixels of a model's two layers depend on each other."""
    sides = [own.reshape(amount.samples, -1) for own in sides_of(samples, key)]
    return dependence(*sides, amount.permutations, chapter.rng("permutations", *key))


def sides_of(
    samples: dict[str, Representatives], key: tuple[str, int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The samples (n, height, width) of both layers of a pair."""
    name, *pair = key
    first, second = (samples[name].means[layer] for layer in pair)
    return first, second


def layer_name(layer: int) -> str:
    """A layer's name, "z_1" for 0."""
    return f"z_{layer + 1}"


# === Figures ===


def save_boxes(
    chapter: Chapter,
    samples: dict[str, Representatives],
    found: dict[tuple[str, int, int], Dependence],
) -> None:
    """Figures 45 and 84 to 88; the thesis draws no boxes for dSprites."""
    for number, key in BOX_FIGURES.items():
        name, *pair = key
        sides = sides_of(samples, key)
        labels = tuple(map(layer_name, pair))
        r = found[key].pearson.value.reshape(sides[0].shape[1:])
        title = f"{short_name(name)}: pixel intensities when fixing ${labels[0]} = {labels[1]} = φ$"
        figure = pixel_boxes(title, labels, sides, r)
        chapter.save_figure(number, figure, chapter.images(name).description, [name])


def save_histograms(chapter: Chapter, found: dict[tuple[str, int, int], Dependence]) -> None:
    """Figures 46 and 47."""
    for number, names in HISTOGRAM_FIGURES.items():
        rows = {
            short_name(name): {
                ", ".join(map(layer_name, pair)): histogram_of(found[name, *pair]) for pair in PAIRS
            }
            for name in names
        }
        title = "Correlations of pixels when the same φ is fixed in two layers"
        figure = correlation_histograms(title, rows)
        chapter.save_figure(number, figure, chapter.images(names[0]).description, names)


def histogram_of(own: Dependence) -> PairHistogram:
    """What a panel of Figures 46 and 47 shows."""
    tested, linear = ~own.constant, own.pearson
    return PairHistogram(
        linear.value[tested],
        linear.significant[tested],
        int(own.constant.sum()),
        float(linear.null_share.mean()),
    )


# === Tables ===


def pair_row(
    key: tuple[str, int, int], own: Dependence, sides: tuple[np.ndarray, np.ndarray]
) -> dict[str, float | str]:
    """A model's pair of layers in numbers.

    Shares are of the pixels tested: those that vary in both layers' samples. ``by_chance`` are
    means over permutations of the samples; ``p`` says how often these are as dependent, over all
    pixels. ``visible``: those that are not black. ``distance_only``: significant by distance
    correlation, not by Pearson's.
    """
    name, *pair = key
    linear, distance, tested = own.pearson, own.distance, ~own.constant
    centre, visible = tested & central(sides[0].shape[1:]).ravel(), tested & ~own.black
    positive = linear.significant & (linear.value > 0)
    return {
        **identity(name, pair),
        "samples": len(sides[0]),
        "pixels": len(tested),
        "constant": int(own.constant.sum()),
        "black": int((own.black & tested).sum()),
        **measured(linear, ""),
        "significant": int(linear.significant.sum()),
        "positive": int(positive.sum()),
        "share_of_visible": share(linear.significant, visible),
        "share_in_the_centre": share(linear.significant, centre),
        **measured(distance, "distance_"),
        "distance_only": share(distance.significant & ~linear.significant, tested),
    }


def identity(name: str, pair: list[int]) -> dict[str, str]:
    """The columns that say which layers a row is about."""
    return {"model": name, "first": layer_name(pair[0]), "second": layer_name(pair[1])}


def measured(own: Found, prefix: str) -> dict[str, float]:
    """What one measure finds over all pixels, and by chance."""
    return {
        f"{prefix}strength": own.strength,
        f"{prefix}strength_by_chance": own.null_strength.mean(),
        f"{prefix}share": own.share,
        f"{prefix}share_by_chance": own.null_share.mean(),
        f"{prefix}share_by_chance_95": np.quantile(own.null_share, 0.95),
        f"{prefix}p": own.permutation_p,
    }


def share(chosen: np.ndarray, of: np.ndarray) -> float:
    """The share of these pixels that are chosen; NaN where there are none."""
    return float(chosen[of].mean()) if of.any() else np.nan


def layer_rows(name: str, samples: Representatives) -> list[dict[str, float | str]]:
    """How much each layer of a model explains of its images by itself."""
    return [
        {"model": name, "layer": layer_name(layer), **own._asdict()}
        for layer, own in enumerate(effects(samples))
    ]


def stranger_row(
    chapter: Chapter,
    samples: dict[str, Representatives],
    names: tuple[str, str],
    pair: tuple[int, int],
    amount: Amount,
) -> dict[str, float | str]:
    """A layer of one model against another layer of a model that was trained apart from it."""
    sides = [
        samples[name].means[layer].reshape(amount.samples, -1)
        for name, layer in zip(names, pair, strict=True)
    ]
    own = pearson(*sides, amount.permutations, chapter.rng("permutations", *names, *pair))
    return {
        **identity(names[0], list(pair)),
        "other_model": names[1],
        "tested": int(np.isfinite(own.p).sum()),
        **measured(own, ""),
    }


# === Claims ===


def of_model(table: pd.DataFrame, name: str, column: str) -> list[float]:
    """A column for one model: of its pairs of layers, or of its layers."""
    return table.loc[table["model"] == name, column].to_list()


def measurements(numbers: Numbers) -> list[Measurement]:
    """What was measured for each claim of Section 4.5."""
    return [
        Measurement("4.5-not-independent", not_independent(numbers.pairs)),
        Measurement("4.5-gan-more-independent", more_independent(numbers.pairs)),
    ]


def not_independent(pairs: pd.DataFrame) -> dict[str, list[float] | float]:
    """Of both VLAEs' pairs of layers; of the pair of Figure 45, the rarer sign's share."""
    names = (MNIST_VLAE, DSPRITES_VLAE)
    shown = pairs[pairs["model"] == MNIST_VLAE].iloc[0]
    positive = shown["positive"] / shown["significant"] if shown["significant"] else np.nan
    return {
        "share_in_the_centre": of_both(pairs, names, "share_in_the_centre"),
        "share_by_chance_95": of_both(pairs, names, "share_by_chance_95"),
        "p": of_both(pairs, names, "p"),
        "rarer_sign_in_figure_45": float(min(positive, 1 - positive)),
    }


def of_both(pairs: pd.DataFrame, names: tuple[str, ...], column: str) -> list[float]:
    """A column for several models, one after the other."""
    return [value for name in names for value in of_model(pairs, name, column)]


def more_independent(pairs: pd.DataFrame) -> dict[str, list[float]]:
    """Significant pixels of all three pairs: of MNIST's models and of dSprites'."""
    without, gans = zip(*HISTOGRAM_FIGURES.values(), strict=True)
    found = {}
    for label, names in (("vlae", without), ("vlae_gan", gans)):
        found[f"significant_of_{label}"] = [sum(of_model(pairs, n, "significant")) for n in names]
        found[f"share_of_{label}"] = [share_of_all(pairs, name) for name in names]
    return found


def share_of_all(pairs: pd.DataFrame, name: str) -> float:
    """The share of all pixels tested, of all pairs of a model's layers, that are significant."""
    own = pairs[pairs["model"] == name]
    tested = (own["pixels"] - own["constant"]).sum()
    return float(own["significant"].sum() / tested) if tested else np.nan


# === Research question 6 ===


def answer(numbers: Numbers) -> str:
    """What these numbers say about research question 6."""
    pairs, strangers = numbers.pairs, numbers.strangers
    said = [dependence_of(pairs, name) for names in HISTOGRAM_FIGURES.values() for name in names]
    control = " and ".join(
        f"{np.nanmean(of_model(strangers, names[0], 'share')):.0%} of the pixels "
        f"({short_name(names[0])} with {short_name(names[1])})"
        for names in HISTOGRAM_FIGURES.values()
    )
    own = [
        effects_of(numbers.layers, name) for names in HISTOGRAM_FIGURES.values() for name in names
    ]
    return (
        f"Significant correlations by pair of layers (z_1, z_2; z_1, z_3; z_2, z_3), of all pixels "
        f"that vary: {'; '.join(said)}. For comparison, two networks that were trained apart and "
        f"share nothing: when the same vector is fixed in different layers of both, {control} "
        f"correlate. By itself, each layer (z_1, z_2, z_3) explains of the variance of the images: "
        f"{'; '.join(own)}."
    )


def dependence_of(pairs: pd.DataFrame, name: str) -> str:
    """One model's pairs in words."""
    linear, any_kind = (
        ", ".join(f"{own:.0%}" for own in of_model(pairs, name, column))
        for column in ("share", "distance_share")
    )
    chance = max(of_model(pairs, name, "share_by_chance"))
    return (
        f"{short_name(name)} {linear} (by chance {chance:.1%} at most; by distance correlation "
        f"{any_kind})"
    )


def effects_of(layers: pd.DataFrame, name: str) -> str:
    """One model's layers in words; interactions are what their main effects leave."""
    own = of_model(layers, name, "main_effect")
    shares = ", ".join(f"{value:.0%}" for value in own)
    return f"{short_name(name)} {shares}, which leaves {max(0.0, 1 - sum(own)):.0%} to combinations"
