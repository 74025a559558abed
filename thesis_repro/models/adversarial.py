"""VAE-GAN and VLAE-GAN: encoder, decoder and discriminator as one model.

Sections 2.5.3, 3.4.3 and 3.4.4; the features that are compared are erratum E33's. Its training step
is `thesis_repro.training.gan_step`.
"""

from typing import Any

import keras
from keras import ops

from appendix_architectures.sampling import Sampling
from thesis_repro.models.autoencoder import latent_outputs

# The convolution whose raw output is compared, by the height of the image (px): erratum E33.
FEATURE_LAYERS = {28: "conv2d_2", 64: "conv2d_3", 128: "conv2d_3"}


class AdversarialAutoencoder(keras.Model):
    """A VAE-GAN (one latent layer) or VLAE-GAN (three).

    ``encoder`` maps images to one sampled z per latent layer, ``decoder`` those z back to images,
    ``discriminator`` images to the probability that they are real.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        discriminator: keras.Model,
        feature_weight: float,
    ):
        super().__init__(name=f"{encoder.name}_{decoder.name}_{discriminator.name}")
        self.encoder = encoder
        self.decoder = decoder
        self.discriminator = discriminator
        self.feature_weight = feature_weight
        self.posterior = keras.Model(
            encoder.input,
            {"mu": latent_outputs(encoder, "mu"), "log_var": latent_outputs(encoder, "log_var")},
            name="posterior",
        )
        feature_layer = discriminator.get_layer(FEATURE_LAYERS[discriminator.input.shape[1]])
        self.features = keras.Model(discriminator.input, feature_layer.output, name="features")
        self.samplings = [layer for layer in encoder.layers if isinstance(layer, Sampling)]
        self.prior_noise = keras.random.SeedGenerator(0)

    def call(self, images, training=False):
        """Posterior parameters, sampled z and reconstruction of a batch of images in [0, 1]."""
        posterior = self.posterior(images, training=training)
        z = self.sample(posterior)
        return {**posterior, "z": z, "reconstruction": self.decode(z, training=training)}

    def sample(self, posterior: dict[str, list]) -> list:
        """A new z of each latent layer, drawn from the posterior (Equations 44 and 45)."""
        pairs = zip(self.samplings, posterior["mu"], posterior["log_var"], strict=True)
        return [sampling([mu, log_var]) for sampling, mu, log_var in pairs]

    def sample_prior(self, posterior: dict[str, list]) -> list:
        """A new z of each latent layer from N(0, I), as many as there are in the posterior."""
        return [
            keras.random.normal(ops.shape(mu), dtype="float32", seed=self.prior_noise)
            for mu in posterior["mu"]
        ]

    def decode(self, z: list, training: bool = False) -> Any:
        """Images of one z per latent layer."""
        return self.decoder(z if len(z) > 1 else z[0], training=training)
