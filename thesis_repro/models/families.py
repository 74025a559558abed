"""The families of models: the networks of each, what they are trained on, and what that takes.

A family is one entry here; a new way of training is also an `Objective`, with its step in
`thesis_repro.training.trainer`. Keras waits inside the functions: plans and tables need none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from thesis_repro.models.spec import ModelSpec

if TYPE_CHECKING:
    import keras

Networks = Mapping[str, "keras.Model"]  # by part


class Objective(StrEnum):
    """What a model is trained on."""

    EVIDENCE = "evidence lower bound"
    ADVERSARIAL = "adversarial"
    CLASSIFICATION = "classification"


@dataclass(frozen=True)
class Family:
    """What the models of a family have in common.

    Attributes:
        objective: What they are trained on; it picks the step.
        parts: Their networks, in the order of their listings; the first takes images.
        joined: The trainable model made of these networks, for a spec.
        passes: Passes through each network per training image, all updates together. Forward is
            one, backward two more; backward to the input alone is one.
        kept: Activations of how many passes training keeps at once.
    """

    objective: Objective
    parts: tuple[str, ...]
    joined: Callable[[ModelSpec, Networks], "keras.Model"]
    passes: Mapping[str, int]
    kept: float = 1.0

    def networks(self, model: "keras.Model") -> dict[str, "keras.Model"]:
        """A trainable model's networks by part: what a finished run stores."""
        # A classifier is its only network.
        return {part: getattr(model, part, model) for part in self.parts}


def _autoencoder(spec: ModelSpec, networks: Networks) -> "keras.Model":
    from thesis_repro.models.autoencoder import VariationalAutoencoder

    return VariationalAutoencoder(
        **networks, reconstruction_weight=spec.reconstruction_weight.value
    )


def _with_discriminator(spec: ModelSpec, networks: Networks) -> "keras.Model":
    from thesis_repro.models.adversarial import AdversarialAutoencoder

    return AdversarialAutoencoder(**networks, feature_weight=spec.feature_weight.value)


_VAE = Family(
    objective=Objective.EVIDENCE,
    parts=("encoder", "decoder"),
    joined=_autoencoder,
    passes={"encoder": 3, "decoder": 3},
)

# The decoder runs twice for the discriminator's update, twice and back for its own, once and back
# to its input for the encoder's (`thesis_repro.training.gan_step`).
_VAE_GAN = Family(
    objective=Objective.ADVERSARIAL,
    parts=("encoder", "decoder", "discriminator"),
    joined=_with_discriminator,
    passes={"encoder": 3, "decoder": 10, "discriminator": 16},
    kept=1.8,
)

_CLASSIFIER = Family(
    objective=Objective.CLASSIFICATION,
    parts=("classifier",),
    joined=lambda spec, networks: networks["classifier"],
    passes={"classifier": 3},
)

# A VLAE differs from a VAE in its networks alone.
FAMILIES = {
    "vae": _VAE,
    "vlae": _VAE,
    "vae-gan": _VAE_GAN,
    "vlae-gan": _VAE_GAN,
    "classifier": _CLASSIFIER,
}
