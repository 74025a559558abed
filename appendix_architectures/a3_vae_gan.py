"""Appendix A.3: the VAE-GANs of MNIST, dSprites and CelebA (Listings 17-25).

The transposed convolutions have no bias: the parameter counts say so.
"""

import keras
from keras import layers

from appendix_architectures.parameters import assert_parameters
from appendix_architectures.sampling import Sampling
from appendix_architectures.transposed_convolution import Conv2DTranspose
from appendix_architectures.unprinted import DISCRIMINATOR_SLOPE


def mnist_vae_gan_encoder() -> keras.Model:
    """Listing 17: MNIST-VAE-GAN encoder (Appendix A.3).

    Maps (batch, 28, 28, 1) to (batch, 2).
    """
    image = keras.Input((28, 28, 1), name="encoder_input")
    x = layers.Conv2D(32, 3, strides=2, padding="same", name="encoder_conv_0")(image)
    x = layers.BatchNormalization(name="batch_normalization_2")(x)
    x = layers.ReLU(name="re_lu_1")(x)
    x = layers.Conv2D(64, 3, strides=2, padding="same", name="encoder_conv_1")(x)
    x = layers.BatchNormalization(name="batch_normalization_3")(x)
    x = layers.ReLU(name="re_lu_2")(x)
    x = layers.Conv2D(128, 3, strides=1, padding="same", name="encoder_conv_2")(x)
    x = layers.BatchNormalization(name="batch_normalization_4")(x)
    x = layers.ReLU(name="re_lu_3")(x)
    x = layers.Conv2D(256, 3, strides=1, padding="same", name="encoder_conv_3")(x)
    x = layers.BatchNormalization(name="batch_normalization_5")(x)
    x = layers.ReLU(name="re_lu_4")(x)
    x = layers.Flatten(name="flatten_2")(x)
    mu = layers.Dense(2, name="mu")(x)
    log_var = layers.Dense(2, name="log_var")(x)
    z = Sampling(name="encoder_output")([mu, log_var])
    model = keras.Model(image, z, name="mnist_vae_gan_encoder")
    return assert_parameters(model, total=439_940, trainable=438_980, non_trainable=960)


def mnist_vae_gan_decoder() -> keras.Model:
    """Listing 18: MNIST-VAE-GAN decoder (Appendix A.3).

    Maps (batch, 2) to (batch, 28, 28, 1).
    """
    z = keras.Input((2,), name="decoder_input")
    x = layers.Dense(12_544, name="dense_2")(z)
    x = layers.Reshape((7, 7, 256), name="reshape_1")(x)
    x = layers.Conv2DTranspose(
        256, 4, strides=1, padding="same", use_bias=False, name="decoder_conv_t_0"
    )(x)
    x = layers.BatchNormalization(name="batch_normalization_6")(x)
    x = layers.ReLU(name="re_lu_5")(x)
    x = layers.Conv2DTranspose(
        128, 4, strides=1, padding="same", use_bias=False, name="decoder_conv_t_1"
    )(x)
    x = layers.BatchNormalization(name="batch_normalization_7")(x)
    x = layers.ReLU(name="re_lu_6")(x)
    x = layers.Conv2DTranspose(
        64, 4, strides=2, padding="same", use_bias=False, name="decoder_conv_t_2"
    )(x)
    x = layers.BatchNormalization(name="batch_normalization_8")(x)
    x = layers.ReLU(name="re_lu_7")(x)
    x = Conv2DTranspose(1, 4, strides=2, padding="same", use_bias=False, name="decoder_conv_t_3")(x)
    x = layers.Activation("sigmoid", name="activation_2")(x)
    model = keras.Model(z, x, name="mnist_vae_gan_decoder")
    return assert_parameters(model, total=1_744_384, trainable=1_743_488, non_trainable=896)


def mnist_vae_gan_discriminator() -> keras.Model:
    """Listing 19: MNIST-VAE-GAN discriminator (Appendix A.3).

    Maps (batch, 28, 28, 1) to (batch, 1).
    """
    image = keras.Input((28, 28, 1), name="discriminator_input")
    x = layers.Conv2D(64, 4, strides=2, padding="same", name="conv2d_1")(image)
    x = layers.LeakyReLU(negative_slope=DISCRIMINATOR_SLOPE, name="leaky_re_lu_1")(x)
    x = layers.Conv2D(128, 4, strides=2, padding="same", name="conv2d_2")(x)
    x = layers.BatchNormalization(name="batch_normalization_1")(x)
    x = layers.Conv2D(1, 1, strides=4, padding="same", name="conv2d_3")(x)
    x = layers.Flatten(name="flatten_1")(x)
    x = layers.Dense(1, name="dense_1")(x)
    x = layers.Activation("sigmoid", name="activation_1")(x)
    model = keras.Model(image, x, name="mnist_vae_gan_discriminator")
    return assert_parameters(model, total=132_934, trainable=132_678, non_trainable=256)


def dsprites_vae_gan_encoder() -> keras.Model:
    """Listing 20: dSprites-VAE-GAN encoder (Appendix A.3).

    Maps (batch, 64, 64, 1) to (batch, 10).
    """
    image = keras.Input((64, 64, 1), name="encoder_input")
    x = layers.Conv2D(32, 4, strides=2, padding="same", name="encoder_conv_0")(image)
    x = layers.BatchNormalization(name="batch_normalization_3")(x)
    x = layers.ReLU(name="re_lu_1")(x)
    x = layers.Conv2D(64, 4, strides=2, padding="same", name="encoder_conv_1")(x)
    x = layers.BatchNormalization(name="batch_normalization_4")(x)
    x = layers.ReLU(name="re_lu_2")(x)
    x = layers.Conv2D(128, 4, strides=2, padding="same", name="encoder_conv_2")(x)
    x = layers.BatchNormalization(name="batch_normalization_5")(x)
    x = layers.ReLU(name="re_lu_3")(x)
    x = layers.Conv2D(256, 4, strides=2, padding="same", name="encoder_conv_3")(x)
    x = layers.BatchNormalization(name="batch_normalization_6")(x)
    x = layers.ReLU(name="re_lu_4")(x)
    x = layers.Conv2D(512, 4, strides=1, padding="same", name="encoder_conv_4")(x)
    x = layers.BatchNormalization(name="batch_normalization_7")(x)
    x = layers.ReLU(name="re_lu_5")(x)
    x = layers.Flatten(name="flatten_2")(x)
    mu = layers.Dense(10, name="mu")(x)
    log_var = layers.Dense(10, name="log_var")(x)
    z = Sampling(name="encoder_output")([mu, log_var])
    model = keras.Model(image, z, name="dsprites_vae_gan_encoder")
    return assert_parameters(model, total=2_954_612, trainable=2_952_628, non_trainable=1984)


def dsprites_vae_gan_decoder() -> keras.Model:
    """Listing 21: dSprites-VAE-GAN decoder (Appendix A.3).

    Maps (batch, 10) to (batch, 64, 64, 1).
    """
    z = keras.Input((10,), name="decoder_input")
    x = layers.Dense(8192, name="dense_2")(z)
    x = layers.Reshape((4, 4, 512), name="reshape_1")(x)
    x = layers.Conv2DTranspose(
        512, 4, strides=2, padding="same", use_bias=False, name="decoder_conv_t_0"
    )(x)
    x = layers.BatchNormalization(name="batch_normalization_8")(x)
    x = layers.ReLU(name="re_lu_6")(x)
    x = layers.Conv2DTranspose(
        256, 4, strides=2, padding="same", use_bias=False, name="decoder_conv_t_1"
    )(x)
    x = layers.BatchNormalization(name="batch_normalization_9")(x)
    x = layers.ReLU(name="re_lu_7")(x)
    x = layers.Conv2DTranspose(
        128, 4, strides=2, padding="same", use_bias=False, name="decoder_conv_t_2"
    )(x)
    x = layers.BatchNormalization(name="batch_normalization_10")(x)
    x = layers.ReLU(name="re_lu_8")(x)
    x = Conv2DTranspose(1, 4, strides=2, padding="same", use_bias=False, name="decoder_conv_t_3")(x)
    x = layers.Activation("sigmoid", name="activation_2")(x)
    model = keras.Model(z, x, name="dsprites_vae_gan_decoder")
    return assert_parameters(model, total=6_911_488, trainable=6_909_696, non_trainable=1792)


def dsprites_vae_gan_discriminator() -> keras.Model:
    """Listing 22: dSprites-VAE-GAN discriminator (Appendix A.3).

    Maps (batch, 64, 64, 1) to (batch, 1).
    """
    image = keras.Input((64, 64, 1), name="discriminator_input")
    x = layers.Conv2D(64, 4, strides=2, padding="same", name="conv2d_1")(image)
    x = layers.LeakyReLU(negative_slope=DISCRIMINATOR_SLOPE, name="leaky_re_lu_1")(x)
    x = layers.Conv2D(128, 4, strides=2, padding="same", name="conv2d_2")(x)
    x = layers.BatchNormalization(name="batch_normalization_1")(x)
    x = layers.Conv2D(256, 4, strides=2, padding="same", name="conv2d_3")(x)
    x = layers.BatchNormalization(name="batch_normalization_2")(x)
    x = layers.Conv2D(1, 1, strides=4, padding="same", name="conv2d_4")(x)
    x = layers.Flatten(name="flatten_1")(x)
    x = layers.Dense(1, name="dense_1")(x)
    x = layers.Activation("sigmoid", name="activation_1")(x)
    model = keras.Model(image, x, name="dsprites_vae_gan_discriminator")
    return assert_parameters(model, total=658_630, trainable=657_862, non_trainable=768)


def celeba_vae_gan_encoder() -> keras.Model:
    """Listing 23: CelebA-VAE-GAN encoder (Appendix A.3).

    Maps (batch, 128, 128, 3) to (batch, 8).
    """
    image = keras.Input((128, 128, 3), name="encoder_input")
    x = layers.Conv2D(32, 4, strides=2, padding="same", name="encoder_conv_0")(image)
    x = layers.BatchNormalization(name="batch_normalization_4")(x)
    x = layers.ReLU(name="re_lu_1")(x)
    x = layers.Conv2D(64, 4, strides=2, padding="same", name="encoder_conv_1")(x)
    x = layers.BatchNormalization(name="batch_normalization_5")(x)
    x = layers.ReLU(name="re_lu_2")(x)
    x = layers.Conv2D(128, 4, strides=2, padding="same", name="encoder_conv_2")(x)
    x = layers.BatchNormalization(name="batch_normalization_6")(x)
    x = layers.ReLU(name="re_lu_3")(x)
    x = layers.Conv2D(256, 4, strides=2, padding="same", name="encoder_conv_3")(x)
    x = layers.BatchNormalization(name="batch_normalization_7")(x)
    x = layers.ReLU(name="re_lu_4")(x)
    x = layers.Conv2D(512, 4, strides=1, padding="same", name="encoder_conv_4")(x)
    x = layers.BatchNormalization(name="batch_normalization_8")(x)
    x = layers.ReLU(name="re_lu_5")(x)
    x = layers.Flatten(name="flatten_2")(x)
    mu = layers.Dense(8, name="mu")(x)
    log_var = layers.Dense(8, name="log_var")(x)
    z = Sampling(name="encoder_output")([mu, log_var])
    model = keras.Model(image, z, name="celeba_vae_gan_encoder")
    return assert_parameters(model, total=3_316_080, trainable=3_314_096, non_trainable=1984)


def celeba_vae_gan_decoder() -> keras.Model:
    """Listing 24: CelebA-VAE-GAN decoder (Appendix A.3).

    Maps (batch, 8) to (batch, 128, 128, 3).
    """
    z = keras.Input((8,), name="decoder_input")
    x = layers.Dense(32_768, name="dense_2")(z)
    x = layers.Reshape((8, 8, 512), name="reshape_1")(x)
    x = layers.Conv2DTranspose(
        512, 4, strides=2, padding="same", use_bias=False, name="decoder_conv_t_0"
    )(x)
    x = layers.BatchNormalization(name="batch_normalization_9")(x)
    x = layers.ReLU(name="re_lu_6")(x)
    x = layers.Conv2DTranspose(
        256, 4, strides=2, padding="same", use_bias=False, name="decoder_conv_t_1"
    )(x)
    x = layers.BatchNormalization(name="batch_normalization_10")(x)
    x = layers.ReLU(name="re_lu_7")(x)
    x = layers.Conv2DTranspose(
        128, 4, strides=2, padding="same", use_bias=False, name="decoder_conv_t_2"
    )(x)
    x = layers.BatchNormalization(name="batch_normalization_11")(x)
    x = layers.ReLU(name="re_lu_8")(x)
    x = Conv2DTranspose(3, 4, strides=2, padding="same", use_bias=False, name="decoder_conv_t_3")(x)
    x = layers.Activation("sigmoid", name="activation_2")(x)
    model = keras.Model(z, x, name="celeba_vae_gan_decoder")
    return assert_parameters(model, total=7_120_384, trainable=7_118_592, non_trainable=1792)


def celeba_vae_gan_discriminator() -> keras.Model:
    """Listing 25: CelebA-VAE-GAN discriminator (Appendix A.3).

    Maps (batch, 128, 128, 3) to (batch, 1).
    """
    image = keras.Input((128, 128, 3), name="discriminator_input")
    x = layers.Conv2D(64, 4, strides=2, padding="same", name="conv2d_1")(image)
    x = layers.LeakyReLU(negative_slope=DISCRIMINATOR_SLOPE, name="leaky_re_lu_1")(x)
    x = layers.Conv2D(128, 4, strides=2, padding="same", name="conv2d_2")(x)
    x = layers.BatchNormalization(name="batch_normalization_1")(x)
    x = layers.Conv2D(256, 4, strides=2, padding="same", name="conv2d_3")(x)
    x = layers.BatchNormalization(name="batch_normalization_2")(x)
    x = layers.LeakyReLU(negative_slope=DISCRIMINATOR_SLOPE, name="leaky_re_lu_2")(x)
    x = layers.Conv2D(512, 4, strides=2, padding="same", name="conv2d_4")(x)
    x = layers.BatchNormalization(name="batch_normalization_3")(x)
    x = layers.LeakyReLU(negative_slope=DISCRIMINATOR_SLOPE, name="leaky_re_lu_3")(x)
    x = layers.Conv2D(1, 1, strides=4, padding="same", name="conv2d_5")(x)
    x = layers.Flatten(name="flatten_1")(x)
    x = layers.Dense(1, name="dense_1")(x)
    x = layers.Activation("sigmoid", name="activation_1")(x)
    model = keras.Model(image, x, name="celeba_vae_gan_discriminator")
    return assert_parameters(model, total=2_760_646, trainable=2_758_854, non_trainable=1792)
