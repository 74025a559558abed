"""A decoder as data for the page: its layers as steps, its kernels in 16 bits.

The page computes them by matrix products (`decoder.js`). Each column of a kernel is rounded to
65,535 even steps over its own range: in MNIST-VLAE-factor-3, pixels then differ by 0.36 of 1/255 at
most, where float16 makes it up to 1.9.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from thesis_repro.errors import ModelError

_LARGEST = np.iinfo("int16").max


@dataclass(frozen=True, eq=False)
class DecoderSteps:
    """What the page decodes with.

    Attributes:
        steps: A dictionary per layer, inputs first: its "kind", "name", the names of its "inputs",
            and what its kind needs; of an input, the latent "layer" that it is. They take their
            numbers from the two arrays in this order.
        vectors: float32 (n,): of each kernel a scale per column, biases, normalisations.
        kernels: int16 (n,): matrices row by row, to be multiplied by the scales of their columns.
    """

    steps: tuple[dict[str, Any], ...]
    vectors: np.ndarray
    kernels: np.ndarray


@dataclass
class _Numbers:
    """Numbers as they are taken from the layers, one after another."""

    vectors: list[np.ndarray] = field(default_factory=list)
    kernels: list[np.ndarray] = field(default_factory=list)

    def keep_vector(self, values: np.ndarray) -> None:
        self.vectors.append(np.ravel(values).astype("float32"))

    def keep_kernel(self, matrix: np.ndarray) -> list[int]:
        """Keep a matrix with its scales; its shape."""
        scales = np.maximum(np.abs(matrix).max(axis=0), np.finfo("float32").tiny) / _LARGEST
        self.keep_vector(scales)
        self.kernels.append(np.round(matrix / scales).astype("int16").ravel())
        return [*matrix.shape]


def decoder_steps(decoder: keras.Model) -> DecoderSteps:
    """The layers and numbers of a decoder, as it computes after training.

    Raises:
        ModelError: a layer is of a kind that the page cannot compute.
    """
    numbers, steps = _Numbers(), []
    places = {tensor._keras_history.operation.name: at for at, tensor in enumerate(decoder.inputs)}
    same: dict[str, str] = {}  # layers that do nothing after training: what stands for them
    for layer in decoder.layers:
        inputs = [same.get(name, name) for name in _inputs(layer)]
        if isinstance(layer, keras.layers.Dropout):
            same[layer.name] = inputs[0]
            continue
        if type(layer).__name__ not in _KINDS:
            raise ModelError(
                f"{decoder.name}: the page has no layer of the kind {type(layer).__name__} "
                f"({layer.name}), but {', '.join(_KINDS)}."
            )
        values = _KINDS[type(layer).__name__](layer, numbers)
        steps.append({"name": layer.name, "inputs": inputs, **values})
        if layer.name in places:
            steps[-1]["layer"] = places[layer.name]
    return DecoderSteps(
        tuple(steps), np.concatenate(numbers.vectors), np.concatenate(numbers.kernels)
    )


def _inputs(layer: keras.layers.Layer) -> Iterator[str]:
    """The names of the layers that it takes from."""
    if not isinstance(layer, keras.layers.InputLayer):
        given = layer.input if isinstance(layer.input, list) else [layer.input]
        yield from (tensor._keras_history.operation.name for tensor in given)


# === One function per kind of layer: what the page has to know of it ===


def _dense(layer: keras.layers.Dense, numbers: _Numbers) -> dict[str, Any]:
    kernel = numbers.keep_kernel(_array(layer.kernel))
    _keep_bias(layer, layer.units, numbers)
    return {"kind": "dense", "kernel": kernel}


def _transposed_convolution(
    layer: keras.layers.Conv2DTranspose, numbers: _Numbers
) -> dict[str, Any]:
    """As `appendix_architectures.transposed_convolution` computes it.

    A pixel's window is cut into blocks of stride x stride pixels. The matrices of all blocks stand
    one below the other, each (channels, stride x stride x filters).
    """
    kernel, stride = _array(layer.kernel), layer.strides[0]
    size, _, filters, channels = kernel.shape
    blocks = -(-size // stride)
    missing = (0, blocks * stride - size)
    padded = np.pad(kernel, (missing, missing, (0, 0), (0, 0)))
    cut = padded.reshape(blocks, stride, blocks, stride, filters, channels)
    matrix = cut.transpose(0, 2, 5, 1, 3, 4).reshape(blocks * blocks * channels, -1)
    shape = numbers.keep_kernel(matrix)
    _keep_bias(layer, filters, numbers)
    crop = max(size - stride, 0) // 2
    window = {"blocks": blocks, "stride": stride, "filters": filters, "crop": crop}
    return {"kind": "transposed", "kernel": shape, **window}


def _normalisation(layer: keras.layers.BatchNormalization, numbers: _Numbers) -> dict[str, Any]:
    factor = _array(layer.gamma) / np.sqrt(_array(layer.moving_variance) + layer.epsilon)
    numbers.keep_vector(factor)
    numbers.keep_vector(_array(layer.beta) - _array(layer.moving_mean) * factor)
    return {"kind": "affine", "size": len(factor)}


def _activation(layer: keras.layers.Activation, numbers: _Numbers) -> dict[str, Any]:
    if layer.activation is not keras.activations.sigmoid:
        raise ModelError(f"The page has no activation {layer.activation.__name__} ({layer.name}).")
    return {"kind": "sigmoid"}


_KINDS: dict[str, Callable[[Any, _Numbers], dict[str, Any]]] = {
    "InputLayer": lambda layer, numbers: {"kind": "input"},
    "Dense": _dense,
    "Conv2DTranspose": _transposed_convolution,
    "BatchNormalization": _normalisation,
    "Concatenate": lambda layer, numbers: {"kind": "join"},
    "Reshape": lambda layer, numbers: {"kind": "reshape", "shape": [*layer.target_shape]},
    "ReLU": lambda layer, numbers: {"kind": "relu"},
    "LeakyReLU": lambda layer, numbers: {"kind": "leaky", "slope": float(layer.negative_slope)},
    "Activation": _activation,
}


def _keep_bias(layer: keras.layers.Layer, size: int, numbers: _Numbers) -> None:
    numbers.keep_vector(_array(layer.bias) if layer.use_bias else np.zeros(size))


def _array(variable: keras.Variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable).astype("float32")
