"""One GAN step: ours, compiled whole, against the original's way, on this machine.

The rival is how the thesis's code trained (`train_on_batch` on three compiled Keras models that
share their layers, with prior noise handed in as arrays), in this Keras and on the same backend.
Each of its three calls computes all that it needs anew; ours computes once what stays the same.
In Keras 3 the rival's frozen networks normalise in inference mode, which Keras 2 did not do
(erratum E27) and which costs it less; so its losses differ from ours. Turns alternate, the best one
counts.

    python benchmarks/gan_step.py [--models ID,ID] [--rounds 3] [--steps 6]
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import click
import keras
import numpy as np
from keras import ops
from workload import digits, timed

from thesis_repro.adversarial import (
    PARTS,
    REAL_LABEL,
    AdversarialAutoencoder,
    encoder_loss,
)
from thesis_repro.adversarial_training import BETA_1, AdversarialTrainer
from thesis_repro.images import ImageBatches
from thesis_repro.losses import feature_term, kl_term
from thesis_repro.networks import build_model
from thesis_repro.optimizers import build_optimizer
from thesis_repro.spec import ModelSpec
from thesis_repro.zoo import MODELS

GOAL_RATIO = 2.0
BENCHMARKED = ("mnist-vae-gan", "mnist-vlae-gan")


class _Value(keras.layers.Layer):
    """Turns a computation of several tensors into a model's output, one number per image."""

    def __init__(self, compute):
        super().__init__()
        self.compute = compute

    def call(self, inputs):
        value = self.compute(inputs)
        return ops.broadcast_to(value, (ops.shape(inputs[0])[0],))


def _mean(_, output):
    """The loss of an output that is a loss already."""
    return ops.mean(output)


class OriginalWay:
    """Three compiled models over the same layers, each with two of the three networks frozen."""

    def __init__(self, spec: ModelSpec, model: AdversarialAutoencoder):
        self.model = model
        self.latent_dims = spec.latent_dims.value
        image = keras.Input(spec.input_shape.value)
        noise = [keras.Input((size,)) for size in self.latent_dims]
        posterior = model.posterior(image)
        reconstructed, sampled = model.decode(model.sample(posterior)), model.decode(noise)
        answers = [model.discriminator(x) for x in (image, reconstructed, sampled)]
        features = [model.features(x) for x in (image, reconstructed)]
        feature = _Value(lambda pair: feature_term(*pair))(features)
        count = len(self.latent_dims)
        objective = _Value(
            lambda x: encoder_loss(
                ops.mean(kl_term(x[2 : 2 + count], x[2 + count :])), feature_term(*x[:2])
            )
        )([*features, *posterior["mu"], *posterior["log_var"]])
        inputs = [image, *noise]
        weight = model.feature_weight
        self.models = {
            "discriminator": self._compiled(spec, "discriminator", inputs, answers, [1, 1, 1]),
            "decoder": self._compiled(
                spec, "decoder", inputs, [*answers[1:], feature], [1, 1, weight]
            ),
            "encoder": self._compiled(spec, "encoder", inputs, [objective], [1]),
        }

    def _compiled(self, spec, part, inputs, outputs, weights) -> keras.Model:
        compiled = keras.Model(inputs, outputs)
        losses = ["binary_crossentropy" if len(output.shape) == 2 else _mean for output in outputs]
        compiled.compile(optimizer=build_optimizer(spec, BETA_1), loss=losses, loss_weights=weights)
        return compiled

    def step(self, images: np.ndarray) -> None:
        """The three calls of the original's loop; freezing is remembered from the first."""
        count = len(images)
        for part in PARTS:
            noise = [np.random.default_rng().normal(size=(count, n)) for n in self.latent_dims]
            zeros, ones = np.zeros((count, 1)), np.ones((count, 1))
            nothing = np.zeros(count)
            targets = {
                "discriminator": [REAL_LABEL * ones, zeros, zeros],
                "decoder": [ones, ones, nothing],
                "encoder": [nothing],
            }[part]
            for other in PARTS:
                getattr(self.model, other).trainable = other == part
            self.models[part].train_on_batch([images, *noise], targets)


def race(spec: ModelSpec, rounds: int, steps: int) -> dict[str, list[float]]:
    """Images per second of each contestant, by turn."""
    images = digits(spec)
    original = OriginalWay(spec, build_model(spec))
    ours = AdversarialTrainer(spec, build_model(spec))

    def train_originally(rows: np.ndarray) -> None:
        for (batch,) in ImageBatches(images, spec.batch_size.value, rows):
            original.step(batch)

    def train(rows: np.ndarray) -> None:
        for (batch,) in ImageBatches(images, spec.batch_size.value, rows):
            float(ours.train_step(batch)["encoder_loss"])  # as training does to stop on NaN

    field = {"original's way": train_originally, "ours": train}
    rows = np.arange(steps * spec.batch_size.value) % len(images)
    for contestant in field.values():  # compilation
        contestant(rows[: 2 * spec.batch_size.value])
    turns: dict[str, list[float]] = {name: [] for name in field}
    for _ in range(rounds):
        for name, contestant in field.items():
            turns[name].append(timed(contestant, rows).speed)
    return turns


@click.command()
@click.option("--models", default=",".join(BENCHMARKED), show_default=True)
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--steps", default=6, show_default=True, type=click.IntRange(1))
def main(models: str, rounds: int, steps: int) -> None:
    """Race both ways of training and print images/s and their ratio."""
    for model_id in models.split(","):
        turns = race(MODELS[model_id], rounds, steps)
        best = {name: max(speeds) for name, speeds in turns.items()}
        for name, speeds in turns.items():
            click.echo(
                f"{model_id:15} {name:15} {best[name]:7.1f} images/s (worst {min(speeds):.1f})"
            )
        ratio = best["ours"] / best["original's way"]
        verdict = "met" if ratio >= GOAL_RATIO else "missed"
        click.echo(f"{model_id:15} ratio {ratio:.2f} (goal {GOAL_RATIO}: {verdict})")


if __name__ == "__main__":
    main()
