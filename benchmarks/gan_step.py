"""One GAN step: ours, compiled whole, against the original's way and against plain PyTorch.

The original's way is how the thesis's code trained (`train_on_batch` on three compiled Keras models
that share their layers, with prior noise handed in as arrays), in this Keras and on the same
backend. Each of its three calls computes all that it needs anew; ours computes once what stays the
same. In Keras 3 its frozen networks normalise in inference mode, which Keras 2 did not do (erratum
E27) and which costs it less; so its losses differ from ours.

The PyTorch rival (`torch_gan.py`) does what we do: before the race it gets our weights, images and
noise, and the losses of two steps must be equal. It has a process of its own and both memory
formats. Turns alternate, the best one counts; the worst is shown beside it.

    python benchmarks/gan_step.py [--models ID,ID] [--rounds 3] [--steps 6]

Needs PyTorch (`pip install .[benchmark]`) and a machine with nothing else to do; where others take
more than 5 % of the cores, no goal is judged.
"""

import os
from functools import partial

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # as thesis_repro has it, which comes later

import click
import keras
import numpy as np
from keras import ops
from keras_fit import keras_adam
from rival_process import rival_process
from torch_gan import compare, gan_loop
from torch_rival import FORMATS, by_format
from workload import (
    Length,
    Speeds,
    Train,
    as_data,
    chosen_from,
    digits,
    machine,
    race,
    timed,
    training,
)

from thesis_repro.models.adversarial import AdversarialAutoencoder
from thesis_repro.models.building import build_model
from thesis_repro.models.losses import feature_term, kl_term
from thesis_repro.models.spec import ModelSpec
from thesis_repro.models.zoo import BETA_1, MODELS, REAL_LABEL
from thesis_repro.training.allocator import keep_freed_memory
from thesis_repro.training.backend import make_deterministic
from thesis_repro.training.gan_step import PARTS, encoder_loss
from thesis_repro.training.images import image_batches
from thesis_repro.training.trainer import Trainer

GOAL_ORIGINAL = 2.0  # times the original's way
GOAL_TORCH = 1.1  # times PyTorch
BENCHMARKED = ("mnist-vae-gan", "mnist-vlae-gan")
GANS = [model_id for model_id, spec in MODELS.items() if spec.feature_weight is not None]


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
        compiled.compile(optimizer=keras_adam(spec, BETA_1), loss=losses, loss_weights=weights)
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


def in_keras(spec: ModelSpec, images: np.ndarray) -> dict[str, Train]:
    """The original's way and ours."""
    original = OriginalWay(spec, build_model(spec))

    def train_originally(rows: np.ndarray) -> None:
        for batch in image_batches(images, spec.batch_size.value, rows):
            original.step(batch)

    ours = training(Trainer(spec, build_model(spec), as_data(images)))
    return {"original's way": train_originally, "ours": ours}


def race_all(spec: ModelSpec, length: Length, rng: np.random.Generator) -> Speeds:
    """All contestants of a model.

    Raises:
        click.ClickException: the PyTorch rival turns out to do other work.
    """
    images = digits(spec)
    agreement = compare(spec, images[: spec.batch_size.value], rng)
    if not agreement.holds:
        raise click.ClickException(
            f"{spec.id}: the PyTorch step gives other losses ({agreement}); speeds would mean "
            "nothing. Correct benchmarks/torch_gan.py."
        )
    with rival_process(spec, by_format(gan_loop), "torch") as rival:
        field = {name: partial(timed, train) for name, train in in_keras(spec, images).items()}
        field |= {layout: partial(rival.turn, layout) for layout in FORMATS}
        return race(spec, field, length, rng)


def lines(speeds: Speeds) -> list[str]:
    """A line per contestant, then one per goal."""
    ours = speeds.best("ours")
    goals = {
        "original's way": (ours / speeds.best("original's way"), GOAL_ORIGINAL),
        "PyTorch": (ours / speeds.best(*FORMATS), GOAL_TORCH),
    }
    return [
        *(
            f"{speeds.model:<22} {name:<15} {max(turns):7.1f} images/s (worst {min(turns):.1f})"
            for name, turns in speeds.turns.items()
        ),
        *(
            f"{speeds.model:<22} ours / {name}: {speeds.verdict(ratio, goal)} (goal {goal})"
            for name, (ratio, goal) in goals.items()
        ),
        f"{speeds.model:<22} other processes took {speeds.others:.0%} of the cores",
    ]


@click.command(help=__doc__.splitlines()[0])
@click.option(
    "--models", default=",".join(BENCHMARKED), callback=chosen_from(GANS), help="Comma-separated."
)
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--steps", default=6, show_default=True, type=click.IntRange(1), help="At least.")
def main(models: list[str], rounds: int, steps: int) -> None:
    """Run the race and print speeds and ratios."""
    make_deterministic()
    keep_freed_memory()  # as training does
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    click.echo(", ".join(f"{name} {value}" for name, value in machine().items()))
    for model_id in models:
        click.echo("\n".join(lines(race_all(MODELS[model_id], Length(rounds, steps), rng))))


if __name__ == "__main__":
    main()
