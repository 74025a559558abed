"""A trained model: codes, images, losses and answers, against Keras and closed forms."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from thesis_repro.analysis.posteriors import kl_divergences
from thesis_repro.errors import ModelError
from thesis_repro.models.building import build_model
from thesis_repro.models.encoding import Posterior
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.run_folder import RunConfig
from thesis_repro.training.trained_model import TrainedModel


def built(name):
    """The model with fresh weights, as if they were a run's."""
    keras.utils.set_random_seed(0)
    spec = MODELS[name]
    values = {"epochs": 1, "scale": "smoke", "seed": 3}
    run = SimpleNamespace(config=RunConfig(name, values))
    return TrainedModel(spec, run, [], build_model(spec))


@pytest.fixture(scope="module", params=["mnist-vae", "mnist-vlae-factor-3", "mnist-vae-gan"])
def model(request):
    return built(request.param)


@pytest.fixture(scope="module")
def vlae():
    return built("mnist-vlae-factor-3")


@pytest.fixture(scope="module")
def classifier():
    return built("digit-classifier")


def test_codes_are_those_of_the_network(model, tiny_images):
    images = np.broadcast_to(tiny_images[:9], (9, *model.spec.input_shape.value))
    layers = model.encode(tiny_images[:9])
    expected = model.model.posterior(images.astype("float32") / 255, training=False)
    sizes = model.spec.latent_dims.value
    assert [layer.mu.shape for layer in layers] == [(9, size) for size in sizes]
    for layer, mu, log_var in zip(layers, expected["mu"], expected["log_var"], strict=True):
        np.testing.assert_allclose(layer.mu, np.asarray(mu), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(layer.log_var, np.asarray(log_var), rtol=1e-4, atol=1e-5)


def test_floats_from_0_to_1_are_the_bytes_divided_by_255(vlae, tiny_images):
    of_bytes, of_floats = vlae.encode(tiny_images[:5]), vlae.encode(tiny_images[:5] / 255)
    for one, other in zip(of_bytes, of_floats, strict=True):
        np.testing.assert_allclose(one.mu, other.mu, rtol=1e-5, atol=1e-6)


def test_samples_are_the_posteriors_and_the_generators(vlae, tiny_images):
    images = tiny_images[:7]
    z = vlae.sample(images, np.random.default_rng(4))
    rng = np.random.default_rng(4)
    for one, layer in zip(z, vlae.encode(images), strict=True):
        noise = rng.standard_normal(layer.mu.shape, dtype="float32")
        np.testing.assert_allclose(one, layer.mu + np.exp(layer.log_var / 2) * noise, rtol=1e-6)


def test_images_are_decoded_in_order_whatever_the_batches(model):
    z = model.sample_prior(7, np.random.default_rng(0))
    inputs = z if len(z) > 1 else z[0]
    expected = np.asarray(model.model.decoder(inputs, training=False))
    for size in (100, 3):
        images = model.decode(z, batch_size=size)
        assert images.dtype == np.float32
        np.testing.assert_allclose(images, expected, rtol=1e-4, atol=1e-5)
    assert [len(batch) for batch in model.decode_in_batches(z, 3)] == [3, 3, 1]


def test_codes_of_a_single_layer_may_come_by_themselves(tiny_images):
    vae = built("mnist-vae")
    z = np.random.default_rng(0).normal(size=(4, 2))
    np.testing.assert_array_equal(vae.decode(z), vae.decode([z]))


def test_reconstructed_from_means_and_generated_from_the_prior(vlae, tiny_images):
    made = vlae.reconstruct(tiny_images[:3])
    np.testing.assert_array_equal(
        made, vlae.decode([layer.mu for layer in vlae.encode(tiny_images[:3])])
    )
    drawn, rng = vlae.generate(4, np.random.default_rng(1)), np.random.default_rng(1)
    z = [rng.standard_normal((4, size)) for size in (2, 2, 2)]
    np.testing.assert_array_equal(drawn, vlae.decode(z))
    assert drawn.shape == (4, 28, 28, 1)


def test_losses_are_the_weighted_error_and_the_divergence(vlae, tiny_images):
    images, rng = tiny_images[:150], np.random.default_rng(2)  # more than are decoded at once
    losses = vlae.losses(images, rng)
    made = vlae.decode(vlae.sample(images, np.random.default_rng(2)))
    error = 10_000 * ((made - images / 255) ** 2).mean(axis=(1, 2, 3))
    divergence = sum(
        kl_divergences(layer.mu, layer.log_var).sum(axis=1) for layer in vlae.encode(images)
    )
    np.testing.assert_allclose(losses["reconstruction"], error, rtol=1e-4)
    np.testing.assert_allclose(losses["kl"], divergence, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(losses["loss"], error + divergence, rtol=1e-4)
    again = [vlae.losses(images[:5])["loss"] for _ in range(2)]
    np.testing.assert_array_equal(*again)


def test_a_classifier_answers_with_probabilities(classifier, tiny_images):
    answers = classifier.classify(tiny_images[:6])
    expected = classifier.model.predict(tiny_images[:6].astype("float32") / 255, verbose=0)
    np.testing.assert_allclose(answers, expected, rtol=1e-5)
    np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-5)
    assert answers.shape == (6, 10)


def test_what_a_family_has_not(vlae, classifier, tiny_images):
    rng = np.random.default_rng(0)
    with pytest.raises(ModelError, match="MNIST-VLAE-factor-3 has no classify: it is no classif"):
        vlae.classify(tiny_images[:1])
    for call in (
        lambda: classifier.encode(tiny_images[:1]),
        lambda: classifier.decode(np.zeros((1, 2))),
        lambda: classifier.generate(1, rng),
    ):
        with pytest.raises(ModelError, match="it is a classifier, without latent layers"):
            call()
    for other in (classifier, built("mnist-vae-gan")):
        with pytest.raises(ModelError, match="only a VAE or VLAE has losses"):
            other.losses(tiny_images[:1])


@pytest.mark.parametrize(
    "z",
    [
        [],
        np.zeros((3, 2)),
        [np.zeros((3, 2))] * 2,
        [np.zeros((3, 4))] * 3,
        [np.zeros((3, 2)), np.zeros((3, 2)), np.zeros((4, 2))],
        [np.zeros(2)] * 3,
    ],
)
def test_codes_of_other_layers_are_refused(vlae, z):
    with pytest.raises(ModelError, match=r"decodes codes \(n, 2\), \(n, 2\), \(n, 2\)"):
        vlae.decode(z)


def two(value=0.0):
    return [np.full((2, 2), value)] * 3


@pytest.mark.parametrize(
    ("z", "said"),
    [
        ([np.zeros((n, 2)) for n in (3, 3, 4)], "(4, 2): n has to be the same in all of them"),
        ([Posterior(np.zeros((2, 2)), np.zeros((2, 2)))] * 3, "pass .mu or .sample(rng) of each"),
        (Posterior(np.zeros((2, 2)), np.zeros((2, 2))), "pass .mu or .sample(rng) of each"),
        (None, "this is None."),
        (3, "this is 3."),
        (np.array(3.0), "this is array(3.)."),
        ([], "this is []."),
        ("z", "this is 'z'."),
        ([[[0, 0], [0]]] * 3, "these cannot be made arrays"),
        (np.full((3, 2, 2), "a"), "these are <U1: pass floats."),
        (two(np.nan), "some are not finite"),
        (two(-np.inf), "some are not finite"),
        (two(1e300), "some are not finite"),  # as float32
    ],
)
def test_codes_that_are_none_are_refused(vlae, z, said):
    for decode in (vlae.decode, vlae.decode_in_batches):  # at once, not with the first batch
        with pytest.raises(ModelError, match=r"MNIST-VLAE-factor-3 decodes codes") as error:
            decode(z)
        assert said in str(error.value)


@pytest.mark.parametrize("number", [0, -1, 2.5, 3.0, None, "3"])
def test_numbers_of_images_are_whole_and_positive(vlae, number):
    for call, what in (
        (lambda: vlae.decode(two(), batch_size=number), "batch_size"),
        (lambda: vlae.generate(number, 0), "n"),
        (lambda: vlae.sample_prior(number, 0), "n"),
    ):
        with pytest.raises(ModelError, match=f"^{what} has to be a whole number from 1 on, not"):
            call()
    assert len(vlae.generate(np.int64(2), 0)) == 2


def test_a_seed_is_its_generator(vlae, tiny_images):
    images = tiny_images[:3]
    for draw in (
        lambda rng: vlae.sample(images, rng),
        lambda rng: vlae.sample_prior(3, rng),
        lambda rng: vlae.generate(3, rng),
        lambda rng: vlae.losses(images, rng)["loss"],
    ):
        np.testing.assert_array_equal(draw(4), draw(np.random.default_rng(4)))
        assert not np.array_equal(draw(4), draw(5))
        for wrong in (-1, 1.5, "seed", np.random):
            with pytest.raises(ModelError, match=r"numpy\.random\.Generator, or a seed"):
                draw(wrong)
    with pytest.raises(ModelError, match=r"or a seed: a whole number from 0 on, not None"):
        vlae.sample(images, None)


def test_no_codes_are_refused(vlae):
    with pytest.raises(ModelError, match="at least one code"):
        vlae.decode([np.zeros((0, 2))] * 3)


def test_it_says_in_a_line_what_it_is(vlae, classifier):
    assert repr(vlae) == (
        "<MNIST-VLAE-factor-3: vlae of 28 x 28 x 1 images, latent dimensions 2 + 2 + 2; 1 epoch "
        f"at smoke scale, seed 3, run {vlae.run.config.run_id}>"
    )
    assert "latent" not in repr(classifier)


def test_networks_by_part(vlae, classifier):
    assert list(vlae.networks) == ["encoder", "decoder"]
    assert vlae.networks["decoder"] is vlae.model.decoder
    assert list(classifier.networks) == ["classifier"]
