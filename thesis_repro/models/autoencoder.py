"""VAE and VLAE as one model: an encoder and a decoder of the appendix.

Its training step is `thesis_repro.training.evidence_step`.
"""

from typing import Any

import keras


class VariationalAutoencoder(keras.Model):
    """A VAE (one latent layer) or VLAE (three); its reconstruction term has a weight of its own.

    ``encoder`` maps images (batch, height, width, channels) to one sampled z per latent layer and
    has layers ``mu*`` and ``log_var*``; ``decoder`` maps those z back to images. Calling the model
    returns the reconstruction and the posterior's parameters, for training as for analysis.
    """

    def __init__(self, encoder: keras.Model, decoder: keras.Model, reconstruction_weight: float):
        super().__init__(name=f"{encoder.name}_{decoder.name}")
        self.encoder = encoder
        self.decoder = decoder
        self.reconstruction_weight = reconstruction_weight
        self.posterior = keras.Model(
            encoder.input,
            {
                "mu": latent_outputs(encoder, "mu"),
                "log_var": latent_outputs(encoder, "log_var"),
                "z": list(encoder.outputs),
            },
            name="posterior",
        )

    def call(self, images, training=False):
        """Posterior parameters, sampled z and reconstruction of a batch of images in [0, 1]."""
        posterior = self.posterior(images, training=training)
        return {**posterior, "reconstruction": self.decode(posterior["z"], training=training)}

    def decode(self, z: list, training: bool = False) -> Any:
        """Images of one z per latent layer."""
        return self.decoder(z if len(z) > 1 else z[0], training=training)


def latent_outputs(encoder: keras.Model, prefix: str) -> list:
    """Outputs of the encoder's ``mu`` or ``log_var`` layers, lowest latent layer first."""
    return [layer.output for layer in encoder.layers if layer.name.startswith(prefix)]
