"""The transposed convolution with which decoders end, whose output is an image of few channels."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="thesis_repro")
class Conv2DTranspose(keras.layers.Conv2DTranspose):
    """Keras's layer of this name, computed as one matrix product.

    The same map of the same weights; only sums are rounded in another order. Backends make a
    transposed convolution from the gradient of a convolution, which is slow where there are one or
    three filters to make: at a tenth of a matrix product's speed in TensorFlow on CPUs. With many
    filters Keras's layer is the faster.

    Takes (batch, height, width, channels), height and width known, and gives (batch,
    stride * height, stride * width, filters).

    Raises:
        ValueError: padding is not "same", channels come first, or there is a dilation or an output
            padding.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        computed = {
            "padding": "same",
            "output_padding": None,
            "dilation_rate": (1, 1),
            "data_format": "channels_last",
        }
        if any(getattr(self, name) != value for name, value in computed.items()):
            raise ValueError(
                f"{self.name}: this Conv2DTranspose takes padding='same', channels last, and "
                "neither dilation nor output_padding; use keras.layers.Conv2DTranspose."
            )

    def call(self, inputs: Any) -> Any:
        """The transposed convolution, the bias and the activation."""
        outputs = transposed_convolution(inputs, self.kernel, self.strides)
        return self.activation(outputs + self.bias if self.use_bias else outputs)


def transposed_convolution(images: Any, kernel: Any, strides: tuple[int, int]) -> Any:
    """Transposed convolution of "same" padding.

    Each pixel adds its product with the kernel to a window of the output. A window is cut into
    blocks of `strides` pixels, so that block b of a pixel's window falls onto the output's block
    pixel + b: sums of blocks are sums of maps moved by whole pixels.

    Args:
        images: (batch, height, width, channels).
        kernel: (kernel height, kernel width, filters, channels).
        strides: of rows and columns.

    Returns:
        (batch, stride * height, stride * width, filters).
    """
    height, width, channels = images.shape[1:]
    (rows, columns), filters = kernel.shape[:2], kernel.shape[2]
    down, right = strides
    blocks_down, blocks_right = -(-rows // down), -(-columns // right)
    missing = [[0, blocks_down * down - rows], [0, blocks_right * right - columns], [0, 0], [0, 0]]
    kernel = ops.pad(kernel, missing)
    kernel = ops.reshape(kernel, (blocks_down, down, blocks_right, right, filters, channels))
    kernel = ops.reshape(ops.transpose(kernel, (0, 2, 1, 3, 4, 5)), (-1, channels))

    # With `optimize`, Keras leaves the product to TensorFlow, which need not transpose the images.
    pixels = ops.reshape(images, (-1, channels))
    windows = ops.einsum("kc,pc->kp", kernel, pixels, optimize="greedy")
    # A convolution rounds to 16 bits once, at its end.
    windows = ops.cast(windows, keras.backend.result_type(windows.dtype, "float32"))

    full_height, full_width = height + blocks_down - 1, width + blocks_right - 1
    windows = ops.reshape(windows, (blocks_down, -1, height, width))
    windows = _sum_of_moved(windows, axis=1)
    windows = ops.reshape(windows, (blocks_right, -1, full_height, width))
    windows = _sum_of_moved(windows, axis=2)

    windows = ops.reshape(windows, (down, right, filters, -1, full_height, full_width))
    windows = ops.transpose(windows, (3, 4, 0, 5, 1, 2))
    full = ops.reshape(windows, (-1, down * full_height, right * full_width * filters))
    top, left = max(rows - down, 0) // 2, max(columns - right, 0) // 2
    size = (ops.shape(full)[0], down * height, right * width * filters)
    same = ops.slice(full, (0, top, left * filters), size)
    same = ops.reshape(same, (-1, down * height, right * width, filters))
    return ops.cast(same, images.dtype)


def _sum_of_moved(maps: Any, axis: int) -> Any:
    """Sum over the first axis, the b-th entry moved by b pixels along an axis of the others.

    (blocks, maps, height, width) -> (maps, height, width), the axis blocks - 1 longer.
    """
    blocks = maps.shape[0]
    total = 0
    for block, entry in enumerate(ops.unstack(maps, blocks, axis=0)):
        margins = [[0, 0]] * 3
        margins[axis] = [block, blocks - 1 - block]
        total += ops.pad(entry, margins)
    return total
