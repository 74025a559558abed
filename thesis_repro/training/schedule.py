"""What a scale comes to for a model: how many images, how often."""

from functools import cache
from typing import NamedTuple

from thesis_repro.models.cost import training_multiply_adds
from thesis_repro.models.spec import ModelSpec
from thesis_repro.training.scale import Scale

_FEWEST_EPOCHS = 3  # for a curve that can be seen to fall


class Schedule(NamedTuple):
    """Images of an epoch, as many as there are where it is ``None``, and epochs of a training."""

    train_images: int | None
    validation_images: int | None
    epochs: int


@cache
def schedule(spec: ModelSpec, scale: Scale) -> Schedule:
    """The schedule of a model at a scale.

    Under a limit on multiply-adds, large networks make fewer passes over images: fewer epochs, but
    three if they can, and then fewer images, down to a single batch or the scale's fewest. A model
    that the thesis trains for fewer epochs than the scale allows sees more images instead.
    """
    paper_epochs = spec.epochs.value
    most_epochs = paper_epochs if scale.epochs is None else min(scale.epochs, paper_epochs)
    if scale.multiply_adds is None:
        return Schedule(scale.train_images, scale.validation_images, most_epochs)
    fewest = min(spec.batch_size.value, scale.fewest_images or spec.batch_size.value)
    affordable = int(scale.multiply_adds / training_multiply_adds(spec))
    passes = max(fewest, min(scale.train_images * scale.epochs, affordable))
    epochs = max(passes // scale.train_images, _FEWEST_EPOCHS)
    epochs = min(epochs, most_epochs, passes // fewest)
    train_images = passes // epochs
    return Schedule(train_images, min(scale.validation_images, train_images), epochs)
