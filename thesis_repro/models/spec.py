"""What a model of Table 2 is: its listings, data and hyper-parameters, each with its source."""

from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple


class Sourced(NamedTuple):
    """A value, the place in the thesis that it comes from, and what the sources disagree about.

    ``errata`` holds the ids (``thesis-repro errata ID``) of contradictions that touch the value.
    ``in_run_id`` is False of a value that runs had before it could be another: it is not part of
    their ids, which stay what they were.
    """

    value: Any
    source: str
    errata: tuple[str, ...] = ()
    in_run_id: bool = True


class Target(NamedTuple):
    """What a classifier predicts of an image, and how its answers are judged.

    Attributes:
        labels: The name of the labels among what is known of the images of its data set.
        column: Where a label has several numbers, the one that is meant.
        cross_entropy: The loss: over the classes, or of each output by itself.
        top: The accuracies that are tracked: how many guesses each allows.
    """

    labels: str
    cross_entropy: Literal["categorical", "binary"]
    column: int | None = None
    top: tuple[int, ...] = (1,)


@dataclass(frozen=True)
class ModelSpec:
    """One row of Table 2, frozen.

    ``family`` is a key of `thesis_repro.models.families.FAMILIES`. ``listings`` has the numbers of
    the networks' listings, a part each; where a network stands in no listing, ``builders`` has the
    functions that build the parts instead ("package.module:function"). ``latent_dims`` has one
    entry per latent layer, the lowest first. ``decay`` is Keras 2's of the learning rate, which is
    divided by 1 + decay * (updates, or epochs: ``decay_unit``); 0 for none.
    """

    id: str
    name: str
    family: str
    dataset: Sourced
    input_shape: Sourced  # height, width, channels
    listings: Sourced
    latent_dims: Sourced
    reconstruction_weight: Sourced
    feature_map_factor: Sourced
    learning_rate: Sourced
    decay: Sourced
    batch_size: Sourced
    epochs: Sourced
    split: Sourced
    optimizer: Sourced
    feature_weight: Sourced | None = None  # of the decoder's feature loss; GANs only
    decay_unit: Sourced | None = None  # "update" or "epoch"; models with a decay only
    beta_1: Sourced | None = None  # of Adam; GANs only, elsewhere it is Keras's 0.9
    real_label: Sourced | None = None  # the discriminator's for real images; GANs only
    dropout_rate: Sourced | None = None  # of all Dropout layers; models that have them only
    generator: Sourced | None = None  # the model whose images it discriminates from real ones
    target: Target | None = None  # classifiers only
    builders: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    in_table_2: bool = True

    @property
    def measures(self) -> bool:
        """Whether it is a classifier that measures others' images, and no network of Table 2."""
        return self.target is not None and not self.in_table_2

    def settings(self) -> dict[str, Sourced]:
        """All sourced values by name, in the order of definition."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Sourced)}

    def values(self) -> dict[str, Any]:
        """The bare values that determine a training run, as JSON-ready data.

        Sources and errata are left out, rewording them must not make a new run; so is the split,
        which the prepared data stand for.
        """
        settings = self.settings().items()
        plain = {name: setting.value for name, setting in settings if setting.in_run_id}
        del plain["split"]
        return {"model": self.id, "family": self.family, **plain}
