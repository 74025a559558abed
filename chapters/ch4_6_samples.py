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

from thesis_repro.analysis.pixel_moments import Moments, Test, Unit, moments, moments_as_run
from thesis_repro.analysis.rank_tests import mann_whitney_p, mann_whitney_p_as_run
from thesis_repro.section import generation
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.section.generation import Generation, Source, is_vlae, validation_images
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


class Switched(NamedTuple):
    """What stands as written, where errata are read the other way; as run stays.

    Attributes:
        moments_as_run: Moments and p-values of SciPy 1.2.1, MNIST-VAE's images in bytes (E22).
        sampled: Sampled z instead of mean values (E51).
        drawn: VLAEs draw, too, instead of reconstructing (E65).
        paired: Reconstructions are tested as the pairs that they are (E87).
    """

    moments_as_run: bool = False
    sampled: bool = False
    drawn: bool = False
    paired: bool = False

    @classmethod
    def of(cls, chapter: Chapter) -> "Switched":
        """Those that a chapter is run under."""
        return cls(
            chapter.reads("E22"), chapter.reads("E51"), chapter.reads("E65"), chapter.reads("E87")
        )

    def estimated_posterior(self, reading: Reading) -> Source:
        """As `generation.estimated_posterior`."""
        return generation.estimated_posterior(Reading.RUN if self.sampled else reading)

    def encodings(self, reading: Reading) -> Source:
        """As `generation.encodings`."""
        return generation.encodings(Reading.RUN if self.sampled else reading)

    def source_of(self, name: str, reading: Reading) -> Source:
        """As `generation.source_of`."""
        drawn = self.drawn and reading is Reading.WRITTEN
        reconstructs = is_vlae(name) and not drawn
        return self.encodings(reading) if reconstructs else self.estimated_posterior(reading)

    def test(self, reading: Reading) -> Test:
        """The U test of moments."""
        return mann_whitney_p_as_run if self.as_run(reading) else mann_whitney_p

    def as_run(self, reading: Reading) -> bool:
        """Whether moments are those of the original code."""
        return self.moments_as_run or reading is Reading.RUN


AS_WRITTEN = Switched()


@dataclass
class Samples:
    """The images of one data set and their moments, each computed once.

    Attributes:
        dataset: "mnist" or "dsprites".
        sizes: How many images.
        generation: What the models generate.
        switched: Of errata.
    """

    dataset: str
    sizes: SampleSizes
    generation: Generation
    switched: Switched = AS_WRITTEN
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
            self.cache[key] = self._moments(self.real(), reading, per)
        return self.cache[key]

    def moments(self, name: str, source: Source, reading: Reading, per: Unit = "image") -> Moments:
        """The moments of what a model generates."""
        key = name, source, reading, per
        if key not in self.cache:
            images = self.images(name, source)
            if self.switched.as_run(reading) and name == IN_BYTES:
                images = np.rint(images * 255).astype("uint8")
            self.cache[key] = self._moments(images, reading, per)
        return self.cache[key]

    def _moments(self, images: np.ndarray, reading: Reading, per: Unit) -> Moments:
        as_run = self.switched.as_run(reading) and per == "image"
        return moments_as_run(images) if as_run else moments(images, per)


def samples_of(codes: Codes, dataset: str) -> Samples:
    """The samples of a data set at the chapter's scale."""
    sizes = codes.chapter.at_scale(SAMPLE_SIZES)
    real = validation_images(codes.chapter, dataset, sizes.real)
    return Samples(dataset, sizes, Generation(codes, real), Switched.of(codes.chapter))
