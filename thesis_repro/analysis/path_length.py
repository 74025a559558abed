"""Perceptual path length of a decoder's latent space, and its empty images (Section 4.3, Table 4).

A step decodes two points of the path between two random z, a small t apart, and compares the
features of both images (Karras et al. 2019, Section 4.1; here with Listing 38's features).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np

from thesis_repro.models.decoding import compiled, in_batches
from thesis_repro.seeds import derive_seed
from thesis_repro.training.backend import full_float32

EPSILON = 1e-4  # of t, between the two points of a step; original code, Karras et al. 2019
FEATURE_LAYER = "conv2d_94"  # Section 4.3, footnote 35; its output before normalisation
STEPS = 100  # of a seed
MINIBATCH = 32  # steps that the original code drew with one seed (erratum E17)
STEPS_AT_ONCE = 100  # in a batch; CPUs are equally fast from 16 to 200
ROUNDING = 1e-15  # two directions that are as near to parallel as this are parallel

# The smallest object of dSprites, a heart of scale 0.5, has 50 px (renderer; 51 px among 55,013
# official images). Blurred with a standard deviation of 2.5 px, so that it is hardly a heart, 24
# are left of it. A quarter of it is taken for none.
LEAST_OBJECT = 50 / 4  # px above 0.5

Interpolation = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


class Paths(NamedTuple):
    """Ends of paths ``start`` and ``end`` (n, d), and where on them a step is made, ``t`` (n,)."""

    start: np.ndarray
    end: np.ndarray
    t: np.ndarray


class PathLengths(NamedTuple):
    """One model's path lengths: ``distances`` (seeds, steps), ``empty`` (seeds, steps, 2).

    A distance is the mean squared difference of the features over ``EPSILON`` squared. ``empty``
    says of the two images of a step whether they show no object.
    """

    distances: np.ndarray
    empty: np.ndarray

    @property
    def of_objects(self) -> np.ndarray:
        """The distances of those steps of which both images show something, shape (n,)."""
        return self.distances[~self.empty.any(axis=-1)]

    @property
    def of_nothing(self) -> np.ndarray:
        """The distances of those steps of which both images are empty, shape (n,)."""
        return self.distances[self.empty.all(axis=-1)]


# === Interpolation ===


def slerp(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Spherical interpolation as written (footnote 14): keeps the radius (erratum E18).

    The direction moves on the great circle at constant speed, the norm goes linearly from one to
    the other. For vectors of equal norm this is Shoemake's (1985) formula; with others, the formula
    itself can go far beyond both norms where the angle is wide.

    Args:
        a: Rows of shape (n, d).
        b: The same.
        t: Of shape (n,): 0 gives ``a``, 1 gives ``b``, and it may lie outside of both.

    Returns:
        (n, d) float64. Degenerate rows: see `slerp_on_unit_sphere`.
    """
    radius = (1 - t) * np.linalg.norm(a, axis=1) + t * np.linalg.norm(b, axis=1)
    return radius[:, None] * slerp_on_unit_sphere(a, b, t)


def slerp_on_unit_sphere(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Spherical interpolation of directions as run: every point has norm 1 (erratum E18).

    Parameters as in `slerp`. Opposite directions are joined by one of their great circles, always
    the same: through the axis that ``a`` leans on least. A zero vector takes the direction of the
    other one; two of them, that of the first axis.

    Raises:
        ValueError: vectors of fewer than two dimensions, where opposite ones cannot be joined.
    """
    if a.shape[1] < 2:
        raise ValueError(f"There is no path on a sphere in {a.shape[1]} dimensions.")
    first_axis = np.eye(1, a.shape[1])
    a, b = _directed(a, _directed(b, first_axis)), _directed(b, _directed(a, first_axis))
    ahead = _dot(a, b)
    aside = b - ahead * a
    aside -= _dot(a, aside) * a  # again: of nearly parallel vectors, little but rounding is left
    aside[np.linalg.norm(aside, axis=1) < ROUNDING] = 0
    angle = np.arctan2(np.linalg.norm(aside, axis=1, keepdims=True), ahead)  # rad
    least = np.eye(a.shape[1])[np.abs(a).argmin(axis=1)]
    aside = _directed(aside, least - _dot(a, least) * a)
    turned = t[:, None] * angle
    return np.cos(turned) * a + np.sin(turned) * aside


def _directed(vectors: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """Vectors (n, d) with norm 1; for those of norm 0, the directions of ``otherwise``."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    chosen = np.where(norms > 0, vectors, otherwise)
    return chosen / np.linalg.norm(chosen, axis=1, keepdims=True)


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.sum(a * b, axis=1, keepdims=True)


# === Path length ===


def path_lengths(
    decoder: keras.Model,
    classifier: keras.Model,
    master: int,
    seeds: int = 50,
    steps: int = STEPS,
    interpolate: Interpolation = slerp,
) -> PathLengths:
    """Path lengths as written: so many seeds of so many independent steps (Section 4.3).

    The paths follow from the master seed alone, so that all models with as many latent dimensions
    get the same ones.

    Args:
        decoder: Maps z (n, d) to images (n, height, width, 1) in [0, 1].
        classifier: Of such images, with a layer ``FEATURE_LAYER`` (Listing 38).
        master: The master seed.
        seeds: Repetitions.
        steps: In each repetition.
        interpolate: As written, or `slerp_on_unit_sphere` (erratum E18).
    """
    dims = decoder.input.shape[1]
    paths = [draw(derive_seed(master, "path length", n), steps, dims) for n in range(seeds)]
    return measure(feature_probe(decoder, classifier), paths, interpolate)


def path_lengths_as_run(
    decoder: keras.Model,
    classifier: keras.Model,
    master: int,
    seeds: int = 200,
    interpolate: Interpolation = slerp_on_unit_sphere,
) -> PathLengths:
    """Path lengths as the original code drew them: on the unit sphere (errata E17 and E18).

    The steps of a seed are rounded up to whole minibatches, 100 to 128. Minibatch i of seed s is
    drawn with seed 32 * i * s: the first one is the same in all repetitions, seed 0 repeats it in
    place of the others, and others occur again, too. Each is computed once; of 800, 400 differ.
    Parameters as in `path_lengths`.
    """
    dims = decoder.input.shape[1]
    numbers = np.arange(seeds)[:, None] * np.arange(0, STEPS, MINIBATCH)
    distinct, places = np.unique(numbers, return_inverse=True)
    paths = [
        draw(derive_seed(master, "path length as run", int(number)), MINIBATCH, dims)
        for number in distinct
    ]
    lengths = measure(feature_probe(decoder, classifier), paths, interpolate)
    places = places.reshape(numbers.shape)
    return PathLengths(
        lengths.distances[places].reshape(seeds, -1), lengths.empty[places].reshape(seeds, -1, 2)
    )


def draw(seed: int, count: int, dims: int) -> Paths:
    """Paths between z ~ N(0, I) of so many dimensions, with t ~ U(0, 1)."""
    rng = np.random.default_rng(seed)
    start, end = rng.standard_normal((2, count, dims))
    return Paths(start, end, rng.random(count))


def measure(
    probe: keras.Model,
    paths: Sequence[Paths],
    interpolate: Interpolation,
    epsilon: float = EPSILON,
) -> PathLengths:
    """Path lengths of equally many paths per repetition, in the order given.

    Args:
        probe: From z to [images, features]: `feature_probe`.
        paths: Of each repetition.
        interpolate: `slerp` or `slerp_on_unit_sphere`.
        epsilon: Between the two values of t of a step.
    """
    start, end, t = (np.concatenate(parts) for parts in zip(*paths, strict=True))
    before, after = interpolate(start, end, t), interpolate(start, end, t + epsilon)
    distances, empty = np.empty(len(t)), np.empty((len(t), 2), bool)
    for first in range(0, len(t), STEPS_AT_ONCE):
        rows = slice(first, first + STEPS_AT_ONCE)
        images, features = _decode(probe, before[rows], after[rows])
        change = features[1].astype(np.float64) - features[0]
        distances[rows] = np.square(change).mean(axis=(1, 2, 3)) / epsilon**2
        empty[rows] = is_empty(images).T
    shape = len(paths), len(paths[0].t)
    return PathLengths(distances.reshape(shape), empty.reshape(*shape, 2))


def _decode(probe: keras.Model, before: np.ndarray, after: np.ndarray) -> list[np.ndarray]:
    """Images and features of both points of n steps from one batch: each (2, n, ...) float32."""
    z = np.concatenate([before, after]).astype(np.float32)
    with full_float32():  # TensorFloat-32 would bury a step's change as bfloat16 does
        outputs = probe.predict_on_batch(z)
    return [output.reshape(2, len(before), *output.shape[1:]) for output in outputs]


# === The network that is measured ===


def feature_probe(
    decoder: keras.Model, classifier: keras.Model, dtype: str = "float32"
) -> keras.Model:
    """One network from z to [images, features]; what comes after the features is left out.

    Arguments as in `path_lengths`. It computes in ``dtype``, whatever its parts were trained in:
    bfloat16's rounding would bury the change of a step.
    """
    features = keras.Model(classifier.input, classifier.get_layer(FEATURE_LAYER).output)
    decoder, features = in_precision(decoder, dtype), in_precision(features, dtype)
    return keras.Model(decoder.input, [decoder.output, features(decoder.output)])


def in_precision(network: keras.Model, dtype: str) -> keras.Model:
    """A copy of a network, with its weights, that computes in this precision."""

    def copied(layer: keras.layers.Layer) -> keras.layers.Layer:
        return type(layer).from_config({**layer.get_config(), "dtype": dtype})

    copy = keras.models.clone_model(network, clone_function=copied)
    copy.set_weights(network.get_weights())
    return copy


# === Empty images ===


def is_empty(images: np.ndarray) -> np.ndarray:
    """Whether images (..., height, width, 1) in [0, 1] show no object, of shape (...).

    dSprites has black and white pixels only, so a pixel above 0.5 is nearer to white. An image
    with fewer of them than a quarter of the smallest object is (nearly) empty. Summed intensity
    would not do: a grey haze of 0.02 has as much of it as a square of scale 0.5.
    """
    return (images > 0.5).sum(axis=(-3, -2, -1)) < LEAST_OBJECT


def share_of_empty_images(decoder: keras.Model, master: int, count: int) -> float:
    """Share (0 to 1) of empty images among those of z ~ N(0, I), the same z for every model.

    The points of the paths cannot stand in for them: between its ends a path comes nearer to 0.
    """
    rng = np.random.default_rng(derive_seed(master, "empty images"))
    z = rng.standard_normal((count, decoder.input.shape[1])).astype(np.float32)
    decoder = in_precision(decoder, "float32")
    batches = in_batches(compiled(decoder), [z], 2 * STEPS_AT_ONCE)
    return sum(is_empty(images).sum() for images in batches) / count
