"""Appendix A.2: the CelebA-VLAE (Listings 15 and 16).

Variables: `h_i` follows the rows of inference_i, `rung_i` those of ladder_i. Dropout stands in the
listings and not in the text (erratum E11).
"""

import keras
from keras import layers

from appendix_architectures.parameters import assert_parameters
from appendix_architectures.sampling import Sampling
from appendix_architectures.transposed_convolution import Conv2DTranspose
from appendix_architectures.unprinted import LEAKY_SLOPE, VLAE_DROPOUT_RATE


def celeba_vlae_encoder(dropout_rate: float = VLAE_DROPOUT_RATE) -> keras.Model:
    """Listing 15: CelebA-VLAE encoder (Appendix A.2).

    Maps (batch, 128, 128, 3) to [z_1, z_2, z_3], each (batch, 2).
    """
    image = keras.Input((128, 128, 3), name="input_1")
    h_0 = layers.Conv2D(32, 4, strides=2, padding="same", name="inference_0_conv2d_0")(image)
    h_0 = layers.Dropout(dropout_rate, name="inference_0_dropout_0")(h_0)
    h_0 = layers.BatchNormalization(name="inference_0_batch_norm_0")(h_0)
    h_0 = layers.ReLU(name="inference_0_relu_0")(h_0)
    h_0 = layers.Conv2D(32, 4, strides=1, padding="same", name="inference_0_conv2d_1")(h_0)
    h_0 = layers.Dropout(dropout_rate, name="inference_0_dropout_1")(h_0)
    h_0 = layers.BatchNormalization(name="inference_0_batch_norm_1")(h_0)
    h_0 = layers.ReLU(name="inference_0_relu_1")(h_0)
    h_1 = layers.Conv2D(64, 4, strides=2, padding="same", name="inference_1_conv2d_0")(h_0)
    h_1 = layers.Dropout(dropout_rate, name="inference_1_dropout_0")(h_1)
    h_1 = layers.BatchNormalization(name="inference_1_batch_norm_0")(h_1)
    h_1 = layers.ReLU(name="inference_1_relu_0")(h_1)
    h_1 = layers.Conv2D(64, 4, strides=1, padding="same", name="inference_1_conv2d_1")(h_1)
    h_1 = layers.Dropout(dropout_rate, name="inference_1_dropout_1")(h_1)
    h_1 = layers.BatchNormalization(name="inference_1_batch_norm_1")(h_1)
    h_1 = layers.ReLU(name="inference_1_relu_1")(h_1)
    rung_2 = layers.Conv2D(256, 4, strides=2, padding="same", name="ladder_2_conv2d_0")(h_1)
    rung_2 = layers.Dropout(dropout_rate, name="ladder_2_dropout_0")(rung_2)
    rung_2 = layers.BatchNormalization(name="ladder_2_batch_norm_0")(rung_2)
    rung_2 = layers.ReLU(name="ladder_2_relu_0")(rung_2)
    rung_2 = layers.Conv2D(512, 4, strides=2, padding="same", name="ladder_2_conv2d_1")(rung_2)
    rung_2 = layers.Dropout(dropout_rate, name="ladder_2_dropout_1")(rung_2)
    rung_2 = layers.BatchNormalization(name="ladder_2_batch_norm_1")(rung_2)
    rung_2 = layers.ReLU(name="ladder_2_relu_1")(rung_2)
    rung_0 = layers.Conv2D(128, 4, strides=2, padding="same", name="ladder_0_conv2d_0")(image)
    rung_1 = layers.Conv2D(256, 4, strides=2, padding="same", name="ladder_1_conv2d_0")(h_0)
    rung_2 = layers.Conv2D(512, 4, strides=1, padding="same", name="ladder_2_conv2d_2")(rung_2)
    rung_0 = layers.Dropout(dropout_rate, name="ladder_0_dropout_0")(rung_0)
    rung_1 = layers.Dropout(dropout_rate, name="ladder_1_dropout_0")(rung_1)
    rung_2 = layers.Dropout(dropout_rate, name="ladder_2_dropout_2")(rung_2)
    rung_0 = layers.BatchNormalization(name="ladder_0_batch_norm_0")(rung_0)
    rung_1 = layers.BatchNormalization(name="ladder_1_batch_norm_0")(rung_1)
    rung_2 = layers.BatchNormalization(name="ladder_2_batch_norm_2")(rung_2)
    rung_0 = layers.ReLU(name="ladder_0_relu_0")(rung_0)
    rung_1 = layers.ReLU(name="ladder_1_relu_0")(rung_1)
    rung_2 = layers.ReLU(name="ladder_2_relu_2")(rung_2)
    rung_0 = layers.Conv2D(128, 4, strides=1, padding="same", name="ladder_0_conv2d_1")(rung_0)
    rung_1 = layers.Conv2D(256, 4, strides=1, padding="same", name="ladder_1_conv2d_1")(rung_1)
    rung_2 = layers.Conv2D(512, 4, strides=1, padding="same", name="ladder_2_conv2d_3")(rung_2)
    rung_0 = layers.Dropout(dropout_rate, name="ladder_0_dropout_1")(rung_0)
    rung_1 = layers.Dropout(dropout_rate, name="ladder_1_dropout_1")(rung_1)
    rung_2 = layers.Dropout(dropout_rate, name="ladder_2_dropout_3")(rung_2)
    rung_0 = layers.BatchNormalization(name="ladder_0_batch_norm_1")(rung_0)
    rung_1 = layers.BatchNormalization(name="ladder_1_batch_norm_1")(rung_1)
    rung_2 = layers.BatchNormalization(name="ladder_2_batch_norm_3")(rung_2)
    rung_0 = layers.ReLU(name="ladder_0_relu_1")(rung_0)
    rung_1 = layers.ReLU(name="ladder_1_relu_1")(rung_1)
    rung_2 = layers.ReLU(name="ladder_2_relu_3")(rung_2)
    rung_0 = layers.Flatten(name="ladder_0_flatten")(rung_0)
    rung_1 = layers.Flatten(name="ladder_1_flatten")(rung_1)
    rung_2 = layers.Flatten(name="ladder_2_flatten")(rung_2)
    rung_0 = layers.Dropout(dropout_rate, name="ladder_0_dropout")(rung_0)
    rung_1 = layers.Dropout(dropout_rate, name="ladder_1_dropout")(rung_1)
    rung_2 = layers.Dropout(dropout_rate, name="ladder_2_dropout")(rung_2)
    mu_1 = layers.Dense(2, name="mu_1")(rung_0)
    log_var_1 = layers.Dense(2, name="log_var_1")(rung_0)
    mu_2 = layers.Dense(2, name="mu_2")(rung_1)
    log_var_2 = layers.Dense(2, name="log_var_2")(rung_1)
    mu_3 = layers.Dense(2, name="mu_3")(rung_2)
    log_var_3 = layers.Dense(2, name="log_var_3")(rung_2)
    z_1 = Sampling(name="z_1_latent")([mu_1, log_var_1])
    z_2 = Sampling(name="z_2_latent")([mu_2, log_var_2])
    z_3 = Sampling(name="z_3_latent")([mu_3, log_var_3])
    model = keras.Model(image, [z_1, z_2, z_3], name="celeba_vlae_encoder")
    return assert_parameters(model, total=15_602_636, trainable=15_597_132, non_trainable=5504)


def celeba_vlae_decoder(dropout_rate: float = VLAE_DROPOUT_RATE) -> keras.Model:
    """Listing 16: CelebA-VLAE decoder (Appendix A.2).

    Maps [z_1, z_2, z_3], each (batch, 2), to (batch, 128, 128, 3).
    """
    z_3 = keras.Input((2,), name="z_3")
    x = layers.Dense(256, name="generative_2_dense_0")(z_3)
    x = layers.Dropout(dropout_rate, name="generative_2_dropout_0")(x)
    x = layers.BatchNormalization(name="generative_2_batch_norm_0")(x)
    x = layers.ReLU(name="generative_2_relu_0")(x)
    x = layers.Dense(512, name="generative_2_dense_1")(x)
    x = layers.Dropout(dropout_rate, name="generative_2_dropout_1")(x)
    x = layers.BatchNormalization(name="generative_2_batch_norm_1")(x)
    x = layers.ReLU(name="generative_2_relu_1")(x)
    z_2 = keras.Input((2,), name="z_2")
    x = layers.Concatenate(name="concatenate_2_and_1")([x, z_2])
    x = layers.Dense(512, name="generative_1_dense_0")(x)
    x = layers.Dropout(dropout_rate, name="generative_1_dropout_0")(x)
    x = layers.BatchNormalization(name="generative_1_batch_norm_0")(x)
    x = layers.ReLU(name="generative_1_relu_0")(x)
    x = layers.Dense(1024, name="generative_1_dense_1")(x)
    x = layers.Dropout(dropout_rate, name="generative_1_dropout_1")(x)
    x = layers.BatchNormalization(name="generative_1_batch_norm_1")(x)
    x = layers.ReLU(name="generative_1_relu_1")(x)
    z_1 = keras.Input((2,), name="z_1")
    x = layers.Concatenate(name="concatenate_1_and_0")([x, z_1])
    x = layers.Dense(32_768, name="generative_0_dense_0")(x)
    x = layers.Dropout(dropout_rate, name="generative_0_dropout_0")(x)
    x = layers.BatchNormalization(name="generative_0_batch_norm_0")(x)
    x = layers.ReLU(name="generative_0_relu_0")(x)
    x = layers.Reshape((8, 8, 512), name="generative_0_reshape_0")(x)
    x = layers.Conv2DTranspose(
        1024, 4, strides=1, padding="same", name="generative_0_conv2d_transpose_0"
    )(x)
    x = layers.Dropout(dropout_rate, name="generative_0_dropout_1")(x)
    x = layers.BatchNormalization(name="generative_0_batch_norm_1")(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="generative_0_leaky_relu_transpose_0")(x)
    x = layers.Conv2DTranspose(
        512, 4, strides=2, padding="same", name="generative_0_conv2d_transpose_1"
    )(x)
    x = layers.Dropout(dropout_rate, name="generative_0_dropout_2")(x)
    x = layers.BatchNormalization(name="generative_0_batch_norm_2")(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="generative_0_leaky_relu_transpose_1")(x)
    x = layers.Conv2DTranspose(
        256, 4, strides=2, padding="same", name="generative_0_conv2d_transpose_2"
    )(x)
    x = layers.Dropout(dropout_rate, name="generative_0_dropout_3")(x)
    x = layers.BatchNormalization(name="generative_0_batch_norm_3")(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="generative_0_leaky_relu_transpose_2")(x)
    x = layers.Conv2DTranspose(
        128, 4, strides=2, padding="same", name="generative_0_conv2d_transpose_3"
    )(x)
    x = layers.Dropout(dropout_rate, name="generative_0_dropout_4")(x)
    x = layers.BatchNormalization(name="generative_0_batch_norm_4")(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="generative_0_leaky_relu_transpose_3")(x)
    x = layers.Conv2DTranspose(
        64, 4, strides=2, padding="same", name="generative_0_conv2d_transpose_4"
    )(x)
    x = layers.Dropout(dropout_rate, name="generative_0_dropout_5")(x)
    x = layers.BatchNormalization(name="generative_0_batch_norm_5")(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="generative_0_leaky_relu_transpose_4")(x)
    x = Conv2DTranspose(3, 4, strides=1, padding="same", name="generative_0_conv2d_transpose_5")(x)
    x = layers.Dropout(dropout_rate, name="generative_0_dropout_6")(x)
    x = layers.Activation("sigmoid", name="generative_0_sigmoid_0")(x)
    model = keras.Model([z_1, z_2, z_3], x, name="celeba_vlae_decoder")
    return assert_parameters(model, total=54_257_091, trainable=54_182_979, non_trainable=74_112)
