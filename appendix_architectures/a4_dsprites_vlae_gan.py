"""Appendix A.4: the dSprites-VLAE-GAN (Listings 29-31).

Variables: `h_i` follows the rows of inference_i, `rung_i` those of ladder_i. The transposed
convolutions have no bias: the parameter counts say so.
"""

import keras
from keras import layers

from appendix_architectures.parameters import assert_parameters
from appendix_architectures.sampling import Sampling
from appendix_architectures.transposed_convolution import Conv2DTranspose
from appendix_architectures.unprinted import DISCRIMINATOR_SLOPE


def dsprites_vlae_gan_encoder() -> keras.Model:
    """Listing 29: dSprites-VLAE-GAN encoder (Appendix A.4).

    Maps (batch, 64, 64, 1) to [z_1, z_2, z_3], each (batch, 4).
    """
    image = keras.Input((64, 64, 1), name="vlae_gan_encoder_input")
    h_0 = layers.Conv2D(32, 4, strides=2, padding="same", name="inference_0_conv2d_0")(image)
    h_0 = layers.BatchNormalization(name="inference_0_batch_norm_0")(h_0)
    h_0 = layers.ReLU(name="inference_0_relu_0")(h_0)
    h_0 = layers.Conv2D(32, 4, strides=1, padding="same", name="inference_0_conv2d_1")(h_0)
    h_0 = layers.BatchNormalization(name="inference_0_batch_norm_1")(h_0)
    h_0 = layers.ReLU(name="inference_0_relu_1")(h_0)
    h_1 = layers.Conv2D(64, 4, strides=2, padding="same", name="inference_1_conv2d_0")(h_0)
    h_1 = layers.BatchNormalization(name="inference_1_batch_norm_0")(h_1)
    h_1 = layers.ReLU(name="inference_1_relu_0")(h_1)
    h_1 = layers.Conv2D(64, 4, strides=1, padding="same", name="inference_1_conv2d_1")(h_1)
    h_1 = layers.BatchNormalization(name="inference_1_batch_norm_1")(h_1)
    h_1 = layers.ReLU(name="inference_1_relu_1")(h_1)
    rung_2 = layers.Conv2D(256, 4, strides=2, padding="same", name="ladder_2_conv2d_0")(h_1)
    rung_2 = layers.BatchNormalization(name="ladder_2_batch_norm_0")(rung_2)
    rung_2 = layers.ReLU(name="ladder_2_relu_0")(rung_2)
    rung_0 = layers.Conv2D(128, 4, strides=2, padding="same", name="ladder_0_conv2d_0")(image)
    rung_1 = layers.Conv2D(256, 4, strides=2, padding="same", name="ladder_1_conv2d_0")(h_0)
    rung_2 = layers.Conv2D(512, 4, strides=2, padding="same", name="ladder_2_conv2d_1")(rung_2)
    rung_0 = layers.BatchNormalization(name="ladder_0_batch_norm_0")(rung_0)
    rung_1 = layers.BatchNormalization(name="ladder_1_batch_norm_0")(rung_1)
    rung_2 = layers.BatchNormalization(name="ladder_2_batch_norm_1")(rung_2)
    rung_0 = layers.ReLU(name="ladder_0_relu_0")(rung_0)
    rung_1 = layers.ReLU(name="ladder_1_relu_0")(rung_1)
    rung_2 = layers.ReLU(name="ladder_2_relu_1")(rung_2)
    rung_0 = layers.Conv2D(128, 4, strides=1, padding="same", name="ladder_0_conv2d_1")(rung_0)
    rung_1 = layers.Conv2D(256, 4, strides=1, padding="same", name="ladder_1_conv2d_1")(rung_1)
    rung_2 = layers.Conv2D(1024, 4, strides=2, padding="same", name="ladder_2_conv2d_2")(rung_2)
    rung_0 = layers.BatchNormalization(name="ladder_0_batch_norm_1")(rung_0)
    rung_1 = layers.BatchNormalization(name="ladder_1_batch_norm_1")(rung_1)
    rung_2 = layers.BatchNormalization(name="ladder_2_batch_norm_2")(rung_2)
    rung_0 = layers.ReLU(name="ladder_0_relu_1")(rung_0)
    rung_1 = layers.ReLU(name="ladder_1_relu_1")(rung_1)
    rung_2 = layers.ReLU(name="ladder_2_relu_2")(rung_2)
    rung_0 = layers.Flatten(name="ladder_0_flatten")(rung_0)
    rung_1 = layers.Flatten(name="ladder_1_flatten")(rung_1)
    rung_2 = layers.Flatten(name="ladder_2_flatten")(rung_2)
    mu_1 = layers.Dense(4, name="mu_1")(rung_0)
    log_var_1 = layers.Dense(4, name="log_var_1")(rung_0)
    mu_2 = layers.Dense(4, name="mu_2")(rung_1)
    log_var_2 = layers.Dense(4, name="log_var_2")(rung_1)
    mu_3 = layers.Dense(4, name="mu_3")(rung_2)
    log_var_3 = layers.Dense(4, name="log_var_3")(rung_2)
    z_1 = Sampling(name="z_1_latent")([mu_1, log_var_1])
    z_2 = Sampling(name="z_2_latent")([mu_2, log_var_2])
    z_3 = Sampling(name="z_3_latent")([mu_3, log_var_3])
    model = keras.Model(image, [z_1, z_2, z_3], name="dsprites_vlae_gan_encoder")
    return assert_parameters(model, total=13_926_360, trainable=13_920_856, non_trainable=5504)


def dsprites_vlae_gan_decoder() -> keras.Model:
    """Listing 30: dSprites-VLAE-GAN decoder (Appendix A.4).

    Maps [z_1, z_2, z_3], each (batch, 4), to (batch, 64, 64, 1).
    """
    z_3 = keras.Input((4,), name="z_3")
    x = layers.Dense(1024, name="generative_2_dense_0")(z_3)
    x = layers.BatchNormalization(name="generative_2_batch_norm_0")(x)
    x = layers.ReLU(name="generative_2_relu_0")(x)
    x = layers.Dense(1024, name="generative_2_dense_1")(x)
    x = layers.BatchNormalization(name="generative_2_batch_norm_1")(x)
    x = layers.ReLU(name="generative_2_relu_1")(x)
    z_2 = keras.Input((4,), name="z_2")
    x = layers.Concatenate(name="concatenate_2_and_1")([x, z_2])
    x = layers.Dense(1024, name="generative_1_dense_0")(x)
    x = layers.BatchNormalization(name="generative_1_batch_norm_0")(x)
    x = layers.ReLU(name="generative_1_relu_0")(x)
    x = layers.Dense(1024, name="generative_1_dense_1")(x)
    x = layers.BatchNormalization(name="generative_1_batch_norm_1")(x)
    x = layers.ReLU(name="generative_1_relu_1")(x)
    z_1 = keras.Input((4,), name="z_1")
    x = layers.Concatenate(name="concatenate_1_and_0")([x, z_1])
    x = layers.Dense(4096, name="generative_0_dense_0")(x)
    x = layers.BatchNormalization(name="generative_0_batch_norm_0")(x)
    x = layers.ReLU(name="generative_0_relu_0")(x)
    x = layers.Reshape((2, 2, 1024), name="generative_0_reshape_0")(x)
    x = layers.Conv2DTranspose(
        1024, 4, strides=2, padding="same", use_bias=False, name="generative_0_conv2d_transpose_0"
    )(x)
    x = layers.BatchNormalization(name="generative_0_batch_norm_1")(x)
    x = layers.ReLU(name="generative_0_relu_1")(x)
    x = layers.Conv2DTranspose(
        512, 4, strides=2, padding="same", use_bias=False, name="generative_0_conv2d_transpose_1"
    )(x)
    x = layers.BatchNormalization(name="generative_0_batch_norm_2")(x)
    x = layers.ReLU(name="generative_0_relu_2")(x)
    x = layers.Conv2DTranspose(
        256, 4, strides=2, padding="same", use_bias=False, name="generative_0_conv2d_transpose_2"
    )(x)
    x = layers.BatchNormalization(name="generative_0_batch_norm_3")(x)
    x = layers.ReLU(name="generative_0_relu_3")(x)
    x = layers.Conv2DTranspose(
        128, 4, strides=2, padding="same", use_bias=False, name="generative_0_conv2d_transpose_3"
    )(x)
    x = layers.BatchNormalization(name="generative_0_batch_norm_4")(x)
    x = layers.ReLU(name="generative_0_relu_4")(x)
    x = Conv2DTranspose(
        1, 4, strides=2, padding="same", use_bias=False, name="generative_0_conv2d_transpose_4"
    )(x)
    x = layers.Activation("sigmoid", name="generative_0_activation_0")(x)
    model = keras.Model([z_1, z_2, z_3], x, name="dsprites_vlae_gan_decoder")
    return assert_parameters(model, total=35_202_560, trainable=35_182_336, non_trainable=20_224)


def dsprites_vlae_gan_discriminator() -> keras.Model:
    """Listing 31: dSprites-VLAE-GAN discriminator (Appendix A.4).

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
    model = keras.Model(image, x, name="dsprites_vlae_gan_discriminator")
    return assert_parameters(model, total=658_630, trainable=657_862, non_trainable=768)
