"""Activities of feature maps and their deactivation, on an encoder small enough for paper."""

import keras
import numpy as np
import pytest

from appendix_architectures.listings import golden
from appendix_architectures.registry import LISTINGS
from appendix_architectures.shapes import build_shapes
from thesis_repro.analysis import feature_maps
from thesis_repro.analysis.feature_maps import (
    KeepFeatureMaps,
    LayerActivity,
    activities,
    convolutions,
    deactivated,
    few_active_layers,
    map_batches,
    maps_after,
    most_active,
    without_bias,
)

MAPS = 8  # of the first convolution; floor(8 / 4) = 2 stay active


def small_encoder():
    """Two convolutions with a ReLU after each, as in a rung of Listing 7: (4, 4, 1) -> (3,).

    The first has kernels 1x1, so that its map k is scale_k * x + bias_k, and only maps 2 and 5 vary
    much. The second sums 2 x 2 pixels of the first's maps and has four maps.
    """
    image = keras.Input((4, 4, 1), name="encoder_input")
    first = keras.layers.Conv2D(MAPS, 1, name="ladder_0_conv2d_0")
    second = keras.layers.Conv2D(4, 2, strides=2, padding="same", name="ladder_2_conv2d_1")
    x = keras.layers.ReLU(name="re_lu_1")(first(image))
    x = keras.layers.ReLU(name="re_lu_2")(second(x))
    z = keras.layers.Dense(3, name="mu")(keras.layers.Flatten(name="flatten")(x))
    encoder = keras.Model(image, z, name="small")
    scales = np.array([0.1, 0.2, 3, -0.1, 0, -2, 0.3, 0.05])
    biases = np.array([1, -1, 0.5, 0, -4, 0, 2, 0])
    first.set_weights([scales.reshape(1, 1, 1, MAPS), biases])
    rng = np.random.default_rng(7)
    second.set_weights([rng.normal(size=(2, 2, MAPS, 4)), rng.normal(size=4)])
    return encoder, scales, biases


@pytest.fixture
def images():
    return np.random.default_rng(3).integers(0, 256, (10, 4, 4, 1), dtype=np.uint8)


@pytest.fixture
def measured(images):
    encoder, _, _ = small_encoder()
    return encoder, activities(encoder, convolutions(encoder), images)


def values_of(encoder, layer, images):
    probe = keras.Model(encoder.input, encoder.get_layer(layer).output)
    return keras.ops.convert_to_numpy(probe(images.astype("float32") / 255))


# --- Activities ---


def printed_convolutions(number):
    return [row["name"] for row in golden(number)["rows"] if row["type"] == "Conv2D"]


@pytest.mark.parametrize("number", [7, 9, 11])
def test_convolutions_in_the_order_of_the_listing(number):
    layers = convolutions(build_shapes(LISTINGS[number].builder))
    assert [layer.name for layer in layers] == printed_convolutions(number)
    assert len(layers) == 6  # the panels of Figures 21, 57 and 59


def test_activity_is_the_mean_before_relu_with_bias(images):
    encoder, scales, biases = small_encoder()
    first, second = activities(encoder, convolutions(encoder), images)
    pixels = images[..., 0] / 255  # (images, 4, 4)
    expected = pixels.mean(axis=(1, 2))[:, None] * scales + biases  # erratum E23: with the bias
    assert first.layer == "ladder_0_conv2d_0"
    np.testing.assert_allclose(first.map_means, expected, atol=1e-5)
    assert first.map_means[:, 4].max() < 0  # a ReLU would have made it 0
    assert second.map_means.shape == (10, 4)
    assert second.mean_map.shape == (2, 2, 4)


def test_mean_map_is_the_mean_over_images_of_each_pixel(images):
    encoder, scales, biases = small_encoder()
    first, _ = activities(encoder, convolutions(encoder), images)
    expected = (images[..., 0] / 255).mean(axis=0)[..., None] * scales + biases
    np.testing.assert_allclose(first.mean_map, expected, atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 3, 10])
def test_batch_size_does_not_matter(measured, images, batch_size, monkeypatch):
    encoder, whole = measured
    monkeypatch.setattr(feature_maps, "ENCODER_BATCH_SIZE", batch_size)
    parts = activities(encoder, convolutions(encoder), images)
    for part, one in zip(parts, whole, strict=True):
        np.testing.assert_allclose(part.map_means, one.map_means, atol=1e-5)
        np.testing.assert_allclose(part.mean_map, one.mean_map, atol=1e-5)


# --- Maps after any layer ---


@pytest.mark.parametrize("count", [1, 32, 70])  # less than a batch, one, and more
def test_maps_after_layers_by_name(count):
    images = np.random.default_rng(8).integers(0, 256, (count, 4, 4, 1), dtype=np.uint8)
    encoder, scales, biases = small_encoder()
    names = ("re_lu_2", "ladder_0_conv2d_0", "re_lu_1")
    maps_of = maps_after(encoder, names, images)
    assert tuple(maps_of) == names
    expected = images / 255 * scales + biases
    np.testing.assert_allclose(maps_of["ladder_0_conv2d_0"], expected, atol=1e-5)
    np.testing.assert_allclose(maps_of["re_lu_1"], np.maximum(expected, 0), atol=1e-5)
    assert maps_of["re_lu_2"].shape == (count, 2, 2, 4)
    assert {maps.dtype for maps in maps_of.values()} == {np.dtype("float32")}


def test_one_layer_alone(images):
    encoder, scales, biases = small_encoder()
    (computed,) = maps_after(encoder, ["ladder_0_conv2d_0"], images).values()
    np.testing.assert_allclose(computed, images / 255 * scales + biases, atol=1e-5)


def test_maps_in_batches(images):
    encoder, scales, biases = small_encoder()
    many = np.concatenate([images] * 7)  # more than a batch
    batches = list(map_batches(encoder, ["ladder_0_conv2d_0", "re_lu_2"], many))
    assert len(batches) == -(-len(many) // feature_maps.BATCH_SIZE) > 1
    maps_of = {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
    expected = np.abs(images / 255 * scales + biases).mean(axis=0)
    means = np.abs(maps_of["ladder_0_conv2d_0"]).mean(axis=0)
    np.testing.assert_allclose(means, expected, atol=1e-5)
    np.testing.assert_array_equal(
        maps_of["re_lu_2"], maps_after(encoder, ["re_lu_2"], many)["re_lu_2"]
    )


def test_grey_images_are_repeated_in_a_networks_channels(images):
    image = keras.Input((4, 4, 3))
    maps = keras.layers.Conv2D(1, 1, name="conv")(image)
    network = keras.Model(image, maps)
    network.get_layer("conv").set_weights(
        [np.array([1, 10, 100.0]).reshape(1, 1, 3, 1), np.zeros(1)]
    )
    computed = maps_after(network, ["conv"], images)["conv"]
    np.testing.assert_allclose(computed, 111 * (images / 255), rtol=1e-5)


def test_an_unknown_layer_is_named(images):
    with pytest.raises(ValueError, match="re_lu_9"):
        maps_after(small_encoder()[0], ["re_lu_9"], images)


def test_maps_a_classifier():
    classifier = LISTINGS[39].builder()  # of grey images, without padding
    layer = next(layer for layer in classifier.layers if isinstance(layer, keras.layers.Conv2D))
    images = np.random.default_rng(9).integers(0, 256, (2, 28, 28, 1), dtype=np.uint8)
    maps = maps_after(classifier, [layer.name], images)[layer.name]
    assert maps.shape == (2, *layer.output.shape[1:])


# --- Which maps stay ---


@pytest.mark.parametrize(("maps", "kept"), [(64, 16), (32, 8), (22, 5), (4, 1)])
def test_a_quarter_rounded_down_stays(maps, kept):  # Section 4.2; erratum E09
    means = np.random.default_rng(0).normal(size=(20, maps))
    assert len(most_active(LayerActivity("x", means, np.zeros((1, 1, maps))))) == kept


def test_most_active_are_those_that_vary_most_over_images():
    rng = np.random.default_rng(1)
    spread = np.array([1, 9, 2, 3, 0, 8, 4, 5, 7, 0.5, 0.1, 0.2])
    means = rng.permuted(np.tile([-1.0, 1.0], (12, 5)), axis=1).T * spread + 100 * spread[::-1]
    chosen = most_active(LayerActivity("x", means, np.zeros((1, 1, 12))))
    assert chosen.tolist() == [1, 5, 8]  # standard deviations 9, 8 and 7, sorted by index


def test_activities_without_bias(measured, images):  # erratum E23
    """Map k is scale_k * x + bias_k; after maps are replaced, it has its bias still."""
    encoder, layers = measured
    _, scales, _ = small_encoder()
    of_first = np.outer(images.mean(axis=(1, 2, 3)) / 255, scales)
    np.testing.assert_allclose(without_bias(encoder, layers)[0].map_means, of_first, atol=1e-5)
    few_active = deactivated(encoder, layers, mean_maps=False)
    after = activities(few_active, few_active_layers(few_active), images)
    still = np.setdiff1d(np.arange(MAPS), most_active(layers[0]))
    np.testing.assert_allclose(
        without_bias(encoder, after)[0].map_means[:, still],
        np.tile(of_first.mean(axis=0)[still], (len(images), 1)),
        atol=1e-5,
    )


# --- The replacing layer ---


def test_keeping_and_replacing_maps():
    maps = np.arange(24, dtype="float32").reshape(2, 2, 2, 3)
    layer = KeepFeatureMaps(np.array([1, 0, 1]), np.array([-1.0, -2.0, -3.0]))
    replaced = keras.ops.convert_to_numpy(layer(maps))
    np.testing.assert_array_equal(replaced[..., [0, 2]], maps[..., [0, 2]])
    assert (replaced[..., 1] == -2).all()


def test_replacing_with_a_map_per_pixel():
    maps = np.ones((5, 2, 2, 2), dtype="float32")
    replacement = np.arange(8, dtype="float32").reshape(2, 2, 2)
    replaced = keras.ops.convert_to_numpy(KeepFeatureMaps(np.array([0, 1]), replacement)(maps))
    np.testing.assert_array_equal(replaced[..., 0], np.tile(replacement[..., 0], (5, 1, 1)))
    assert (replaced[..., 1] == 1).all()


# --- The encoder with few active maps ---


@pytest.fixture(params=[False, True], ids=["mean value", "mean map"])
def mean_maps(request):
    return request.param


def test_replacing_layers_are_named_as_in_figure_22(measured, mean_maps):
    encoder, layers = measured
    few_active = deactivated(encoder, layers, mean_maps=mean_maps)
    names = [layer.name for layer in few_active_layers(few_active)]
    assert names == ["ladder_0_few_active_0", "ladder_2_few_active_1"]


def test_a_replacing_layer_stands_between_convolution_and_relu(measured, mean_maps):
    encoder, layers = measured
    names = [layer.name for layer in deactivated(encoder, layers, mean_maps=mean_maps).layers]
    assert names == [
        "encoder_input",
        "ladder_0_conv2d_0",
        "ladder_0_few_active_0",
        "re_lu_1",
        "ladder_2_conv2d_1",
        "ladder_2_few_active_1",
        "re_lu_2",
        "flatten",
        "mu",
    ]


def test_active_maps_of_the_first_convolution_stay(measured, images, mean_maps):
    encoder, layers = measured
    few_active = deactivated(encoder, layers, mean_maps=mean_maps)
    active = most_active(layers[0])
    assert active.tolist() == [2, 5]  # the largest scales
    before = values_of(encoder, "ladder_0_conv2d_0", images)
    after = values_of(few_active, "ladder_0_few_active_0", images)
    np.testing.assert_allclose(after[..., active], before[..., active], atol=1e-6)


def test_inactive_maps_are_constant_at_their_mean_value(measured, images):
    encoder, layers = measured
    few_active = deactivated(encoder, layers, mean_maps=False)
    after = values_of(few_active, "ladder_0_few_active_0", images)
    for number in np.setdiff1d(np.arange(MAPS), most_active(layers[0])):
        expected = layers[0].map_means[:, number].mean()
        np.testing.assert_allclose(after[..., number], expected, atol=1e-5)


def test_inactive_maps_are_their_mean_map_as_run(measured, images):  # erratum E10
    encoder, layers = measured
    few_active = deactivated(encoder, layers, mean_maps=True)
    before = values_of(encoder, "ladder_0_conv2d_0", images)
    after = values_of(few_active, "ladder_0_few_active_0", images)
    for number in np.setdiff1d(np.arange(MAPS), most_active(layers[0])):
        expected = np.tile(before[..., number].mean(axis=0), (len(images), 1, 1))
        np.testing.assert_allclose(after[..., number], expected, atol=1e-5)
    assert np.ptp(after[0, ..., 0]) > 0.01  # not one number for the whole map


def test_replacements_come_from_the_intact_network(measured, images):
    encoder, layers = measured
    few_active = deactivated(encoder, layers, mean_maps=False)
    after = values_of(few_active, "ladder_2_few_active_1", images)
    (active,) = most_active(layers[1])
    inactive = np.setdiff1d(np.arange(4), active)
    np.testing.assert_allclose(
        after[0, 0, 0, inactive], layers[1].mean_map.mean(axis=(0, 1))[inactive], atol=1e-5
    )
    before = values_of(encoder, "ladder_2_conv2d_1", images)
    assert not np.allclose(after[..., active], before[..., active])  # its input has changed


def test_the_original_encoder_is_left_alone_and_shares_its_weights(measured, images, mean_maps):
    encoder, layers = measured
    batch = images.astype("float32") / 255
    names = [layer.name for layer in encoder.layers]
    before = keras.ops.convert_to_numpy(encoder(batch))
    few_active = deactivated(encoder, layers, mean_maps=mean_maps)
    changed = keras.ops.convert_to_numpy(few_active(batch))
    np.testing.assert_array_equal(encoder(batch), before)
    assert [layer.name for layer in encoder.layers] == names
    assert not np.allclose(changed, before)
    for layer in encoder.layers:
        assert few_active.get_layer(layer.name) is layer or not layer.weights


def test_vlae_encoder_keeps_its_three_latents_and_all_six_rungs_are_reduced():
    encoder = LISTINGS[11].builder()
    images = np.random.default_rng(5).integers(0, 256, (6, 28, 28, 1), dtype=np.uint8)
    layers = activities(encoder, convolutions(encoder), images)
    few_active = deactivated(encoder, layers, mean_maps=False)
    wanted = [name.replace("conv2d", "few_active") for name in printed_convolutions(11)]
    assert [layer.name for layer in few_active_layers(few_active)] == wanted
    assert "ladder_2_few_active_1" in wanted  # a panel's title in Figure 22
    assert [tuple(z.shape) for z in few_active(images.astype("float32") / 255)] == [(6, 2)] * 3
    after = activities(few_active, few_active_layers(few_active), images)
    varying = [np.flatnonzero(np.ptp(layer.map_means, axis=0) > 1e-6) for layer in after]
    expected = [most_active(layer) for layer in layers]
    for found_maps, kept in zip(varying, expected, strict=True):
        assert len(kept) == 5  # floor(22 / 4)
        assert set(found_maps) <= set(kept)
