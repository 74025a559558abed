"""How much each latent layer tells of each factor of variation (Section 4.4).

The thesis looks at coloured scatter plots; here, what a predictor that learnt from 70 % of the
images can say about the others. A simple one finds what lies along straight lines, a flexible one
also what is folded or spread over clusters. What both miss is not there, or too well hidden.

The mutual information is a lower bound (Barber and Agakov 2003): the mean, over held-out images, of
ln q(group | code) / p(group), with q as the trees say it. It holds for vectors of any length and
for all kinds of factors; being a mean over images, it can be bootstrapped. (Estimators from
distances between neighbours are for few dimensions, and not of held-out images.) The weaker the
relation, the looser the bound: see the tests, with Gaussian channels.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats
from sklearn.base import BaseEstimator
from sklearn.linear_model import LinearRegression

from thesis_repro.analysis.factors import Factor, Kind, check, split, with_all
from thesis_repro.analysis.predictors import Parts, forest, gain, grow, predict, simple_classifier
from thesis_repro.analysis.statistics import (
    Interval,
    bootstrap_mean,
    bootstrap_mean_of_means,
    bootstrap_ratio,
)

R2, ACCURACY = "R2", "balanced accuracy"
INFORMATION = "mutual information (nats)"
SIMPLE, FLEXIBLE = "linear", "trees"


@dataclass(frozen=True)
class Information:
    """How much the codes of one layer tell of one factor, by one measure; a row of a table.

    Attributes:
        model: Its name.
        layer: Its name; "all" for all of them side by side.
        factor: Its name.
        measure: "R2, linear" or "R2, trees" of numbers and angles, "balanced accuracy, linear" or
            "balanced accuracy, trees" of classes, "mutual information (nats)" of all.
        value: On held-out images.
        low: Of the 95 % bootstrap interval over these images.
        high: Of the same.
        chance: What a code that tells nothing is expected to get.
        best: What a code that tells everything gets.
    """

    model: str
    layer: str
    factor: str
    measure: str
    value: float
    low: float
    high: float
    chance: float
    best: float


Bounds = tuple[float, float]  # chance, best


def factor_information(
    model: str,
    codes: Mapping[str, np.ndarray],
    factors: Mapping[str, Factor],
    rng: np.random.Generator,
) -> list[Information]:
    """What each layer, and all of them side by side, tell of each factor.

    All layers are judged by the same held-out images. About a second per layer and factor, with
    8,000 images and one core.

    Args:
        model: Its name, for the rows.
        codes: Of each layer (n, d), means or samples, in any scale; n from 100 on.
        factors: Of the same images, in the same order.
        rng: For the split, the trees and the bootstrap.

    Raises:
        ValueError: codes or factors are not finite, do not fit each other, are too few, or a factor
            is the same in all images.
    """
    check(codes, factors)
    rows = []
    for name, factor in factors.items():
        learnt, held_out = split(factor, seed := int(rng.integers(2**31)))
        for layer, z in with_all(codes).items():
            measures = _measured(Parts.of(z, factor, learnt, held_out), factor.kind, seed, rng)
            rows += [
                Information(model, layer, name, measure, *interval, *bounds)
                for measure, (interval, bounds) in measures.items()
            ]
    return rows


def _measured(
    parts: Parts, kind: Kind, seed: int, rng: np.random.Generator
) -> dict[str, tuple[Interval, Bounds]]:
    trees = grow(parts, seed)
    probabilities = trees.classifier.predict_proba(parts.z_out)
    if kind is Kind.CATEGORICAL:
        measures = _accuracies(parts, probabilities, rng)
    else:
        measures = _r_squareds(parts, forest(trees.least, seed), rng)
    nats = pointwise_information(trees.trust, probabilities, parts.shares, parts.groups_out)
    bounds = 0.0, entropy(parts.groups_out)
    return measures | {INFORMATION: (bootstrap_mean(nats, rng), bounds)}


def _accuracies(
    parts: Parts, of_trees: np.ndarray, rng: np.random.Generator
) -> dict[str, tuple[Interval, Bounds]]:
    simple = simple_classifier().fit(parts.z, parts.groups).predict_proba(parts.z_out)
    return {
        f"{ACCURACY}, {predictor}": (
            balanced_accuracy(probabilities / parts.shares, parts.groups_out, rng),
            (1 / len(parts.shares), 1.0),
        )
        for predictor, probabilities in ((SIMPLE, simple), (FLEXIBLE, of_trees))
    }


def _r_squareds(
    parts: Parts, trees: BaseEstimator, rng: np.random.Generator
) -> dict[str, tuple[Interval, Bounds]]:
    guess = parts.targets.mean(axis=0)
    measures = {}
    for predictor, regressor in ((SIMPLE, LinearRegression()), (FLEXIBLE, trees)):
        predicted = predict(regressor, parts)
        interval = r_squared(predicted, parts.targets_out, guess, rng)
        measures[f"{R2}, {predictor}"] = interval, (0.0, 1.0)
    return measures


# === Measures on held-out images ===


def r_squared(
    predicted: np.ndarray, targets: np.ndarray, guess: np.ndarray, rng: np.random.Generator
) -> Interval:
    """1 - the squared errors of (m, t) over those of a guess (t,): 0 for the guess itself, or less.

    Of an angle, sine and cosine are taken together, as the squared distance on the unit circle.
    """
    around = np.square(targets - guess).sum(axis=1)
    missed = np.square(targets - predicted).sum(axis=1)
    return bootstrap_ratio(around - missed, around, rng)


def balanced_accuracy(scores: np.ndarray, groups: np.ndarray, rng: np.random.Generator) -> Interval:
    """The mean over classes of how many of their images (m,) have their highest score in (m, k).

    The scores are probabilities over the classes' shares: as if all classes were equally frequent.
    """
    right = scores.argmax(axis=1) == groups
    return bootstrap_mean_of_means([right[groups == group] for group in np.unique(groups)], rng)


def pointwise_information(
    trust: float, probabilities: np.ndarray, shares: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """Of each image, ln q(group | code) / p(group) in nats, (m,); its mean is the lower bound.

    q are the trees' probabilities (m, k), mixed with the groups' shares (k,) as far as the trees
    are not to be trusted (`Trees`). Else they would be sure of noise: a code that tells nothing
    gets 0, not less.
    """
    return np.log(trust * gain(probabilities, shares, groups) + 1 - trust)


def entropy(groups: np.ndarray) -> float:
    """The entropy of groups (n,) in nats."""
    return float(stats.entropy(np.bincount(groups)))
