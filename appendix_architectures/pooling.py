"""Max-pooling of AlexNet's windows: 2 x 2 pixels that do not overlap."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="thesis_repro")
class MaxPooling2D(keras.layers.MaxPooling2D):
    """Keras's layer of this name for windows of 2 x 2 pixels, computed as maxima of halves.

    The same bits. Its gradient is a choice between two values where Keras's is a scatter, which
    TensorFlow's XLA has in no deterministic kernel and JAX runs one by one on GPUs. Where values of
    a window tie, gradients may go to another pixel than Keras's does; after a ReLU, as in all
    listings, that is without effect at 0, whose gradient ends there.

    Takes (batch, height, width, channels) of even height and width, and halves both.

    Raises:
        ValueError: windows are others, channels come first, or a height or width is odd or unknown.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        computed = {"pool_size": (2, 2), "strides": (2, 2), "data_format": "channels_last"}
        if any(getattr(self, name) != value for name, value in computed.items()):
            raise ValueError(
                f"{self.name}: this MaxPooling2D takes windows of 2 x 2 with a stride of 2, "
                "channels last; use keras.layers.MaxPooling2D."
            )

    def build(self, input_shape: tuple) -> None:
        """Check that windows cover the maps."""
        if any(size is None or size % 2 for size in input_shape[1:3]):
            raise ValueError(
                f"{self.name}: this MaxPooling2D takes an even height and width, not "
                f"{input_shape[1:3]}; use keras.layers.MaxPooling2D."
            )

    def call(self, inputs: Any) -> Any:
        """The larger of even and odd rows, then of even and odd columns."""
        height, width, channels = inputs.shape[1:]
        rows = ops.reshape(inputs, (-1, height // 2, 2 * width * channels))
        rows = ops.maximum(*ops.split(rows, 2, axis=-1))
        columns = ops.reshape(rows, (-1, height // 2, width // 2, 2 * channels))
        return ops.maximum(*ops.split(columns, 2, axis=-1))
