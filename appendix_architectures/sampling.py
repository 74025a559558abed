"""The re-parametrisation step, which the listings print as a `Lambda` layer."""

from typing import Any

import keras


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
        return mu + keras.ops.exp(log_var / 2) * epsilon

    def compute_output_shape(self, input_shape: list[tuple]) -> tuple:
        """Shape of z, which is that of mu."""
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        """Configuration for saving: the layer's own plus the seed."""
        return {**super().get_config(), "seed": self.seed}
