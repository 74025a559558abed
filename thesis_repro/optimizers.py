"""Adam as Keras 2.2.4 ran it."""

import keras

from thesis_repro.spec import ModelSpec


def build_optimizer(spec: ModelSpec, beta_1: float = 0.9) -> keras.optimizers.Optimizer:
    """Adam with epsilon 1e-7 and learning rate lr / (1 + decay * updates).

    Section 3.4; the decay acts per update, not per epoch (erratum E05).
    """
    rate = spec.learning_rate.value
    if spec.decay.value:
        rate = keras.optimizers.schedules.InverseTimeDecay(
            rate, decay_steps=1, decay_rate=spec.decay.value
        )
    return keras.optimizers.Adam(rate, beta_1=beta_1, epsilon=1e-7)
