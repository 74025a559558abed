"""How disentangled codes are: MIG, DCI, SAP and the FactorVAE score (Section 4.4, RQ2 and RQ5).

All take codes z (n, d) and the factors of the same images, and follow the papers:

- MIG, the mutual information gap: Chen, Li, Grosse and Duvenaud, Isolating Sources of
  Disentanglement in Variational Autoencoders, NeurIPS 2018, Section 4.1.
- DCI, disentanglement, completeness, informativeness: Eastwood and Williams, A Framework for the
  Quantitative Evaluation of Disentangled Representations, ICLR 2018, Section 2.
- SAP, separated attribute predictability: Kumar, Sattigeri and Balakrishnan, Variational Inference
  of Disentangled Latent Concepts from Unlabeled Observations, ICLR 2018, Section 3.
- The FactorVAE score: Kim and Mnih, Disentangling by Factorising, ICML 2018, Section 4.

What a paper leaves open is chosen as by Locatello et al., Challenging Common Assumptions in the
Unsupervised Learning of Disentangled Representations, ICML 2019, in their disentanglement_lib
(needs TensorFlow 1.14; its last release is of 2020), unless another is named.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from sklearn.metrics import balanced_accuracy_score, mutual_info_score

from thesis_repro.analysis.factor_information import entropy
from thesis_repro.analysis.factors import Factor, Kind, check, split, with_all
from thesis_repro.analysis.predictors import Parts, forest, grow, predict

BINS = 20  # of a code, equally wide (disentanglement_lib)
BATCH = 64  # images that share the value of one factor (disentanglement_lib)
VOTES = 800  # to learn from, and as many held out: the standard error is 0.018 at most
COLLAPSED = 0.05  # codes with a smaller standard deviation only repeat the prior (ibid.)

DCI_NAMES = ("DCI disentanglement", "DCI completeness", "DCI informativeness (error)")
STANDARD = ("MIG, each value a class", "FactorVAE score, each value a class")
OF_THE_TOLD = "MIG, of what the best code tells"

# Codes of so many images, of which the factor of this number is the same and the others are not.
Sampler = Callable[[int, int, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Score:
    """One score of one layer; a row of a table."""

    model: str
    layer: str  # "all": all of them side by side
    measure: str
    value: float  # 0 to 1, 1 is best; of "DCI informativeness (error)", 0 is best and 1 a guess


class DCI(NamedTuple):
    """Disentanglement and completeness, 1 is best; informativeness is an error, 0 is best."""

    disentanglement: float
    completeness: float
    informativeness: float


def disentanglement_scores(
    model: str,
    codes: Mapping[str, np.ndarray],
    factors: Mapping[str, Factor],
    rng: np.random.Generator,
) -> list[Score]:
    """The six scores of each layer, and of all of them side by side.

    Pass means, as Locatello et al. do, or samples, as Chen et al. define the MIG. Scores of layers
    with other factors or another number of dimensions are not to be compared, nor are these with
    published ones: see `standard_scores`.

    Args:
        model: Its name, for the rows.
        codes: Of each layer (n, d); n from 100 on.
        factors: Of the same images, in the same order; two or more.
        rng: For the held-out images, the trees and the votes.

    Raises:
        ValueError: see `thesis_repro.analysis.factors.check`; or there is only one factor.
    """
    check(codes, factors)
    known = list(factors.values())
    if len(known) < 2:
        raise ValueError("Nothing can be entangled with a single factor: pass two or more.")
    seed = int(rng.integers(2**31))
    rows = []
    for layer, z in with_all(codes).items():
        sampler = fixed_factor_sampler(z, known)
        scores = {
            "MIG": mig(z, known),
            **dict(zip(DCI_NAMES, dci(z, known, seed), strict=True)),
            "SAP": sap(z, known),
            "FactorVAE score": factor_vae_score(sampler, z, len(known), rng),
        }
        rows += [Score(model, layer, measure, value) for measure, value in scores.items()]
    return rows


def standard_scores(
    model: str,
    codes: Mapping[str, np.ndarray],
    factors: Mapping[str, Factor],
    rng: np.random.Generator,
) -> list[Score]:
    """MIG and FactorVAE score as the literature has them, of each layer and of all side by side.

    There every value of a factor is a class of its own: dSprites' 32 positions and 40 orientations.
    `disentanglement_scores` has ten groups of each number, and orientations folded by the shape's
    symmetry, so that data sets and factors share one scale; its scores are not to be compared with
    published ones. DCI and SAP have no such form here: published ones classify each value.

    Args:
        model: Its name, for the rows.
        codes: Of each layer (n, d).
        factors: Of the same images, in the same order, each as classes.
        rng: For the votes.

    Raises:
        ValueError: codes that are not finite, or a factor that is the same in all images.
    """
    known = list(factors.values())
    for name, factor in factors.items():
        if not factor.groups.any():
            raise ValueError(f"The factor {name} is the same in all images: leave it out.")
    rows = []
    for layer, z in with_all(codes).items():
        if not np.isfinite(z).all():
            raise ValueError(f"The codes of {layer} hold NaN or infinity.")
        sampler = fixed_factor_sampler(z, known)
        scores = mig(z, known), factor_vae_score(sampler, z, len(known), rng)
        rows += [Score(model, layer, *pair) for pair in zip(STANDARD, scores, strict=True)]
    return rows


def scores_of_the_told(
    model: str,
    codes: Mapping[str, np.ndarray],
    factors: Mapping[str, Factor],
    rng: np.random.Generator,
) -> list[Score]:
    """The MIG as a share of what is told (`mig_of_the_told`), of each layer and of all together.

    Of the factors that are passed: those that no code tells have nothing to be disentangled.

    Args:
        model: Its name, for the rows.
        codes: Of each layer (n, d); n from 100 on.
        factors: Of the same images, in the same order.
        rng: Not used; as the other scores have it.

    Raises:
        ValueError: see `thesis_repro.analysis.factors.check`.
    """
    check(codes, factors)
    known = list(factors.values())
    return [
        Score(model, layer, OF_THE_TOLD, mig_of_the_told(z, known))
        for layer, z in with_all(codes).items()
    ]


# === Gaps: MIG and SAP ===


def mig(z: np.ndarray, factors: list[Factor]) -> float:
    """The mutual information gap of z (n, d): 1 if one code each tells a factor, and all of it.

    The mean over factors v_k of [max_j I(z_j; v_k) - the second largest I] / H(v_k): Chen et al.
    2018, Section 4.1. I is that of the code's 20 bins and the factor's groups. A single code has a
    second one that tells nothing.
    """
    entropies = [entropy(factor.groups) for factor in factors]
    return float(np.mean(_gaps(_told(z, factors)) / entropies))


def mig_of_the_told(z: np.ndarray, factors: list[Factor]) -> float:
    """The same gap over what the best code tells: 1 if none but the best tells of a factor.

    Noise in a factor's own code, of which the MIG falls, leaves it as it is. NaN if no code of z
    (n, d) tells anything of one of the factors.
    """
    told = _told(z, factors)
    best = told.max(axis=1)
    return float(np.mean(_gaps(told) / np.where(best > 0, best, np.nan)))


def _told(z: np.ndarray, factors: list[Factor]) -> np.ndarray:
    """What each code of z (n, d), in bins, tells of each factor's groups: (factors, d) in nats."""
    codes = [np.digitize(code, np.histogram_bin_edges(code, BINS)[1:-1]) for code in z.T]
    return np.array(
        [[mutual_info_score(factor.groups, code) for code in codes] for factor in factors]
    )


def sap(z: np.ndarray, factors: list[Factor]) -> float:
    """The mean over factors of how much better the best code of z (n, d) is than the second best.

    Kumar et al. 2018, Section 3: of numbers, the R2 of a line; of k classes, the balanced accuracy
    of the best thresholds. A code that is always the same counts 0, one that tells nothing 1 / k:
    where there is one, no gap of k classes is wider than 1 - 1 / k.
    """
    return float(np.mean(_gaps([[_alone(code, factor) for code in z.T] for factor in factors])))


def _alone(code: np.ndarray, factor: Factor) -> float:
    """How well a single code (n,) predicts a factor."""
    if np.ptp(code) == 0:
        return 0.0
    if factor.kind is Kind.CATEGORICAL:
        return best_thresholds(code, factor.groups)
    around = factor.targets - factor.targets.mean(axis=0)
    along = (code - code.mean()) @ around
    return float((along**2).sum() / (code.var() * len(code) * (around**2).sum()))


def best_thresholds(code: np.ndarray, groups: np.ndarray) -> float:
    """The highest balanced accuracy of k - 1 thresholds on a code (n,) for groups (n,) of k.

    The thresholds part the code into k intervals, each of which says one group. Of all ways to do
    so, by dynamic programming along the code: a tree that splits greedily misses the best.
    """
    values, places = np.unique(code, return_inverse=True)
    count = int(groups.max()) + 1
    gained = np.zeros((len(values), count))
    np.add.at(gained, (places, groups), 1 / (count * np.bincount(groups))[groups])
    # The most that is right so far, by the intervals begun and what the last of them says.
    right = np.full((count, count), -np.inf)
    right[0] = 0
    for here in gained:
        right[1:] = np.maximum(right[1:], right[:-1].max(axis=1, keepdims=True))
        right += here
    return float(right.max())


def _gaps(values: ArrayLike) -> np.ndarray:
    """The largest of each row of (factors, d) less the second largest, (factors,)."""
    ordered = np.sort(np.pad(values, [(0, 0), (1, 0)]), axis=1)
    return ordered[:, -1] - ordered[:, -2]


# === DCI ===


def dci(z: np.ndarray, factors: list[Factor], seed: int) -> DCI:
    """Disentanglement, completeness and informativeness of z (n, d), by trees.

    Eastwood and Williams 2018 leave the predictor open and take a lasso and random forests; these
    are extremely randomised trees, their importance the share of the impurity that a code takes
    away. Informativeness is the mean over factors of the error on held-out images, over that of a
    guess: the root mean square of numbers, and 1 - balanced accuracy of classes.
    """
    importances, errors = zip(*(_importance(z, factor, seed) for factor in factors), strict=True)
    importance = np.stack(importances, axis=1)
    error = float(np.mean(errors))
    return DCI(disentanglement(importance), completeness(importance), error)


def _importance(z: np.ndarray, factor: Factor, seed: int) -> tuple[np.ndarray, float]:
    """The importance of each code for a factor, (d,), and the error over that of a guess."""
    parts = Parts.of(z, factor, *split(factor, seed))
    trees = grow(parts, seed)
    if factor.kind is Kind.CATEGORICAL:
        predicted = (trees.classifier.predict_proba(parts.z_out) / parts.shares).argmax(axis=1)
        missed = 1 - balanced_accuracy_score(parts.groups_out, predicted)
        return trees.classifier.feature_importances_, missed / (1 - 1 / len(parts.shares))
    regressor = forest(trees.least, seed)
    missed = np.square(parts.targets_out - predict(regressor, parts)).sum()
    around = np.square(parts.targets_out - parts.targets.mean(axis=0)).sum()
    return regressor.feature_importances_, float(np.sqrt(missed / around))


def disentanglement(importance: np.ndarray) -> float:
    """Whether each code serves one factor only; importance is R (d, k), of two factors or more.

    The mean of D_i = 1 - H_k(P_i.), P_ij = R_ij / sum_j R_ij, H with base k, each code weighted by
    its share of all importance (Eastwood and Williams 2018, Section 2). 0 if none is important.
    """
    weights = importance.sum(axis=1)
    used = weights > 0
    if not used.any():
        return 0.0
    single = 1 - stats.entropy(importance[used], base=importance.shape[1], axis=1)
    return float(np.average(single, weights=weights[used]))


def completeness(importance: np.ndarray) -> float:
    """Whether each factor is served by one code only; importance is R (d, k).

    The mean of C_j = 1 - H_d(P_.j), P_ij = R_ij / sum_i R_ij, H with base d (ibid.); all factors
    weigh alike, as in the authors' program. A factor that no code serves counts 0; of a single code
    there is no other, and completeness is 1.
    """
    used = importance.sum(axis=0) > 0
    if len(importance) < 2:
        return float(used.mean())
    single = 1 - stats.entropy(importance[:, used], base=len(importance), axis=0)
    return float(single.sum() / importance.shape[1])


# === FactorVAE score ===


def factor_vae_score(
    sample: Sampler, z: np.ndarray, factors: int, rng: np.random.Generator
) -> float:
    """How often the code that varies least says which factor is fixed; by guessing, 1 / factors.

    Kim and Mnih 2018, Section 4: a vote is the code whose variance, over its variance in all of z,
    is least among images that share a random factor's value. What a code says is the factor of most
    of its votes; the score is of other votes (as in disentanglement_lib). Codes that have collapsed
    to the prior take no part.

    Args:
        sample: Codes of images that share the value of one factor: `fixed_factor_sampler`, or one
            that draws images from a renderer.
        z: Codes of images of all kinds, (n, d), where the prior's standard deviation is 1.
        factors: Their number.
        rng: For the votes.
    """
    spread = z.var(axis=0)
    active = np.sqrt(spread) > COLLAPSED
    if not active.any():
        return 1 / factors
    votes, others = np.zeros((2, factors, np.count_nonzero(active)))
    for counts in (votes, others):
        for factor in rng.integers(factors, size=VOTES):
            variance = sample(factor, BATCH, rng)[:, active].var(axis=0) / spread[active]
            counts[factor, variance.argmin()] += 1
    says = votes.argmax(axis=0)
    return float(others[says, np.arange(len(says))].sum() / VOTES)


def fixed_factor_sampler(z: np.ndarray, factors: list[Factor]) -> Sampler:
    """What draws from the images that there are: a random group of the factor, no image twice.

    Of a group with fewer images than asked for, all.
    """
    members = [
        [np.flatnonzero(factor.groups == group) for group in np.unique(factor.groups)]
        for factor in factors
    ]

    def sample(factor: int, count: int, rng: np.random.Generator) -> np.ndarray:
        group = members[factor][rng.integers(len(members[factor]))]
        return z[rng.choice(group, min(count, len(group)), replace=False)]

    return sample
