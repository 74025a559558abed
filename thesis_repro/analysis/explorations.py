"""Latent coordinates that are decoded to see what a model has learned (Sections 4.3 and 4.4.2).

Grids (Figures 35, 36, 38), lines from shape to shape (27, 61, 62), attribute arithmetic (39), paths
between rotations (40, 71-74) and through regions of low density (43). Coordinates only: nothing
is decoded here.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import logsumexp

from thesis_repro.models.encoding import Posterior, standard_deviation
from thesis_repro.thesis.readings import Reading

LIMIT = 3.0  # of every grid, and of the uniform draws beside it
MNIST_POINTS, CELEBA_POINTS = 20, 30  # along each axis; original code

ARITHMETIC_IMAGES = 20  # original code
HAIR_ALPHAS = np.linspace(0, 2, ARITHMETIC_IMAGES)  # "alpha in [0, 2]", black to blond hair
GENDER_ALPHAS = np.linspace(0, 4, ARITHMETIC_IMAGES)  # "alpha in [0, 4]" (erratum E59)
ALPHAS_AS_RUN = np.arange(ARITHMETIC_IMAGES) / 5  # 0 to 3.8, in both panels; original code
ATTRIBUTE_IMAGES = 3_200  # that an attribute's mean is taken over; original code

_AT_ONCE = 10_000_000  # numbers held while densities are computed: 80 MB

# === Grids: Figures 35, 36 and 38 ===


def axis(points: int, reading: Reading = Reading.WRITTEN) -> np.ndarray:
    """Equal steps "from z_i = -3 to z_i = 3", both included: (points,).

    As run without the end: -3 to 2.7 for 20 points, to 2.8 for 30 (erratum E57).
    """
    return np.linspace(-LIMIT, LIMIT, points, endpoint=reading is Reading.WRITTEN)


def grid(axis: np.ndarray) -> np.ndarray:
    """Positions in the plane, row by row: the first dimension goes down, the second to the right.

    (p * p, 2) for an axis (p,); the order of the original code's loops.
    """
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)


def layered_grid(
    axis: np.ndarray,
    layer: int,
    latent_dims: Sequence[int],
    rng: np.random.Generator,
    reading: Reading = Reading.WRITTEN,
) -> list[np.ndarray]:
    """A grid in one layer (from 0), uniform draws over [-3, 3] in the others, per position.

    (p * p, dimensions) for each layer. As run, the other layers share one draw per position: the
    original code multiplied a list of one vector (erratum E57).

    Raises:
        ValueError: the layer has not two dimensions, or layers of different sizes share a draw.
    """
    positions = grid(axis)
    others = [size for index, size in enumerate(latent_dims) if index != layer]
    same_draw = reading is Reading.RUN
    if latent_dims[layer] != 2 or (same_draw and len(set(others)) > 1):
        raise ValueError(f"Layers of {tuple(latent_dims)} dimensions have no such grid.")
    if same_draw:
        draws = [rng.uniform(-LIMIT, LIMIT, (len(positions), others[0]))] * len(others)
    else:
        draws = [rng.uniform(-LIMIT, LIMIT, (len(positions), size)) for size in others]
    return [*draws[:layer], positions, *draws[layer:]]


# === Paths: Figures 27, 40, 43, 61, 62 and 71 to 74 ===


def segment(start: np.ndarray, end: np.ndarray, points: int) -> np.ndarray:
    """Evenly spaced points from start to end (dimensions,), both included: (points, dimensions)."""
    share = np.linspace(0, 1, points)[:, np.newaxis]
    return (1 - share) * start + share * end


def path_through(waypoints: np.ndarray, points: int) -> np.ndarray:
    """Evenly spaced positions on the lines from waypoint (w, dimensions) to waypoint, w > 1.

    (points, dimensions), each line taking the same number of steps. Two waypoints: the straight
    line between two rotations, or through low density (Figures 40, 43); the mean positions of all
    rotations between: the path that the model has learned.
    """
    at = np.linspace(0, len(waypoints) - 1, points)
    knots = np.arange(len(waypoints))
    return np.stack([np.interp(at, knots, column) for column in waypoints.T], axis=1)


# === Through low density: Figure 43 ===


def log_densities(points: np.ndarray, posterior: Posterior) -> dict[str, np.ndarray]:
    """Log densities (nats) at points (p, dimensions): of the encoded images, and of the prior."""
    return {
        "encoded images": encoded_log_density(points, posterior.mu, posterior.log_var),
        "prior": prior_log_density(points),
    }


def density_measures(
    line: np.ndarray, between: np.ndarray, posterior: Posterior
) -> dict[str, float]:
    """Log densities (nats) on a line (p, dimensions): of its ends (the lower one), at its lowest.

    ``codes_between``: the lowest on a path along other codes (b, dimensions), half way from each to
    the next, too: at a code its own posterior makes it dense, between two codes a line is no
    denser. All of the encoded images, but for those of the prior.
    """
    encoded, prior = log_densities(line, posterior).values()
    path = path_through(between, 2 * len(between) - 1)
    return {
        "ends": min(encoded[0], encoded[-1]),
        "lowest": encoded.min(),
        "lowest_at": encoded.argmin() / (len(encoded) - 1),
        "codes_between": encoded_log_density(path, posterior.mu, posterior.log_var).min(),
        "prior_ends": min(prior[0], prior[-1]),
        "prior_lowest": prior.min(),
    }


def prior_log_density(points: np.ndarray) -> np.ndarray:
    """Log density (nats) of N(0, I) at points (p, dimensions): (p,)."""
    return -0.5 * (points**2 + np.log(2 * np.pi)).sum(axis=1)


def encoded_log_density(points: np.ndarray, mu: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    """Log density (nats) of the encoded images at points (p, dimensions): (p,).

    That of the aggregated posterior, the mean of the posteriors of n images as they are sampled
    (`standard_deviation`), each parameter (n, dimensions). It is what "low probability density" of
    Figure 43 is: the prior is densest in the middle of a line, whether or not a code is there.
    """
    mu, sd = mu.astype("float64"), standard_deviation(log_var.astype("float64"))
    norm = -(np.log(sd) + 0.5 * np.log(2 * np.pi)).sum(axis=1)
    step = max(1, _AT_ONCE // mu.size)
    sums = []
    for start in range(0, len(points), step):
        away = ((points[start : start + step, np.newaxis] - mu) / sd) ** 2
        sums.append(logsumexp(norm - 0.5 * away.sum(axis=2), axis=1))
    return np.concatenate(sums) - np.log(len(mu))


# === Attribute arithmetic: Figure 39 ===


def some_with(has: np.ndarray, limit: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of at most ``limit`` random images of those that have an attribute (bool, (n,)).

    In file order. For those that lack it, pass ``~has``.

    Raises:
        ValueError: no image has it.
    """
    rows = np.flatnonzero(has)
    if not rows.size:
        raise ValueError(f"None of {len(has):,} images has the attribute; take more images.")
    return np.sort(rng.permutation(rows)[:limit])


def arithmetic(
    start: np.ndarray, added: np.ndarray, alphas: np.ndarray, removed: np.ndarray | None = None
) -> np.ndarray:
    """Positions ``start - removed + alpha * added``, (alphas, dimensions); all (dimensions,).

    ``removed`` and ``added`` are mean codes of an attribute's images. Without ``removed``: from a
    random ``start``, "v_2 + alpha v".
    """
    origin = start if removed is None else start - removed
    return origin + alphas[:, np.newaxis] * added
