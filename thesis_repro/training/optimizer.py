"""Adam as Keras 2.2.4 ran it, in one operation a variable where operations are dear."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from thesis_repro.models.spec import ModelSpec
from thesis_repro.training.devices import computes_on_gpu


def build_optimizer(spec: ModelSpec, beta_1: float = 0.9) -> keras.optimizers.Optimizer:
    """Adam with epsilon 1e-7 and learning rate lr / (1 + decay * updates).

    Section 3.4; the decay acts per update, not per epoch (erratum E05).
    """
    rate = float(spec.learning_rate.value)  # Keras takes no whole numbers
    if spec.decay.value:
        rate = keras.optimizers.schedules.InverseTimeDecay(
            rate, decay_steps=1, decay_rate=spec.decay.value
        )
    return Adam(rate, beta_1=beta_1, epsilon=1e-7)


class Adam(keras.optimizers.Adam):
    """Keras's Adam; by TensorFlow on CPUs one operation updates a variable, instead of twenty.

    XLA, which compiles for GPUs and all that JAX does, joins the twenty itself. The formula is the
    same, the order of its products is not: a weight differs in its last bits.
    """

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Update the variables that the optimiser was built with, by their gradients."""
        if keras.backend.backend() != "tensorflow" or computes_on_gpu():
            super().apply(grads, trainable_variables)
            return
        import tensorflow as tf

        self._check_variables_are_known(trainable_variables)
        updates = tf.cast(self.iterations.value + 1, "float32")
        # The operation has 1 - beta_2 from beta_2 in float32, and all second moments by so much
        # smaller: their roots, and with these the updates, are put right again.
        root = float(np.sqrt((1 - np.float32(self.beta_2)) / (1 - self.beta_2)))
        common = {
            "beta1_power": self.beta_1**updates,
            "beta2_power": self.beta_2**updates,
            "lr": self.learning_rate * root,
            "beta1": self.beta_1,
            "beta2": self.beta_2,
            "epsilon": self.epsilon * root,
        }
        for gradient, variable in zip(grads, trainable_variables, strict=True):
            index = self._get_variable_index(variable)
            moments = (self._momentums[index], self._velocities[index])
            m, v = (moment.value.handle for moment in moments)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.value.handle, m=m, v=v, grad=gradient, **common
            )
        self.iterations.assign_add(1)
