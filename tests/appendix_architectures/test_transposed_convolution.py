"""The last layer of decoders against Keras's layer: values, three gradients, weights, precision."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from appendix_architectures.a1_vae import mnist_vae_decoder
from appendix_architectures.a2_mnist_vlae import mnist_vlae_factor_3_decoder
from appendix_architectures.registry import LISTINGS
from appendix_architectures.shapes import build_shapes
from appendix_architectures.transposed_convolution import Conv2DTranspose
from thesis_repro.models.unlisted import mnist_vae_as_run_decoder

# Decoders of Appendix A, but for AlexNet's with its kernel of 11 x 11 and stride of 4.
DECODERS = [2, 4, 6, 8, 10, 12, 14, 16, 18, 21, 24, 27, 30, 33]


def last_layer(builder):
    """The layer that makes a decoder's image and the shape of its input, without the batch."""
    layers = build_shapes(builder).layers
    layer = [layer for layer in layers if isinstance(layer, keras.layers.Conv2DTranspose)][-1]
    return layer, tuple(layer.input.shape[1:])


def cases():
    """Every other layer of the models: (input shape, config without the name)."""
    seen = {}
    for builder in [*(LISTINGS[n].builder for n in DECODERS), mnist_vae_as_run_decoder]:
        layer, shape = last_layer(builder)
        kind = (shape, layer.filters, layer.kernel_size[0], layer.strides[0], layer.use_bias)
        seen[kind] = None
    return list(seen)


def pair(dtype, shape, filters, kernel, stride, use_bias, other=keras.layers.Conv2DTranspose):
    """Our layer and Keras's of equal weights, biases not 0."""
    arguments = {"strides": stride, "padding": "same", "use_bias": use_bias, "dtype": dtype}
    ours, theirs = (kind(filters, kernel, **arguments) for kind in (Conv2DTranspose, other))
    rng = np.random.default_rng(5)
    for layer in (ours, theirs):
        layer.build((None, *shape))
    weights = [rng.normal(size=w.shape) / np.sqrt(shape[-1]) for w in ours.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    return ours, theirs


@tf.function
def output_and_gradients(layer, images, upstream):
    weights = [weight.value for weight in layer.trainable_weights]
    with tf.GradientTape() as tape:
        tape.watch([images, *weights])
        output = layer(images)
    return output, *tape.gradient(output, [images, *weights], upstream)


def compare(dtype, tolerance, shape, *arguments):
    ours, theirs = pair(dtype, shape, *arguments)
    rng = np.random.default_rng(6)
    images = tf.constant(rng.normal(size=(2, *shape)), dtype)
    upstream = tf.constant(rng.normal(size=ours.compute_output_shape((2, *shape))), dtype)
    found = output_and_gradients(ours, images, upstream)
    expected = output_and_gradients(theirs, images, upstream)
    assert len(found) == len(expected) == 2 + len(ours.weights)
    for value, reference in zip(found, expected, strict=True):
        assert value.shape == reference.shape
        assert value.dtype == dtype
        error = np.abs(value.numpy() - reference.numpy()).max()
        assert error < tolerance * np.abs(reference.numpy()).max()


@pytest.mark.parametrize("case", cases(), ids=str)
def test_output_and_gradients_are_those_of_keras(case):
    compare("float64", 1e-12, *case)
    compare("float32", 2e-5, *case)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 7, (5, 2)])
@pytest.mark.parametrize("stride", [1, 2, 3, (3, 1)])
def test_any_kernel_and_stride(kernel, stride):
    compare("float64", 1e-12, (5, 7, 2), 2, kernel, stride, True)


def test_one_pixel_paints_the_kernel():
    """Of 2 x 2 pixels one is lit: its window begins a pixel above and left of its block."""
    ours, _ = pair("float32", (2, 2, 1), 1, 4, 2, False)
    kernel = np.arange(1, 17, dtype="float32").reshape(4, 4)
    ours.set_weights([kernel[:, :, None, None]])
    images = np.zeros((1, 2, 2, 1), "float32")
    images[0, 1, 0] = 1
    expected = [[0, 0, 0, 0], [2, 3, 4, 0], [6, 7, 8, 0], [10, 11, 12, 0]]
    np.testing.assert_array_equal(ours(images)[0, :, :, 0], expected)


def test_every_decoder_but_alexnets_ends_with_it():
    """And no other layer is one: with many filters Keras's is faster."""
    ends = []
    for number, listing in LISTINGS.items():
        layers = build_shapes(listing.builder).layers
        transposed = [x for x in layers if isinstance(x, keras.layers.Conv2DTranspose)]
        ours = [type(layer) is Conv2DTranspose for layer in transposed]
        assert not any(ours[:-1])
        ends += [number] * any(ours)
    assert ends == DECODERS
    assert type(last_layer(mnist_vae_as_run_decoder)[0]) is Conv2DTranspose
    assert type(last_layer(LISTINGS[37].builder)[0]) is keras.layers.Conv2DTranspose


def test_initial_weights_are_those_of_keras():
    layers = [
        kind(
            3, 4, strides=2, padding="same", kernel_initializer=keras.initializers.GlorotUniform(3)
        )
        for kind in (Conv2DTranspose, keras.layers.Conv2DTranspose)
    ]
    for layer in layers:
        layer.build((None, 14, 14, 64))
    for ours, theirs in zip(*(layer.get_weights() for layer in layers), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_activation_follows_the_bias():
    layer = Conv2DTranspose(1, 3, padding="same", activation="sigmoid", bias_initializer="ones")
    output = layer(np.zeros((1, 2, 2, 1), "float32"))
    np.testing.assert_allclose(output, 1 / (1 + np.exp(-1)), rtol=1e-6)


def test_batches_may_be_of_any_size():
    ours, theirs = pair("float32", (6, 6, 3), 1, 4, 2, True)
    compiled = tf.function(ours, input_signature=[tf.TensorSpec((None, 6, 6, 3), tf.float32)])
    images = np.random.default_rng(7).normal(size=(5, 6, 6, 3)).astype("float32")
    for batch in (images, images[:1]):
        np.testing.assert_allclose(compiled(batch), theirs(batch), atol=1e-5)


@pytest.mark.parametrize("shape", [(28, 28, 22), (7, 7, 256)])
def test_bfloat16_rounds_products_and_sums_once_each(shape):
    """Two roundings of one size, so the square root of two times the error of one.

    Keras's layer has as much on some CPUs, and one rounding on those that sum in float32 (AMX).
    """
    arguments = (shape, 1, 5, 1, False)
    layer, _ = pair("mixed_bfloat16", *arguments)
    _, exact = pair("float64", *arguments)
    exact.set_weights([tf.cast(tf.cast(w, "bfloat16"), "float64") for w in layer.weights])
    images = tf.cast(np.random.default_rng(8).normal(size=(4, *shape)), "bfloat16")
    reference = exact(tf.cast(images, "float64"))
    output = layer(images)
    assert output.dtype == "bfloat16"
    rounded_once = tf.cast(reference, "bfloat16")
    ours, once = (np.std(tf.cast(each, "float64") - reference) for each in (output, rounded_once))
    assert ours < 1.1 * np.sqrt(2) * once


def test_bfloat16_sums_are_made_in_float32():
    """256 + 24 ones; 256 + 1 is 256 in bfloat16."""
    layer, _ = pair("mixed_bfloat16", (9, 9, 1), 1, 5, 1, False)
    kernel = np.ones((5, 5, 1, 1), "float32")
    kernel[0, 0] = 256
    layer.set_weights([kernel])
    output = layer(np.ones((1, 9, 9, 1), "float32"))
    assert tf.cast(output, "float32")[0, 4, 4, 0] == 280


def test_config_round_trip():
    layer = mnist_vae_decoder().get_layer("decoder_conv_t_3")
    clone = type(layer).from_config(layer.get_config())
    assert type(clone) is Conv2DTranspose
    assert clone.get_config() == layer.get_config()
    assert (
        layer.get_config()
        == keras.layers.Conv2DTranspose.from_config(layer.get_config()).get_config()
    )


def test_model_loads_from_a_keras_file_in_safe_mode(tmp_path):
    model = mnist_vlae_factor_3_decoder()
    z = list(np.random.default_rng(0).normal(size=(3, 4, 2)).astype("float32"))
    model.save(tmp_path / "decoder.keras")
    loaded = keras.models.load_model(tmp_path / "decoder.keras", safe_mode=True)
    assert type(loaded.get_layer("generative_0_conv2d_transpose_2")) is Conv2DTranspose
    np.testing.assert_array_equal(model(z), loaded(z))


def test_weights_of_a_decoder_with_keras_layers_load(tmp_path):
    """Runs kept from before this layer are those of the same model."""
    model = mnist_vlae_factor_3_decoder()
    kerass = keras.models.clone_model(
        model,
        clone_function=lambda layer: (
            keras.layers.Conv2DTranspose if type(layer) is Conv2DTranspose else type(layer)
        ).from_config(layer.get_config()),
    )
    kerass.save_weights(tmp_path / "decoder.weights.h5")
    model.load_weights(tmp_path / "decoder.weights.h5")
    z = list(np.random.default_rng(0).normal(size=(3, 4, 2)).astype("float32"))
    np.testing.assert_allclose(model(z), kerass(z), atol=1e-6)


@pytest.mark.parametrize(
    "arguments",
    [
        {"padding": "valid"},
        {"output_padding": 1, "strides": 2},
        {"dilation_rate": 2},
        {"data_format": "channels_first"},
    ],
    ids=str,
)
def test_other_convolutions_are_refused(arguments):
    with pytest.raises(ValueError, match=r"image: .* use keras\.layers\.Conv2DTranspose"):
        Conv2DTranspose(1, 3, **{"padding": "same", "name": "image", **arguments})
