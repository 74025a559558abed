"""Part of `ch4_6.py`: whose images are farther from the data, and what samples of a KDE lack.

The section's conclusions are comparisons: the prior is worse than the estimated posterior, VLAEs
are better than VAEs. Each is a difference of two distances from the same real images, with its
interval. VLAEs are compared with VAEs twice: as in the thesis, where they reconstruct real images,
and where all are sampled (erratum E65). Reconstructions are held against other images than those
that they are of: these they would resemble as no sample can. Of a model that has not learned to
reconstruct, no difference from the data says anything: `reconstruction_errors` tells which have.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from chapters.ch4_6_moments import COMPARED, DSPRITES, PAIRED
from chapters.ch4_6_samples import AS_WRITTEN, Samples, Switched
from thesis_repro.analysis.kernel_density import largest_correlation
from thesis_repro.analysis.moment_distances import farther_by
from thesis_repro.analysis.reconstruction_quality import error_of_own
from thesis_repro.analysis.tables import pick
from thesis_repro.models.zoo import MNIST_GENERATORS as MNIST
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.declarations import Shown, numbers
from thesis_repro.section.generation import Source
from thesis_repro.thesis.readings import Reading


class Images(NamedTuple):
    """Generated images: a model's, and where its positions come from."""

    model: str
    source: Source


def comparisons(
    dataset: str, reading: Reading, switched: Switched = AS_WRITTEN
) -> Iterator[tuple[Images, Images]]:
    """Whose distances from the data are compared: first what the thesis finds to be farther."""
    kde = switched.estimated_posterior(reading)
    for name in COMPARED[dataset]:
        for source in dict.fromkeys((kde, switched.source_of(name, reading))):
            yield Images(name, Source.PRIOR), Images(name, source)
    for vae, vlae in counterparts(dataset):
        for source in dict.fromkeys((switched.source_of(vlae, reading), kde)):
            yield Images(vae, kde), Images(vlae, source)


def counterparts(dataset: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Each VAE and the VLAE that is trained with the same loss: without and with a GAN's."""
    vae, vlae, vae_gan, vlae_gan = COMPARED[dataset]
    return (vae, vlae), (vae_gan, vlae_gan)


@numbers("distances_compared", models=(*MNIST, *DSPRITES))
def distances_compared(
    chapter: Chapter, shown: Shown, samples: Mapping[str, Samples]
) -> pd.DataFrame:
    """By how much the distance of a model's images from real ones exceeds that of others."""
    return pd.DataFrame(
        _compared(chapter, of_dataset, reading, *both)
        for dataset, of_dataset in samples.items()
        for reading in Reading
        for both in comparisons(dataset, reading, of_dataset.switched)
    )


def _compared(
    chapter: Chapter, samples: Samples, reading: Reading, first: Images, second: Images
) -> dict[str, object]:
    """A row of the table."""
    exceeds = farther_by(
        *(samples.moments(*images, reading) for images in (first, second)),
        samples.real_moments(reading),
        chapter.rng("distances", reading, *first, *second),
        paired=second.source in PAIRED,
    )
    return {
        "reading": reading,
        "model": first.model,
        "source": first.source,
        "other_model": second.model,
        "other_source": second.source,
        "farther_by": exceeds.mean,
        "low": exceeds.low,
        "high": exceeds.high,
    }


def surely_farther_by(
    compared: pd.DataFrame, reading: Reading, first: Images, second: Images
) -> float:
    """The lower end of the interval of one of the table's differences."""
    where = {"model": first.model, "source": first.source}
    where |= {"other_model": second.model, "other_source": second.source}
    return pick(compared, "low", reading=reading, **where)


@numbers("correlated_dimensions", models=("mnist-vae", "mnist-vae-gan"))
def correlated_dimensions(chapter: Chapter, shown: Shown, samples: Samples) -> pd.DataFrame:
    """How far codes of real images are from being without covariance."""
    return pd.DataFrame(
        {
            "model": name,
            "reading": reading,
            "source": source,
            **largest_correlation(*samples.generation.encoded(name, source))._asdict(),
        }
        for name in shown.models
        for reading, source in zip(Reading, map(samples.switched.encodings, Reading), strict=True)
    )


@numbers("reconstruction_errors", models=(*MNIST, *DSPRITES))
def reconstruction_errors(
    chapter: Chapter, shown: Shown, samples: Mapping[str, Samples]
) -> pd.DataFrame:
    """Whether a model's reconstructions, of mean values, are of their own images: `error_of_own`.

    Images of untrained networks differ from real ones in every moment, as Tables 5 and 6 have it.
    """

    def error(of_dataset: Samples, name: str) -> float:
        return error_of_own(of_dataset.images(name, Source.ENCODED), of_dataset.real())

    return pd.DataFrame(
        {"model": name, "error_of_own": error(of_dataset, name)}
        for dataset, of_dataset in samples.items()
        for name in COMPARED[dataset]
    )
