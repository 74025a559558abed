"""AlexNet-VAEs with one thing changed: that thing, and nothing else."""

import keras
import numpy as np
import pytest
from keras import layers

from appendix_architectures.a6_alexnet_vae import alexnet_vae_decoder, alexnet_vae_encoder
from appendix_architectures.shapes import build_shapes
from thesis_repro.models.ablations import MirroredConv2D, changed, mirrored_padding
from thesis_repro.models.building import builders
from thesis_repro.models.zoo import MODELS

LISTED = {"encoder": alexnet_vae_encoder, "decoder": alexnet_vae_decoder}
BIASES = 96 + 256 + 384 + 384 + 256, 384 + 384 + 256 + 96 + 3  # of encoder's and decoder's maps


def described(layer):
    config = {k: v for k, v in layer.get_config().items() if k not in ("seed", "dtype")}
    return layer.name, type(layer).__name__, tuple(map(tuple, shapes(layer))), str(config)


def shapes(layer):
    return [weight.shape for weight in layer.weights]


def changes(name, part):
    """Layers that differ from the listing's, by name: theirs and ours, None where left out."""
    networks = (build_shapes(b[part]) for b in (LISTED, builders(MODELS[name])))
    theirs, ours = ({layer.name: layer for layer in network.layers} for network in networks)
    assert set(ours) <= set(theirs)
    assert [n for n in theirs if n in ours] == list(ours)
    return {
        key: (layer, ours.get(key))
        for key, layer in theirs.items()
        if key not in ours or described(layer) != described(ours[key])
    }


def test_mirrored_padding_changes_the_encoders_convolutions_only():
    changed_layers = changes("alexnet-vae-mirrored-padding", "encoder")
    assert list(changed_layers) == [f"conv2d_{n}" for n in range(1, 6)]
    for theirs, ours in changed_layers.values():
        assert isinstance(ours, MirroredConv2D)
        assert shapes(ours) == shapes(theirs)
        assert ours.output.shape == theirs.output.shape
    assert not changes("alexnet-vae-mirrored-padding", "decoder")


def test_small_kernels_change_the_first_convolution_only():
    changed_layers = changes("alexnet-vae-small-kernels", "encoder")
    assert list(changed_layers) == ["conv2d_1"]
    theirs, ours = changed_layers["conv2d_1"]
    assert ours.kernel.shape == (3, 3, 3, 96)
    assert ours.output.shape == theirs.output.shape
    assert not changes("alexnet-vae-small-kernels", "decoder")


@pytest.mark.parametrize("part", LISTED)
@pytest.mark.parametrize("name", ["alexnet-vae-no-batch-norm", "alexnet-vae-no-bias"])
def test_batch_normalisation_is_left_out(name, part):
    changed_layers = changes(name, part)
    normalised = [n for n, (theirs, _) in changed_layers.items() if "normalization" in theirs.name]
    assert len(normalised) == 5
    assert all(changed_layers[n][1] is None for n in normalised)
    others = {n: pair for n, pair in changed_layers.items() if n not in normalised}
    assert len(others) == (5 if name == "alexnet-vae-no-bias" else 0)
    for theirs, ours in others.values():
        assert theirs.use_bias
        assert not ours.use_bias


@pytest.mark.parametrize("part", LISTED)
def test_no_bias_leaves_out_a_number_for_each_map(part):
    counts = [
        build_shapes(builders(MODELS[f"alexnet-vae-{name}"])[part]).count_params()
        for name in ("no-batch-norm", "no-bias")
    ]
    assert counts[0] - counts[1] == BIASES[list(LISTED).index(part)]


# --- Mirrored padding ---


@pytest.mark.parametrize(
    ("size", "kernel", "stride"), [(16, 11, 4), (9, 5, 1), (8, 3, 2), (7, 3, 1)]
)
def test_a_mirrored_convolution_is_a_plain_one_on_a_mirrored_image(size, kernel, stride):
    """Of NumPy's mirrored image it is the unpadded one; zeros give something else."""
    rng = np.random.default_rng(0)
    image = rng.normal(size=(2, size, size, 3)).astype("float32")
    plain = layers.Conv2D(4, kernel, stride, padding="same")
    plain.build(image.shape)
    plain.kernel.assign(rng.normal(size=plain.kernel.shape))
    mirrored = MirroredConv2D.from_config(plain.get_config())
    mirrored.build(image.shape)
    mirrored.set_weights(plain.get_weights())
    ours, zeros = (keras.ops.convert_to_numpy(layer(image)) for layer in (mirrored, plain))
    assert ours.shape == zeros.shape
    assert np.abs(ours - zeros).max() > 0.1
    missing = (zeros.shape[1] - 1) * stride + kernel - size
    before = missing // 2
    margin = (before, missing - before)
    padded = np.pad(image, [(0, 0), margin, margin, (0, 0)], mode="reflect")
    valid = layers.Conv2D(4, kernel, stride)
    valid.build(padded.shape)
    valid.set_weights(plain.get_weights())
    np.testing.assert_allclose(ours, keras.ops.convert_to_numpy(valid(padded)), atol=1e-5)


def test_a_uniform_image_has_no_border_where_it_is_mirrored():
    image = keras.Input((16, 16, 1))
    network = keras.Model(image, layers.Conv2D(3, 11, 4, padding="same", name="c")(image))
    mirrored = changed(network, mirrored_padding)
    mirrored.set_weights(network.get_weights())
    ones = np.ones((1, 16, 16, 1), "float32")
    maps = [np.asarray(each(ones)) for each in (mirrored, network)]
    spread = [np.ptp(values, axis=(1, 2)).max() for values in maps]
    assert spread[0] < 1e-5 < 0.1 < spread[1]
