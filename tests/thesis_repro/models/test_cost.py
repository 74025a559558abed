"""Multiply-adds: by hand for small layers, and against the counts made of the thesis's networks."""

import keras
import pytest

from thesis_repro.models.building import builders
from thesis_repro.models.cost import forward_multiply_adds, training_multiply_adds
from thesis_repro.models.zoo import MODELS

M, G = 1e6, 1e9


@pytest.mark.parametrize(
    ("model_id", "expected"),  # counted from the listings by other means, to the digits given
    [
        ("mnist-vae", [103 * M]),
        ("mnist-vlae-factor-1", [31 * M]),
        ("mnist-vlae-factor-2", [8 * M]),
        ("mnist-vlae-factor-3", [4 * M]),
        ("dsprites-vae", [397 * M]),
        ("dsprites-vlae", [1.18 * G]),
        ("celeba-vae", [1.61 * G]),
        ("celeba-vlae", [5.99 * G]),
        ("mnist-vae-gan", [103 * M, 7 * M]),
        ("mnist-vlae-gan", [735 * M, 7 * M]),
        ("dsprites-vae-gan", [397 * M, 68 * M]),
        ("dsprites-vlae-gan", [1.18 * G, 68 * M]),
        ("celeba-vae-gan", [1.61 * G, 0.42 * G]),
        ("celeba-vlae-gan", [5.99 * G, 0.42 * G]),
        ("alexnet-classifier", [1.27 * G]),
        ("alexnet-vae", [2.57 * G]),
    ],
)
def test_forward_passes_of_the_thesis(model_id, expected):
    parts = forward_multiply_adds(MODELS[model_id])
    counts = [sum(parts[part] for part in parts if part != "discriminator")]
    counts += [parts["discriminator"]] if "discriminator" in parts else []
    # 4.1 M and 8.2 M are printed as 4 and 8; a GAN's decoder has no bias, which nobody counts.
    assert counts == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        # 8 outputs (2 x 4 pixels), each of 3 x 3 pixels times 2 channels, 5 maps.
        (keras.layers.Conv2D(5, 3, 2, "same"), 8 * 3 * 3 * 2 * 5),
        # Every one of 4 x 8 input pixels is spread over 3 x 3 pixels and 5 maps.
        (keras.layers.Conv2DTranspose(5, 3, 2, "same"), 32 * 3 * 3 * 2 * 5),
        (keras.layers.Dense(7), 2 * 7),
        (keras.layers.BatchNormalization(), 0),
    ],
)
def test_layers_by_hand(monkeypatch, layer, expected):
    shape = (2,) if isinstance(layer, keras.layers.Dense) else (4, 8, 2)

    def build():
        image = keras.Input(shape)
        return keras.Model(image, layer(image))

    monkeypatch.setattr("thesis_repro.models.cost.builders", lambda spec: {"encoder": build})
    assert forward_multiply_adds.__wrapped__(MODELS["mnist-vae"]) == {"encoder": expected}


def test_a_gan_costs_more_than_its_vae():
    """Ten passes through the decoder instead of three, and the discriminator besides."""
    vae, gan = (MODELS[f"celeba-{kind}"] for kind in ("vae", "vae-gan"))
    assert training_multiply_adds(vae) == 3 * sum(forward_multiply_adds(vae).values())
    parts = forward_multiply_adds(gan)
    expected = 3 * parts["encoder"] + 10 * parts["decoder"] + 16 * parts["discriminator"]
    assert training_multiply_adds(gan) == expected


@pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)
def test_every_network_of_every_model_costs_something(spec):
    counts = forward_multiply_adds(spec)
    assert counts.keys() == builders(spec).keys()
    assert min(counts.values()) > 1e6
