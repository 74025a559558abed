"""What batch normalisation remembers of the batches it has seen."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import keras

# Moving statistics keep 0.99 of what they were at each pass, so that a run of a few hundred updates
# would end with much of their initial values, or of the huge variances of first updates that
# explode. Such a run keeps less: its updates are twenty times as many as the moving statistics
# remember. Any other is Keras's and the thesis's.
SHORT_RUN = 1_000  # updates
_MEMORIES = 20


def cap_momentum(networks: Iterable[keras.Model], updates: int) -> float | None:
    """Let the moving statistics of a short run remember a 20th of its updates at most.

    The share of them that an update leaves, or None where the run is not short.
    """
    if updates >= SHORT_RUN:
        return None
    kept = max(0.0, 1 - _MEMORIES / max(updates, 1))
    for layer in _normalizations(networks):
        layer.momentum = min(layer.momentum, kept)
        layer.shares_passes = True
    return kept


def in_equal_shares(network: keras.Model, *batches: Any) -> Iterator[Any]:
    """The batches that an update passes through a network, one pass after another.

    In a short run its moving statistics take the same share of each: with Keras's rule, the last
    would count most, and alone where they remember nothing older. In any other they are left alone.
    """
    layers = [layer for layer in _normalizations([network]) if hasattr(layer, "shares_passes")]
    momenta = [layer.momentum for layer in layers]
    try:
        for index, batch in enumerate(batches):
            for layer, momentum in zip(layers, momenta, strict=True):
                # In the end, what was there before weighs `momentum`, each pass this share:
                share = (1 - momentum) / len(batches)
                before = momentum + index * share
                layer.momentum = before / (before + share)
            yield batch
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum


@contextmanager
def frozen(network: keras.Model) -> Iterator[None]:
    """Run a network in training without a trace left in its moving statistics.

    Keras 2.2.4's behaviour for a network that is not being trained: batch statistics normalise, but
    are not remembered (erratum E27).
    """
    layers = list(_normalizations([network]))
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 1.0  # keep all of the old statistics, take nothing of the new
    try:
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum


def _normalizations(networks: Iterable[keras.Model]) -> Iterator[keras.layers.BatchNormalization]:
    for layer in (layer for network in networks for layer in network.layers):
        if isinstance(layer, keras.layers.BatchNormalization):
            yield layer
