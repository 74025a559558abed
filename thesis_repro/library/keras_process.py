"""What Keras does to the user's process: it comes without a word, and changes no random numbers."""

import logging
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from thesis_repro.models import keras_settings


@contextmanager
def keras_imported() -> Iterator[None]:
    """Import Keras; Python's and NumPy's generators, which a run's beginning seeds, stay."""
    # What really fails is raised; "no GPU found" is no news, nor is advice on batches of any size.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        keras_settings.import_keras()
        yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002
