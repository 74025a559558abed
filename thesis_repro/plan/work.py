"""What a training has to do: its updates, the images it reads, its multiply-adds."""

from math import ceil, prod

from thesis_repro.models.cost import training_multiply_adds
from thesis_repro.models.families import FAMILIES, Objective
from thesis_repro.models.spec import ModelSpec
from thesis_repro.plan.rates import Work

_VALIDATION = 1 / 3  # of what a training image costs: forward alone


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
        multiply_adds=epochs * passes * training_multiply_adds(spec),
    )
