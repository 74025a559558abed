"""Networks that the thesis used but printed no listing of: what ``builders`` in the zoo names."""

import keras
from keras import layers

from appendix_architectures.sampling import Sampling
from appendix_architectures.transposed_convolution import Conv2DTranspose


def mnist_vae_as_run_encoder() -> keras.Model:
    """The MNIST-VAE encoder that the analyses of Sections 4.4-4.7 loaded (erratum E02).

    (28, 28, 1) -> z (2,). Filters 32, 64, 64, 64 with 3x3 kernels and no batch normalisation are on
    record; the strides are not, and are taken from Listing 1.
    """
    encoder_input = keras.Input((28, 28, 1), name="encoder_input")
    x = layers.Conv2D(32, 3, strides=2, padding="same", name="encoder_conv_0")(encoder_input)
    x = layers.ReLU(name="re_lu_1")(x)
    x = layers.Conv2D(64, 3, strides=2, padding="same", name="encoder_conv_1")(x)
    x = layers.ReLU(name="re_lu_2")(x)
    x = layers.Conv2D(64, 3, padding="same", name="encoder_conv_2")(x)
    x = layers.ReLU(name="re_lu_3")(x)
    x = layers.Conv2D(64, 3, padding="same", name="encoder_conv_3")(x)
    x = layers.ReLU(name="re_lu_4")(x)
    x = layers.Flatten(name="flatten_1")(x)
    mu = layers.Dense(2, name="mu")(x)
    log_var = layers.Dense(2, name="log_var")(x)
    z = Sampling(name="encoder_output")([mu, log_var])
    return keras.Model(encoder_input, z, name="mnist_vae_as_run_encoder")


def mnist_vae_as_run_decoder() -> keras.Model:
    """The decoder that belongs to it: z (2,) -> (28, 28, 1). Strides are taken from Listing 2."""
    decoder_input = keras.Input((2,), name="decoder_input")
    x = layers.Dense(3136, name="dense_1")(decoder_input)
    x = layers.Reshape((7, 7, 64), name="reshape_1")(x)
    x = layers.Conv2DTranspose(64, 3, padding="same", name="decoder_conv_t_0")(x)
    x = layers.LeakyReLU(0.3, name="leaky_re_lu_1")(x)
    x = layers.Conv2DTranspose(64, 3, padding="same", name="decoder_conv_t_1")(x)
    x = layers.LeakyReLU(0.3, name="leaky_re_lu_2")(x)
    x = layers.Conv2DTranspose(32, 3, strides=2, padding="same", name="decoder_conv_t_2")(x)
    x = layers.LeakyReLU(0.3, name="leaky_re_lu_3")(x)
    x = Conv2DTranspose(1, 3, strides=2, padding="same", name="decoder_conv_t_3")(x)
    x = layers.Activation("sigmoid", name="activation_1")(x)
    return keras.Model(decoder_input, x, name="mnist_vae_as_run_decoder")


def digit_classifier() -> keras.Model:
    """The classifier of generated digits (Section 4.7): Listing 39's topology with ten outputs.

    (28, 28, 1) -> class probabilities (10,).
    """
    classifier_input = keras.Input((28, 28, 1), name="classifier_input")
    x = layers.Conv2D(20, 5, name="conv2d_1")(classifier_input)
    x = layers.LeakyReLU(0.3, name="leaky_re_lu_1")(x)
    x = layers.BatchNormalization(name="batch_normalization_1")(x)
    x = layers.Conv2D(20, 3, name="conv2d_2")(x)
    x = layers.LeakyReLU(0.3, name="leaky_re_lu_2")(x)
    x = layers.BatchNormalization(name="batch_normalization_2")(x)
    x = layers.Flatten(name="flatten_1")(x)
    x = layers.Dense(100, name="dense_1")(x)
    x = layers.LeakyReLU(0.3, name="leaky_re_lu_3")(x)
    x = layers.BatchNormalization(name="batch_normalization_3")(x)
    x = layers.Dense(10, activation="softmax", name="dense_2")(x)
    return keras.Model(classifier_input, x, name="digit_classifier")
