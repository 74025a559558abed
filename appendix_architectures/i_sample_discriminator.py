"""Appendix I: the network that tells generated digits from real ones (Listing 39).

The convolutions are unpadded, as the printed output shapes say.
"""

import keras
from keras import layers

from appendix_architectures.parameters import assert_parameters
from appendix_architectures.unprinted import LEAKY_SLOPE


def sample_discriminator() -> keras.Model:
    """Listing 39: sample discriminator (Appendix I).

    Maps (batch, 28, 28, 1) to (batch, 1).
    """
    image = keras.Input((28, 28, 1), name="input_2")
    x = layers.Conv2D(20, 5, strides=1, padding="valid", name="conv2d_4")(image)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="leaky_re_lu_4")(x)
    x = layers.BatchNormalization(name="batch_normalization_23")(x)
    x = layers.Conv2D(20, 3, strides=1, padding="valid", name="conv2d_5")(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="leaky_re_lu_5")(x)
    x = layers.BatchNormalization(name="batch_normalization_24")(x)
    x = layers.Flatten(name="flatten_5")(x)
    x = layers.Dense(100, name="dense_15")(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="leaky_re_lu_6")(x)
    x = layers.BatchNormalization(name="batch_normalization_25")(x)
    x = layers.Dense(1, activation="sigmoid", name="dense_16")(x)
    model = keras.Model(image, x, name="sample_discriminator")
    return assert_parameters(model, total=972_901, trainable=972_621, non_trainable=280)
