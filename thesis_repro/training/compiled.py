"""Compiled training steps that take their gradients themselves; here the backends differ.

A step is a function of arrays that reads and writes Keras variables. TensorFlow traces it with its
variables as they are; JAX has none, so there it runs on copies of their values and hands the new
ones back.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import keras

Tensors = Any  # one tensor, or lists and dicts of them
Pullback = Callable[[Tensors], tuple[list, list]]


class CompiledStep:
    """A step, compiled; called with arrays, it updates its variables and returns its results.

    Args:
        step: Called as ``step(vjp, *arrays)``; ``vjp`` is described at `Vjp`.
        variables: All Keras variables that the step reads or writes.
    """

    def __init__(self, step: Callable[..., Tensors], variables: Sequence[keras.Variable]):
        self._call = _BACKENDS[keras.backend.backend()](step, list(variables))

    def __call__(self, *arrays: Any) -> Tensors:
        """Run the step once."""
        return self._call(*arrays)


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


# === TensorFlow ===


def _compile_with_tensorflow(step: Callable, variables: list[keras.Variable]) -> Callable:
    import tensorflow as tf

    class TapeVjp(Vjp):
        def __call__(self, function, inputs, variables):
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

    return tf.function(lambda *arrays: step(TapeVjp(), *arrays), reduce_retracing=True)


# === JAX ===


def _compile_with_jax(step: Callable, variables: list[keras.Variable]) -> Callable:
    import jax

    def pure(values, arrays):
        with keras.StatelessScope(zip(variables, values, strict=True)) as scope:
            results = step(_ScopeVjp(scope, variables), *arrays)
        return results, [scope.get_current_value(variable) for variable in variables]

    compiled = jax.jit(pure, donate_argnums=0)

    def call(*arrays):
        results, values = compiled([variable.value for variable in variables], arrays)
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        return results

    return call


class _ScopeVjp(Vjp):
    """Differentiates inside an inner scope, and carries what the function writes out of it."""

    def __init__(self, scope: keras.StatelessScope, variables: list[keras.Variable]):
        self.scope = scope
        self.variables = variables

    def __call__(self, function, inputs, variables):
        import jax

        chosen = {id(variable) for variable in variables}
        others = [variable for variable in self.variables if id(variable) not in chosen]
        current = [(variable, self.scope.get_current_value(variable)) for variable in others]

        def pure(inputs, values):
            mapping = [*current, *zip(variables, values, strict=True)]
            with keras.StatelessScope(mapping) as scope:
                outputs, extra = function(*inputs)
            return outputs, (extra, [scope.get_current_value(variable) for variable in others])

        values = [self.scope.get_current_value(variable) for variable in variables]
        outputs, pullback, (extra, written) = jax.vjp(pure, list(inputs), values, has_aux=True)
        for variable, value in zip(others, written, strict=True):
            self.scope.add_update((variable, value))
        return outputs, extra, pullback


_BACKENDS = {"tensorflow": _compile_with_tensorflow, "jax": _compile_with_jax}
