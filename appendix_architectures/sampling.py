"""The re-parametrisation step, which the listings print as a `Lambda` layer."""

from typing import Any

import keras

EXPLODED = 40.0  # log-variance from which on its exponential is continued as a straight line


def variance_of(log_var: Any, power: float = 1.0, ops: Any = keras.ops) -> Any:
    """exp(power * log_var), as a straight line from a log-variance of 40 on (erratum E81).

    Where a latent layer has half a million inputs (z_1 of CelebA-VLAE, Listing 15), each of Adam's
    first updates can move log-variances by a hundred and more. The gradient exp(log_var) brings
    them back, unless Adam's square of it leaves float32, as it does soon after 40. Adam follows a
    gradient's direction and hardly its size, so that on the line it does what it would do on the
    curve with more digits. Up to 40 no bit changes.

    ``ops`` computes it: Keras in training and sampling, NumPy where arrays are analysed.
    """
    bounded = ops.minimum(log_var, EXPLODED)
    return ops.exp(power * bounded) * (1 + power * (log_var - bounded))


@keras.saving.register_keras_serializable(package="thesis_repro")
class Sampling(keras.layers.Layer):
    """z = mu + exp(log_var / 2) * epsilon with epsilon ~ N(0, I) (Equations 44 and 45).

    Takes [mu, log_var], both (batch, latent), and returns z of the same shape. It samples in
    training and in inference alike, as the thesis's encoders did. The computation stays in float32
    under any global dtype policy, since a log-variance loses too much in 16 bits.

    Args:
        seed: seed of the layer's own `seed_generator`; None draws one from Keras's global state.
        **kwargs: `name` and the other arguments of `keras.layers.Layer`.
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        """Create the layer and its seed generator."""
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs: list[Any]) -> Any:
        """Draw one z per row of [mu, log_var]."""
        mu, log_var = inputs
        epsilon = keras.random.normal(
            keras.ops.shape(mu), dtype="float32", seed=self.seed_generator
        )
        return mu + variance_of(log_var, 0.5) * epsilon

    def compute_output_shape(self, input_shape: list[tuple]) -> tuple:
        """Shape of z, which is that of mu."""
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        """Configuration for saving: the layer's own plus the seed."""
        return {**super().get_config(), "seed": self.seed}
