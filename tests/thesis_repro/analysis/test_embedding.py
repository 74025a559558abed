"""Codes in the plane: scikit-learn's t-SNE with the defaults of 2020."""

import numpy as np
import pytest
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_info

from thesis_repro.analysis import embedding
from thesis_repro.analysis.embedding import LEAST_IMAGES, embeddings, tsne

CLUSTERS, SIZE = 4, 30


@pytest.fixture(scope="module")
def codes():
    """Four clusters in six dimensions, farther apart than they are wide."""
    rng = np.random.default_rng(0)
    centres = 20 * np.eye(CLUSTERS, 6)
    return np.repeat(centres, SIZE, axis=0) + rng.normal(size=(CLUSTERS * SIZE, 6))


@pytest.fixture(scope="module")
def points(codes):
    return tsne(codes, seed=3)


def test_it_is_scikit_learns_with_the_defaults_of_2020(codes, points):
    """The values are those of scikit-learn 0.22's documentation."""
    theirs = TSNE(
        n_components=2,
        perplexity=30.0,
        early_exaggeration=12.0,
        learning_rate=200.0,
        max_iter=1000,
        init="random",
        method="barnes_hut",
        angle=0.5,
        random_state=3,
    )
    np.testing.assert_array_equal(points, theirs.fit_transform(codes))


def test_neighbours_in_the_plane_are_neighbours_in_latent_space(points):
    assert points.shape == (CLUSTERS * SIZE, 2)
    away = np.linalg.norm(points[:, np.newaxis] - points, axis=2)
    nearest = np.argsort(away, axis=1)[:, 1:6]
    assert (nearest // SIZE == np.arange(len(points))[:, np.newaxis] // SIZE).all()


def test_the_seed_decides(codes, points):
    np.testing.assert_array_equal(tsne(codes, seed=3), points)
    assert not np.allclose(tsne(codes, seed=4), points)


def test_codes_of_two_dimensions_stay_as_they_are(codes, points):
    flat = codes[:, :2]
    low, high = embeddings([flat, codes], seed=3)
    assert low is flat
    np.testing.assert_array_equal(high, points)


def test_codes_of_two_dimensions_go_through_t_sne_if_asked(codes):
    flat = codes[:, :2]
    (reduced,) = embeddings([flat], seed=3, also_planes=True)
    np.testing.assert_array_equal(reduced, tsne(flat, seed=3))


def test_layers_are_shared_out_among_processes(codes, points):
    other = codes[::-1].copy()
    first, flat, last = embeddings([codes, codes[:, :2], other], seed=3, workers=2)
    np.testing.assert_array_equal(first, points)
    np.testing.assert_array_equal(flat, codes[:, :2])
    np.testing.assert_array_equal(last, tsne(other, seed=3))


def test_it_runs_on_one_thread(codes, monkeypatch):
    threads = []

    class Recorder:
        def __init__(self, **_):
            pass

        def fit_transform(self, _):
            threads.extend(pool["num_threads"] for pool in threadpool_info())

    monkeypatch.setattr(embedding, "TSNE", Recorder)
    tsne(codes, seed=0)
    assert set(threads) == {1}


def test_too_few_codes_are_an_error():
    few = np.random.default_rng(0).normal(size=(LEAST_IMAGES, 4))
    with pytest.raises(ValueError, match="needs 92 images or more, but there are codes of 91"):
        tsne(few[1:], seed=0)
    assert tsne(few, seed=0).shape == (LEAST_IMAGES, 2)


def test_a_code_that_is_not_finite_is_an_error(codes):
    broken = codes.copy()
    broken[7, 2] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        tsne(broken, seed=0)
