"""Part of `ch4_6.py`: moments of generated images against those of real ones and reconstructions.

Figures 49 to 51, Tables 5 and 6. Beside each p-value how often a generated image's moment is larger
than a real one's (0.5: as often as not), with its 95 % interval, and the distance of both
distributions: with thousands of images almost every difference is significant. Reconstructions are
held against the images that they are of: beside the test of Table 5 stands one that knows these
pairs (erratum E87). That a test does not reject is no equality: beside it stands one of that, too.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chapters.ch4_6_samples import AS_WRITTEN, Samples, Switched
from thesis_repro.analysis.pixel_moments import Moments, difference, differences, pixels_that_differ
from thesis_repro.analysis.rank_tests import mann_whitney_p_as_run
from thesis_repro.analysis.tables import rows, table_of
from thesis_repro.models.zoo import MNIST_GENERATORS as MNIST
from thesis_repro.models.zoo import short_name
from thesis_repro.plots.generation import moment_histograms
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.declarations import Shown, figure, numbers, table
from thesis_repro.section.generation import Source
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import REPORTED, Reading

DSPRITES = ("dsprites-vae", "dsprites-vlae", "dsprites-vae-gan", "dsprites-vlae-gan")  # Table 6
COMPARED = {"mnist": MNIST, "dsprites": DSPRITES}
VAES = ("mnist-vae", "mnist-vae-gan")  # what VLAEs "generate" is reconstructed anyway

PAIRED = (Source.ENCODED, Source.ENCODED_AS_RUN)  # reconstructions
GENERATED_IN_THE_TEXT = 1_000  # images of MNIST-VAE, where Table 5 has 10,000: erratum E22
FROM_REAL, FROM_RECONSTRUCTIONS = 0.01, 0.1  # false discovery rates, by pixel; original code

Z, IMAGE = "z", "image"  # what is compared with reconstructions


# === Figures 49 to 51 ===


@figure(49, models=MNIST, readings=Reading)
@figure(50, models=MNIST, readings=Reading)
@figure(51, models=DSPRITES, readings=Reading)
def moment_figures(chapter: Chapter, shown: Shown, samples: Mapping[str, Samples]) -> Figure:
    """The distribution of each moment: of what Tables 5 and 6 compare; Figure 50: of the prior."""
    (dataset,) = shown.declaration.datasets
    images, reading = samples[dataset], shown.reading
    generated = {}
    for name in shown.models:
        of_model = images.switched.source_of(name, reading)
        source = Source.PRIOR if shown.declaration.name == "50" else of_model
        generated[f"{short_name(name)}:\n{source}"] = images.moments(name, source, reading)
    title = "Moments of the pixel values (0 to 255) of an image"
    return moment_histograms(title, images.real_moments(reading), generated)


# === Tables 5 and 6 ===


def sources(name: str, reading: Reading, switched: Switched = AS_WRITTEN) -> list[Source]:
    """What of a model is compared: what the tables compare, samples of its KDE, and the prior's."""
    of_model, kde = switched.source_of(name, reading), switched.estimated_posterior(reading)
    return list(dict.fromkeys((of_model, kde, Source.PRIOR)))


def against_real(samples: Samples) -> pd.DataFrame:
    """Generated against real images, by model, reading, source and moment."""
    return pd.concat(
        [
            from_real(samples, name, source, reading).assign(
                dataset=samples.dataset, model=name, reading=reading, source=source
            )
            for name in COMPARED[samples.dataset]
            for reading in Reading
            for source in sources(name, reading, samples.switched)
        ],
        ignore_index=True,
    )


def from_real(
    samples: Samples, name: str, source: Source, reading: Reading, count: int | None = None
) -> pd.DataFrame:
    """What a model generates against real images, by moment; of the first so many, or of all."""

    def first(of: Moments) -> Moments:
        return Moments(*(values[:count] for values in of))

    paired = source in PAIRED
    table = differences(
        first(samples.moments(name, source, reading)),
        first(samples.real_moments(reading)),
        samples.switched.test(reading),
        paired=paired,
    )
    if samples.switched.paired and paired and reading is Reading.WRITTEN:
        table["p"] = table["paired_p"]
    return table


def compared(
    real: pd.DataFrame, name: str, reading: Reading, switched: Switched = AS_WRITTEN
) -> pd.DataFrame:
    """What Tables 5 and 6 compare of a model, by moment."""
    source = switched.source_of(name, reading)
    return rows(real, model=name, reading=reading, source=source).set_index("quantity")


@table(5, models=MNIST)
@table(6, models=DSPRITES)
def tables_5_and_6(
    chapter: Chapter, shown: Shown, real: pd.DataFrame, switched: Switched = AS_WRITTEN
) -> pd.DataFrame:
    """The p of each moment per model as written, as run and reported.

    ``larger_mean`` and so on: how often a generated image's moment is larger than a real one's.
    ``paired_mean`` and so on, where a reconstruction stands beside each real image: the two-sided p
    of a test that knows it. ``equivalence_mean`` and so on: the p of a test that both are the same
    within a margin (`rank_tests.MARGIN`), of pairs where there are some.
    """
    table_rows = []
    for claim in load_claims("4.6"):
        if claim.source == f"Table {shown.declaration.name}":
            (name,) = claim.models
            for reading in Reading:
                moments = compared(real, name, reading, switched)
                sizes = {"generated": moments["n"].max(), "real": moments["m"].max()}
                larger = moments["superiority"].add_prefix("larger_")
                paired = moments["paired_p"].add_prefix("paired_")
                same = moments["equivalence_p"].add_prefix("equivalence_")
                cells = {**moments["p"], **larger, **paired, **same, **sizes}
                table_rows.append({"model": name, "reading": reading, **cells})
            table_rows.append({"model": name, "reading": REPORTED, **claim.reported})
    return table_of(table_rows)


@numbers("table_5_of_1000", models=MNIST)
def table_5_of_1000(chapter: Chapter, shown: Shown, samples: Samples) -> pd.DataFrame:
    """Table 5 as written, of the first 1,000 images each, where there are so many (erratum E22)."""
    written, parts = Reading.WRITTEN, []
    for name in shown.models:
        source = samples.switched.source_of(name, written)
        of_model = from_real(samples, name, source, written, GENERATED_IN_THE_TEXT)
        parts.append(of_model.assign(model=name, source=source))
    return pd.concat(parts, ignore_index=True)


@numbers("moments_mnist", models=MNIST)
@numbers("moments_dsprites", models=DSPRITES)
def moments_by_image(chapter: Chapter, shown: Shown, real: pd.DataFrame) -> pd.DataFrame:
    """The numbers behind the tables, of every source."""
    (dataset,) = shown.declaration.datasets
    return rows(real, dataset=dataset)


@numbers("moments_per_pixel_mnist", models=MNIST)
@numbers("moments_per_pixel_dsprites", models=DSPRITES)
def moments_by_pixel(
    chapter: Chapter, shown: Shown, samples: Mapping[str, Samples]
) -> pd.DataFrame:
    """The same with a moment per pixel over the images, as the captions have it (erratum E22)."""
    (dataset,) = shown.declaration.datasets
    images, reading = samples[dataset], Reading.WRITTEN
    real = images.real_moments(reading, "pixel")
    return pd.concat(
        [
            differences(images.moments(name, source, reading, "pixel"), real).assign(
                model=name, source=source
            )
            for name in shown.models
            for source in sources(name, reading, images.switched)
        ],
        ignore_index=True,
    )


# === Generated and reconstructed images ===


@numbers("generated_and_reconstructed", models=VAES)
def against_reconstructions(chapter: Chapter, shown: Shown, samples: Samples) -> pd.DataFrame:
    """KDE samples against reconstructions: z by dimension, images by moment.

    As written also images of shuffled codes, whose dimensions are distributed like the encodings'
    and only lack what ties them together: do these differ from reconstructions as KDE samples do,
    then neither the estimate nor the encoder's variances are the reason.
    """
    parts = []
    for name in shown.models:
        for reading in Reading:
            kde = samples.switched.estimated_posterior(reading)
            parts.append(z_against_encodings(samples, name, reading))
            parts.append(images_against_reconstructions(samples, name, kde, reading))
        shuffled = Source.SHUFFLED
        parts.append(images_against_reconstructions(samples, name, shuffled, Reading.WRITTEN))
    return pd.concat(parts, ignore_index=True)


def z_against_encodings(samples: Samples, name: str, reading: Reading) -> pd.DataFrame:
    """Each dimension of the KDE's samples against that of the codes of all real images."""
    source = samples.switched.estimated_posterior(reading)
    test = samples.switched.test(reading)
    (drawn,) = samples.generation.positions(name, source, samples.count)
    (encoded,) = samples.generation.encoded(name, source)
    by_dimension = [
        {"quantity": f"z_{dimension}", **difference(*columns, test)}
        for dimension, columns in enumerate(zip(drawn.T, encoded.T, strict=True), 1)
    ]
    return pd.DataFrame(by_dimension).assign(model=name, reading=reading, of=Z, source=source)


def images_against_reconstructions(
    samples: Samples, name: str, source: Source, reading: Reading
) -> pd.DataFrame:
    """Moments of generated against those of reconstructed images."""
    generated = samples.moments(name, source, reading)
    encodings = samples.switched.encodings(reading)
    reconstructed = samples.moments(name, encodings, reading)
    by_moment = differences(generated, reconstructed, samples.switched.test(reading))
    return by_moment.assign(model=name, reading=reading, of=IMAGE, source=source)


@numbers("pixels_that_differ", models=MNIST)
def differing_pixels(chapter: Chapter, shown: Shown, samples: Samples) -> pd.DataFrame:
    """Pixels of which generated images differ from real ones and from reconstructions, as run."""

    def counts(name: str, origin: str, others: np.ndarray, rate: float) -> dict:
        generated = samples.images(name, samples.switched.source_of(name, Reading.RUN))
        differ = pixels_that_differ(generated, others, rate, mann_whitney_p_as_run)
        return {"model": name, "reading": Reading.RUN, "from": origin, **differ}

    def reconstructions(name: str) -> np.ndarray:
        return samples.images(name, Source.ENCODED_AS_RUN)

    real = samples.real()
    from_real = [counts(name, "real images", real, FROM_REAL) for name in shown.models]
    from_reconstructions = [
        counts(name, "reconstructions", reconstructions(name), FROM_RECONSTRUCTIONS)
        for name in VAES
    ]
    return pd.DataFrame([*from_real, *from_reconstructions])
