"""Settings that the builders need and the listings do not print, each with its source.

What is not named here keeps the Keras 2.2.4 default, which Keras 3 shares: Glorot-uniform kernels,
zero biases, batch normalisation with momentum 0.99 and epsilon 1e-3. Padding is "same" except in
Listing 39, whose output shapes say "valid".
"""

# LeakyReLU of VAE and VLAE decoders and of Listing 39: Keras 2.2.4's default alpha, which the
# original code left alone (the text says ReLU there: erratum E12).
LEAKY_SLOPE = 0.3

# LeakyReLU of the GAN discriminators (Listings 19, 22, 25, 28, 31, 34) and of the
# feature-extraction network (Listing 38): set in the original code, not in the text.
DISCRIMINATOR_SLOPE = 0.2

# Dropout of Listings 13-16: the text has no dropout and the rate is not recorded; 0.5 is the
# default of the original command line (erratum E11).
VLAE_DROPOUT_RATE = 0.5

# Dropout of the AlexNet classifier: Section 3.4.5; the code's class default is 0.5 (erratum E24).
ALEXNET_DROPOUT_RATE = 0.3
