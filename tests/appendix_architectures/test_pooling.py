"""AlexNet's max-pooling against Keras's layer: bits, gradients, saving."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import config

from appendix_architectures.pooling import MaxPooling2D
from appendix_architectures.registry import LISTINGS
from appendix_architectures.shapes import build_shapes
from thesis_repro.models import ablations

ENCODERS = [
    LISTINGS[35].builder,
    LISTINGS[36].builder,
    ablations.mirrored_padding_encoder,
    ablations.small_kernels_encoder,
    ablations.no_batch_norm_encoder,
    ablations.no_bias_encoder,
]
SHAPES = [(56, 56, 96), (28, 28, 256), (14, 14, 256)]  # of Listings 35 and 36


def pooled_and_gradient(network, images, upstream):
    images = tf.convert_to_tensor(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        output = network(images)
    return output, tape.gradient(output, images, upstream)


def random(shape):
    """Images whose values are all different, and a gradient for their pooled maps."""
    rng = np.random.default_rng(1)
    images = rng.permutation(np.arange(np.prod(shape))).reshape(shape).astype("float32")
    pooled = (shape[0], shape[1] // 2, shape[2] // 2, shape[3])
    return images - images.mean(), rng.normal(size=pooled).astype("float32")


def test_maxima_of_four_by_four_pixels():
    image = np.float32([[1, 2, -3, -4], [4, 3, -1, -2], [0, 0, 9, 8], [0, 5, 7, 6]])
    upstream = np.float32([[10, 20], [30, 40]])
    output, gradient = pooled_and_gradient(
        MaxPooling2D(2), image[None, :, :, None], upstream[None, :, :, None]
    )
    assert output[0, :, :, 0].numpy().tolist() == [[4, -1], [5, 9]]
    expected = [[0, 0, 0, 0], [10, 0, 20, 0], [0, 0, 40, 0], [0, 30, 0, 0]]
    assert gradient[0, :, :, 0].numpy().tolist() == expected


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_bits_are_those_of_keras(shape, padding):
    images, upstream = random((2, *shape))
    results = [
        pooled_and_gradient(kind(2, padding=padding), images, upstream)
        for kind in (MaxPooling2D, keras.layers.MaxPooling2D)
    ]
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("shape", SHAPES)
def test_after_a_relu_windows_without_a_positive_value_have_no_gradient(shape):
    """Most windows hold a tie at 0, many nothing else."""
    images, upstream = random((2, *shape))
    images = images / np.abs(images).max() - 0.6  # four fifths below 0
    results = [
        pooled_and_gradient(keras.Sequential([keras.layers.ReLU(), kind(2)]), images, upstream)
        for kind in (MaxPooling2D, keras.layers.MaxPooling2D)
    ]
    assert (results[0][0].numpy() == 0).mean() > 0.3
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("builder", ENCODERS, ids=range(len(ENCODERS)))
def test_every_pooling_of_alexnets_is_this_one_and_follows_a_relu(builder):
    layers = build_shapes(builder).layers
    poolings = [layer for layer in layers if isinstance(layer, keras.layers.MaxPooling2D)]
    assert [type(layer) for layer in poolings] == [MaxPooling2D] * 3
    for layer in poolings:
        source = layer.input._keras_history.operation
        assert isinstance(source, keras.layers.ReLU)
        assert source.negative_slope == 0


@pytest.fixture
def determinism():
    before = config.is_op_determinism_enabled()
    config.enable_op_determinism()
    yield
    if not before:
        config.disable_op_determinism()


@pytest.mark.usefixtures("determinism")
def test_xla_has_a_deterministic_gradient_of_this_one_only():
    images, upstream = random((2, 4, 4, 3))
    run = tf.function(pooled_and_gradient, jit_compile=True)
    output, gradient = run(MaxPooling2D(2), images, upstream)
    expected = pooled_and_gradient(MaxPooling2D(2), images, upstream)
    np.testing.assert_array_equal(output, expected[0])
    np.testing.assert_array_equal(gradient, expected[1])
    with pytest.raises(tf.errors.UnimplementedError, match="MaxPool gradient"):
        run(keras.layers.MaxPooling2D(2), images, upstream)


def test_batches_may_be_of_any_size():
    layer = MaxPooling2D(2)
    compiled = tf.function(layer, input_signature=[tf.TensorSpec((None, 4, 6, 3), tf.float32)])
    images, _ = random((5, 4, 6, 3))
    for batch in (images, images[:1]):
        np.testing.assert_array_equal(compiled(batch), keras.layers.MaxPooling2D(2)(batch))


def test_config_round_trip_and_no_weights():
    layer = MaxPooling2D(2, strides=2, padding="same", name="max_pooling2d_3")
    config = layer.get_config()
    assert config == keras.layers.MaxPooling2D.from_config(config).get_config()
    assert MaxPooling2D.from_config(config).get_config() == config
    layer.build((None, 14, 14, 256))
    assert layer.count_params() == 0


def test_model_loads_from_a_keras_file_in_safe_mode(tmp_path):
    images, _ = random((2, 4, 4, 3))
    model = keras.Sequential([keras.Input((4, 4, 3)), MaxPooling2D(2, name="pool")])
    model.save(tmp_path / "pooled.keras")
    loaded = keras.models.load_model(tmp_path / "pooled.keras", safe_mode=True)
    assert type(loaded.get_layer("pool")) is MaxPooling2D
    np.testing.assert_array_equal(model(images), loaded(images))


@pytest.mark.parametrize(
    "arguments",
    [{"pool_size": 3}, {"pool_size": 2, "strides": 1}, {"data_format": "channels_first"}],
    ids=str,
)
def test_other_windows_are_refused(arguments):
    with pytest.raises(ValueError, match=r"pool: .* use keras\.layers\.MaxPooling2D"):
        MaxPooling2D(name="pool", **arguments)


@pytest.mark.parametrize("shape", [(5, 4, 1), (4, 5, 1), (None, 4, 1)])
def test_sizes_that_windows_do_not_cover_are_refused(shape):
    with pytest.raises(ValueError, match=r"pool: .* even height and width"):
        MaxPooling2D(name="pool")(keras.Input(shape))
