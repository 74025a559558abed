"""The stand-in for ImageNet."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from data_prep import dead_leaves
from data_prep.content import ReadOptions

SIZE = 224


@pytest.fixture(scope="module")
def pictures():
    return np.stack([dead_leaves.picture(index) for index in range(60)])


def power_spectrum(picture):
    """The power at each spatial frequency (cycles per picture), averaged over all directions."""
    grey = picture.mean(axis=-1)
    window = np.hanning(SIZE)
    spectrum = np.fft.fft2((grey - grey.mean()) * window * window[:, np.newaxis])
    along = np.fft.fftfreq(SIZE, 1 / SIZE)
    frequency = np.rint(np.hypot(along, along[:, np.newaxis])).astype(int).ravel()
    power = np.bincount(frequency, np.abs(spectrum.ravel()) ** 2) / np.bincount(frequency)
    return power[: SIZE // 2]


def spectral_slope(pictures):
    """The exponent of the mean power spectrum from 4 to 80 cycles per picture."""
    power = np.mean([power_spectrum(picture) for picture in pictures], axis=0)
    return np.polyfit(np.log(np.arange(4, 80)), np.log(power[4:80]), 1)[0]


def kurtosis(values):
    return np.mean((values - values.mean()) ** 4) / values.var() ** 2


def simple_features(picture):
    """Histograms of the edges' directions and of the hues."""
    down, right = np.gradient(picture.mean(axis=-1))
    directions = np.arctan2(down, right) % np.pi
    edges = np.histogram(directions, 20, (0, np.pi), weights=np.hypot(down, right))[0]
    red, green, blue = np.moveaxis(picture.astype(float), -1, 0)
    first, second = red - (green + blue) / 2, (green - blue) * np.sqrt(3) / 2
    strength = np.hypot(first, second)
    hues = np.histogram(np.arctan2(second, first), 20, (-np.pi, np.pi), weights=strength)[0]
    return np.concatenate([edges / edges.sum(), hues / hues.sum()])


def test_schema_and_counts():
    content = dead_leaves.read_stand_in(ReadOptions())
    assert content.description == "stand-in: dead leaves"
    assert {name: split.count for name, split in content.splits.items()} == {
        "train": 2_700,
        "validation": 300,
    }
    first = next(iter(content.splits["train"].batches))
    assert set(first) == set(content.features) == {"image", "label"}
    for name, feature in content.features.items():
        assert first[name].dtype == feature.dtype
        assert first[name].shape == (64, *feature.shape)
    assert content.features["image"].shape == (SIZE, SIZE, 3)


def test_classes_are_balanced_in_both_splits():
    labels = np.array([dead_leaves.label_of(index) for index in range(3_000)])
    held_out = np.arange(3_000) % 10 == 9
    np.testing.assert_array_equal(np.bincount(labels[held_out]), np.full(20, 15))
    np.testing.assert_array_equal(np.bincount(labels[~held_out]), np.full(20, 135))


def test_every_tenth_is_held_out(monkeypatch):
    monkeypatch.setattr(dead_leaves, "IMAGES", 30)
    monkeypatch.setattr(dead_leaves, "BATCH", 8)
    splits = dead_leaves.read_stand_in(ReadOptions()).splits
    whole = dead_leaves.batch(range(30))
    rows = np.arange(30) % 10 == 9
    for name, kept in {"train": ~rows, "validation": rows}.items():
        batches = list(splits[name].batches)
        for key, expected in whole.items():
            got = np.concatenate([batch[key] for batch in batches])
            np.testing.assert_array_equal(got, expected[kept], strict=True)


def test_same_pictures_whatever_the_batches_and_workers(monkeypatch):
    monkeypatch.setattr(dead_leaves, "IMAGES", 30)
    monkeypatch.setattr(dead_leaves, "BATCH", 8)
    alone, pair = (dead_leaves.read_stand_in(ReadOptions(workers=n)).splits for n in (1, 2))
    for one, other in zip(alone["train"].batches, pair["train"].batches, strict=True):
        np.testing.assert_array_equal(one["image"], other["image"], strict=True)
    last = dead_leaves.batch([28])
    np.testing.assert_array_equal(last["image"][0], one["image"][-1], strict=True)
    assert not np.array_equal(one["image"][-1], one["image"][-2])


def test_power_falls_as_in_natural_images(pictures):
    assert -2.6 < spectral_slope(pictures) < -1.6


def test_power_falls_as_in_the_real_photographs(pictures, real_data):
    from PIL import Image

    paths = sorted((real_data / "imagenet" / "short256").glob("*/*.JPEG"))[::15]
    size = (SIZE, SIZE)
    real = [
        np.asarray(Image.open(path).convert("RGB").resize(size, Image.Resampling.LANCZOS))
        for path in paths
    ]
    assert abs(spectral_slope(pictures) - spectral_slope(real)) < 0.3


def test_differences_between_neighbours_are_those_of_edges(pictures):
    """Mostly small, seldom large: Gaussian noise has a kurtosis of 3."""
    found = [kurtosis(np.diff(picture.mean(axis=-1), axis=1)) for picture in pictures]
    assert np.median(found) > 6


def test_no_picture_is_flat_and_no_two_are_alike(pictures):
    assert pictures.std(axis=(1, 2, 3)).min() > 25
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)


def test_radii_have_the_density_of_scale_invariance():
    """On the plane r^-3: leaves between r and 2 r are 4 times as many as between 2 r and 4 r.

    Of the leaves that touch the picture each stands for 1 / (FINE + 2 r)^2 of the plane's.
    """
    rng = np.random.default_rng(0)
    radii = np.concatenate([dead_leaves.draw_radii(rng) for _ in range(200)])
    weights = (dead_leaves.FINE + 2 * radii) ** -2.0
    few, fewer = (weights[(radii > low) & (radii < 2 * low)].sum() for low in (10, 20))
    assert few / fewer == pytest.approx(4, rel=0.05)


@pytest.mark.parametrize("turn", [0.3, 1.2])
def test_textures_run_along_their_direction(turn):
    direction = round(turn / dead_leaves.STEP)
    tile = dead_leaves.texture(direction).reshape(dead_leaves.TILE, dead_leaves.TILE)
    assert (tile.mean(), tile.std()) == pytest.approx((0, 1), abs=1e-3)
    down, right = np.gradient(tile)
    angle = direction * dead_leaves.STEP
    along = right * np.cos(angle) + down * np.sin(angle)
    across = down * np.cos(angle) - right * np.sin(angle)
    assert across.var() > 3 * along.var()


@pytest.mark.parametrize("form", range(4))
def test_outlines_are_turned_and_scaled(form):
    turned, flat = dead_leaves.outlines(
        np.array([form, form]), np.array([np.pi / 2, 0]), np.array([10.0, 5.0])
    )
    quarter = np.stack([-flat[:, 1], flat[:, 0]], axis=-1) * 2
    np.testing.assert_allclose(turned, quarter, atol=1e-9)


def area(outline):
    x, y = outline.T
    return abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2


def test_forms_are_of_about_the_same_size():
    disc, *others = (area(outline) for outline in dead_leaves.unit_forms())
    assert disc == pytest.approx(np.pi, rel=0.05)
    for other in others:
        assert 0.6 < other / disc < 1.1


@pytest.mark.slow
def test_labels_can_be_learned_but_not_from_the_mean_colour():
    """Chance is 1 in 20. Linear classifiers, 400 pictures to learn from, 200 to test."""
    labels = np.array([dead_leaves.label_of(index) for index in range(600)])
    pictures = [dead_leaves.picture(index) for index in range(600)]

    def accuracy(features):
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2_000))
        return model.fit(features[:400], labels[:400]).score(features[400:], labels[400:])

    assert accuracy(np.stack([simple_features(picture) for picture in pictures])) > 0.5
    assert accuracy(np.stack([picture.mean(axis=(0, 1)) for picture in pictures])) < 0.3
