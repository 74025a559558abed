"""Latent codes in two dimensions, by t-SNE (Section 4.4.1, Figures 29, 30, 32-34 and 63-70).

The original code ran scikit-learn's t-SNE with its defaults, on the first 5,000 images (MNIST,
dSprites) or on 3,200 (CelebA). Codes of two dimensions it drew as they are, but for CelebA's
(erratum E58).
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from data_prep.parallel import ordered

PERPLEXITY = 30  # scikit-learn's default, in 2020 as today
# The other defaults of 2020, when the original code ran on Python 3.6; scikit-learn has changed
# them since (to "pca" and "auto").
DEFAULTS_OF_2020 = {"init": "random", "learning_rate": 200.0}
LEAST_IMAGES = 3 * PERPLEXITY + 2  # t-SNE takes so many neighbours of an image, and one to spare


def embeddings(
    codes: Sequence[np.ndarray], seed: int, *, also_planes: bool = False, workers: int = 1
) -> list[np.ndarray]:
    """A point in the plane for each code of each latent layer, (n, 2) each.

    Codes of two dimensions are returned as they are, unless ``also_planes``: CelebA-VLAE's and
    CelebA-VLAE-GAN's are, and still Figures 32, 69 and 70 show t-SNE of them.

    Args:
        codes: (n, dimensions) of each layer.
        seed: Of t-SNE's first positions; equal codes and seeds give equal points.
        also_planes: Whether codes of two dimensions go through t-SNE, too.
        workers: Processes; the layers are shared out among them.

    Raises:
        ValueError: as `tsne`.
    """
    reduced = [layer for layer, z in enumerate(codes) if also_planes or z.shape[1] != 2]
    planes = ordered(partial(tsne, seed=seed), [codes[layer] for layer in reduced], workers)
    points = dict(zip(reduced, planes, strict=True))
    return [points.get(layer, z) for layer, z in enumerate(codes)]


def tsne(codes: np.ndarray, seed: int) -> np.ndarray:
    """The t-SNE of codes (n, dimensions), float32 (n, 2), with scikit-learn's defaults of 2020.

    It runs on one thread: the threads wait for each other a thousand times, which on a machine that
    has other work makes two of them eight times slower than one.

    Raises:
        ValueError: fewer than 92 codes (`LEAST_IMAGES`), or one that is not finite.
    """
    if len(codes) < LEAST_IMAGES:
        raise ValueError(
            f"t-SNE with perplexity {PERPLEXITY} needs {LEAST_IMAGES} images or more, but there "
            f"are codes of {len(codes)}; encode more."
        )
    with threadpool_limits(1):
        model = TSNE(perplexity=PERPLEXITY, random_state=seed, **DEFAULTS_OF_2020)
        return model.fit_transform(codes)
