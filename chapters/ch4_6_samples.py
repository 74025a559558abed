"""What Section 4.6 compares: real images, and what each model generates, in each reading.

As written, VAEs and VAE-GANs decode samples of the estimated density of their mean values, VLAEs
and VLAE-GANs the mean values themselves, 1,000 each; as run, sampled z instead of mean values, and
10,000 on MNIST. Reconstructions have an advantage that samples have not (erratum E65): beside them
stand the VLAEs' own samples, and everybody's samples of the prior.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from thesis_repro.analysis.pixel_moments import Moments, Unit, moments, moments_as_run
from thesis_repro.models.zoo import model, short_name
from thesis_repro.plots.generation import latent_densities
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes, by_layer
from thesis_repro.section.generation import Generation, Source, validation_images

MNIST, DSPRITES = "mnist", "dsprites"
COMPARED = {  # by data set, in the order of Tables 5 and 6
    MNIST: ("mnist-vae", "mnist-vlae-factor-1", "mnist-vae-gan", "mnist-vlae-gan"),
    DSPRITES: ("dsprites-vae", "dsprites-vlae", "dsprites-vae-gan", "dsprites-vlae-gan"),
}
LATENT_FIGURES = {
    "48": "mnist-vlae-gan",
    "89": "mnist-vae",
    "90": "mnist-vlae-factor-1",
    "91": "mnist-vlae-gan",  # printed twice
    "91_mnist_vae_gan": "mnist-vae-gan",  # and this one never (erratum E78)
    "92": "dsprites-vae",
    "93": "dsprites-vae-gan",
    "94": "dsprites-vlae",
    "95": "dsprites-vlae-gan",
}
WRITTEN, RUN = "as written", "as run"

IN_BYTES = "mnist-vae"  # whose images alone went through an image file; original code (erratum E22)


class Amount(NamedTuple):
    """How many images there are at a scale."""

    real: int  # validation images at most, whose posterior is estimated
    generated: int  # by each model
    generated_as_run: Mapping[str, int]  # by data set


AMOUNTS = {
    "paper": Amount(10_000, 1_000, {MNIST: 10_000, DSPRITES: 1_000}),  # text; Table 6
    "quick": Amount(2_000, 1_000, {MNIST: 2_000, DSPRITES: 500}),
    "smoke": Amount(300, 100, {MNIST: 120, DSPRITES: 40}),
}


@dataclass
class Samples:
    """The images of one data set and their moments, each made once.

    Attributes:
        dataset: "mnist" or "dsprites".
        amount: How many.
        generation: Makes them.
    """

    dataset: str
    amount: Amount
    generation: Generation
    found: dict[tuple, Moments] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The models that are compared on these data."""
        return COMPARED[self.dataset]

    @property
    def description(self) -> str:
        """The data."""
        return self.generation.codes.chapter.prepared(self.dataset).description

    def count(self, reading: str) -> int:
        """How many images each model generates, no more than there are to reconstruct."""
        as_run = self.amount.generated_as_run[self.dataset]
        wanted = self.amount.generated if reading == WRITTEN else as_run
        return min(wanted, len(self.generation.real))

    def images(self, name: str, source: Source, reading: str) -> np.ndarray:
        """What a model generates, floats in [0, 1] (n, height, width, channels)."""
        return self.generation.images(name, source, self.count(reading))

    def real(self) -> np.ndarray:
        """The real images that generated ones are compared with, uint8.

        All of MNIST's; of dSprites's as many as are generated, as Table 6 has it.
        """
        pixels = self.generation.real.pixels
        return pixels if self.dataset == MNIST else pixels[self.generation.rows(self.count(RUN))]

    def real_moments(self, reading: str, per: Unit = "image") -> Moments:
        """Those of the real images."""
        key = "real", per if reading == WRITTEN else RUN
        if key not in self.found:
            self.found[key] = _moments(self.real(), reading, per)
        return self.found[key]

    def moments(self, name: str, source: Source, reading: str, per: Unit = "image") -> Moments:
        """Those of what a model generates."""
        key = name, source, reading, per
        if key not in self.found:
            images = self.images(name, source, reading)
            if reading == RUN and name == IN_BYTES:
                images = np.rint(images * 255).astype("uint8")
            self.found[key] = _moments(images, reading, per)
        return self.found[key]


def _moments(images: np.ndarray, reading: str, per: Unit) -> Moments:
    return moments(images, per) if reading == WRITTEN else moments_as_run(images)


def samples_of(codes: Codes, dataset: str) -> Samples:
    """The samples of a data set at the chapter's scale."""
    amount = AMOUNTS[codes.chapter.workspace.options.scale.name]
    real = validation_images(codes.chapter, dataset, amount.real)
    return Samples(dataset, amount, Generation(codes, real))


def is_vlae(name: str) -> bool:
    """Whether a model has several latent layers."""
    return len(model(name).latent_dims.value) > 1


def own_source(name: str, reading: str) -> Source:
    """Where the positions come from that the section compares: not from KDE for VLAEs (E65)."""
    if is_vlae(name):
        return Source.ENCODED if reading == WRITTEN else Source.ENCODED_AS_RUN
    return kde_source(reading)


def kde_source(reading: str) -> Source:
    """The estimated posterior: of mean values as written, of sampled z as run (erratum E51)."""
    return Source.KDE if reading == WRITTEN else Source.KDE_AS_RUN


# === Figures 48 and 89 to 95 ===


def save_latent_figures(chapter: Chapter, samples: Mapping[str, Samples]) -> None:
    """The distribution of each latent dimension, its estimate and the prior."""
    for number, name in LATENT_FIGURES.items():
        own = samples[model(name).dataset.value]
        for reading, suffix in ((WRITTEN, ""), (RUN, "_as_run")):
            source = Source.ENCODED if reading == WRITTEN else Source.ENCODED_AS_RUN
            layers = by_layer(own.generation.encoded(name, source))
            count = len(own.generation.real)
            title = f"{short_name(name)}: {source} of {count:,} validation images"
            figure = latent_densities(title, {f"${k}$": z for k, z in layers.items()})
            chapter.save_figure(f"{number}{suffix}", figure, own.description, [name])
