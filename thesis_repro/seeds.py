"""Seeds derived from (master seed, purpose, ...): no global generator, no order of calls."""

import hashlib


def derive_seed(master: int, *purpose: str | int) -> int:
    """A 31-bit seed that depends on the master seed and the purpose, and on nothing else.

    31 bits, since Keras and TensorFlow take seeds as signed 32-bit integers on some paths.
    """
    text = "/".join(map(str, (master, *purpose)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
