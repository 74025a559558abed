"""Building a network for its shapes alone: no memory for weights, no initial values drawn."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import keras


def build_shapes(builder: Callable[[], keras.Model]) -> keras.Model:
    """Call a builder so that the variables have shapes and nothing else; for reading, not running.

    AlexNet-VAE's decoder alone would take 0.9 GB and seconds to initialise. The work is done in a
    thread of its own because Keras keeps its list of variables still to be initialised, its name
    counters and its dtype policy per thread: the caller's stay as they are, and the network is
    built under the default policy.

    Raises:
        ParameterCountError: from the builder, as in a normal call.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(_build, builder).result()


def _build(builder: Callable[[], keras.Model]) -> keras.Model:
    with keras.StatelessScope(initialize_variables=False):
        return builder()
