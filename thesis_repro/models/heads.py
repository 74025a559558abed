"""Heads: the layers whose outputs enter a loss, in float32 whatever the rest computes in."""

import keras

# Of the posterior, one pair per latent layer; their names may end in its number.
POSTERIOR = ("mu", "log_var")


def keep_heads_in_float32(network: keras.Model) -> None:
    """Let a network built under ``mixed_bfloat16`` compute its heads in float32.

    Heads are the layers of the posterior, whose mean bfloat16 would round to 0.016 at 3, where a
    good posterior's deviation is as small, and the last layer: the sigmoid of a decoder or
    discriminator, the softmax of a classifier. bfloat16 makes 1 of every probability above 0.998,
    and such answers have no gradient. Nothing changes in a network of float32.
    """
    for layer in network.layers:
        if layer.name.startswith(POSTERIOR) or layer is network.layers[-1]:
            layer.dtype_policy = keras.DTypePolicy("float32")
