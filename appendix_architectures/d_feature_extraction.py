"""Appendix D: the network whose features measure perceptual path length (Listing 38).

It classifies the three dSprites shapes; the features are what `conv2d_94` returns.
"""

import keras
from keras import layers

from appendix_architectures.parameters import assert_parameters
from appendix_architectures.unprinted import DISCRIMINATOR_SLOPE


def feature_extraction() -> keras.Model:
    """Listing 38: feature-extraction network (Appendix D).

    Maps (batch, 64, 64, 1) to (batch, 3).
    """
    image = keras.Input((64, 64, 1), name="discriminator_input")
    x = layers.Conv2D(64, 5, strides=2, padding="same", name="conv2d_91")(image)
    x = layers.BatchNormalization(name="batch_normalization_114")(x)
    x = layers.LeakyReLU(negative_slope=DISCRIMINATOR_SLOPE, name="leaky_re_lu_55")(x)
    x = layers.Conv2D(128, 5, strides=2, padding="same", name="conv2d_92")(x)
    x = layers.BatchNormalization(name="batch_normalization_115")(x)
    x = layers.LeakyReLU(negative_slope=DISCRIMINATOR_SLOPE, name="leaky_re_lu_56")(x)
    x = layers.Conv2D(256, 3, strides=2, padding="same", name="conv2d_93")(x)
    x = layers.BatchNormalization(name="batch_normalization_116")(x)
    x = layers.LeakyReLU(negative_slope=DISCRIMINATOR_SLOPE, name="leaky_re_lu_57")(x)
    x = layers.Conv2D(512, 3, strides=1, padding="same", name="conv2d_94")(x)
    x = layers.BatchNormalization(name="batch_normalization_117")(x)
    x = layers.LeakyReLU(negative_slope=DISCRIMINATOR_SLOPE, name="leaky_re_lu_58")(x)
    x = layers.Conv2D(3, 1, strides=3, padding="same", name="conv2d_95")(x)
    x = layers.Flatten(name="flatten_31")(x)
    x = layers.Dense(3, name="dense_31")(x)
    x = layers.Activation("softmax", name="activation_31")(x)
    model = keras.Model(image, x, name="feature_extraction")
    return assert_parameters(model, total=1_687_383, trainable=1_685_463, non_trainable=1920)
