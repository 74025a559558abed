"""Moments of generated images against those of real ones, and of reconstructions (Section 4.6).

Figures 49 to 51, Tables 5 and 6. Beside each p-value how often a generated image's moment is larger
than a real one's (0.5: as often as not), with its 95 % interval, and the distance of both
distributions: with thousands of images almost every difference is significant.
"""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from chapters.ch4_6_samples import (
    DSPRITES,
    MNIST,
    RUN,
    WRITTEN,
    Samples,
    kde_source,
    own_source,
)
from thesis_repro.analysis.pixel_moments import (
    Unit,
    difference,
    differences,
    pixels_that_differ,
)
from thesis_repro.analysis.rank_tests import mann_whitney_p, mann_whitney_p_as_run
from thesis_repro.models.zoo import short_name
from thesis_repro.plots.generation import moment_histograms
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.generation import Source
from thesis_repro.thesis.claims import load_claims

TABLES = {MNIST: 5, DSPRITES: 6}
OWN_FIGURES = {MNIST: 49, DSPRITES: 51}
PRIOR_FIGURE = 50  # of MNIST
RECONSTRUCTED = ("mnist-vae", "mnist-vae-gan")  # what VLAEs "generate" is reconstructed anyway

TESTS = {WRITTEN: mann_whitney_p, RUN: mann_whitney_p_as_run}
FROM_REAL, FROM_RECONSTRUCTIONS = 0.01, 0.1  # false discovery rates, by pixel; original code

Z, IMAGE = "z", "image"


class Numbers(NamedTuple):
    """What was measured, as tables.

    Attributes:
        real: Generated against real images: a row per model, reading, source and moment.
        reconstructed: Generated against reconstructed images and their z.
    """

    real: pd.DataFrame
    reconstructed: pd.DataFrame


def emit(chapter: Chapter, samples: Mapping[str, Samples]) -> Numbers:
    """Write Figures 49 to 51, Tables 5 and 6 and the numbers behind them."""
    save_figures(chapter, samples)
    real = pd.concat([against_real(own) for own in samples.values()], ignore_index=True)
    for dataset, own in samples.items():
        mine = real[real["dataset"] == dataset]
        chapter.save_table(TABLES[dataset], table_of(mine, TABLES[dataset]))
        chapter.save_numbers(f"moments_{dataset}", mine, own.description)
        chapter.save_numbers(f"moments_per_pixel_{dataset}", per_pixel(own), own.description)
    mnist = samples[MNIST]
    reconstructed = against_reconstructions(mnist)
    chapter.save_numbers("generated_and_reconstructed", reconstructed, mnist.description)
    chapter.save_numbers("pixels_that_differ", differing_pixels(mnist), mnist.description)
    return Numbers(real, reconstructed)


# === Figures 49 to 51 ===


def save_figures(chapter: Chapter, samples: Mapping[str, Samples]) -> None:
    """The distribution of each moment, of samples as compared in the tables, and of the prior."""
    drawn = [(number, samples[dataset], own_source) for dataset, number in OWN_FIGURES.items()]
    drawn.append((PRIOR_FIGURE, samples[MNIST], prior))
    for number, own, source_of in drawn:
        for reading, suffix in ((WRITTEN, ""), (RUN, "_as_run")):
            generated = {
                f"{short_name(name)}:\n{source_of(name, reading)}": own.moments(
                    name, source_of(name, reading), reading
                )
                for name in own.names
            }
            title = "Moments of the pixel values (0 to 255) of an image"
            figure = moment_histograms(title, own.real_moments(reading), generated)
            chapter.save_figure(f"{number}{suffix}", figure, own.description, own.names)


def prior(name: str, reading: str) -> Source:
    """The prior, of every model in every reading."""
    return Source.PRIOR


# === Tables 5 and 6 ===


def sources(name: str, reading: str) -> list[Source]:
    """What of a model is compared: what the tables compare, samples of its KDE, and the prior's."""
    return list(dict.fromkeys([own_source(name, reading), kde_source(reading), Source.PRIOR]))


def against_real(samples: Samples) -> pd.DataFrame:
    """Generated against real images, by model, reading, source and moment."""
    return pd.concat(
        [
            images_against_real(samples, name, source, reading)
            for name in samples.names
            for reading in (WRITTEN, RUN)
            for source in sources(name, reading)
        ],
        ignore_index=True,
    )


def images_against_real(samples: Samples, name: str, source: Source, reading: str) -> pd.DataFrame:
    """The moments of what one model generates against those of real images."""
    found = differences(
        samples.moments(name, source, reading), samples.real_moments(reading), TESTS[reading]
    )
    return found.assign(dataset=samples.dataset, model=name, reading=reading, source=str(source))


def table_of(real: pd.DataFrame, number: int) -> pd.DataFrame:
    """Table 5 or 6: p of each moment per model as written, as run and reported.

    ``larger_mean`` and so on: how often a generated image's moment is larger than a real one's.
    """
    rows = []
    for claim in load_claims("4.6"):
        if claim.source == f"Table {number}":
            (name,) = claim.models
            for reading in (WRITTEN, RUN):
                own = compared(real, name, own_source(name, reading), reading)
                sizes = {"generated": own["n"].max(), "real": own["m"].max()}
                larger = own["superiority"].add_prefix("larger_")
                rows.append({"model": name, "reading": reading, **own["p"], **larger, **sizes})
            rows.append({"model": name, "reading": "reported", **claim.reported})
    return pd.DataFrame(rows)


def compared(real: pd.DataFrame, name: str, source: Source, reading: str) -> pd.DataFrame:
    """The rows of one comparison, by moment."""
    own = real["model"].eq(name) & real["source"].eq(source) & real["reading"].eq(reading)
    return real[own].set_index("quantity")


def per_pixel(samples: Samples) -> pd.DataFrame:
    """The same with a moment per pixel over the images, as the captions have it (erratum E22)."""
    unit: Unit = "pixel"
    real = samples.real_moments(WRITTEN, unit)
    return pd.concat(
        [
            differences(samples.moments(name, source, WRITTEN, unit), real).assign(
                model=name, source=str(source)
            )
            for name in samples.names
            for source in sources(name, WRITTEN)
        ],
        ignore_index=True,
    )


# === Generated and reconstructed images ===


def against_reconstructions(samples: Samples) -> pd.DataFrame:
    """KDE samples against reconstructions: z by dimension, images by moment.

    As written also images of shuffled codes, whose dimensions have the encodings' own distributions
    and only lack what ties them together: do these differ from reconstructions as KDE samples do,
    then neither the estimate nor the encoder's variances are the reason.
    """
    parts = []
    for name in RECONSTRUCTED:
        for reading in (WRITTEN, RUN):
            parts.append(z_against_encodings(samples, name, reading))
            source = kde_source(reading)
            parts.append(images_against_reconstructions(samples, name, source, reading))
        parts.append(images_against_reconstructions(samples, name, Source.SHUFFLED, WRITTEN))
    return pd.concat(parts, ignore_index=True)


def z_against_encodings(samples: Samples, name: str, reading: str) -> pd.DataFrame:
    """Each dimension of the KDE's samples against that of the codes of all real images."""
    source = kde_source(reading)
    (drawn,) = samples.generation.positions(name, source, samples.count(reading))
    (encoded,) = samples.generation.encoded(name, source)
    rows = [
        {"quantity": f"z_{dimension}", **difference(*columns, TESTS[reading])}
        for dimension, columns in enumerate(zip(drawn.T, encoded.T, strict=True), 1)
    ]
    return pd.DataFrame(rows).assign(model=name, reading=reading, of=Z, source=str(source))


def images_against_reconstructions(
    samples: Samples, name: str, source: Source, reading: str
) -> pd.DataFrame:
    """Moments of generated against those of reconstructed images."""
    reconstructions = Source.ENCODED if reading == WRITTEN else Source.ENCODED_AS_RUN
    found = differences(
        samples.moments(name, source, reading),
        samples.moments(name, reconstructions, reading),
        TESTS[reading],
    )
    return found.assign(model=name, reading=reading, of=IMAGE, source=str(source))


def differing_pixels(samples: Samples) -> pd.DataFrame:
    """Pixels of which generated images differ from real ones and from reconstructions, as run."""
    real = samples.real()
    rows = []
    for name in samples.names:
        generated = samples.images(name, own_source(name, RUN), RUN)
        found = pixels_that_differ(generated, real, FROM_REAL, mann_whitney_p_as_run)
        rows.append({"model": name, "reading": RUN, "from": "real images", **found})
    for name in RECONSTRUCTED:
        found = pixels_that_differ(
            samples.images(name, Source.KDE_AS_RUN, RUN),
            samples.images(name, Source.ENCODED_AS_RUN, RUN),
            FROM_RECONSTRUCTIONS,
            mann_whitney_p_as_run,
        )
        rows.append({"model": name, "reading": RUN, "from": "reconstructions", **found})
    return pd.DataFrame(rows)
