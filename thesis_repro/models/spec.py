"""What a model of Table 2 is: its listings, data and hyper-parameters, each with its source."""

from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple

Family = Literal["vae", "vlae", "vae-gan", "vlae-gan", "classifier"]


class Setting(NamedTuple):
    """A value, the place in the thesis that it comes from, and what the sources disagree about.

    ``errata`` holds the ids (``thesis-repro errata ID``) of contradictions that touch the value.
    """

    value: Any
    source: str
    errata: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelSpec:
    """One row of Table 2, frozen.

    ``listings`` names the printed networks by their listing number; a network that stands in no
    listing is named by its builder in ``appendix_architectures.registry`` instead.
    ``latent_dims`` has one entry per latent layer, the lowest first. ``decay`` is Keras 2's
    learning-rate decay per update, 0 for none.
    """

    id: str
    name: str
    family: Family
    dataset: Setting
    input_shape: Setting  # height, width, channels
    listings: Setting
    latent_dims: Setting
    reconstruction_weight: Setting
    feature_map_factor: Setting
    learning_rate: Setting
    decay: Setting
    batch_size: Setting
    epochs: Setting
    split: Setting
    optimizer: Setting
    feature_weight: Setting | None = None  # of the decoder's feature loss; GANs only
    generator: Setting | None = None  # the model whose images are to be told from real ones
    aliases: tuple[str, ...] = ()
    in_table_2: bool = True

    def settings(self) -> dict[str, Setting]:
        """All sourced values by name, in the order of definition."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Setting)}

    def values(self) -> dict[str, Any]:
        """The bare values that determine a training run, as JSON-ready data.

        Sources and errata are left out, rewording them must not make a new run; so is the split,
        which the prepared data stand for.
        """
        plain = {name: setting.value for name, setting in self.settings().items()}
        del plain["split"]
        return {"model": self.id, "family": self.family, **plain}
