"""Appendix A.1: the VAEs of MNIST, dSprites and CelebA (Listings 1-6).

The encoders return the sampled z, as the original ones did. Listings 1 and 2 are 28x28x3, against
28x28x1 in the text (erratum E01). LeakyReLU in the decoders: erratum E12. Normalisation stands
before the activation, in the text after it (erratum E16).
"""

import keras
from keras import layers

from appendix_architectures.parameters import assert_parameters
from appendix_architectures.sampling import Sampling
from appendix_architectures.transposed_convolution import Conv2DTranspose
from appendix_architectures.unprinted import LEAKY_SLOPE


def mnist_vae_encoder() -> keras.Model:
    """Listing 1: MNIST-VAE encoder (Appendix A.1).

    Maps (batch, 28, 28, 3) to (batch, 2).
    """
    image = keras.Input((28, 28, 3), name="encoder_input")
    x = layers.Conv2D(32, 3, strides=2, padding="same", name="encoder_conv_0")(image)
    x = layers.BatchNormalization(name="batch_normalization_1")(x)
    x = layers.ReLU(name="re_lu_1")(x)
    x = layers.Conv2D(64, 3, strides=2, padding="same", name="encoder_conv_1")(x)
    x = layers.BatchNormalization(name="batch_normalization_2")(x)
    x = layers.ReLU(name="re_lu_2")(x)
    x = layers.Conv2D(128, 3, strides=1, padding="same", name="encoder_conv_2")(x)
    x = layers.BatchNormalization(name="batch_normalization_3")(x)
    x = layers.ReLU(name="re_lu_3")(x)
    x = layers.Conv2D(256, 3, strides=1, padding="same", name="encoder_conv_3")(x)
    x = layers.BatchNormalization(name="batch_normalization_4")(x)
    x = layers.ReLU(name="re_lu_4")(x)
    x = layers.Flatten(name="flatten_1")(x)
    mu = layers.Dense(2, name="mu")(x)
    log_var = layers.Dense(2, name="log_var")(x)
    z = Sampling(name="encoder_output")([mu, log_var])
    model = keras.Model(image, z, name="mnist_vae_encoder")
    return assert_parameters(model, total=440_516, trainable=439_556, non_trainable=960)


def mnist_vae_decoder() -> keras.Model:
    """Listing 2: MNIST-VAE decoder (Appendix A.1).

    Maps (batch, 2) to (batch, 28, 28, 3).
    """
    z = keras.Input((2,), name="decoder_input")
    x = layers.Dense(12_544, name="dense_1")(z)
    x = layers.Reshape((7, 7, 256), name="reshape_1")(x)
    x = layers.Conv2DTranspose(256, 4, strides=1, padding="same", name="decoder_conv_t_0")(x)
    x = layers.BatchNormalization(name="batch_normalization_5")(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="leaky_re_lu_1")(x)
    x = layers.Conv2DTranspose(128, 4, strides=1, padding="same", name="decoder_conv_t_1")(x)
    x = layers.BatchNormalization(name="batch_normalization_6")(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="leaky_re_lu_2")(x)
    x = layers.Conv2DTranspose(64, 4, strides=2, padding="same", name="decoder_conv_t_2")(x)
    x = layers.BatchNormalization(name="batch_normalization_7")(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="leaky_re_lu_3")(x)
    x = Conv2DTranspose(3, 4, strides=2, padding="same", name="decoder_conv_t_3")(x)
    x = layers.Activation("sigmoid", name="activation_1")(x)
    model = keras.Model(z, x, name="mnist_vae_decoder")
    return assert_parameters(model, total=1_746_883, trainable=1_745_987, non_trainable=896)


def dsprites_vae_encoder(latent_dim: int = 10) -> keras.Model:
    """Listing 3: dSprites-VAE encoder (Appendix A.1).

    Maps (batch, 64, 64, 1) to (batch, latent_dim).

    The same listing serves 7,500-, 6,250-, 5,000- and 3,750-VAE; with `latent_dim` 6 it becomes
    dSprites-VAE-dim6 (Table 2).
    """
    image = keras.Input((64, 64, 1), name="encoder_input")
    x = layers.Conv2D(32, 4, strides=2, padding="same", name="encoder_conv_0")(image)
    x = layers.BatchNormalization(name="batch_normalization_1")(x)
    x = layers.ReLU(name="re_lu_1")(x)
    x = layers.Conv2D(64, 4, strides=2, padding="same", name="encoder_conv_1")(x)
    x = layers.BatchNormalization(name="batch_normalization_2")(x)
    x = layers.ReLU(name="re_lu_2")(x)
    x = layers.Conv2D(128, 4, strides=2, padding="same", name="encoder_conv_2")(x)
    x = layers.BatchNormalization(name="batch_normalization_3")(x)
    x = layers.ReLU(name="re_lu_3")(x)
    x = layers.Conv2D(256, 4, strides=2, padding="same", name="encoder_conv_3")(x)
    x = layers.BatchNormalization(name="batch_normalization_4")(x)
    x = layers.ReLU(name="re_lu_4")(x)
    x = layers.Conv2D(512, 4, strides=1, padding="same", name="encoder_conv_4")(x)
    x = layers.BatchNormalization(name="batch_normalization_5")(x)
    x = layers.ReLU(name="re_lu_5")(x)
    x = layers.Flatten(name="flatten_1")(x)
    mu = layers.Dense(latent_dim, name="mu")(x)
    log_var = layers.Dense(latent_dim, name="log_var")(x)
    z = Sampling(name="encoder_output")([mu, log_var])
    # mu and log_var: 8,192 inputs and a bias for each dimension more or less.
    extra = (latent_dim - 10) * 2 * (8192 + 1)
    model = keras.Model(image, z, name="dsprites_vae_encoder")
    return assert_parameters(
        model, total=2_954_612 + extra, trainable=2_952_628 + extra, non_trainable=1984
    )


def dsprites_vae_decoder(latent_dim: int = 10) -> keras.Model:
    """Listing 4: dSprites-VAE decoder (Appendix A.1).

    Maps (batch, latent_dim) to (batch, 64, 64, 1).

    The same listing serves 7,500-, 6,250-, 5,000- and 3,750-VAE; with `latent_dim` 6 it becomes
    dSprites-VAE-dim6 (Table 2).
    """
    z = keras.Input((latent_dim,), name="decoder_input")
    x = layers.Dense(8192, name="dense_1")(z)
    x = layers.Reshape((4, 4, 512), name="reshape_1")(x)
    x = layers.Conv2DTranspose(512, 4, strides=2, padding="same", name="decoder_conv_t_0")(x)
    x = layers.BatchNormalization(name="batch_normalization_6")(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="leaky_re_lu_1")(x)
    x = layers.Conv2DTranspose(256, 4, strides=2, padding="same", name="decoder_conv_t_1")(x)
    x = layers.BatchNormalization(name="batch_normalization_7")(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="leaky_re_lu_2")(x)
    x = layers.Conv2DTranspose(128, 4, strides=2, padding="same", name="decoder_conv_t_2")(x)
    x = layers.BatchNormalization(name="batch_normalization_8")(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="leaky_re_lu_3")(x)
    x = Conv2DTranspose(1, 4, strides=2, padding="same", name="decoder_conv_t_3")(x)
    x = layers.Activation("sigmoid", name="activation_1")(x)
    # dense_1: 8,192 outputs for each dimension more or less.
    extra = (latent_dim - 10) * 8192
    model = keras.Model(z, x, name="dsprites_vae_decoder")
    return assert_parameters(
        model, total=6_912_385 + extra, trainable=6_910_593 + extra, non_trainable=1792
    )


def celeba_vae_encoder() -> keras.Model:
    """Listing 5: CelebA-VAE encoder (Appendix A.1).

    Maps (batch, 128, 128, 3) to (batch, 8).
    """
    image = keras.Input((128, 128, 3), name="encoder_input")
    x = layers.Conv2D(32, 4, strides=2, padding="same", name="encoder_conv_0")(image)
    x = layers.BatchNormalization(name="batch_normalization_1")(x)
    x = layers.ReLU(name="re_lu_1")(x)
    x = layers.Conv2D(64, 4, strides=2, padding="same", name="encoder_conv_1")(x)
    x = layers.BatchNormalization(name="batch_normalization_2")(x)
    x = layers.ReLU(name="re_lu_2")(x)
    x = layers.Conv2D(128, 4, strides=2, padding="same", name="encoder_conv_2")(x)
    x = layers.BatchNormalization(name="batch_normalization_3")(x)
    x = layers.ReLU(name="re_lu_3")(x)
    x = layers.Conv2D(256, 4, strides=2, padding="same", name="encoder_conv_3")(x)
    x = layers.BatchNormalization(name="batch_normalization_4")(x)
    x = layers.ReLU(name="re_lu_4")(x)
    x = layers.Conv2D(512, 4, strides=1, padding="same", name="encoder_conv_4")(x)
    x = layers.BatchNormalization(name="batch_normalization_5")(x)
    x = layers.ReLU(name="re_lu_5")(x)
    x = layers.Flatten(name="flatten_1")(x)
    mu = layers.Dense(8, name="mu")(x)
    log_var = layers.Dense(8, name="log_var")(x)
    z = Sampling(name="encoder_output")([mu, log_var])
    model = keras.Model(image, z, name="celeba_vae_encoder")
    return assert_parameters(model, total=3_316_080, trainable=3_314_096, non_trainable=1984)


def celeba_vae_decoder() -> keras.Model:
    """Listing 6: CelebA-VAE decoder (Appendix A.1).

    Maps (batch, 8) to (batch, 128, 128, 3).
    """
    z = keras.Input((8,), name="decoder_input")
    x = layers.Dense(32_768, name="dense_1")(z)
    x = layers.Reshape((8, 8, 512), name="reshape_1")(x)
    x = layers.Conv2DTranspose(512, 4, strides=2, padding="same", name="decoder_conv_t_0")(x)
    x = layers.BatchNormalization(name="batch_normalization_6")(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="leaky_re_lu_1")(x)
    x = layers.Conv2DTranspose(256, 4, strides=2, padding="same", name="decoder_conv_t_1")(x)
    x = layers.BatchNormalization(name="batch_normalization_7")(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="leaky_re_lu_2")(x)
    x = layers.Conv2DTranspose(128, 4, strides=2, padding="same", name="decoder_conv_t_2")(x)
    x = layers.BatchNormalization(name="batch_normalization_8")(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="leaky_re_lu_3")(x)
    x = Conv2DTranspose(3, 4, strides=2, padding="same", name="decoder_conv_t_3")(x)
    x = layers.Activation("sigmoid", name="activation_1")(x)
    model = keras.Model(z, x, name="celeba_vae_decoder")
    return assert_parameters(model, total=7_121_283, trainable=7_119_491, non_trainable=1792)
