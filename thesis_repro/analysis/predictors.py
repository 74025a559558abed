"""Predictors of factors from codes: they learn from some images and are asked about others.

A simple one, linear or logistic regression, finds what lies along straight lines; a flexible one
also what is folded or spread over clusters: extremely randomised trees (Geurts, Ernst and Wehenkel
2006). Unlike nearest neighbours they are not led astray by dimensions that tell nothing (as most of
a VAE's) nor by their scales; random forests say as much, but take several times as long.
"""

from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from thesis_repro.analysis.factors import Factor, Kind

# Images that a branch needs to be parted again: few where the codes tell much, and in detail, many
# where they tell little. The images that each tree left out decide. (A least number in a leaf would
# not do: where a random cut leaves fewer on a side, a whole branch stays one leaf.)
LEAST = (160, 40, 10)  # in doubt, the first

_TREES = {"n_estimators": 60, "max_features": None, "bootstrap": True}
_TRUST = np.linspace(0, 0.99, 100)


class Parts(NamedTuple):
    """Codes (n, d), groups (n,) and targets (n, 1 or 2) to learn from; ``_out``: held out, m."""

    z: np.ndarray
    groups: np.ndarray
    targets: np.ndarray
    z_out: np.ndarray
    groups_out: np.ndarray
    targets_out: np.ndarray

    @classmethod
    def of(cls, z: np.ndarray, factor: Factor, learnt: np.ndarray, held_out: np.ndarray) -> "Parts":
        """Take the rows of each part; classes have no targets."""
        groups = factor.groups
        targets = np.empty((len(z), 0)) if factor.kind is Kind.CATEGORICAL else factor.targets
        return cls(
            *(values[rows] for rows in (learnt, held_out) for values in (z, groups, targets))
        )

    @property
    def shares(self) -> np.ndarray:
        """Of each group among the images to learn from, (k,)."""
        return np.bincount(self.groups) / len(self.groups)


class Trees(NamedTuple):
    """Trees that tell groups.

    Attributes:
        classifier: Fitted.
        least: Images that a branch needed to be parted.
        trust: 0 to 0.99; their probabilities p say most of the images that each tree left out if
            mixed with the groups' shares, trust * p + (1 - trust) * shares.
        information: That is, the mean of ln (mixture / share) of these images, in nats.
    """

    classifier: ExtraTreesClassifier
    least: int
    trust: float
    information: float


def simple_classifier() -> BaseEstimator:
    """Logistic regression on standardised codes; its probabilities keep the classes' shares."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000))


def grow(parts: Parts, seed: int) -> Trees:
    """Trees that tell the groups, grown as finely as the images that they left out reward."""
    return max((_grow(parts, least, seed) for least in LEAST), key=lambda trees: trees.information)


def _grow(parts: Parts, least: int, seed: int) -> Trees:
    trees = ExtraTreesClassifier(
        **_TREES, min_samples_split=least, oob_score=True, random_state=seed
    ).fit(parts.z, parts.groups)
    gains = gain(trees.oob_decision_function_, parts.shares, parts.groups)
    information = [np.log(trust * gains + 1 - trust).mean() for trust in _TRUST]
    best = int(np.argmax(information))
    return Trees(trees, least, float(_TRUST[best]), float(information[best]))


def gain(probabilities: np.ndarray, shares: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The probability (m, k) given to each image's group (m,), over the group's share: (m,)."""
    return probabilities[np.arange(len(groups)), groups] / shares[groups]


def forest(least: int, seed: int) -> ExtraTreesRegressor:
    """Trees that tell numbers, not fitted; ``least`` as for the trees that tell their groups."""
    return ExtraTreesRegressor(**_TREES, min_samples_split=least, random_state=seed)


def predict(regressor: BaseEstimator, parts: Parts) -> np.ndarray:
    """Fit the regressor, and predict the targets of the held-out images, (m, 1 or 2)."""
    targets = parts.targets if parts.targets.shape[1] > 1 else parts.targets[:, 0]
    return regressor.fit(parts.z, targets).predict(parts.z_out).reshape(len(parts.z_out), -1)
