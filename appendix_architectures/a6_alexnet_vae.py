"""Appendix A.6: the AlexNet-VAE (Listings 36 and 37).

The decoder normalises even its three output channels, just before the sigmoid.
"""

import keras
from keras import layers

from appendix_architectures.parameters import assert_parameters
from appendix_architectures.pooling import MaxPooling2D
from appendix_architectures.sampling import Sampling


def alexnet_vae_encoder() -> keras.Model:
    """Listing 36: AlexNet-VAE encoder (Appendix A.6).

    Maps (batch, 224, 224, 3) to (batch, 2000).
    """
    image = keras.Input((224, 224, 3), name="model_input")
    x = layers.Conv2D(96, 11, strides=4, padding="same", name="conv2d_1")(image)
    x = layers.BatchNormalization(name="batch_normalization_1")(x)
    x = layers.ReLU(name="re_lu_1")(x)
    x = MaxPooling2D(2, name="max_pooling2d_1")(x)
    x = layers.Conv2D(256, 5, strides=1, padding="same", name="conv2d_2")(x)
    x = layers.BatchNormalization(name="batch_normalization_2")(x)
    x = layers.ReLU(name="re_lu_2")(x)
    x = MaxPooling2D(2, name="max_pooling2d_2")(x)
    x = layers.Conv2D(384, 3, strides=1, padding="same", name="conv2d_3")(x)
    x = layers.BatchNormalization(name="batch_normalization_3")(x)
    x = layers.ReLU(name="re_lu_3")(x)
    x = layers.Conv2D(384, 3, strides=1, padding="same", name="conv2d_4")(x)
    x = layers.BatchNormalization(name="batch_normalization_4")(x)
    x = layers.ReLU(name="re_lu_4")(x)
    x = layers.Conv2D(256, 3, strides=1, padding="same", name="conv2d_5")(x)
    x = layers.BatchNormalization(name="batch_normalization_5")(x)
    x = layers.ReLU(name="re_lu_5")(x)
    x = MaxPooling2D(2, strides=2, padding="same", name="max_pooling2d_3")(x)
    x = layers.Flatten(name="flatten_1")(x)
    x = layers.Dense(4096, name="dense_1")(x)
    x = layers.ReLU(name="re_lu_6")(x)
    x = layers.Dense(4096, name="dense_2")(x)
    x = layers.ReLU(name="re_lu_7")(x)
    mu = layers.Dense(2000, name="mu")(x)
    log_var = layers.Dense(2000, name="log_var")(x)
    z = Sampling(name="encoder_output")([mu, log_var])
    model = keras.Model(image, z, name="alexnet_vae_encoder")
    return assert_parameters(model, total=88_306_336, trainable=88_303_584, non_trainable=2752)


def alexnet_vae_decoder() -> keras.Model:
    """Listing 37: AlexNet-VAE decoder (Appendix A.6).

    Maps (batch, 2000) to (batch, 224, 224, 3).
    """
    z = keras.Input((2000,), name="decoder_input")
    x = layers.Dense(4096, name="dense_3")(z)
    x = layers.ReLU(name="re_lu_8")(x)
    x = layers.Dense(12_544, name="dense_4")(x)
    x = layers.ReLU(name="re_lu_9")(x)
    x = layers.Dense(12_544, name="dense_5")(x)
    x = layers.ReLU(name="re_lu_10")(x)
    x = layers.Reshape((7, 7, 256), name="reshape_1")(x)
    x = layers.Conv2DTranspose(384, 3, strides=2, padding="same", name="conv2d_transpose_1")(x)
    x = layers.BatchNormalization(name="batch_normalization_6")(x)
    x = layers.ReLU(name="re_lu_11")(x)
    x = layers.Conv2DTranspose(384, 3, strides=1, padding="same", name="conv2d_transpose_2")(x)
    x = layers.BatchNormalization(name="batch_normalization_7")(x)
    x = layers.ReLU(name="re_lu_12")(x)
    x = layers.Conv2DTranspose(256, 3, strides=2, padding="same", name="conv2d_transpose_3")(x)
    x = layers.BatchNormalization(name="batch_normalization_8")(x)
    x = layers.ReLU(name="re_lu_13")(x)
    x = layers.Conv2DTranspose(96, 5, strides=2, padding="same", name="conv2d_transpose_4")(x)
    x = layers.BatchNormalization(name="batch_normalization_9")(x)
    x = layers.ReLU(name="re_lu_14")(x)
    x = layers.Conv2DTranspose(3, 11, strides=4, padding="same", name="conv2d_transpose_5")(x)
    x = layers.BatchNormalization(name="batch_normalization_10")(x)
    x = layers.Activation("sigmoid", name="activation_1")(x)
    model = keras.Model(z, x, name="alexnet_vae_decoder")
    return assert_parameters(model, total=220_704_783, trainable=220_702_537, non_trainable=2246)
