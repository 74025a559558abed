"""Part of `ch4_8.py`: what the claims of Section 4.8 rest on, from its tables."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from thesis_repro.analysis.border_activity import (
    AFTER,
    BEFORE,
    LEAKY,
    LEAKY_POOLED,
    LEAKY_RELUS,
)
from thesis_repro.analysis.statistics import wilson
from thesis_repro.analysis.tables import pick, rows
from thesis_repro.thesis.claims import Quantity, Values
from thesis_repro.verdicts.judgements import Measurement

ALEXNET, CELEBA = "alexnet-vae", "alexnet-vae-celeba"
MIRRORED_PADDING, SMALL_KERNELS = "alexnet-vae-mirrored-padding", "alexnet-vae-small-kernels"
NO_BIAS, NO_BATCH_NORM = "alexnet-vae-no-bias", "alexnet-vae-no-batch-norm"
TRAINED, UNTRAINED, MIRRORED = "trained", "untrained", "mirrored at inference"  # states
NATURAL, MADE = "validation images", "Figure 55"
IN_FIGURE_56 = "i"  # its test image


class Measures(NamedTuple):
    """What the claims rest on."""

    stripes: pd.DataFrame
    contrasts: pd.DataFrame
    dominant: pd.DataFrame
    reconstructions: pd.DataFrame


def measurements(measured: Measures) -> list[Measurement]:
    """What was measured for each claim of Section 4.8; None of a network that was not trained.

    Each network was trained once: no number has an interval over trainings.
    """
    claims = {
        "4.8-stripes": of_stripes,
        "4.8-one-direction": of_one_direction,
        "4.8-negative": of_negative_stripes,
        "4.8-one-map": of_one_map,
        "4.8-test-image": of_the_test_image,
        "4.8-black-black": of_black_on_black,
        "4.8-no-bias": of_no_bias,
        "4.8-depth": of_depth,
        "4.8-performance": of_performance,
        "4.8-reconstruction": of_reconstructions,
    }
    return [Measurement(claim, values(measured)) for claim, values in claims.items()]


def of_stripes(measured: Measures) -> Values:
    """Shares of maps with a stripe at any side, and how much more there are than without a cause.

    Of the last layer; before and after the listed ReLU for what this hides (erratum E72).
    """
    with_stripes = striped(measured)
    others = {
        "untrained": striped(measured, weights=UNTRAINED),
        "after_pooling": striped(measured, layer=LEAKY_POOLED),
        "with_mirrored_padding": striped(measured, MIRRORED_PADDING),
        "with_small_kernels": striped(measured, SMALL_KERNELS),
        "on_celeba": striped(measured, CELEBA),
    }
    return {
        "striped": with_stripes,
        "striped_before_relu": striped(measured, layer=BEFORE),
        "striped_after_relu": striped(measured, layer=AFTER),
        **{f"striped_{name}": share for name, share in others.items()},
        **{f"more_than_{name}": more(with_stripes, share) for name, share in others.items()},
    }


def of_one_direction(measured: Measures) -> Values:
    """Of the striped maps, the share whose stripes all run in the direction that most have."""
    shares = of_natural(measured)
    alone = {
        "horizontal": shares["any"] - shares["vertical"],
        "vertical": shares["any"] - shares["horizontal"],
    }
    return {
        "in_one_direction": max(alone.values()) / shares["any"] if shares["any"] else np.nan,
        **{f"only_{direction}": share for direction, share in alone.items()},
        "more_than_untrained": more(striped(measured), striped(measured, weights=UNTRAINED)),
    }


def of_negative_stripes(measured: Measures) -> Values:
    """Of the striped maps, those whose stripe is negative."""
    shares = of_natural(measured)
    number, count = (round(shares[key] * shares["maps"]) for key in ("negative", "any"))
    share = wilson(number, count) if count else (np.nan, np.nan, np.nan)
    return {
        "negative": share[0],
        "lower_end_of_negative": share[1],
        "more_than_untrained": more(striped(measured), striped(measured, weights=UNTRAINED)),
    }


def of_one_map(measured: Measures) -> Values:
    """The share of activity that test image (i)'s map has, and how much it looks like images."""

    def of(column: str, images: str, layer: str) -> Quantity:
        where = {"model": ALEXNET, "weights": TRAINED, "images": images, "layer": layer}
        return pick(measured.dominant, column, **where)

    return {
        "share": of("share", IN_FIGURE_56, LEAKY),
        "share_after_pooling": of("share", IN_FIGURE_56, LEAKY_POOLED),
        "resemblance": of("resemblance", IN_FIGURE_56, LEAKY),
        "share_on_natural_images": of("share", NATURAL, LEAKY_POOLED),
        "resemblance_on_natural_images": of("resemblance", NATURAL, LEAKY),
    }


def of_the_test_image(measured: Measures) -> Values:
    """Where maps of test image (i) have stripes, after a LeakyReLU."""
    return {
        key: pick(measured.contrasts, key, model=ALEXNET, weights=TRAINED, layer=LEAKY)
        for key in ("striped", "in_one_lower_quarter")
    }


def of_black_on_black(measured: Measures) -> Values:
    """Shares of maps with a stripe where black meets padding, after a LeakyReLU."""

    def of(name: str, weights: str = TRAINED) -> Quantity:
        where = {"model": name, "weights": weights, "layer": LEAKY}
        return pick(measured.contrasts, "striped_of_black", **where)

    return {
        "striped_of_black": of(ALEXNET),
        "striped_of_black_untrained": of(ALEXNET, UNTRAINED),
        "more_than_untrained": more(of(ALEXNET), of(ALEXNET, UNTRAINED)),
        "striped_of_black_without_bias": of(NO_BIAS),
        "more_than_without_bias": more(of(ALEXNET), of(NO_BIAS)),
    }


def of_no_bias(measured: Measures) -> Values:
    """Stripes on validation images with and without biases."""
    trained = striped(measured, NO_BIAS)
    untrained = striped(measured, NO_BIAS, weights=UNTRAINED)
    return {
        "striped": striped(measured),
        "listed_more_than_untrained": more(striped(measured), striped(measured, weights=UNTRAINED)),
        "striped_without_bias": trained,
        "striped_without_bias_untrained": untrained,
        "more_than_untrained": more(trained, untrained),
    }


def of_depth(measured: Measures) -> Values:
    """Shares of striped maps in each layer, from the first to the last."""
    by_depth = [striped(measured, layer=layer) for layer in LEAKY_RELUS]
    untrained = [striped(measured, weights=UNTRAINED, layer=layer) for layer in LEAKY_RELUS]
    growth, of_untrained = (more(shares[-1], shares[0]) for shares in (by_depth, untrained))
    return {
        "striped_by_depth": by_depth,
        "striped_in_the_last": by_depth[-1],
        "most_striped_before": max(by_depth[:-1]),
        "growth": growth,
        "growth_untrained": of_untrained,
        "growth_more_than_untrained": more(growth, of_untrained),
    }


def of_performance(measured: Measures) -> Values:
    """What is explained of validation images, with zero padding and with mirrored padding."""
    zeros, mirrored = (
        pick(measured.reconstructions, "explained", model=name)
        for name in (ALEXNET, MIRRORED_PADDING)
    )
    known = zeros is not None and mirrored is not None
    return {
        "explained": [zeros, mirrored] if known else None,
        "explained_to_that_with_mirrored_padding": zeros / (mirrored or np.nan) if known else None,
        "more_stripes": more(striped(measured), striped(measured, MIRRORED_PADDING)),
    }


def of_reconstructions(measured: Measures) -> Values:
    """How well both data sets are reconstructed."""

    def of(column: str, name: str) -> Quantity:
        return pick(measured.reconstructions, column, model=name)

    return {
        "explained_on_imagenet": of("explained", ALEXNET),
        "explained_on_celeba": of("explained", CELEBA),
        "sharpness_on_imagenet": of("sharpness", ALEXNET),
        "sharpness_on_celeba": of("sharpness", CELEBA),
        "reconstruction_term_on_imagenet": of("val_reconstruction", ALEXNET),
        "reconstruction_term_on_celeba": of("val_reconstruction", CELEBA),
    }


def striped(
    measured: Measures, name: str = ALEXNET, *, weights: str = TRAINED, layer: str = LEAKY
) -> Quantity:
    """Share of a layer's maps that are striped at any side on natural images.

    After a LeakyReLU, as the thesis's were: a ReLU makes its "strongly negative" stripes zero.
    """
    where = {"model": name, "weights": weights, "layer": layer, "images": NATURAL}
    return pick(measured.stripes, "any", **where)


def of_natural(measured: Measures) -> Mapping[str, float]:
    """AlexNet-VAE's row of the last layer on natural images."""
    where = {"model": ALEXNET, "weights": TRAINED, "layer": LEAKY, "images": NATURAL}
    (row,) = rows(measured.stripes, **where).to_dict("records")
    return row


def more(share: Quantity, other: Quantity) -> Quantity:
    """By how much a share is larger than another; None without either."""
    return None if share is None or other is None else share - other
