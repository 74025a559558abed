"""Generated images: from densities that we know, the same whenever asked for."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from thesis_repro.analysis.image_sets import Images
from thesis_repro.analysis.kernel_density import estimated, kde_samples
from thesis_repro.section.codes import Codes
from thesis_repro.section.generation import (
    KDES,
    Generation,
    Source,
    encodings,
    estimated_posterior,
    is_vlae,
    source_of,
)
from thesis_repro.thesis.readings import Reading
from thesis_repro.training.trained_model import TrainedModel

REAL = 2_000


class Autoencoder:
    """Encodes an image's first two pixels as means of two dimensions; decodes their sum."""

    def __init__(self, channels):
        self.posterior = SimpleNamespace(output={"mu": [None]}, predict_on_batch=self.encode)
        self.decoder = SimpleNamespace(predict_on_batch=self.decode)
        self.channels, self.decodings = channels, 0

    def encode(self, batch):
        mu = batch.reshape(len(batch), -1)[:, [0, -1]]
        return {"mu": [mu], "log_var": [np.full_like(mu, np.log(0.04))]}

    def decode(self, z):
        self.decodings += 1
        shades = np.arange(1, self.channels + 1, dtype="float32")
        return z.sum(axis=1).reshape(-1, 1, 1, 1) * shades


@pytest.fixture
def real():
    pixels = np.random.default_rng(1).integers(0, 256, (REAL, 2, 2, 1), dtype="uint8")
    return Images("real", pixels, {})


def generation(real, model, seed=0, section="4.6"):
    spec = SimpleNamespace(
        name="a VAE",
        family="vae",
        input_shape=SimpleNamespace(value=(2, 2, model.channels)),
        latent_dims=SimpleNamespace(value=(2,)),
    )
    workspace = SimpleNamespace(options=SimpleNamespace(seed=seed))
    chapter = SimpleNamespace(
        section=section,
        workspace=workspace,
        trained=lambda name: TrainedModel(spec, None, [], model),
    )
    return Generation(Codes(chapter), real)


# --- Densities ---


@pytest.mark.parametrize(
    "density",
    [stats.norm(3, 2), stats.uniform(-1, 4), stats.laplace(0, 1)],
    ids=["normal", "uniform", "Laplace"],
)
def test_samples_follow_the_density_that_was_estimated(density):
    rng = np.random.default_rng(0)
    z = density.rvs((10_000, 1), random_state=rng)
    samples = kde_samples(z, 10_000, rng)[:, 0]
    bandwidth = z.std() * len(z) ** (-1 / 5)  # Scott: a kernel's standard deviation
    assert samples.mean() == pytest.approx(density.mean(), abs=0.03 * density.std())
    assert samples.std() == pytest.approx(np.hypot(density.std(), bandwidth), rel=0.03)
    assert stats.kstest(samples, density.cdf).statistic < 0.04
    assert stats.kstest(samples, stats.norm(0.5, 2).cdf).statistic > 0.05


def test_two_modes_stay_two():
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(-5, 1, (500, 1)), rng.normal(5, 1, (500, 1))])
    samples = kde_samples(z, 4_000, rng)
    density = estimated(z[:, 0])
    assert density(0)[0] < density(5)[0] / 3
    assert np.mean(np.abs(samples) < 1) < np.mean(np.abs(samples - 5) < 1) / 3


def test_dimensions_are_sampled_independently():
    """What depends on both is lost: the thesis's way, and the reason to name it."""
    rng = np.random.default_rng(0)
    z = np.repeat(rng.normal(size=(5_000, 1)), 2, axis=1)
    samples = kde_samples(z, 5_000, rng)
    assert abs(np.corrcoef(samples.T)[0, 1]) < 0.05


def test_a_constant_dimension_stays_constant():
    z = np.stack([np.full(50, 0.25), np.arange(50)], axis=1)
    samples = kde_samples(z, 10, np.random.default_rng(0))
    assert estimated(z[:, 0]) is None
    assert (samples[:, 0] == 0.25).all()
    assert np.ptp(samples[:, 1]) > 1


# --- Sources ---


def test_each_source_is_what_its_name_says(real):
    made = generation(real, Autoencoder(1))
    mean = real.pixels.reshape(REAL, -1)[:, [0, -1]] / 255

    def spread(source):
        return made.positions("vae", source, REAL)[0].std()

    np.testing.assert_allclose(
        np.sort(made.positions("vae", Source.ENCODED, REAL)[0], axis=0),
        np.sort(mean, axis=0),
        rtol=1e-6,
    )
    noisy = np.sqrt(mean.var() + 0.04)  # the posterior's own noise
    scott = 1 + REAL ** (-2 / 5)
    assert spread(Source.ENCODED_AS_RUN) == pytest.approx(noisy, rel=0.03)
    assert spread(Source.KDE) == pytest.approx(mean.std() * scott**0.5, rel=0.04)
    assert spread(Source.KDE_AS_RUN) == pytest.approx(noisy * scott**0.5, rel=0.04)
    assert spread(Source.PRIOR) == pytest.approx(1, rel=0.04)


def test_vlaes_are_not_drawn_from():
    """Section 4.6.1: their encodings are decoded (erratum E65)."""
    for name in ("mnist-vae", "dsprites-vae-gan", "mnist-vlae-factor-1", "dsprites-vlae-gan"):
        assert is_vlae(name) == ("vlae" in name)
        for reading in Reading:
            assert (source_of(name, reading) in KDES) == (not is_vlae(name))


def test_positions_are_of_sampled_z_as_run():  # erratum E51
    assert [encodings(reading) for reading in Reading] == [Source.ENCODED, Source.ENCODED_AS_RUN]
    assert [estimated_posterior(reading) for reading in Reading] == [*KDES]


def test_the_same_real_images_are_reconstructed_for_every_model(real):
    made = generation(real, Autoencoder(1))
    found = made.images("vae", Source.ENCODED, 10)
    rows = made.rows(10)
    pixels = real.pixels.reshape(REAL, -1)[rows] / 255
    np.testing.assert_allclose(found.ravel(), pixels[:, 0] + pixels[:, -1], rtol=1e-6)
    with pytest.raises(ValueError, match="Only 2,000 images"):
        made.rows(REAL + 1)


def test_shuffled_codes_keep_each_dimension_and_lose_the_rest(real):
    real.pixels[:, 1, 1] = real.pixels[:, 0, 0]  # both dimensions are the same
    made = generation(real, Autoencoder(1))
    (codes,) = made.positions("vae", Source.ENCODED, REAL)
    (shuffled,) = made.positions("vae", Source.SHUFFLED, REAL)
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), np.sort(codes, axis=0))
    assert np.corrcoef(codes.T)[0, 1] > 0.99
    assert abs(np.corrcoef(shuffled.T)[0, 1]) < 0.1


def test_images_are_made_once_and_the_same_in_every_section(real):
    model = Autoencoder(1)
    made = generation(real, model)
    first = made.images("vae", Source.KDE, 150)
    calls = model.decodings
    assert made.images("vae", Source.KDE, 150) is first
    assert model.decodings == calls
    elsewhere = generation(real, model, section="4.7").images("vae", Source.KDE, 150)
    np.testing.assert_array_equal(elsewhere, first)
    other_seed = generation(real, model, seed=1).images("vae", Source.KDE, 150)
    assert not np.array_equal(other_seed, first)


def test_images_have_the_channels_of_the_real_ones(real):
    plain = generation(real, Autoencoder(1)).images("vae", Source.PRIOR, 5)
    three = generation(real, Autoencoder(3)).images("vae", Source.PRIOR, 5)
    assert three.shape == plain.shape == (5, 1, 1, 1)
    np.testing.assert_allclose(three, 2 * plain, rtol=1e-5)  # the mean of 1, 2 and 3 times
