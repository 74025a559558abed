"""Perceptual path length against closed forms, and against the original code's way of drawing."""

import tempfile
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import configuration, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi, norm

from data_prep.dsprites_renderer import render
from thesis_repro.analysis import path_length
from thesis_repro.analysis.path_length import (
    EPSILON,
    FEATURE_LAYER,
    PathLengths,
    draw,
    feature_probe,
    in_precision,
    is_empty,
    measure,
    path_lengths,
    path_lengths_as_run,
    share_of_empty_images,
    slerp,
    slerp_on_unit_sphere,
)
from thesis_repro.seeds import derive_seed

# Or Hypothesis keeps notes in the folder of the tests.
configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "hypothesis")
same_examples = settings(derandomize=True, database=None, deadline=None)  # the machine may be busy

DIMS = 3
MIXING = np.random.default_rng(5).normal(size=(DIMS, 4))  # A of x = A z, transposed


class Square(keras.layers.Layer):
    def call(self, x):
        return x * x


def linear_decoder(kernel=MIXING):
    """X = A z, as images of 2 x 2 pixels."""
    z = keras.Input((len(kernel),))
    x = keras.layers.Dense(kernel.shape[1], use_bias=False)
    side = round(kernel.shape[1] ** 0.5)
    model = keras.Model(z, keras.layers.Reshape((side, side, 1))(x(z)))
    x.set_weights([kernel])
    return model


def squaring_classifier():
    """Features x**2, followed by layers that have no part in the distance."""
    image = keras.Input((2, 2, 1))
    x = Square(name=FEATURE_LAYER)(image)
    x = keras.layers.BatchNormalization()(x)
    return keras.Model(image, keras.layers.Dense(3)(keras.layers.Flatten()(x)))


def switch(threshold, width=16):
    """Images that are white where the first dimension of z is above a threshold, else black."""
    z = keras.Input((DIMS,))
    x = keras.layers.Dense(width, activation="sigmoid")
    model = keras.Model(z, keras.layers.Reshape((4, 4, 1))(x(z)))
    kernel = np.zeros((DIMS, width))
    kernel[0] = 1e6
    x.set_weights([kernel, np.full(width, -1e6 * threshold)])
    return model


def passing_classifier():
    image = keras.Input((4, 4, 1))
    return keras.Model(image, keras.layers.Identity(name=FEATURE_LAYER)(image))


@pytest.fixture(scope="module")
def networks():
    return linear_decoder(), squaring_classifier()


@pytest.fixture(scope="module")
def probe(networks):
    return feature_probe(*networks)


# --- Interpolation ---

numbers = st.floats(-1e3, 1e3).filter(lambda x: x == 0 or abs(x) > 1e-3)
vectors = st.integers(2, 6).flatmap(
    lambda d: st.tuples(*[arrays(float, (1, d), elements=numbers)] * 2)
)
between = st.floats(0, 1).map(lambda t: np.array([t]))


def karras(a, b, t):
    """Interpolation as Karras et al. (2019) wrote it in their code, every point on the sphere."""
    a, b = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (a, b))
    d = np.sum(a * b, axis=1, keepdims=True)
    c = b - d * a
    c /= np.linalg.norm(c, axis=1, keepdims=True)
    p = t[:, None] * np.arccos(d)
    d = a * np.cos(p) + c * np.sin(p)
    return d / np.linalg.norm(d, axis=1, keepdims=True)


def shoemake(a, b, t):
    """Shoemake (1985) on unit vectors."""
    omega = np.arccos(np.sum(a * b, axis=1, keepdims=True))
    t = t[:, None]
    return (np.sin((1 - t) * omega) * a + np.sin(t * omega) * b) / np.sin(omega)


def unit(v):
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def test_as_run_is_the_formula_of_karras():
    start, end, t = draw(0, 200, 10)
    np.testing.assert_allclose(
        slerp_on_unit_sphere(start, end, t), karras(start, end, t), atol=1e-12
    )


def test_as_written_is_shoemakes_formula_where_norms_are_equal():
    start, end, t = draw(1, 200, 10)
    start, end = 3 * unit(start), 3 * unit(end)
    expected = 3 * shoemake(start / 3, end / 3, t)
    np.testing.assert_allclose(slerp(start, end, t), expected, atol=1e-11)


@same_examples
@given(vectors)
def test_as_written_begins_and_ends_at_the_vectors(pair):
    a, b = pair
    for t, expected in ((0.0, a), (1.0, b)):
        found = slerp(a, b, np.array([t]))
        np.testing.assert_allclose(found, expected, atol=1e-9 * (1 + np.abs(expected).max()))


@same_examples
@given(vectors, between)
def test_norms_lie_between(pair, t):
    a, b = pair
    norms = np.linalg.norm(a), np.linalg.norm(b)
    found = np.linalg.norm(slerp(a, b, t))
    assert min(norms) - 1e-9 <= found <= max(norms) * (1 + 1e-9) + 1e-9


@same_examples
@given(vectors, between)
def test_as_run_lies_on_the_unit_sphere(pair, t):
    np.testing.assert_allclose(np.linalg.norm(slerp_on_unit_sphere(*pair, t)), 1, atol=1e-9)


@same_examples
@given(vectors, between)
def test_the_angle_grows_linearly(pair, t):
    a, b = pair
    points = [slerp_on_unit_sphere(a, b, np.array([x])) for x in (0.0, 1.0)]
    whole = angle(*points)
    assert angle(points[0], slerp_on_unit_sphere(a, b, t)) == pytest.approx(t[0] * whole, abs=1e-7)


def angle(u, v):
    """Kahan's formula for unit vectors: exact for every angle."""
    return 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))


def test_parallel_vectors_stay_on_their_ray():
    a = np.array([[3.0, 4.0, 0.0]])
    found = slerp(a, 2 * a, np.array([0.25]))
    np.testing.assert_allclose(found, 1.25 * a)
    np.testing.assert_allclose(slerp_on_unit_sphere(a, 2 * a, np.array([0.25])), a / 5)


@pytest.mark.parametrize("tilt", [0, 1e-17, 1e-12, 1e-9])
def test_nearly_parallel_vectors(tilt):
    a = unit(np.array([[1.0, 2.0, 3.0]]))
    b = a + np.array([[0.0, 3.0, -2.0]]) * tilt
    found = slerp_on_unit_sphere(a, b, np.array([0.5]))
    np.testing.assert_allclose(found, (a + b) / 2, rtol=1e-14)


def test_opposite_vectors_go_by_the_axis_that_the_first_leans_on_least():
    a = np.array([[2.0, 0.0, 1.0]])
    found = slerp(a, -2 * a, np.array([0.5]))
    np.testing.assert_allclose(found, [[0, 1.5 * np.sqrt(5), 0]], atol=1e-12)
    a = np.random.default_rng(0).normal(size=(500, 7))
    quarter = slerp_on_unit_sphere(a, -3 * a, np.full(500, 0.5))
    np.testing.assert_allclose(np.sum(quarter * a, axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(quarter, axis=1), 1)


def test_zero_vectors_take_the_others_direction():
    zero, b = np.zeros((1, 3)), np.array([[0.0, 3.0, 4.0]])
    t = np.array([0.25])
    np.testing.assert_allclose(slerp(zero, b, t), b / 4)
    np.testing.assert_allclose(slerp(b, zero, t), b * 3 / 4)
    np.testing.assert_array_equal(slerp(zero, zero, t), zero)
    np.testing.assert_allclose(slerp_on_unit_sphere(zero, b, t), b / 5)
    np.testing.assert_array_equal(slerp_on_unit_sphere(zero, zero, t), [[1, 0, 0]])


def test_one_dimension_has_no_sphere():
    with pytest.raises(ValueError, match="1 dimensions"):
        slerp(np.ones((2, 1)), -np.ones((2, 1)), np.ones(2))


# --- Distances against closed forms ---


def closed_form(start, end, t, *, keeps_radius):
    """Mean of (d/dt of (A z)**2)**2 along the path: the limit of a step's distance."""
    u, v, t = unit(start), unit(end), t[:, None]
    omega = np.arccos(np.sum(u * v, axis=1, keepdims=True))
    z = (np.sin((1 - t) * omega) * u + np.sin(t * omega) * v) / np.sin(omega)
    speed = omega * (np.cos(t * omega) * v - np.cos((1 - t) * omega) * u) / np.sin(omega)
    if keeps_radius:
        norms = [np.linalg.norm(ends, axis=1, keepdims=True) for ends in (start, end)]
        radius, growth = (1 - t) * norms[0] + t * norms[1], norms[1] - norms[0]
        z, speed = radius * z, growth * z + radius * speed
    return np.mean((2 * (z @ MIXING) * (speed @ MIXING)) ** 2, axis=1)


@pytest.mark.parametrize(
    ("interpolate", "keeps_radius"), [(slerp, True), (slerp_on_unit_sphere, False)]
)
def test_distance_of_each_step(probe, interpolate, keeps_radius):
    paths = draw(3, 250, DIMS)
    (found,) = measure(probe, [paths], interpolate).distances
    expected = closed_form(*paths, keeps_radius=keeps_radius)
    # A step of 1e-4 is off by about 1e-4 of the curvature, its float32 ends by 1e-3 of its length.
    np.testing.assert_allclose(found, expected, rtol=0.01, atol=0.002 * expected.mean())


def expected_length(*, keeps_radius):
    """Expected distance over z ~ N(0, I) and t ~ U(0, 1) in three dimensions.

    Direction e of z and direction n of its turning are a random orthonormal pair, so that for a
    row a of A, E (a e)^4 = 3 |a|^4 / (d (d + 2)) and E (a e)^2 (a n)^2 = |a|^4 / (d (d + 2)). The
    angle w has density sin(w) / 2, so E w^2 = (pi^2 - 4) / 2. With z = r e and z' = r' e + r w n,
    the distance's mean is 4 |a|^4 / (d (d + 2)) (3 E r^2 r'^2 + E r^4 E w^2), where r goes
    linearly between two chi-distributed norms; on the unit sphere, r = 1.
    """
    m1, _, m3, m4 = (chi(DIMS).moment(k) for k in (1, 2, 3, 4))
    m2 = DIMS
    moving, still = (
        (2 * (m4 - m3 * m1) / 3, (2 * m4 + 2 * m3 * m1 + m2**2) / 5) if keeps_radius else (0, 1)
    )
    square_angle = (np.pi**2 - 4) / 2
    rows = np.sum(MIXING**2, axis=0) ** 2
    return 4 * rows.mean() / (DIMS * (DIMS + 2)) * (3 * moving + still * square_angle)


@pytest.mark.parametrize(
    ("interpolate", "keeps_radius"), [(slerp, True), (slerp_on_unit_sphere, False)]
)
def test_path_length_is_the_closed_forms(probe, interpolate, keeps_radius):
    paths = [draw(seed, 1_000, DIMS) for seed in range(20)]
    found = measure(probe, paths, interpolate).distances.ravel()
    error = found.std() / np.sqrt(len(found))
    expected = expected_length(keeps_radius=keeps_radius)
    assert error < 0.03 * expected
    assert abs(found.mean() - expected) < 4 * error


# --- Draws as written ---


def test_shapes_and_independent_repetitions(networks):
    found = path_lengths(*networks, master=0, seeds=4, steps=30)
    assert found.distances.shape == (4, 30)
    assert found.empty.shape == (4, 30, 2)
    assert len(np.unique(found.distances)) == 120


def test_every_model_gets_the_same_paths(networks):
    once = path_lengths(*networks, master=7, seeds=2, steps=20).distances
    twice = path_lengths(linear_decoder(2 * MIXING), networks[1], 7, 2, 20).distances
    np.testing.assert_allclose(twice, 16 * once, rtol=1e-6)  # features are squares


def test_a_repetition_does_not_depend_on_how_many_there_are(networks):
    few, more = (path_lengths(*networks, 0, seeds, 20).distances for seeds in (2, 5))
    np.testing.assert_allclose(more[:2], few, rtol=1e-6)


def test_another_master_seed_gives_other_distances(networks):
    first, other = (path_lengths(*networks, master, 2, 20).distances for master in (0, 1))
    assert not np.isin(first, other).any()


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_steps_at_once_do_not_matter(probe, monkeypatch, size):
    paths = [draw(seed, 9, DIMS) for seed in range(3)]
    expected = measure(probe, paths, slerp).distances
    monkeypatch.setattr(path_length, "STEPS_AT_ONCE", size)
    found = measure(probe, paths, slerp).distances
    np.testing.assert_allclose(found, expected, rtol=0.01)


# --- Draws as run (erratum E17) ---


def naively_as_run(master, seeds):
    """The original code's two loops, in float64, on the linear decoder and the squares."""
    repetitions = []
    for seed in range(seeds):
        distances = []
        for begin in range(0, 100, 32):
            number = derive_seed(master, "path length as run", begin * seed)
            start, end, t = draw(number, 32, DIMS)
            features = [(karras(start, end, t + e) @ MIXING) ** 2 for e in (0, EPSILON)]
            distances.extend(np.mean((features[1] - features[0]) ** 2, axis=1) / EPSILON**2)
        repetitions.append(distances)
    return np.array(repetitions)


def test_as_run_against_the_two_loops(networks):
    found = path_lengths_as_run(*networks, master=4, seeds=7).distances
    expected = naively_as_run(4, 7)
    assert found.shape == (7, 128)
    np.testing.assert_allclose(found, expected, rtol=0.01, atol=0.002 * expected.mean())


def test_as_run_repeats_minibatches_and_computes_each_once(networks, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        path_length, "draw", lambda seed, *args: drawn.append(seed) or draw(seed, *args)
    )
    found = path_lengths_as_run(*networks, master=0)
    batches = found.distances.reshape(200, 4, 32)
    np.testing.assert_array_equal(batches[:, 0], np.tile(batches[0, 0], (200, 1)))
    np.testing.assert_array_equal(batches[0], np.tile(batches[0, 0], (4, 1)))
    np.testing.assert_array_equal(batches[2, 3], batches[3, 2])  # 2 * 96 = 3 * 64 = 6 * 32
    np.testing.assert_array_equal(batches[2, 3], batches[6, 1])
    assert not np.isin(batches[1, 2], batches[1, 3]).any()
    products = {i * seed for i in range(4) for seed in range(200)}
    assert len(drawn) == len(set(drawn)) == len(products) == 400
    assert len(np.unique(batches.reshape(-1, 32), axis=0)) == 400


# --- Precision ---


def small_networks():
    """A decoder and a classifier with the kinds of layers of Listings 4 and 38, on 8 x 8 pixels."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    z, image = keras.Input((DIMS,)), keras.Input((8, 8, 1))
    x = layers.Reshape((2, 2, 8))(layers.Dense(32)(z))
    x = layers.Conv2DTranspose(8, 4, strides=2, padding="same")(x)
    x = layers.LeakyReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="sigmoid")(x)
    y = layers.Conv2D(8, 5, strides=2, padding="same")(image)
    y = layers.LeakyReLU()(layers.BatchNormalization()(y))
    y = layers.Conv2D(8, 3, padding="same", name=FEATURE_LAYER)(y)
    return keras.Model(z, x), keras.Model(image, layers.Dense(3)(layers.Flatten()(y)))


def mean_length(networks, dtype="float32"):
    return measure(feature_probe(*networks, dtype), [draw(0, 100, DIMS)], slerp).distances.mean()


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX has no float64 unless told to")
def test_rounding_in_float32_does_not_matter():
    networks = small_networks()
    exact = mean_length(networks, "float64")
    assert mean_length(networks) == pytest.approx(exact, rel=0.01)
    assert mean_length(networks, "mixed_bfloat16") > 10 * exact


def test_networks_trained_in_bfloat16_are_measured_in_float32():
    networks = small_networks()
    trained = [in_precision(network, "mixed_bfloat16") for network in networks]
    assert {layer.compute_dtype for layer in trained[0].layers[1:]} == {"bfloat16"}
    assert mean_length(trained) == pytest.approx(mean_length(networks), rel=1e-3)


def test_the_networks_measured_are_left_alone():
    networks = small_networks()
    before = [network.get_weights() for network in networks]
    path_lengths(*networks, master=0, seeds=1, steps=3)
    copied = feature_probe(*networks)
    copied.set_weights([0 * weight for weight in copied.get_weights()])
    for network, weights in zip(networks, before, strict=True):
        for found, expected in zip(network.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(found, expected)


# --- Empty images ---


def image_with(pixels, value=1.0):
    image = np.zeros(64 * 64)
    image[:pixels] = value
    return image.reshape(64, 64, 1)


@pytest.mark.parametrize(
    ("image", "empty"),
    [
        (image_with(0), True),
        (image_with(1), True),
        (image_with(12), True),  # a quarter of 50 px is 12.5
        (image_with(13), False),
        (image_with(4096, 0.02), True),  # haze with the intensity of an object
        (image_with(100, 0.6), False),
        (image_with(4096), False),
    ],
)
def test_what_counts_as_empty(image, empty):
    assert is_empty(image) == empty
    assert is_empty(np.stack([image] * 2)[None]).tolist() == [[empty] * 2]


def test_no_object_of_dsprites_is_empty_and_the_smallest_has_50_px():
    places = range(0, 32, 3)  # among them the smallest one's
    smallest = np.meshgrid(0, range(3), 0, range(40), places, places)  # scale 0.5
    images = render(np.stack([factor.ravel() for factor in smallest], axis=-1))[..., None]
    assert images.sum(axis=(1, 2, 3), dtype=int).min() == 4 * path_length.LEAST_OBJECT == 50
    assert not is_empty(images).any()


def test_no_official_image_is_empty(real_data):
    (path,) = (real_data / "dsprites").glob("*.npz")
    with np.load(path) as file:
        images = file["imgs"]
    assert images.sum(axis=(1, 2), dtype=int).min() == 51  # of 55,013 images
    assert not is_empty(images[..., None]).any()


def test_each_image_of_a_step_is_looked_at():
    paths = draw(2, 300, DIMS)
    found = measure(feature_probe(switch(0.5), passing_classifier()), [paths], slerp, epsilon=0.5)
    points = [slerp(paths.start, paths.end, paths.t + shift)[:, 0] for shift in (0, 0.5)]
    np.testing.assert_array_equal(found.empty[0], np.stack(points, axis=-1) < 0.5)
    assert 0 < found.empty[..., 0].mean() < 1
    lengths = found.distances[0]
    changed = found.empty[0, :, 0] != found.empty[0, :, 1]
    np.testing.assert_allclose(lengths, changed / 0.5**2, atol=1e-6)  # black to white, 0 to 1
    np.testing.assert_array_equal(found.of_objects, lengths[~found.empty[0].any(axis=1)])
    np.testing.assert_array_equal(found.of_nothing, lengths[found.empty[0].all(axis=1)])


def test_lengths_given_that_both_images_show_an_object():
    empty = np.array([[[False, False], [True, False]], [[False, True], [True, True]]])
    assert PathLengths(np.array([[1.0, 2.0], [3.0, 4.0]]), empty).of_objects.tolist() == [1]


@pytest.mark.parametrize("threshold", [-1.0, 0.0, 1.5])
def test_share_of_empty_images_among_random_ones(threshold):
    share = share_of_empty_images(switch(threshold), master=0, count=4_010)
    expected = norm.cdf(threshold)
    assert share == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 4_010))
    assert share == share_of_empty_images(switch(threshold), master=0, count=4_010)
