"""Compiled training: a step that takes its gradients itself, and many steps in one call.

A step is a function of arrays that reads and writes Keras variables. How it is compiled is where
the backends differ: `thesis_repro.training.compiled_tensorflow` and `compiled_jax`.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

import keras
import numpy as np

Tensors = Any  # one tensor, or lists and dicts of them
Pullback = Callable[[Tensors], tuple[list, list]]

STEPS_A_CALL = 64
CALL_SECONDS = 1.0


class Vjp(Protocol):
    """Vector-Jacobian products: the derivatives of a function that is computed once.

    ``outputs, others, pullback = vjp(function, inputs, variables)`` computes ``function(*inputs)``,
    which returns the outputs to differentiate and whatever else is wanted. Later,
    ``pullback(cotangents)``, of the outputs' structure, gives the derivatives by ``inputs`` and by
    ``variables``, two lists of tensors; once only.
    """

    def __call__(
        self, function: Callable, inputs: Sequence[Any], variables: Sequence[keras.Variable]
    ) -> tuple[Tensors, Tensors, Pullback]:
        """Compute the function and keep what its derivatives need."""


def without_slopes(
    function: Callable, inputs: Sequence[Any], variables: Sequence[keras.Variable]
) -> tuple[Tensors, Tensors, Pullback]:
    """`Vjp` of a step that learns nothing: the function alone, and 0 for each derivative."""
    outputs, others = function(*inputs)

    def pullback(cotangents):
        return [keras.ops.zeros_like(tensor) for tensor in inputs], [
            keras.ops.zeros(variable.shape, variable.dtype) for variable in variables
        ]

    return outputs, others, pullback


class CompiledStep:
    """A step, compiled; called with arrays, it updates its variables and returns its results.

    Args:
        step: Called as ``step(vjp, *arrays)``; ``vjp`` is described at `Vjp`.
        variables: All Keras variables that the step reads or writes.
    """

    def __init__(self, step: Callable[..., Tensors], variables: Sequence[keras.Variable]):
        self._call = _backend().compiled_step(step, list(variables))

    def __call__(self, *arrays: Any) -> Tensors:
        """Run the step once."""
        return self._call(*arrays)


class CompiledEpoch:
    """Steps on batches of arrays that lie on the device, many in one call of the backend.

    Up to `STEPS_A_CALL`, but no more than take about `CALL_SECONDS`: between calls, progress is
    shown. Within a call, no image, weight or loss is copied between host and device.

    Args:
        step: Called as ``step(vjp, *batch)`` with a batch of each array; gives scalars by name.
        variables: All Keras variables that the step reads or writes.
    """

    def __init__(self, step: Callable[..., Mapping[str, Any]], variables: Sequence[keras.Variable]):
        self._call = _backend().compiled_epoch(step, list(variables), STEPS_A_CALL)
        self._steps: dict[int, int] = {}  # of the next call, by batch size

    def __call__(self, arrays: Sequence[Any], rows: np.ndarray) -> Iterator[dict[str, np.ndarray]]:
        """Run a step on each batch of rows; float32 results (steps,) by name, call by call.

        Args:
            arrays: What `on_device` gave, all of one length.
            rows: Integers (steps, batch): each step's rows of the arrays. Batches of another size
                are compiled anew.
        """
        start = 0
        while start < len(rows):
            call = rows[start : start + self._steps.get(rows.shape[1], 1)]
            start += len(call)
            began = time.monotonic()
            results = self._run(list(arrays), call)
            seconds = max(time.monotonic() - began, 1e-9) / len(call)
            self._steps[rows.shape[1]] = max(1, min(STEPS_A_CALL, int(CALL_SECONDS / seconds)))
            yield results

    def _run(self, arrays: list[Any], rows: np.ndarray) -> dict[str, np.ndarray]:
        room = STEPS_A_CALL - len(rows)  # as many rows in every call: one compilation
        padded = np.pad(rows.astype("int32"), ((0, room), (0, 0)))
        names, values = self._call(arrays, padded, len(rows))
        columns = keras.ops.convert_to_numpy(values)[: len(rows)].T
        return dict(zip(names, columns, strict=True))


def on_device(array: np.ndarray) -> Any:
    """A copy of an array where the backend computes."""
    return _backend().on_device(array)


def _backend() -> Any:
    return import_module(f"thesis_repro.training.compiled_{keras.backend.backend()}")
