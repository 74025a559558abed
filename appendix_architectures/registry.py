"""The 39 listings: number, appendix section, caption and builder."""

from collections.abc import Callable
from typing import NamedTuple

import keras

from appendix_architectures.a1_vae import (
    celeba_vae_decoder,
    celeba_vae_encoder,
    dsprites_vae_decoder,
    dsprites_vae_encoder,
    mnist_vae_decoder,
    mnist_vae_encoder,
)
from appendix_architectures.a2_celeba_vlae import celeba_vlae_decoder, celeba_vlae_encoder
from appendix_architectures.a2_dsprites_vlae import dsprites_vlae_decoder, dsprites_vlae_encoder
from appendix_architectures.a2_mnist_vlae import (
    mnist_vlae_factor_1_decoder,
    mnist_vlae_factor_1_encoder,
    mnist_vlae_factor_2_decoder,
    mnist_vlae_factor_2_encoder,
    mnist_vlae_factor_3_decoder,
    mnist_vlae_factor_3_encoder,
)
from appendix_architectures.a3_vae_gan import (
    celeba_vae_gan_decoder,
    celeba_vae_gan_discriminator,
    celeba_vae_gan_encoder,
    dsprites_vae_gan_decoder,
    dsprites_vae_gan_discriminator,
    dsprites_vae_gan_encoder,
    mnist_vae_gan_decoder,
    mnist_vae_gan_discriminator,
    mnist_vae_gan_encoder,
)
from appendix_architectures.a4_celeba_vlae_gan import (
    celeba_vlae_gan_decoder,
    celeba_vlae_gan_discriminator,
    celeba_vlae_gan_encoder,
)
from appendix_architectures.a4_dsprites_vlae_gan import (
    dsprites_vlae_gan_decoder,
    dsprites_vlae_gan_discriminator,
    dsprites_vlae_gan_encoder,
)
from appendix_architectures.a4_mnist_vlae_gan import (
    mnist_vlae_gan_decoder,
    mnist_vlae_gan_discriminator,
    mnist_vlae_gan_encoder,
)
from appendix_architectures.a5_alexnet_classifier import alexnet_classifier
from appendix_architectures.a6_alexnet_vae import alexnet_vae_decoder, alexnet_vae_encoder
from appendix_architectures.d_feature_extraction import feature_extraction
from appendix_architectures.i_sample_discriminator import sample_discriminator


class Listing(NamedTuple):
    """A printed network and the function that builds it."""

    number: int
    section: str
    title: str
    builder: Callable[..., keras.Model]


LISTINGS: dict[int, Listing] = {
    listing.number: listing
    for listing in (
        Listing(1, "A.1", "MNIST-VAE Encoder", mnist_vae_encoder),
        Listing(2, "A.1", "MNIST-VAE Decoder", mnist_vae_decoder),
        Listing(
            3, "A.1", "(dSprites, 7,500, 6,250, 5,000, 3,750)-VAE Encoder", dsprites_vae_encoder
        ),
        Listing(
            4, "A.1", "(dSprites, 7,500, 6,250, 5,000, 3,750)-VAE Decoder", dsprites_vae_decoder
        ),
        Listing(5, "A.1", "CelebA-VAE Encoder", celeba_vae_encoder),
        Listing(6, "A.1", "CelebA-VAE Decoder", celeba_vae_decoder),
        Listing(7, "A.2", "MNIST-VLAE-factor-1 Encoder", mnist_vlae_factor_1_encoder),
        Listing(8, "A.2", "MNIST-VLAE-factor-1 Decoder", mnist_vlae_factor_1_decoder),
        Listing(9, "A.2", "MNIST-VLAE-factor-2 Encoder", mnist_vlae_factor_2_encoder),
        Listing(10, "A.2", "MNIST-VLAE-factor-2 Decoder", mnist_vlae_factor_2_decoder),
        Listing(11, "A.2", "MNIST-VLAE-factor-3 Encoder", mnist_vlae_factor_3_encoder),
        Listing(12, "A.2", "MNIST-VLAE-factor-3 Decoder", mnist_vlae_factor_3_decoder),
        Listing(13, "A.2", "dSprites-VLAE Encoder", dsprites_vlae_encoder),
        Listing(14, "A.2", "dSprites-VLAE Decoder", dsprites_vlae_decoder),
        Listing(15, "A.2", "CelebA-VLAE Encoder", celeba_vlae_encoder),
        Listing(16, "A.2", "CelebA-VLAE Decoder", celeba_vlae_decoder),
        Listing(17, "A.3", "MNIST-VAE-GAN Encoder", mnist_vae_gan_encoder),
        Listing(18, "A.3", "MNIST-VAE-GAN Decoder", mnist_vae_gan_decoder),
        Listing(19, "A.3", "MNIST-VAE-GAN Discriminator", mnist_vae_gan_discriminator),
        Listing(20, "A.3", "dSprites-VAE-GAN Encoder", dsprites_vae_gan_encoder),
        Listing(21, "A.3", "dSprites-VAE-GAN Decoder", dsprites_vae_gan_decoder),
        Listing(22, "A.3", "dSprites-VAE-GAN Discriminator", dsprites_vae_gan_discriminator),
        Listing(23, "A.3", "CelebA-VAE-GAN Encoder", celeba_vae_gan_encoder),
        Listing(24, "A.3", "CelebA-VAE-GAN Decoder", celeba_vae_gan_decoder),
        Listing(25, "A.3", "CelebA-VAE-GAN Discriminator", celeba_vae_gan_discriminator),
        Listing(26, "A.4", "MNIST-VLAE-GAN Encoder", mnist_vlae_gan_encoder),
        Listing(27, "A.4", "MNIST-VLAE-GAN Decoder", mnist_vlae_gan_decoder),
        Listing(28, "A.4", "MNIST-VLAE-GAN Discriminator", mnist_vlae_gan_discriminator),
        Listing(29, "A.4", "dSprites-VLAE-GAN Encoder", dsprites_vlae_gan_encoder),
        Listing(30, "A.4", "dSprites-VLAE-GAN Decoder", dsprites_vlae_gan_decoder),
        Listing(31, "A.4", "dSprites-VLAE-GAN Discriminator", dsprites_vlae_gan_discriminator),
        Listing(32, "A.4", "CelebA-VLAE-GAN Encoder", celeba_vlae_gan_encoder),
        Listing(33, "A.4", "CelebA-VLAE-GAN Decoder", celeba_vlae_gan_decoder),
        Listing(34, "A.4", "CelebA-VLAE-GAN Discriminator", celeba_vlae_gan_discriminator),
        Listing(35, "A.5", "AlexNet Classifier", alexnet_classifier),
        Listing(36, "A.6", "AlexNet-VAE Encoder", alexnet_vae_encoder),
        Listing(37, "A.6", "AlexNet-VAE Decoder", alexnet_vae_decoder),
        Listing(
            38,
            "D",
            "Feature extraction network for perceptual path length (PPL) computation",
            feature_extraction,
        ),
        Listing(
            39,
            "I",
            "The discriminator network used to distinguish generated VAE/VLAE samples "
            "from true MNIST images",
            sample_discriminator,
        ),
    )
}
