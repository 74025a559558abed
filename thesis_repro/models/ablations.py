"""AlexNet-VAEs with one thing changed, to ask what makes stripes in feature maps (Section 4.8).

The thesis names padding, bias, batch normalisation, kernel size and data set, and trains none of
these networks. Each is made from Listings 36 and 37; layers keep their names.
"""

from collections.abc import Callable
from functools import partial

import keras
from keras import layers

from appendix_architectures.a6_alexnet_vae import alexnet_vae_decoder, alexnet_vae_encoder

Change = Callable[[keras.Layer], keras.Layer]

SMALL_KERNEL = 3  # px, of the layers with the smallest kernels in Listing 36


@keras.saving.register_keras_serializable(package="thesis_repro")
class MirroredConv2D(layers.Conv2D):
    """A convolution of "same" size that continues the image by mirroring it, not by zeros.

    As many rows and columns are added on each side as zeros would be.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{**kwargs, "padding": "valid"})

    def call(self, inputs):
        """Maps (batch, ceil(height / stride), ceil(width / stride), maps)."""
        sizes = zip(inputs.shape[1:3], self.kernel_size, self.strides, strict=True)
        margins = [(0, 0), *(_margins(*size) for size in sizes), (0, 0)]
        return super().call(keras.ops.pad(inputs, margins, mode="reflect"))

    def compute_output_shape(self, input_shape):
        """That of a convolution padded with zeros."""
        height, width = (
            -(-size // step) for size, step in zip(input_shape[1:3], self.strides, strict=True)
        )
        return (input_shape[0], height, width, self.filters)


def _margins(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Rows (or columns) that "same" padding adds before and after: of an odd number, more after."""
    missing = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return missing // 2, missing - missing // 2


# === What is changed ===


def mirrored_padding(layer: keras.Layer) -> keras.Layer:
    """Mirrored images around every convolution in place of zeros."""
    kind = MirroredConv2D if type(layer) is layers.Conv2D else type(layer)
    return kind.from_config(layer.get_config())


def small_kernels(layer: keras.Layer) -> keras.Layer:
    """A first layer of 3x3 kernels, its stride unchanged."""
    changed = {"kernel_size": SMALL_KERNEL} if layer.name == "conv2d_1" else {}
    return type(layer).from_config({**layer.get_config(), **changed})


def no_batch_norm(layer: keras.Layer) -> keras.Layer:
    """Nothing where there was batch normalisation."""
    if isinstance(layer, layers.BatchNormalization):
        return layers.Identity()
    return type(layer).from_config(layer.get_config())


def no_bias(layer: keras.Layer) -> keras.Layer:
    """No bias in convolutions, and no batch normalisation, which adds one (Section 4.8)."""
    if isinstance(layer, layers.Conv2D | layers.Conv2DTranspose):
        return type(layer).from_config({**layer.get_config(), "use_bias": False})
    return no_batch_norm(layer)


# === Networks ===


def changed(network: keras.Model, change: Change) -> keras.Model:
    """A network of fresh weights like this one, each layer as ``change`` makes it.

    Layers that become an ``Identity`` are left out.
    """

    def call(layer, inputs, **_):
        return inputs if isinstance(layer, layers.Identity) else layer(inputs)

    return keras.models.clone_model(network, clone_function=change, call_function=call)


def _ablated(listed: Callable[[], keras.Model], change: Change) -> keras.Model:
    return changed(listed(), change)


mirrored_padding_encoder = partial(_ablated, alexnet_vae_encoder, mirrored_padding)
small_kernels_encoder = partial(_ablated, alexnet_vae_encoder, small_kernels)
no_batch_norm_encoder = partial(_ablated, alexnet_vae_encoder, no_batch_norm)
no_batch_norm_decoder = partial(_ablated, alexnet_vae_decoder, no_batch_norm)
no_bias_encoder = partial(_ablated, alexnet_vae_encoder, no_bias)
no_bias_decoder = partial(_ablated, alexnet_vae_decoder, no_bias)
