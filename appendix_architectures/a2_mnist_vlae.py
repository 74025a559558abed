"""Appendix A.2: the three MNIST-VLAEs with 64, 32 and 22 feature maps (Listings 7-12).

Variables: `h_i` follows the rows of inference_i, `rung_i` those of ladder_i.
"""

import keras
from keras import layers

from appendix_architectures.parameters import assert_parameters
from appendix_architectures.sampling import Sampling
from appendix_architectures.transposed_convolution import Conv2DTranspose
from appendix_architectures.unprinted import LEAKY_SLOPE


def mnist_vlae_factor_1_encoder() -> keras.Model:
    """Listing 7: MNIST-VLAE-factor-1 encoder (Appendix A.2).

    Maps (batch, 28, 28, 1) to [z_1, z_2, z_3], each (batch, 2).
    """
    image = keras.Input((28, 28, 1), name="input_1")
    h_0 = layers.Conv2D(64, 5, strides=2, padding="same", name="inference_0_conv2d_0")(image)
    h_0 = layers.ReLU(name="inference_0_relu_0")(h_0)
    h_1 = layers.Conv2D(64, 3, strides=2, padding="same", name="inference_1_conv2d_0")(h_0)
    h_1 = layers.ReLU(name="inference_1_relu_0")(h_1)
    rung_2 = layers.Conv2D(64, 3, strides=1, padding="same", name="ladder_2_conv2d_0")(h_1)
    rung_2 = layers.ReLU(name="ladder_2_relu_0")(rung_2)
    rung_0 = layers.Conv2D(64, 5, strides=2, padding="same", name="ladder_0_conv2d_0")(image)
    rung_1 = layers.Conv2D(64, 5, strides=2, padding="same", name="ladder_1_conv2d_0")(h_0)
    rung_2 = layers.Conv2D(64, 3, strides=1, padding="same", name="ladder_2_conv2d_1")(rung_2)
    rung_0 = layers.ReLU(name="ladder_0_relu_0")(rung_0)
    rung_1 = layers.ReLU(name="ladder_1_relu_0")(rung_1)
    rung_2 = layers.ReLU(name="ladder_2_relu_1")(rung_2)
    rung_0 = layers.Flatten(name="ladder_0_flatten")(rung_0)
    rung_1 = layers.Flatten(name="ladder_1_flatten")(rung_1)
    rung_2 = layers.Flatten(name="ladder_2_flatten")(rung_2)
    mu_1 = layers.Dense(2, name="mu_1")(rung_0)
    log_var_1 = layers.Dense(2, name="log_var_1")(rung_0)
    mu_2 = layers.Dense(2, name="mu_2")(rung_1)
    log_var_2 = layers.Dense(2, name="log_var_2")(rung_1)
    mu_3 = layers.Dense(2, name="mu_3")(rung_2)
    log_var_3 = layers.Dense(2, name="log_var_3")(rung_2)
    z_1 = Sampling(name="z_1_latent")([mu_1, log_var_1])
    z_2 = Sampling(name="z_2_latent")([mu_2, log_var_2])
    z_3 = Sampling(name="z_3_latent")([mu_3, log_var_3])
    model = keras.Model(image, [z_1, z_2, z_3], name="mnist_vlae_factor_1_encoder")
    return assert_parameters(model, total=291_852, trainable=291_852, non_trainable=0)


def mnist_vlae_factor_1_decoder() -> keras.Model:
    """Listing 8: MNIST-VLAE-factor-1 decoder (Appendix A.2).

    Maps [z_1, z_2, z_3], each (batch, 2), to (batch, 28, 28, 1).
    """
    z_3 = keras.Input((2,), name="z_3")
    x = layers.Dense(1024, name="generative_2_dense_0")(z_3)
    x = layers.ReLU(name="generative_2_relu_0")(x)
    x = layers.Dense(1024, name="generative_2_dense_1")(x)
    x = layers.ReLU(name="generative_2_relu_1")(x)
    z_2 = keras.Input((2,), name="z_2")
    x = layers.Concatenate(name="concatenate_2_and_1")([x, z_2])
    x = layers.Dense(1024, name="generative_1_dense_0")(x)
    x = layers.ReLU(name="generative_1_relu_0")(x)
    x = layers.Dense(1024, name="generative_1_dense_1")(x)
    x = layers.ReLU(name="generative_1_relu_1")(x)
    z_1 = keras.Input((2,), name="z_1")
    x = layers.Concatenate(name="concatenate_1_and_0")([x, z_1])
    x = layers.Dense(3136, name="generative_0_dense_0")(x)
    x = layers.ReLU(name="generative_0_relu_0")(x)
    x = layers.Reshape((7, 7, 64), name="generative_0_reshape_0")(x)
    x = layers.Conv2DTranspose(
        64, 5, strides=2, padding="same", name="generative_0_conv2d_transpose_0"
    )(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="generative_0_leaky_relu_transpose_0")(x)
    x = layers.Conv2DTranspose(
        64, 3, strides=2, padding="same", name="generative_0_conv2d_transpose_1"
    )(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="generative_0_leaky_relu_transpose_1")(x)
    x = Conv2DTranspose(1, 5, strides=1, padding="same", name="generative_0_conv2d_transpose_2")(x)
    x = layers.Activation("sigmoid", name="generative_0_sigmoid_0")(x)
    model = keras.Model([z_1, z_2, z_3], x, name="mnist_vlae_factor_1_decoder")
    return assert_parameters(model, total=6_515_585, trainable=6_515_585, non_trainable=0)


def mnist_vlae_factor_2_encoder() -> keras.Model:
    """Listing 9: MNIST-VLAE-factor-2 encoder (Appendix A.2).

    Maps (batch, 28, 28, 1) to [z_1, z_2, z_3], each (batch, 2).
    """
    image = keras.Input((28, 28, 1), name="input_1")
    h_0 = layers.Conv2D(32, 5, strides=2, padding="same", name="inference_0_conv2d_0")(image)
    h_0 = layers.ReLU(name="inference_0_relu_0")(h_0)
    h_1 = layers.Conv2D(32, 3, strides=2, padding="same", name="inference_1_conv2d_0")(h_0)
    h_1 = layers.ReLU(name="inference_1_relu_0")(h_1)
    rung_2 = layers.Conv2D(32, 3, strides=1, padding="same", name="ladder_2_conv2d_0")(h_1)
    rung_2 = layers.ReLU(name="ladder_2_relu_0")(rung_2)
    rung_0 = layers.Conv2D(32, 5, strides=2, padding="same", name="ladder_0_conv2d_0")(image)
    rung_1 = layers.Conv2D(32, 5, strides=2, padding="same", name="ladder_1_conv2d_0")(h_0)
    rung_2 = layers.Conv2D(32, 3, strides=1, padding="same", name="ladder_2_conv2d_1")(rung_2)
    rung_0 = layers.ReLU(name="ladder_0_relu_0")(rung_0)
    rung_1 = layers.ReLU(name="ladder_1_relu_0")(rung_1)
    rung_2 = layers.ReLU(name="ladder_2_relu_1")(rung_2)
    rung_0 = layers.Flatten(name="ladder_0_flatten")(rung_0)
    rung_1 = layers.Flatten(name="ladder_1_flatten")(rung_1)
    rung_2 = layers.Flatten(name="ladder_2_flatten")(rung_2)
    mu_1 = layers.Dense(2, name="mu_1")(rung_0)
    log_var_1 = layers.Dense(2, name="log_var_1")(rung_0)
    mu_2 = layers.Dense(2, name="mu_2")(rung_1)
    log_var_2 = layers.Dense(2, name="log_var_2")(rung_1)
    mu_3 = layers.Dense(2, name="mu_3")(rung_2)
    log_var_3 = layers.Dense(2, name="log_var_3")(rung_2)
    z_1 = Sampling(name="z_1_latent")([mu_1, log_var_1])
    z_2 = Sampling(name="z_2_latent")([mu_2, log_var_2])
    z_3 = Sampling(name="z_3_latent")([mu_3, log_var_3])
    model = keras.Model(image, [z_1, z_2, z_3], name="mnist_vlae_factor_2_encoder")
    return assert_parameters(model, total=92_684, trainable=92_684, non_trainable=0)


def mnist_vlae_factor_2_decoder() -> keras.Model:
    """Listing 10: MNIST-VLAE-factor-2 decoder (Appendix A.2).

    Maps [z_1, z_2, z_3], each (batch, 2), to (batch, 28, 28, 1).
    """
    z_3 = keras.Input((2,), name="z_3")
    x = layers.Dense(512, name="generative_2_dense_0")(z_3)
    x = layers.ReLU(name="generative_2_relu_0")(x)
    x = layers.Dense(512, name="generative_2_dense_1")(x)
    x = layers.ReLU(name="generative_2_relu_1")(x)
    z_2 = keras.Input((2,), name="z_2")
    x = layers.Concatenate(name="concatenate_2_and_1")([x, z_2])
    x = layers.Dense(512, name="generative_1_dense_0")(x)
    x = layers.ReLU(name="generative_1_relu_0")(x)
    x = layers.Dense(512, name="generative_1_dense_1")(x)
    x = layers.ReLU(name="generative_1_relu_1")(x)
    z_1 = keras.Input((2,), name="z_1")
    x = layers.Concatenate(name="concatenate_1_and_0")([x, z_1])
    x = layers.Dense(1568, name="generative_0_dense_0")(x)
    x = layers.ReLU(name="generative_0_relu_0")(x)
    x = layers.Reshape((7, 7, 32), name="generative_0_reshape_0")(x)
    x = layers.Conv2DTranspose(
        32, 5, strides=2, padding="same", name="generative_0_conv2d_transpose_0"
    )(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="generative_0_leaky_relu_transpose_0")(x)
    x = layers.Conv2DTranspose(
        32, 3, strides=2, padding="same", name="generative_0_conv2d_transpose_1"
    )(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="generative_0_leaky_relu_transpose_1")(x)
    x = Conv2DTranspose(1, 5, strides=1, padding="same", name="generative_0_conv2d_transpose_2")(x)
    x = layers.Activation("sigmoid", name="generative_0_sigmoid_0")(x)
    model = keras.Model([z_1, z_2, z_3], x, name="mnist_vlae_factor_2_decoder")
    return assert_parameters(model, total=1_633_729, trainable=1_633_729, non_trainable=0)


def mnist_vlae_factor_3_encoder() -> keras.Model:
    """Listing 11: MNIST-VLAE-factor-3 encoder (Appendix A.2).

    Maps (batch, 28, 28, 1) to [z_1, z_2, z_3], each (batch, 2).
    """
    image = keras.Input((28, 28, 1), name="input_1")
    h_0 = layers.Conv2D(22, 5, strides=2, padding="same", name="inference_0_conv2d_0")(image)
    h_0 = layers.ReLU(name="inference_0_relu_0")(h_0)
    h_1 = layers.Conv2D(22, 3, strides=2, padding="same", name="inference_1_conv2d_0")(h_0)
    h_1 = layers.ReLU(name="inference_1_relu_0")(h_1)
    rung_2 = layers.Conv2D(22, 3, strides=1, padding="same", name="ladder_2_conv2d_0")(h_1)
    rung_2 = layers.ReLU(name="ladder_2_relu_0")(rung_2)
    rung_0 = layers.Conv2D(22, 5, strides=2, padding="same", name="ladder_0_conv2d_0")(image)
    rung_1 = layers.Conv2D(22, 5, strides=2, padding="same", name="ladder_1_conv2d_0")(h_0)
    rung_2 = layers.Conv2D(22, 3, strides=1, padding="same", name="ladder_2_conv2d_1")(rung_2)
    rung_0 = layers.ReLU(name="ladder_0_relu_0")(rung_0)
    rung_1 = layers.ReLU(name="ladder_1_relu_0")(rung_1)
    rung_2 = layers.ReLU(name="ladder_2_relu_1")(rung_2)
    rung_0 = layers.Flatten(name="ladder_0_flatten")(rung_0)
    rung_1 = layers.Flatten(name="ladder_1_flatten")(rung_1)
    rung_2 = layers.Flatten(name="ladder_2_flatten")(rung_2)
    mu_1 = layers.Dense(2, name="mu_1")(rung_0)
    log_var_1 = layers.Dense(2, name="log_var_1")(rung_0)
    mu_2 = layers.Dense(2, name="mu_2")(rung_1)
    log_var_2 = layers.Dense(2, name="log_var_2")(rung_1)
    mu_3 = layers.Dense(2, name="mu_3")(rung_2)
    log_var_3 = layers.Dense(2, name="log_var_3")(rung_2)
    z_1 = Sampling(name="z_1_latent")([mu_1, log_var_1])
    z_2 = Sampling(name="z_2_latent")([mu_2, log_var_2])
    z_3 = Sampling(name="z_3_latent")([mu_3, log_var_3])
    model = keras.Model(image, [z_1, z_2, z_3], name="mnist_vlae_factor_3_encoder")
    return assert_parameters(model, total=52_284, trainable=52_284, non_trainable=0)


def mnist_vlae_factor_3_decoder() -> keras.Model:
    """Listing 12: MNIST-VLAE-factor-3 decoder (Appendix A.2).

    Maps [z_1, z_2, z_3], each (batch, 2), to (batch, 28, 28, 1).
    """
    z_3 = keras.Input((2,), name="z_3")
    x = layers.Dense(342, name="generative_2_dense_0")(z_3)
    x = layers.ReLU(name="generative_2_relu_0")(x)
    x = layers.Dense(342, name="generative_2_dense_1")(x)
    x = layers.ReLU(name="generative_2_relu_1")(x)
    z_2 = keras.Input((2,), name="z_2")
    x = layers.Concatenate(name="concatenate_2_and_1")([x, z_2])
    x = layers.Dense(342, name="generative_1_dense_0")(x)
    x = layers.ReLU(name="generative_1_relu_0")(x)
    x = layers.Dense(342, name="generative_1_dense_1")(x)
    x = layers.ReLU(name="generative_1_relu_1")(x)
    z_1 = keras.Input((2,), name="z_1")
    x = layers.Concatenate(name="concatenate_1_and_0")([x, z_1])
    x = layers.Dense(1078, name="generative_0_dense_0")(x)
    x = layers.ReLU(name="generative_0_relu_0")(x)
    x = layers.Reshape((7, 7, 22), name="generative_0_reshape_0")(x)
    x = layers.Conv2DTranspose(
        22, 5, strides=2, padding="same", name="generative_0_conv2d_transpose_0"
    )(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="generative_0_leaky_relu_transpose_0")(x)
    x = layers.Conv2DTranspose(
        22, 3, strides=2, padding="same", name="generative_0_conv2d_transpose_1"
    )(x)
    x = layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="generative_0_leaky_relu_transpose_1")(x)
    x = Conv2DTranspose(1, 5, strides=1, padding="same", name="generative_0_conv2d_transpose_2")(x)
    x = layers.Activation("sigmoid", name="generative_0_sigmoid_0")(x)
    model = keras.Model([z_1, z_2, z_3], x, name="mnist_vlae_factor_3_decoder")
    return assert_parameters(model, total=742_589, trainable=742_589, non_trainable=0)
