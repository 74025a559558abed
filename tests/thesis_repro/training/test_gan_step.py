"""The step of the GANs: against its three updates done by hand, what it touches, that it learns."""

import contextlib
import itertools
import math
import re
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from appendix_architectures import a3_vae_gan
from thesis_repro.errors import TrainingError
from thesis_repro.models.adversarial import FEATURE_LAYERS
from thesis_repro.models.building import build_model
from thesis_repro.models.spec import Sourced
from thesis_repro.models.zoo import MODELS
from thesis_repro.progress import TrainingProgress
from thesis_repro.seeds import seed_noise
from thesis_repro.training.compiled import CompiledStep
from thesis_repro.training.gan_step import PARTS, AdversarialStep
from thesis_repro.training.moving_statistics import cap_momentum, frozen
from thesis_repro.training.scale import Scale
from thesis_repro.training.train import TrainingOptions, train_or_load
from thesis_repro.training.trainer import Trainer

MODEL_IDS = ["mnist-vae-gan", "mnist-vlae-gan"]  # one latent layer with BatchNorm; three without
BATCH = 8
SPEC = replace(MODELS["mnist-vae-gan"], batch_size=Sourced(BATCH, "test"))
FEATURE_CONSTANT = 3136 * math.log(2 * math.pi)  # of the feature loss at 28 px
# Their true gradient is 0: the layer that follows takes out what they add.
BIAS_BEFORE_NORMALISATION = re.compile(r"(encoder_conv_\d|conv2d_2)/bias")


def number(tensor) -> float:
    return float(np.asarray(tensor))


def bce(probabilities, label) -> float:
    p = np.asarray(probabilities, float)
    return float(np.mean([-label * math.log(x) - (1 - label) * math.log(1 - x) for x in p.flat]))


# === Networks ===


@pytest.fixture(scope="module", params=MODEL_IDS)
def built(request):
    keras.utils.set_random_seed(0)
    model = build_model(MODELS[request.param])
    # Weights off their start, so that no bias is 0 and no scale 1 by chance.
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign_add(rng.normal(0, 0.01, weight.shape).astype("float32"))
    return model, values(model.variables)


@pytest.fixture
def model(built):
    model, start = built
    for variable, value in zip(model.variables, start, strict=True):
        variable.assign(value)
    return model


@pytest.fixture
def images(tiny_images):
    return tiny_images[:BATCH].astype("float32") / 255


@pytest.fixture
def eager():
    """A step or two are sooner done than compiled."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def values(variables) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(variable).copy() for variable in variables]


def moving(network) -> list:
    return [weight for weight in network.weights if "moving_" in weight.path]


def changed(variables, before) -> set[str]:
    """Paths of the variables of which not every bit is as before."""
    pairs = zip(variables, before, strict=True)
    return {v.path for v, old in pairs if np.asarray(v).tobytes() != old.tobytes()}


def make_step(model, optimizers) -> CompiledStep:
    """The step's update with other optimisers than Adam."""
    step = AdversarialStep(SPEC, model)
    step.by_part = optimizers
    for part, optimizer in optimizers.items():
        optimizer.build(step.trained[part])
    state = [variable for optimizer in optimizers.values() for variable in optimizer.variables]
    return CompiledStep(step.update, [*model.variables, *state])


def test_z_of_each_layer_is_sampled_from_its_own_posterior(model, images):
    """The same noise through the encoder of the listing and through posterior and sample."""
    seed_noise(model, 1)
    expected = keras.tree.flatten(model.encoder(images))
    seed_noise(model, 1)
    sampled = model.sample(model.posterior(images))
    assert len(sampled) == len(expected) == len(model.samplings)
    for z, layer in zip(sampled, expected, strict=True):
        np.testing.assert_allclose(z, layer, rtol=1e-5, atol=1e-6)
    for one, other in itertools.pairwise(sampled):
        assert np.abs(np.asarray(one) - np.asarray(other)).max() > 0.1


def test_prior_is_drawn_anew_for_each_layer_and_call(model):
    posterior = {"mu": [np.full((4_000, 2), 9.0, "float32") for _ in model.samplings]}
    draws = [np.asarray(z) for _ in range(2) for z in model.sample_prior(posterior)]
    for z in draws:
        assert z.mean() == pytest.approx(0, abs=0.05)
        assert z.std() == pytest.approx(1, abs=0.05)
    assert len({z.tobytes() for z in draws}) == 2 * len(model.samplings)


def test_call_gives_what_analyses_need(model, images):
    seed_noise(model, 2)
    out = model(images)
    assert out["reconstruction"].shape == images.shape
    assert [z.shape for z in out["z"]] == [(BATCH, 2)] * len(model.samplings)
    np.testing.assert_allclose(model.decode(out["z"]), out["reconstruction"], atol=1e-6)


def test_features_are_the_raw_output_of_the_second_convolution(model, images):
    """Both 4 x 4 convolutions with stride 2, by NumPy at one place (erratum E33)."""
    first, second = (model.discriminator.get_layer(name) for name in ("conv2d_1", "conv2d_2"))
    padded = np.pad(images[0], ((1, 1), (1, 1), (0, 0)))
    kernel, bias = values(first.weights)
    hidden = np.zeros((14, 14, 64))
    for row, column in np.ndindex(14, 14):
        window = padded[2 * row : 2 * row + 4, 2 * column : 2 * column + 4]
        hidden[row, column] = np.tensordot(window, kernel, 3) + bias
    hidden = np.pad(np.where(hidden > 0, hidden, 0.2 * hidden), ((1, 1), (1, 1), (0, 0)))
    kernel, bias = values(second.weights)
    features = np.asarray(model.features(images[:1]))
    assert features.shape == (1, 7, 7, 128)
    expected = np.tensordot(hidden[6:10, 8:12], kernel, 3) + bias
    np.testing.assert_allclose(features[0, 3, 4], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("side", "maps"), [(28, 128), (64, 256), (128, 256)])
def test_feature_layer_has_the_maps_of_the_original_code(side, maps):
    name = {28: "mnist", 64: "dsprites", 128: "celeba"}[side]
    discriminator = getattr(a3_vae_gan, f"{name}_vae_gan_discriminator")()
    layer = discriminator.get_layer(FEATURE_LAYERS[side])
    assert isinstance(layer, keras.layers.Conv2D)
    assert layer.filters == maps


# === What an update touches ===


@pytest.mark.filterwarnings("ignore:Even though the .tf.config.experimental_run_functions_eagerly")
@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("part", PARTS)
def test_an_update_changes_its_own_part_only(model, images, part):
    """The other two have learning rate 0: their weights stay bit for bit, this part's all move."""
    before = values(model.weights)
    rates = {other: 0.05 * (other == part) for other in PARTS}
    make_step(model, {p: keras.optimizers.SGD(rate) for p, rate in rates.items()})(images)
    trained = {weight.path for weight in getattr(model, part).trainable_variables}
    without = set(filter(BIAS_BEFORE_NORMALISATION.fullmatch, trained))
    updated = changed(model.weights, before) - {weight.path for weight in moving(model)}
    assert updated <= trained
    assert trained - updated - without == set()


@pytest.mark.filterwarnings("ignore:Even though the .tf.config.experimental_run_functions_eagerly")
@pytest.mark.usefixtures("eager")
def test_the_label_of_real_images_and_beta_1_are_the_spec_s(model, images):  # erratum E25
    given = {"beta_1": Sourced(0.9, "test"), "real_label": Sourced(1, "test")}
    steps = [AdversarialStep(spec, model) for spec in (SPEC, replace(SPEC, **given))]
    assert [{each.beta_1 for each in step.optimizers} for step in steps] == [{0.5}, {0.9}]
    losses = []
    for step in steps:
        seed_noise(model, 3)
        logs = CompiledStep(step.validate, model.variables)(images)
        losses.append(number(logs["discriminator_loss"]))
    real = model.discriminator(images, training=False)
    expected = bce(real, 0.9) - bce(real, 1)
    assert losses[0] - losses[1] == pytest.approx(expected, abs=1e-4)
    assert abs(expected) > 1e-3


@pytest.mark.filterwarnings("ignore:Even though the .tf.config.experimental_run_functions_eagerly")
@pytest.mark.usefixtures("eager")
def test_validation_leaves_no_trace_and_is_inference(model, images):
    seed_noise(model, 3)
    before = values(model.weights)
    compiled = CompiledStep(AdversarialStep(SPEC, model).validate, model.variables)
    logs = {name: number(value) for name, value in compiled(images).items()}
    assert changed(model.weights, before) == set()

    seed_noise(model, 3)
    posterior = model.posterior(images, training=False)
    reconstructed = model.decode(model.sample(posterior), training=False)
    sampled = model.decode(model.sample_prior(posterior), training=False)
    answers = [np.asarray(model.discriminator(x)) for x in (images, reconstructed, sampled)]
    features = [np.asarray(model.features(x), float) for x in (images, reconstructed)]
    feature = 3136 * math.log(2 * math.pi) + ((features[0] - features[1]) ** 2).sum() / 2 / BATCH
    parameters = zip(values(posterior["mu"]), values(posterior["log_var"]), strict=True)
    kls = [0.5 * (np.exp(v) + m.astype(float) ** 2 - 1 - v).sum() for m, v in parameters]
    kl = sum(kls) / BATCH
    cheated = bce(answers[1], 1) + bce(answers[2], 1)
    spread = np.var(np.asarray(sampled, float), axis=0).mean() / images.var(axis=0).mean()
    assert logs == pytest.approx(
        {
            "discriminator_loss": bce(answers[0], 0.9) + bce(answers[1], 0) + bce(answers[2], 0),
            "decoder_loss": cheated + 0.75 * feature,
            "encoder_loss": 10 * kl + feature,
            "kl": kl,
            "feature_loss": feature,
            "accuracy_real": (answers[0] > 0.5).mean(),
            "accuracy_reconstructed": (answers[1] < 0.5).mean(),
            "accuracy_sampled": (answers[2] < 0.5).mean(),
            "diversity": spread,
        },
        rel=1e-4,
    )


# === One step against three updates done by hand ===

# Of plain gradient descent: large enough to tell an update from rounding, and small enough that the
# discriminator does not become certain.
RATES = {
    "vae": {"discriminator": 0.005, "decoder": 0.002, "encoder": 1e-4},
    "vlae": {"discriminator": 0.001, "decoder": 0.02, "encoder": 0.01},
}


def draw_noise(model) -> dict[str, list]:
    """The noise of one step: of each update from the posterior, of the first two from the prior."""
    shape, layers = (BATCH, 2), range(len(model.samplings))

    def posterior():
        return [keras.random.normal(shape, seed=s.seed_generator) for s in model.samplings]

    def prior():
        return [keras.random.normal(shape, seed=model.prior_noise) for _ in layers]

    return {"posterior": [posterior() for _ in PARTS], "prior": [prior() for _ in PARTS[:2]]}


class ByHand:
    """Keras 2's way: three models, each update through the encoder and all that follows it.

    ``order`` is that of the updates. Moving statistics of the parts at rest are put back.
    """

    def __init__(self, model, rates, noise, order=PARTS):
        self.model, self.rates, self.noise, self.order = model, rates, noise, order
        self.losses = {}

    def images(self, x, update):
        posterior = self.model.posterior(x, training=True)
        mu, log_var = posterior["mu"], posterior["log_var"]
        epsilons = self.noise["posterior"][PARTS.index(update)]
        z = [m + tf.exp(0.5 * v) * e for m, v, e in zip(mu, log_var, epsilons, strict=True)]
        return self.model.decode(z, training=True), mu, log_var

    def sampled(self, update):
        return self.model.decode(self.noise["prior"][PARTS.index(update)], training=True)

    def judged(self, images):
        return self.model.discriminator(images, training=True)

    def features(self, images):
        return self.model.features(images, training=True)

    def discriminator(self, x):
        reconstructed, sampled = self.images(x, "discriminator")[0], self.sampled("discriminator")
        real = tf.reduce_mean(keras.losses.binary_crossentropy([[0.9]] * BATCH, self.judged(x)))
        fakes = [-tf.reduce_mean(tf.math.log(1 - self.judged(f))) for f in (reconstructed, sampled)]
        return real + fakes[0] + fakes[1]

    def feature_loss(self, x, reconstructed):
        squares = tf.square(self.features(x) - self.features(reconstructed))
        values = squares.shape[1] * squares.shape[2] * squares.shape[3]
        constant = values * math.log(2 * math.pi) / 2
        return tf.reduce_sum(squares) / (2 * BATCH) + constant

    def decoder(self, x):
        reconstructed, sampled = self.images(x, "decoder")[0], self.sampled("decoder")
        fakes = [-tf.reduce_mean(tf.math.log(self.judged(f))) for f in (reconstructed, sampled)]
        return fakes[0] + fakes[1] + 0.75 * self.feature_loss(x, reconstructed)

    def encoder(self, x):
        reconstructed, mu, log_var = self.images(x, "encoder")
        kl = sum(
            0.5 * tf.reduce_sum(tf.exp(v) + tf.square(m) - 1 - v) / BATCH
            for m, v in zip(mu, log_var, strict=True)
        )
        return 10 * kl + self.feature_loss(x, reconstructed)

    def run(self, x) -> list[np.ndarray]:
        """All three updates; the weights they lead to."""
        for part in self.order:
            network = getattr(self.model, part)
            at_rest = [w for p in PARTS if p != part for w in moving(getattr(self.model, p))]
            before = values(at_rest)
            with tf.GradientTape() as tape:
                loss = getattr(self, part)(x)
            variables = [variable.value for variable in network.trainable_variables]
            for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
                variable.assign_sub(self.rates[part] * gradient)
            for weight, value in zip(at_rest, before, strict=True):
                weight.assign(value)
            self.losses[f"{part}_loss"] = float(loss)
        return values(self.model.weights)


@pytest.mark.slow
def test_a_step_is_the_three_updates_one_after_the_other(model, images):
    """The same noise; the step shares the encoder's pass and the real images' features."""
    rates = RATES["vae" if len(model.samplings) == 1 else "vlae"]
    start = values(model.weights)
    seed_noise(model, 4)
    noise = draw_noise(model)

    def by_hand(*order):
        for weight, value in zip(model.weights, start, strict=True):
            weight.assign(value)
        updates = ByHand(model, rates, noise, order)
        return updates.run(images), updates.losses

    wrong, _ = by_hand("decoder", "discriminator", "encoder")
    expected, losses = by_hand(*PARTS)
    by_hand()  # puts the start back
    seed_noise(model, 4)
    optimizers = {part: keras.optimizers.SGD(rate) for part, rate in rates.items()}
    logs = {name: number(value) for name, value in make_step(model, optimizers)(images).items()}

    assert {name: logs[name] for name in losses} == pytest.approx(losses, rel=1e-6)
    assert logs["encoder_loss"] == pytest.approx(10 * logs["kl"] + logs["feature_loss"], rel=1e-6)
    decoder = {weight.path for weight in model.decoder.trainable_variables}
    columns = zip(model.weights, values(model.weights), expected, wrong, start, strict=True)
    for weight, ours, right, other, old in columns:
        largest = np.abs(right - old).max()
        # A part in 100,000 of the change, and float32's rounding of weights and gradients.
        tolerance = 1e-5 * largest + 1.5e-7 * np.abs(right).max() + 2e-8
        assert np.abs(ours - right).max() <= tolerance, weight.path
        without = BIAS_BEFORE_NORMALISATION.fullmatch(weight.path)
        assert largest > 20 * tolerance or without, weight.path
        if weight.path in decoder:  # which is updated against the updated discriminator
            assert np.abs(other - right).max() > 20 * tolerance, weight.path


@pytest.fixture(params=[None, 40])
def short_run(request, model):
    """So many updates in a run that is short, or None; afterwards the model is as it was."""
    networks = [getattr(model, part) for part in PARTS]
    layers = [x for network in networks for x in network.layers if hasattr(x, "momentum")]
    if request.param:
        cap_momentum(networks, request.param)
    yield request.param
    for layer in layers:
        layer.momentum = 0.99
        if request.param:
            del layer.shares_passes


def test_moving_statistics_move_with_every_call_of_the_part_in_training(model, images, short_run):
    """By NumPy: of the first BatchNormalization of each part, from the batches it has seen.

    The discriminator judges real, reconstructed and sampled images in its update, the decoder
    decodes two z in its, and the encoder runs once. One after the other they move them by 0.01;
    in a run of 40 updates they make a half of them together.
    """
    seed_noise(model, 5)
    noise = draw_noise(model)
    by_hand = ByHand(model, None, noise)
    with contextlib.ExitStack() as stack:
        for part in PARTS:
            stack.enter_context(frozen(getattr(model, part)))
        fakes = by_hand.images(images, "discriminator")[0], by_hand.sampled("discriminator")
        posterior = model.posterior(images, training=True)
        pairs = zip(posterior["mu"], posterior["log_var"], noise["posterior"][1], strict=True)
        z = [mu + tf.exp(log_var / 2) * epsilon for mu, log_var, epsilon in pairs]
    seen = {
        "discriminator": [images, *fakes],
        "decoder": [code if len(code) > 1 else code[0] for code in (z, noise["prior"][1])],
        "encoder": [images],
    }
    expected = []
    for part, batches in seen.items():
        network = getattr(model, part)
        layers = [x for x in network.layers if isinstance(x, keras.layers.BatchNormalization)]
        for layer in layers[:1]:
            before = keras.Model(network.input, layer.input)
            mean, variance = np.asarray(layer.moving_mean), np.asarray(layer.moving_variance)
            maps = [np.asarray(before(batch), float) for batch in batches]
            means = [x.mean(axis=(0, 1, 2)) for x in maps]
            variances = [x.var(axis=(0, 1, 2)) for x in maps]
            if short_run:
                mean = (mean + np.mean(means, axis=0)) / 2
                variance = (variance + np.mean(variances, axis=0)) / 2
            else:
                for new_mean, new_variance in zip(means, variances, strict=True):
                    mean = 0.99 * mean + 0.01 * new_mean
                    variance = 0.99 * variance + 0.01 * new_variance
            expected.append((layer, mean, variance))
    assert len(expected) == (3 if len(model.samplings) == 1 else 1)

    seed_noise(model, 5)
    make_step(model, {part: keras.optimizers.SGD(0.0) for part in PARTS})(images)
    for layer, mean, variance in expected:
        np.testing.assert_allclose(layer.moving_mean, mean, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-5)


# === Whole runs ===

NOBODY = SimpleNamespace(updates=lambda count, loss: None)


class Report:
    """Counts updates; ends the training after the epoch asked for, as Ctrl-C would."""

    def __init__(self, stop_after=None):
        self.count, self.rows, self.stop_after = 0, [], stop_after

    @contextmanager
    def run(self, title, epochs, steps, done, headline):
        yield self

    def updates(self, count, loss):
        self.count += count

    def epoch(self, epoch, row):
        self.rows.append(row)
        if epoch == self.stop_after:
            raise KeyboardInterrupt


def make_trainer(data) -> Trainer:
    keras.utils.set_random_seed(0)
    return Trainer(SPEC, build_model(SPEC), data)


@pytest.mark.filterwarnings("ignore:Even though the .tf.config.experimental_run_functions_eagerly")
@pytest.mark.usefixtures("eager")
def test_each_part_has_an_optimizer_that_counts_its_own_updates(make_data):
    trainer = make_trainer(make_data(train=16, validation=8))
    optimizers = trainer.step.by_part
    assert list(optimizers) == ["discriminator", "decoder", "encoder"]
    assert list(optimizers.values()) == trainer.step.optimizers
    assert len({id(optimizer) for optimizer in trainer.step.optimizers}) == 3
    trainer.epoch(0, 1, NOBODY)
    for part, optimizer in optimizers.items():
        assert int(optimizer.iterations.value) == 2
        assert (optimizer.beta_1, optimizer.beta_2, optimizer.epsilon) == (0.5, 0.999, 1e-7)
        trained = getattr(trainer.model, part).trainable_variables
        # Two moments a weight, the counter and the learning rate.
        assert len(optimizer.variables) == 2 * len(trained) + 2
    ids = [id(variable) for variable in trainer.variables]
    assert len(set(ids)) == len(ids)


@pytest.mark.filterwarnings("ignore:Even though the .tf.config.experimental_run_functions_eagerly")
@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    ("setting", "value"),
    # The second: the discriminator's update is too much for the decoder's.
    [("feature_weight", float("nan")), ("learning_rate", 1e30)],
)
def test_a_run_stops_where_numbers_end(make_data, tmp_path, setting, value):
    spec = replace(SPEC, **{setting: Sourced(value, "test")})
    options = TrainingOptions(Scale("tiny", None, None, 1))
    with pytest.raises(TrainingError) as caught:
        train_or_load(spec, make_data(16, 8), options, tmp_path, TrainingProgress(quiet=True))
    message = str(caught.value)
    for part in ("MNIST-VAE-GAN", "decoder loss is nan", "epoch 1, update 1.", "--seed"):
        assert part in message
    assert not list(tmp_path.rglob("DONE"))
    assert not list(tmp_path.rglob("*.npz"))


@pytest.mark.filterwarnings("ignore:Even though the .tf.config.experimental_run_functions_eagerly")
@pytest.mark.usefixtures("eager")
def test_history_and_weights_of_a_run(make_data, tmp_path, monkeypatch):
    """The rows come back as they were from CSV and from a checkpoint; the weights are loaded."""
    monkeypatch.setattr("thesis_repro.training.train.CHECKPOINT_SECONDS", 0)
    data, options = make_data(16, 8), TrainingOptions(Scale("tiny", None, None, 2))
    reports = Report(stop_after=1), Report()
    with pytest.raises(KeyboardInterrupt):
        train_or_load(SPEC, data, options, tmp_path, reports[0])
    trained = train_or_load(SPEC, data, options, tmp_path, reports[1])  # goes on from a checkpoint
    assert [report.count for report in reports] == [2, 2]
    assert trained.history == reports[0].rows + reports[1].rows
    names = {f"{part}.weights.h5" for part in PARTS}
    assert {path.name for path in trained.run.path.glob("*.h5")} == names

    loaded = train_or_load(SPEC, data, options, tmp_path, None)
    assert loaded.history == trained.history
    for one, other in zip(loaded.model.weights, trained.model.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


@pytest.mark.long
def test_a_short_training_on_digits_improves(make_data):
    """200 updates with batches of 8; the first and the last 40 of them.

    Validation uses the moving statistics, which are far from the batches' for the first hundred
    updates or two: until then its losses rise and all sampled images are alike.
    """
    trainer = make_trainer(make_data(train=320, validation=128))
    first, *_, last = [trainer.epoch(0, epoch, NOBODY) for epoch in range(1, 6)]
    for name, share in (("feature_loss", 0.9), ("val_feature_loss", 0.8)):
        before, after = (row[name] - FEATURE_CONSTANT for row in (first, last))
        assert 0 < after < share * before  # 4.3 of 5.6 and 4.2 of 7.3 when this was written
    assert last["val_diversity"] > 0.01  # 0.037; 0.00017 after the first 40
    assert last["val_diversity"] > 10 * first["val_diversity"]
