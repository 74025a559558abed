"""What a training has to do: its updates, the images it reads, its multiply-adds."""

from math import ceil, prod

from thesis_repro.models.cost import network_sizes, training_multiply_adds
from thesis_repro.models.families import FAMILIES, Objective
from thesis_repro.models.spec import ModelSpec
from thesis_repro.plan.rates import Work

VERSION = 2  # of what is counted below; calibrations in other units are made again

_VALIDATION = 1 / 3  # of what a training image costs: forward alone

# Whatever else a pass does with each number that a layer puts out (normalisation, activation)
# takes as long as so many multiply-adds. By the smallest network of their families, steps of
# MNIST-VLAE-factor-1 and -2, MNIST-VAE and feature-extraction then come out at 0.80 to 1.31 of the
# processor time that they took on an AMD EPYC; at 1.03 to 2.43 by multiply-adds alone, of which
# networks of few filters do fewer a second. Not measured on a GPU.
_MULTIPLY_ADDS_AN_OUTPUT = 60


def training_work(
    spec: ModelSpec, train_images: int, validation_images: int, epochs: int, starts: int = 1
) -> Work:
    """The work of so many epochs, with their validation."""
    batch = spec.batch_size.value
    trained = train_images / batch
    if FAMILIES[spec.family].objective is Objective.ADVERSARIAL:
        trained = max(int(trained), 1)  # GANs leave out what does not fill a batch
    updates = ceil(trained) + _VALIDATION * ceil(validation_images / batch)
    passes = train_images + _VALIDATION * validation_images
    return Work(
        starts=starts,
        steps=epochs * updates,
        bytes=epochs * (train_images + validation_images) * prod(spec.input_shape.value),
        multiply_adds=epochs * passes * (training_multiply_adds(spec) + _as_multiply_adds(spec)),
    )


def _as_multiply_adds(spec: ModelSpec) -> float:
    """What one training image costs besides multiply-adds, in multiply-adds."""
    passes = FAMILIES[spec.family].passes
    outputs = sum(passes[part] * size.outputs for part, size in network_sizes(spec).items())
    return _MULTIPLY_ADDS_AN_OUTPUT * outputs
