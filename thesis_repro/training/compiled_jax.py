"""Compiled steps by JAX, which has no variables: steps run on their values, and give new ones."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import keras
import numpy as np
from jax import numpy as jnp

from thesis_repro.training.devices import computes_on_gpu

on_device = jax.device_put


def compiled_step(step: Callable, variables: Sequence[keras.Variable]) -> Callable:
    """The step as a function of arrays."""
    return _updating(lambda values, *arrays: _pure(step, variables, values, arrays), variables)


def compiled_epoch(
    step: Callable, variables: Sequence[keras.Variable], most_steps: int
) -> Callable:
    """Many steps as a function of arrays, rows (most_steps, batch) and the number of steps."""
    names: list[str] = []

    def one(values: list, arrays: list, rows: Any) -> tuple[Any, list]:
        batch = [jnp.take(array, rows, axis=0, mode="clip") for array in arrays]
        results, values = _pure(step, variables, values, batch)
        names[:] = results
        return jnp.stack([value.astype("float32") for value in results.values()]), values

    def many(values: list, arrays: list, rows: Any, steps: Any) -> tuple[Any, list]:
        def body(i, carry):
            values, logs = carry
            log, values = one(values, arrays, rows[i])
            return values, logs.at[i].set(log)

        log, _ = jax.eval_shape(one, values, arrays, rows[0])
        start = values, jnp.zeros((most_steps, *log.shape), "float32")
        values, logs = jax.lax.fori_loop(0, steps, body, start)
        return logs, values

    if computes_on_gpu():
        loop = _updating(many, variables)
        return lambda arrays, rows, steps: (names, loop(arrays, *jax.device_put((rows, steps))))

    single = _updating(one, variables)  # XLA's loops on CPUs run a step 2.6 times as long

    def call(arrays: list, rows: np.ndarray, steps: int) -> tuple[list[str], np.ndarray]:
        logs = [single(arrays, rows[i]) for i in range(steps)]
        return names, np.stack(jax.device_get(logs))

    return call


def _pure(step: Callable, variables: Sequence[keras.Variable], values: list, arrays: Sequence):
    """The step's results and the variables' new values, by their old ones."""
    with keras.StatelessScope(zip(variables, values, strict=True)) as scope:
        results = step(_ScopeVjp(scope, variables), *arrays)
    return results, [scope.get_current_value(variable) for variable in variables]


def _updating(pure: Callable, variables: Sequence[keras.Variable]) -> Callable:
    """Compile a function of the variables' values; its calls leave the new ones in them."""
    compiled = jax.jit(pure, donate_argnums=0)

    def call(*arguments):
        results, values = compiled([variable.value for variable in variables], *arguments)
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        return results

    return call


class _ScopeVjp:
    """`thesis_repro.training.compiled.Vjp` of what reads and writes variables.

    Differentiates inside an inner scope, and carries what the function writes out of it.
    """

    def __init__(self, scope: keras.StatelessScope, variables: Sequence[keras.Variable]):
        self.scope = scope
        self.variables = variables

    def __call__(
        self, function: Callable, inputs: Sequence[Any], variables: Sequence[keras.Variable]
    ):
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
