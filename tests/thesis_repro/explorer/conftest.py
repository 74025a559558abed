"""Small models with every kind of layer that decoders have, the page of them, and a browser."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from appendix_architectures.sampling import Sampling
from appendix_architectures.transposed_convolution import Conv2DTranspose
from tests.thesis_repro.explorer.chromium import CHROMIUM, Tab
from thesis_repro.analysis.image_sets import Images
from thesis_repro.explorer.page import write_explorer
from thesis_repro.models import zoo
from thesis_repro.models.autoencoder import VariationalAutoencoder
from thesis_repro.models.spec import Sourced
from thesis_repro.training.run_folder import RunConfig, RunFolder
from thesis_repro.training.trained_model import TrainedModel

SHAPE, LATENT = (16, 16, 1), (2, 3)


@pytest.fixture(scope="session")
def small_model(tmp_path_factory):
    """Make a model of two latent layers, of two and three dimensions, from a seed."""

    def make(seed):
        keras.utils.set_random_seed(seed)
        layers = keras.layers
        image = keras.Input(SHAPE)
        x = layers.Flatten()(image)
        z = [
            Sampling(name=f"z_{number}")(
                [layers.Dense(size, name=f"{name}_{number}")(x) for name in ("mu", "log_var")]
            )
            for number, size in enumerate(LATENT, 1)
        ]
        encoder = keras.Model(image, z)

        z_2 = keras.Input((3,), name="z_2")
        x = layers.Dense(20)(z_2)
        x = layers.Dropout(0.5)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        z_1 = keras.Input((2,), name="z_1")
        x = layers.Dense(4 * 4 * 8)(layers.Concatenate()([x, z_1]))
        x = layers.Reshape((4, 4, 8))(x)
        x = layers.Conv2DTranspose(6, 4, strides=1, padding="same", use_bias=False)(x)
        x = layers.LeakyReLU(negative_slope=0.3)(layers.BatchNormalization()(x))
        x = layers.Conv2DTranspose(5, 3, strides=2, padding="same")(x)
        x = layers.Conv2DTranspose(4, 4, strides=2, padding="same")(layers.ReLU()(x))
        x = Conv2DTranspose(1, 5, strides=1, padding="same")(x)
        decoder = keras.Model([z_1, z_2], layers.Activation("sigmoid")(x))
        rng = np.random.default_rng(seed)
        for network in (encoder, decoder):
            for variable in network.variables:
                if variable.dtype == "float32":  # others are the state of random numbers
                    is_variance = "variance" in variable.name
                    draw = 10 ** rng.uniform(-2, 0, variable.shape)  # near epsilon
                    variable.assign(draw if is_variance else rng.normal(0, 0.3, variable.shape))
        spec = replace(
            zoo.MODELS["mnist-vlae-factor-3"],
            latent_dims=Sourced(LATENT, "this test"),
            input_shape=Sourced(SHAPE, "this test"),
        )
        values = {"epochs": 0, "scale": "smoke", "seed": seed, "precision": "float32"}
        run = RunFolder(tmp_path_factory.mktemp("runs"), RunConfig(spec.id, values))
        return TrainedModel(spec, run, [], VariationalAutoencoder(encoder, decoder, 1.0))

    return make


@pytest.fixture(scope="session")
def small_images():
    """Forty images of noise, with what is known of digits."""
    rng = np.random.default_rng(0)
    known = {"label": np.arange(40) % 10, "morphometrics": rng.normal(size=(40, 6))}
    return Images("mnist", rng.integers(0, 256, (40, *SHAPE), dtype=np.uint8), known)


@pytest.fixture(scope="session")
def models(small_model):
    return [small_model(seed) for seed in (1, 2)]


@pytest.fixture(scope="session")
def page(models, small_images, tmp_path_factory):
    """The page of one model."""
    path = tmp_path_factory.mktemp("page") / "one.html"
    write_explorer(models[:1], small_images, path)
    return path


@pytest.fixture(scope="session")
def two(models, small_images, tmp_path_factory):
    """The page of both models."""
    path = tmp_path_factory.mktemp("page") / "two.html"
    write_explorer(models, small_images, path)
    return path


@pytest.fixture(scope="session")
def tab(tmp_path_factory):
    """A tab of Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    tab = Tab(tmp_path_factory.mktemp("profile"))
    yield tab
    tab.close()
