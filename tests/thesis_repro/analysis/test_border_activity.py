"""Rows and maps of a small encoder with AlexNet's layers."""

import keras
import numpy as np
import pandas as pd
import pytest

from thesis_repro.analysis.border_activity import (
    AFTER,
    BEFORE,
    LAYERS,
    LEAKY,
    LEAKY_POOLED,
    LEAKY_RELUS,
    POOLED,
    contrast_rows,
    last_maps,
    maps_by_layer,
    mean_maps,
    sources,
    stripe_index,
    stripe_rows,
)
from thesis_repro.analysis.feature_maps import maps_after
from thesis_repro.analysis.stripes import SIDES, STRIPED

SIZE = 112  # px: maps of 28, 14, 7 and, after the last pooling, 3


def small_encoder(maps=4, normalised=True):
    """An AlexNet encoder of few maps and half the size, with the layers' names."""
    image = x = keras.Input((SIZE, SIZE, 3))
    for number, (kernel, stride) in enumerate([(11, 4), (5, 1), (3, 1), (3, 1), (3, 1)], start=1):
        name = f"conv2d_{number}"
        x = keras.layers.Conv2D(maps, kernel, strides=stride, padding="same", name=name)(x)
        if normalised:
            x = keras.layers.BatchNormalization(name=f"batch_normalization_{number}")(x)
        x = keras.layers.ReLU(name=f"re_lu_{number}")(x)
        if pool := {1: 1, 2: 2, 5: 3}.get(number):
            x = keras.layers.MaxPooling2D(2, name=f"max_pooling2d_{pool}")(x)
    return keras.Model(image, x)


@pytest.fixture(scope="module")
def encoder():
    keras.utils.set_random_seed(4)
    return small_encoder()


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (5, SIZE, SIZE, 3), dtype=np.uint8)


def test_before_the_relu_is_what_it_takes_in(encoder):
    assert {*LEAKY_RELUS, BEFORE, AFTER, LEAKY_POOLED, POOLED} == set(LAYERS)
    assert set(LAYERS) - set(sources(encoder)) == {LEAKY_POOLED}
    assert sources(encoder)[BEFORE] == "batch_normalization_5"
    assert sources(small_encoder(normalised=False))[BEFORE] == "conv2d_5"
    for depth, label in enumerate(LEAKY_RELUS, start=1):
        taken_in = encoder.get_layer(f"re_lu_{depth}").input
        assert encoder.get_layer(sources(encoder)[label]).output is taken_in


def test_maps_of_one_image(encoder, images):
    maps = last_maps(encoder, images[0])
    assert {name: each.shape for name, each in maps.items()} == {
        BEFORE: (7, 7, 4),
        LEAKY: (7, 7, 4),
        AFTER: (7, 7, 4),
        LEAKY_POOLED: (4, 4, 4),  # of size "same", as in Listing 36
        POOLED: (3, 3, 4),
    }
    np.testing.assert_array_equal(maps[AFTER], np.maximum(maps[BEFORE], 0))


def test_leaky_relus_and_their_pooling_are_those_of_keras(encoder, images):
    maps = maps_by_layer(encoder, images)
    assert list(maps) == list(LAYERS)
    for depth, label in enumerate(LEAKY_RELUS, start=1):
        taken_in = maps_after(encoder, [f"batch_normalization_{depth}"], images)
        (taken_in,) = taken_in.values()
        assert taken_in.min() < 0
        leaky = keras.layers.LeakyReLU(negative_slope=0.3)(taken_in)
        np.testing.assert_allclose(maps[label], leaky, rtol=1e-6)
    pooled = keras.layers.MaxPooling2D(2, padding="same")(leaky)
    np.testing.assert_allclose(maps[LEAKY_POOLED], pooled, rtol=1e-6)


def test_means_are_over_all_images_whatever_the_batch(encoder, images, monkeypatch):
    monkeypatch.setattr("thesis_repro.analysis.feature_maps.BATCH_SIZE", 2)
    means, maps = mean_maps(encoder, images), maps_by_layer(encoder, images)
    for layer in LAYERS:
        np.testing.assert_allclose(means[layer].activity, maps[layer].mean(axis=0), atol=1e-6)
        np.testing.assert_allclose(means[layer].size, np.abs(maps[layer]).mean(axis=0), atol=1e-6)


def test_rows_of_every_layer(encoder, images):
    maps = mean_maps(encoder, images)
    rows = pd.DataFrame(stripe_rows(maps))
    assert rows["layer"].to_list() == [*LAYERS]
    assert set(rows["maps"]) == {4}
    sides = rows[["top", "bottom", "left", "right"]]
    assert (rows["any"] >= sides.max(axis=1)).all()
    assert (rows["any"] <= sides.sum(axis=1)).all()
    assert (rows["negative"] <= rows["any"]).all()
    assert (rows.set_index("layer").loc[[AFTER, POOLED], "negative"] == 0).all()


def test_the_index_is_that_of_the_shares(encoder, images):
    maps = mean_maps(encoder, images)
    index = stripe_index(maps)
    rows = {row["layer"]: row for row in stripe_rows(maps)}
    assert list(index) == [*SIDES, "layer", "map"]
    for layer in (LEAKY, AFTER):
        of_layer = index[index["layer"] == layer]
        assert of_layer["map"].to_list() == [0, 1, 2, 3]
        for side in SIDES:
            assert (of_layer[side] > STRIPED).mean() == rows[layer][side]


def test_black_against_padding_needs_a_bias():
    """Without any, no activity is left where only black is seen; with one, there is some."""
    encoder = small_encoder()
    row, column = np.indices((SIZE, SIZE)) < SIZE // 2
    image = np.where(row != column, np.uint8(255), np.uint8(0))[..., np.newaxis]
    for layer in encoder.layers:  # kernels of one pixel, so that no white reaches the black
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = layer.get_weights()
            point = np.zeros_like(kernel)
            point[kernel.shape[0] // 2, kernel.shape[1] // 2] = 1
            layer.set_weights([point, bias])
    rows = {row["layer"]: row for row in contrast_rows(last_maps(encoder, image))}
    assert {layer: row["activity_of_black"] for layer, row in rows.items()} == dict.fromkeys(
        (BEFORE, LEAKY, AFTER), 0
    )
    assert min(row["activity_of_white"] for row in rows.values()) > 0
    encoder.get_layer("conv2d_3").bias.assign(np.ones(4))
    rows = {row["layer"]: row for row in contrast_rows(last_maps(encoder, image))}
    assert min(row["activity_of_black"] for row in rows.values()) > 0
    for row in rows.values():
        assert row["black_to_white"] == row["activity_of_black"] / row["activity_of_white"]
