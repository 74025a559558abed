"""Part of `ch4_6.py`: real images, and what each model generates, in each reading.

As written, VAEs and VAE-GANs decode samples of the estimated density of their mean values, VLAEs
and VLAE-GANs the mean values themselves; as run, sampled z instead of mean values. Reconstructions
have an advantage that samples have not (erratum E65): beside them stand the VLAEs' samples, and
everybody's samples of the prior. They are held against the very images that they are of, so that
they are pairs (erratum E87).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from thesis_repro.analysis.pixel_moments import Moments, Unit, moments, moments_as_run
from thesis_repro.section.codes import Codes
from thesis_repro.section.generation import Generation, Source, validation_images
from thesis_repro.thesis.readings import Reading

IN_BYTES = "mnist-vae"  # whose images alone went through an image file; original code (erratum E22)


class SampleSizes(NamedTuple):
    """How many images there are at a scale."""

    real: int  # validation images at most, whose posterior is estimated
    compared: Mapping[str, int]  # by data set: real ones, and as many by each model


SAMPLE_SIZES = {
    "paper": SampleSizes(10_000, {"mnist": 10_000, "dsprites": 1_000}),  # Tables 5 and 6
    "quick": SampleSizes(2_000, {"mnist": 2_000, "dsprites": 1_000}),
    "smoke": SampleSizes(300, {"mnist": 120, "dsprites": 40}),
}


@dataclass
class Samples:
    """The images of one data set and their moments, each computed once.

    Attributes:
        dataset: "mnist" or "dsprites".
        sizes: How many images.
        generation: What the models generate.
    """

    dataset: str
    sizes: SampleSizes
    generation: Generation
    cache: dict[tuple, Moments] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many images each model generates, no more than there are to reconstruct."""
        return min(self.sizes.compared[self.dataset], len(self.generation.real))

    def images(self, name: str, source: Source) -> np.ndarray:
        """What a model generates, floats in [0, 1] (n, height, width, channels)."""
        return self.generation.images(name, source, self.count)

    def real(self) -> np.ndarray:
        """The real images that generated ones are compared with, uint8: as many, as Tables 5 and 6.

        They are those that are reconstructed, in the same order.
        """
        return self.generation.real.pixels[self.generation.rows(self.count)]

    def real_moments(self, reading: Reading, per: Unit = "image") -> Moments:
        """The moments of the real images."""
        key = "real", reading, per
        if key not in self.cache:
            self.cache[key] = _moments(self.real(), reading, per)
        return self.cache[key]

    def moments(self, name: str, source: Source, reading: Reading, per: Unit = "image") -> Moments:
        """The moments of what a model generates."""
        key = name, source, reading, per
        if key not in self.cache:
            images = self.images(name, source)
            if reading is Reading.RUN and name == IN_BYTES:
                images = np.rint(images * 255).astype("uint8")
            self.cache[key] = _moments(images, reading, per)
        return self.cache[key]


def _moments(images: np.ndarray, reading: Reading, per: Unit) -> Moments:
    return moments(images, per) if reading is Reading.WRITTEN else moments_as_run(images)


def samples_of(codes: Codes, dataset: str) -> Samples:
    """The samples of a data set at the chapter's scale."""
    sizes = codes.chapter.at_scale(SAMPLE_SIZES)
    real = validation_images(codes.chapter, dataset, sizes.real)
    return Samples(dataset, sizes, Generation(codes, real))
