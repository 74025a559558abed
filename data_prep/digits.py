"""The stand-in for MNIST: scikit-learn's 1,797 real handwritten digits, brought to 28 x 28 px.

Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI repository; 8 x 8
counts from 0 to 16, part of scikit-learn.
"""

from importlib.resources import as_file, files

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from data_prep.checksums import describe_file
from data_prep.content import Content, ReadOptions, SplitContent
from data_prep.mnist import FEATURES

SIZE = 28  # px, MNIST's (Section 3.3.3)
TRAIN_COUNT = 1_500  # leaves 297 for validation, about MNIST's 6 to 1
BRIGHTEST = 16  # the digits are counts of dark pixels in 4 x 4 blocks
SPLIT_SEED = 0


def read_stand_in(options: ReadOptions = ReadOptions()) -> Content:
    """The digits in MNIST's schema, split at random but always in the same way.

    Args:
        options: Nothing in them applies.
    """
    digits = load_digits()
    images = np.stack([enlarge(counts) for counts in digits.images])[..., np.newaxis]
    labels = digits.target.astype(np.int64)
    train, validation = split(len(labels), np.random.default_rng(SPLIT_SEED))
    splits = {
        name: SplitContent(len(rows), ({"image": images[rows], "label": labels[rows]},))
        for name, rows in {"train": train, "validation": validation}.items()
    }
    with as_file(files("sklearn.datasets.data") / "digits.csv.gz") as path:
        sources = (describe_file(path),)
    description = f"stand-in: scikit-learn digits, {SIZE}x{SIZE} by Lanczos"
    return Content(description, FEATURES, splits, sources)


def enlarge(counts: np.ndarray) -> np.ndarray:
    """Bring one 8 x 8 digit of 0..16 to 28 x 28 uint8 by Lanczos, as all images of the thesis."""
    grey = np.rint(counts * (255 / BRIGHTEST)).astype(np.uint8)
    return np.asarray(Image.fromarray(grey).resize((SIZE, SIZE), Image.Resampling.LANCZOS))


def split(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the rows for training and validation, each in file order.

    Drawn at random because the file's last rows come from other writers than its first.
    """
    order = rng.permutation(count)
    return np.sort(order[:TRAIN_COUNT]), np.sort(order[TRAIN_COUNT:])
