"""Codes of images, each set of images encoded once per model (Section 4.4).

A section that draws and measures the same codes many times asks here; images are read when a model
first encodes them.
"""

import gc
from dataclasses import dataclass, field

import keras
import numpy as np

from thesis_repro.analysis.image_sets import Images
from thesis_repro.models.autoencoder import latent_outputs
from thesis_repro.models.encoding import SampledPosterior, posteriors
from thesis_repro.models.heads import POSTERIOR
from thesis_repro.section.chapter import Chapter
from thesis_repro.seeds import derive_seed
from thesis_repro.training.images import with_channels


@dataclass
class Codes:
    """The codes of a chapter's models, kept from when they are first asked for."""

    chapter: Chapter
    encoded: dict[tuple[str, str], list[SampledPosterior]] = field(default_factory=dict)

    def of(self, model_id: str, images: Images) -> list[SampledPosterior]:
        """The posterior of each latent layer, the lowest first, with one sampled z per image.

        What is sampled depends on the seed, the model and the name of the images alone.
        """
        key = model_id, images.name
        if key not in self.encoded:
            layers = self.chapter.trained(model_id).encode(images.pixels)
            seed = self.chapter.workspace.options.seed
            rng = np.random.default_rng(derive_seed(seed, self.chapter.section, *key))
            self.encoded[key] = [SampledPosterior.of(layer, rng) for layer in layers]
        return self.encoded[key]

    def means(self, model_id: str, images: Images) -> dict[str, np.ndarray]:
        """The mean codes of each layer by its name, "z_1", "z_2", ...; a single one's is "z"."""
        return {name: layer.mu for name, layer in by_layer(self.of(model_id, images)).items()}

    def before_training(
        self, model_id: str, images: Images, number: int = 1
    ) -> dict[str, np.ndarray]:
        """The mean codes of each layer as the network gave them before its first update.

        The control for what it has learned; not kept. From number 2 on, those of other networks
        before training.
        """
        encoder = self.chapter.untrained(model_id, number)
        heads = {name: latent_outputs(encoder, name) for name in POSTERIOR}
        pixels = with_channels(images.pixels, encoder.input_shape[-1])
        posterior = keras.Model(encoder.input, heads)
        layers = posteriors(posterior, pixels)
        del encoder, heads, posterior
        gc.collect()  # layers and their models refer to each other: ten would pile up
        return {name: layer.mu for name, layer in by_layer(layers).items()}


def by_layer(layers: list) -> dict[str, object]:
    """What there is of each latent layer by its name: "z_1", "z_2", ..., or "z" of a single one."""
    if len(layers) == 1:
        return {"z": layers[0]}
    return {f"z_{number}": layer for number, layer in enumerate(layers, 1)}
