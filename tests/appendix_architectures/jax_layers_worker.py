"""Under KERAS_BACKEND=jax: our layers against Keras's. Prints JSON, differences by layer and shape.

A difference is the largest one of outputs and gradients, relative to the largest value.
"""

import json

import jax
import keras
import numpy as np

from appendix_architectures.pooling import MaxPooling2D
from appendix_architectures.transposed_convolution import Conv2DTranspose

CONVOLUTIONS = {  # input shape: filters, kernel, stride
    (14, 14, 64): (3, 4, 2),
    (14, 14, 32): (1, 3, 2),
    (28, 28, 22): (1, 5, 1),
    (28, 28, 256): (1, 4, 1),
    (32, 32, 128): (1, 4, 2),
}
POOLED = [(14, 14, 256), (28, 28, 256)]


def outputs_and_gradients(layer, weights, images, upstream):
    @jax.jit
    def run(weights, images):
        return layer.stateless_call(weights, [], images)[0]

    output, gradients = jax.vjp(run, weights, images)
    by_weights, by_images = gradients(upstream)
    return [output, *by_weights, by_images]


def difference(ours, theirs, shape):
    rng = np.random.default_rng(3)
    images = np.maximum(rng.normal(size=(2, *shape)), 0).astype("float32")
    for layer in (ours, theirs):
        layer.build((None, *shape))
    weights = [rng.normal(size=w.shape).astype("float32") for w in ours.weights]
    upstream = rng.normal(size=ours.compute_output_shape(images.shape)).astype("float32")
    results = [outputs_and_gradients(x, weights, images, upstream) for x in (ours, theirs)]
    if not weights:  # a pooling: ties at 0 have no gradient behind a ReLU
        for result in results:
            result[-1] = np.where(images > 0, result[-1], 0)
    return max(
        float(np.abs(mine - reference).max() / np.abs(reference).max())
        for mine, reference in zip(*results, strict=True)
    )


def main():
    assert keras.backend.backend() == "jax"
    result = {"convolutions": [], "pooled": []}
    for shape, (filters, kernel, stride) in CONVOLUTIONS.items():
        kinds = (Conv2DTranspose, keras.layers.Conv2DTranspose)
        pair = [kind(filters, kernel, strides=stride, padding="same") for kind in kinds]
        result["convolutions"].append(difference(*pair, shape))
    for shape in POOLED:
        result["pooled"].append(difference(MaxPooling2D(2), keras.layers.MaxPooling2D(2), shape))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
