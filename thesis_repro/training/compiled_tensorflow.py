"""Compiled steps by TensorFlow: one by one on CPUs, by XLA on GPUs."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from thesis_repro.training.devices import computes_on_gpu

on_device = tf.constant


def compiled_step(step: Callable, variables: Sequence[keras.Variable]) -> Callable:
    """The step as a function of arrays."""
    return tf.function(lambda *arrays: step(_tape_vjp, *arrays), reduce_retracing=True)


def compiled_epoch(
    step: Callable, variables: Sequence[keras.Variable], most_steps: int
) -> Callable:
    """Many steps as a function of arrays, rows (most_steps, batch) and the number of steps."""
    names: list[str] = []

    # On CPUs, XLA's kernels are slower than TensorFlow's.
    @tf.function(jit_compile=computes_on_gpu())
    def one(arrays: list[tf.Tensor], rows: tf.Tensor) -> tf.Tensor:
        results = step(_tape_vjp, *(tf.gather(array, rows) for array in arrays))
        names[:] = results
        return tf.stack([tf.cast(value, "float32") for value in results.values()])

    @tf.function
    def many(arrays: list[tf.Tensor], rows: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
        _, logs = tf.while_loop(
            lambda i, _: i < steps,
            lambda i, logs: (i + 1, logs.write(i, one(arrays, rows[i]))),
            (0, tf.TensorArray("float32", size=most_steps)),
            parallel_iterations=1,
        )
        return logs.stack()

    def call(arrays: list[Any], rows: np.ndarray, steps: int) -> tuple[list[str], tf.Tensor]:
        return names, many(arrays, tf.constant(rows), tf.constant(steps))

    return call


def _tape_vjp(function: Callable, inputs: Sequence[Any], variables: Sequence[keras.Variable]):
    """`thesis_repro.training.compiled.Vjp` by a gradient tape."""
    inputs = [tf.convert_to_tensor(tensor) for tensor in inputs]
    values = [variable.value for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([*inputs, *values])
        outputs, others = function(*inputs)

    def pullback(cotangents):
        return tape.gradient(
            tf.nest.flatten(outputs),
            (inputs, values),
            output_gradients=tf.nest.flatten(cotangents),
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )

    return outputs, others, pullback
