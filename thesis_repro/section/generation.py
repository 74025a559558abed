"""Images that a model generates: from its estimated posterior, from the prior, from encodings.

Sections 4.6 and 4.7. The posterior of a data set's images is estimated for each latent dimension by
itself, by a kernel density estimate, and sampled so: what depends on two dimensions together is
lost. Errata E22, E51 and E65 say which code positions the text means and which the code took.
"""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from thesis_repro.analysis.image_sets import Images, encoded_rows, some_images
from thesis_repro.analysis.kernel_density import kde_samples
from thesis_repro.models.decoding import grey
from thesis_repro.models.zoo import model
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.seeds import derive_seed
from thesis_repro.thesis.readings import Reading


class Source(StrEnum):
    """Where the positions of generated images come from."""

    KDE = "KDE of mean values"  # Section 4.6.1
    KDE_AS_RUN = "KDE of sampled z"  # original code
    PRIOR = "prior"  # N(0, I): Figure 50
    ENCODED = "mean values"  # of images: reconstructions; Section 4.6.1, of VLAEs
    ENCODED_AS_RUN = "sampled z"  # original code
    SHUFFLED = "shuffled mean values"  # those of each dimension in another order


KDES = (Source.KDE, Source.KDE_AS_RUN)
SAMPLED = (Source.KDE_AS_RUN, Source.ENCODED_AS_RUN)  # positions with the posterior's noise


def estimated_posterior(reading: Reading) -> Source:
    """The estimated posterior: of mean values as written, of sampled z as run (erratum E51)."""
    return Source.KDE if reading is Reading.WRITTEN else Source.KDE_AS_RUN


def encodings(reading: Reading) -> Source:
    """The codes of images: mean values as written, sampled z as run (erratum E51)."""
    return Source.ENCODED if reading is Reading.WRITTEN else Source.ENCODED_AS_RUN


def source_of(model_id: str, reading: Reading) -> Source:
    """Where the thesis's images of a model come from: of VLAEs from encodings (erratum E65)."""
    return encodings(reading) if is_vlae(model_id) else estimated_posterior(reading)


def is_vlae(model_id: str) -> bool:
    """Whether a model has several latent layers."""
    return len(model(model_id).latent_dims.value) > 1


def validation_images(chapter: Chapter, dataset: str, limit: int | None) -> Images:
    """A data set's validation images, or a fixed random choice of them, with what is known."""
    split = chapter.prepared(dataset).validation
    rows = encoded_rows(len(split), limit, chapter.section)
    return some_images(f"{dataset} validation, {len(rows)} images", split, rows)


@dataclass
class Generation:
    """What the models of one data set generate, kept from when it is first asked for.

    Attributes:
        codes: Those of the chapter's models.
        real: The images whose posterior is estimated and which are reconstructed; see
            `validation_images`.
    """

    codes: Codes
    real: Images
    made: dict[tuple[str, Source, int], np.ndarray] = field(default_factory=dict)

    def positions(self, name: str, source: Source, count: int) -> list[np.ndarray]:
        """Positions (count, dimensions) in each layer of a model, the lowest first.

        Those of encodings belong to the images in `rows`, in their order.
        """
        if source is Source.PRIOR:
            return self.codes.chapter.trained(name).sample_prior(count, self._rng(name, source))
        encoded = self.encoded(name, source)
        if source in KDES:
            rng = self._rng(name, source)
            return [kde_samples(z, count, rng) for z in encoded]
        rows = self.rows(count)
        if source is Source.SHUFFLED:
            rng = self._rng(name, source)
            return [rng.permuted(z, axis=0)[rows] for z in encoded]
        return [z[rows] for z in encoded]

    def encoded(self, name: str, source: Source) -> list[np.ndarray]:
        """Codes of all real images (n, dimensions) in each layer: means, or sampled z as run."""
        posteriors = self.codes.of(name, self.real)
        return [layer.z if source in SAMPLED else layer.mu for layer in posteriors]

    def rows(self, count: int) -> np.ndarray:
        """The real images that are reconstructed: all, or the same random choice for every model.

        Raises:
            ValueError: there are not so many.
        """
        if count > len(self.real):
            raise ValueError(f"Only {len(self.real):,} images can be reconstructed, not {count:,}.")
        return encoded_rows(len(self.real), count, "reconstructed")

    def images(self, name: str, source: Source, count: int) -> np.ndarray:
        """The images of these positions, float32 in [0, 1], (count, height, width, channels).

        In as many channels as the real images have. Make another `Generation` where so many are
        asked for that they should not be kept.
        """
        key = name, source, count
        if key not in self.made:
            images = self.codes.chapter.trained(name).decode(self.positions(*key))
            is_grey = self.real.pixels.shape[-1] == 1
            self.made[key] = grey(images) if is_grey and images.shape[-1] > 1 else images
        return self.made[key]

    def _rng(self, name: str, source: Source) -> np.random.Generator:
        """The same draws in every section: 4.7 classifies what 4.6 generates."""
        seed = self.codes.chapter.workspace.options.seed
        return np.random.default_rng(derive_seed(seed, "generated", name, source))
