"""Codes, numbers and seeds as people have them, checked before a model computes with them."""

import operator
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from thesis_repro.errors import ModelError
from thesis_repro.models.encoding import Posterior
from thesis_repro.models.spec import ModelSpec

# What random numbers come from: a generator, or the seed of one.
RandomNumbers: TypeAlias = np.random.Generator | int

_LARGEST = np.finfo("float32").max


def as_codes(z: np.ndarray | Sequence[np.ndarray], spec: ModelSpec) -> list[np.ndarray]:
    """Codes of each latent layer, (n, dimensions); those of a single one may come by themselves.

    Raises:
        ModelError: they are of other layers, of different n, no finite numbers, or none.
    """
    if not spec.latent_dims.value:
        raise ModelError(f"{spec.name} has no latent layers, so that it takes no codes.")
    given = [z] if isinstance(z, Posterior) or (isinstance(z, np.ndarray) and z.ndim == 2) else z
    try:
        layers = [] if isinstance(given, str) else [*given]
    except TypeError:  # nothing that can be gone through
        layers = []
    if not layers:
        raise ModelError(f"{_decodes(spec)}; this is {given!r}.")
    if any(isinstance(layer, Posterior) for layer in layers):
        raise ModelError(
            f"{_decodes(spec)}; these are posteriors: pass .mu or .sample(rng) of each."
        )
    try:
        layers = [np.asarray(layer) for layer in layers]
    except ValueError:  # rows of different lengths
        raise ModelError(f"{_decodes(spec)}; these cannot be made arrays.") from None
    shapes = [layer.shape for layer in layers]
    if [shape[1:] for shape in shapes] != [(size,) for size in spec.latent_dims.value]:
        raise ModelError(f"{_decodes(spec)}; these are {', '.join(map(str, shapes))}.")
    if len({*map(len, layers)}) > 1:
        raise ModelError(
            f"{_decodes(spec)}; these are {', '.join(map(str, shapes))}: n has to be the same in "
            "all of them."
        )
    if not len(layers[0]):
        raise ModelError(f"{spec.name}: pass at least one code.")
    for layer in layers:
        if layer.dtype.kind not in "iuf":
            raise ModelError(f"{_decodes(spec)}; these are {layer.dtype}: pass floats.")
        if not (np.abs(layer) <= _LARGEST).all():
            raise ModelError(f"{_decodes(spec)}; in these, some are not finite numbers.")
    return layers


def _decodes(spec: ModelSpec) -> str:
    taken = ", ".join(f"(n, {size})" for size in spec.latent_dims.value)
    return f"{spec.name} decodes codes {taken}, one array per latent layer"


def as_count(number: int, what: str, least: int = 1) -> int:
    """A whole number that is large enough.

    Raises:
        ModelError: it is another one, or none.
    """
    try:
        count = operator.index(number)
    except TypeError:
        count = least - 1
    if count < least:
        raise ModelError(f"{what} has to be a whole number from {least} on, not {number!r}.")
    return count


def as_generator(rng: RandomNumbers) -> np.random.Generator:
    """The generator itself, or a new one from a seed.

    Raises:
        ModelError: it is neither.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    try:
        return np.random.default_rng(operator.index(rng))
    except (TypeError, ValueError):
        raise ModelError(
            "rng has to be a numpy.random.Generator, or a seed: a whole number from 0 on, not "
            f"{rng!r}."
        ) from None
