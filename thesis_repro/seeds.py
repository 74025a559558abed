"""Seeds derived from (master seed, purpose, ...): no global generator, no order of calls."""

import hashlib
from typing import Any

import numpy as np


def derive_seed(master: int, *purpose: str | int) -> int:
    """A 31-bit seed that depends on the master seed and the purpose, and on nothing else.

    31 bits, since Keras and TensorFlow take seeds as signed 32-bit integers on some paths.
    """
    text = "/".join(map(str, (master, *purpose)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def epoch_order(master: int, model_id: str, epoch: int, count: int) -> np.ndarray:
    """The order in which an epoch goes through ``count`` images."""
    rng = np.random.default_rng(derive_seed(master, model_id, "order", epoch))
    return rng.permutation(count)


def seed_noise(model: Any, master: int, *purpose: str | int) -> None:
    """Set every noise generator of a Keras model (sampling, dropout), whatever was drawn before."""
    states = [v for v in model.variables if v.path.endswith("seed_generator_state")]
    for index, state in enumerate(states):
        state.assign(np.array([derive_seed(master, *purpose, index), 0], dtype="uint32"))
