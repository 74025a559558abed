"""Section 4.7 in numbers: the digits that generated images show, and their forms.

A classifier tells the digit of each image, our morphometry its form. Both are held against MNIST's
training images; its test images, through the same classifier, say what the classifier's own errors
and chance alone make of a true sample.
"""

from typing import NamedTuple

import keras
import numpy as np
import pandas as pd

from chapters.ch3_3 import DIGITS
from data_prep.morphometry import COLUMNS, UNITS
from data_prep.parallel import available_cores
from thesis_repro.analysis.class_distribution import (
    fit,
    labels_t_test_p,
    moved_interval,
    simultaneous_intervals,
)
from thesis_repro.analysis.morphology import (
    Cut,
    described,
    distance,
    measured,
    narrow_cut,
    ups_and_downs,
    with_form,
)
from thesis_repro.analysis.statistics import Interval, wilson
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.section.generation import Generation, Source, validation_images
from thesis_repro.seeds import derive_seed

VAE, VLAE, VAE_GAN, VLAE_GAN = GENERATORS = (  # in the claims' order
    "mnist-vae",
    "mnist-vlae-factor-1",
    "mnist-vae-gan",
    "mnist-vlae-gan",
)
VLAES = (VLAE, VLAE_GAN)
CLASSIFIER = "digit-classifier"
DATASET = "morpho-mnist"  # MNIST with its forms

WRITTEN, RUN, DRAWN = "as written", "as run", "all drawn"
TRAINING, TEST = "training images", "test images"  # sources of MNIST's own

# Section 4.7 draws from each model's "estimated posterior (see Section 4.6 for details)", which
# draws from that of two models, while VLAEs reconstruct test images (erratum E65): their digits and
# forms are then the test images' own, as far as the model keeps them. The third reading draws them
# as well, so that all four models do the same.
READINGS = {
    WRITTEN: {own: Source.ENCODED if own in VLAES else Source.KDE for own in GENERATORS},
    RUN: {own: Source.ENCODED_AS_RUN if own in VLAES else Source.KDE_AS_RUN for own in GENERATORS},
    DRAWN: dict.fromkeys(VLAES, Source.KDE),
}

# Images of each model, and test images; None is as many as there are of these. The text has "a
# large number", the original code 10,000.
AMOUNTS: dict[str, int | None] = {"paper": None, "quick": 2_000, "smoke": 120}

_AT_ONCE = 500  # images classified together


class Sample(NamedTuple):
    """Images of one origin.

    Attributes:
        model: That makes them; "" of real ones.
        reading: One of `READINGS`; "" of real ones.
        source: Where they come from.
        labels: The digit that each shows, (n,): by the classifier; of training images the true one.
        forms: Morphometrics, (n, 6); a row of NaN for an image without form.
    """

    model: str
    reading: str
    source: str
    labels: np.ndarray
    forms: np.ndarray

    @property
    def origin(self) -> dict[str, str]:
        """What tells it from other samples, as columns of a table."""
        return {"model": self.model, "reading": self.reading, "source": self.source}


class Samples(NamedTuple):
    """All images of the section.

    Attributes:
        training: MNIST's, which the others are held against.
        others: Its test images, then those that models generate.
        accuracy: Of the classifier, on the test images.
    """

    training: Sample
    others: list[Sample]
    accuracy: Interval

    @property
    def count(self) -> int:
        """Test images, and images of each model in each reading."""
        return len(self.others[0].labels)

    def of(self, model: str, reading: str) -> Sample:
        """The images of a model in a reading."""
        return next(own for own in self.others if (own.model, own.reading) == (model, reading))


class Numbers(NamedTuple):
    """What was measured, as tables.

    Attributes:
        shares: A row per sample and digit.
        tests: A row per sample, its digits against the training images'.
        forms: A row per sample and attribute.
        narrow: A row per sample, how many of its digits are narrow.
    """

    shares: pd.DataFrame
    tests: pd.DataFrame
    forms: pd.DataFrame
    narrow: pd.DataFrame


# === Images, their digits and their forms ===


def samples_of(chapter: Chapter, codes: Codes) -> Samples:
    """Generate, classify and measure the images of every reading."""
    classifier = chapter.trained(CLASSIFIER).model
    train = chapter.prepared(DATASET).train.known
    real = validation_images(chapter, DATASET, AMOUNTS[chapter.workspace.options.scale.name])
    told = classified(classifier, real.pixels / np.float32(255))
    training = (np.asarray(train[key]) for key in ("label", "morphometrics"))
    generation = Generation(codes, real)
    others = [Sample("", "", TEST, told, real.known["morphometrics"])]
    for reading, sources in READINGS.items():
        for name, source in sources.items():
            images = generation.images(name, source, len(real))
            forms = measured(images, available_cores())
            others.append(Sample(name, reading, source, classified(classifier, images), forms))
    accuracy = wilson(int((told == real.known["label"]).sum()), len(real))
    return Samples(Sample("", "", TRAINING, *training), others, accuracy)


def classified(classifier: keras.Model, images: np.ndarray) -> np.ndarray:
    """The likeliest digit of each image in [0, 1], (n,)."""
    return classifier.predict(images, batch_size=_AT_ONCE, verbose=0).argmax(axis=1)


# === Tables ===


def numbers_of(samples: Samples, seed: int) -> Numbers:
    """All tables; the bootstraps of each sample are drawn from this seed and its origin."""
    expected = counts_of(samples.training) / len(samples.training.labels)
    cut = cut_of(samples.training)
    every = [samples.training, *samples.others]
    return Numbers(
        shares=pd.DataFrame(row for own in every for row in share_rows(own, expected)),
        tests=pd.DataFrame(
            test_row(own, samples.training, rng_of(seed, own, "digits")) for own in samples.others
        ),
        forms=pd.DataFrame(
            row
            for own in every
            for row in form_rows(own, samples.training, rng_of(seed, own, "forms"))
        ),
        narrow=narrow_rows(every, cut),
    )


def rng_of(seed: int, sample: Sample, purpose: str) -> np.random.Generator:
    """Random numbers for one purpose and sample."""
    return np.random.default_rng(derive_seed(seed, "4.7", purpose, *sample.origin.values()))


def counts_of(sample: Sample) -> np.ndarray:
    """How often each digit occurs, (10,)."""
    return np.bincount(sample.labels, minlength=len(DIGITS))


def share_rows(sample: Sample, expected: np.ndarray) -> list[dict]:
    """The share of each digit, with intervals that hold for all ten together, and the expected."""
    counts = counts_of(sample)
    intervals = simultaneous_intervals(counts)
    return [
        {
            **sample.origin,
            "digit": digit,
            "images": counts.sum(),
            "count": count,
            "share": count / counts.sum(),
            "low": low,
            "high": high,
            "training_share": share,
        }
        for digit, count, (low, high), share in zip(
            DIGITS, counts, intervals, expected, strict=True
        )
    ]


def test_row(sample: Sample, training: Sample, rng: np.random.Generator) -> dict:
    """The digits against the training images': chi-square, effect sizes, and the t-test as run."""
    counts, expected = counts_of(sample), counts_of(training) / len(training.labels)
    found, interval = fit(counts, expected), moved_interval(counts, expected, rng)
    return {
        **sample.origin,
        "images": counts.sum(),
        "chi_square": found.statistic,
        "df": found.df,
        "p": found.p,
        "w": found.w,
        "moved": found.moved,
        "moved_low": interval.low,
        "moved_high": interval.high,
        "t_test_p": labels_t_test_p(sample.labels, training.labels),
    }


def form_rows(sample: Sample, training: Sample, rng: np.random.Generator) -> list[dict]:
    """Each attribute: what the violins of Figure 53 show, and how far it is from training images.

    The distance is in standard deviations of the training images.
    """
    values, reference = with_form(sample.forms), with_form(training.forms)
    rows = []
    for column, (attribute, unit) in enumerate(UNITS.items()):
        own = values[:, column]
        if sample is training:
            away = Interval(0.0, np.nan, np.nan)
        else:
            away = distance(own, reference[:, column], rng)
        rows.append(
            {
                **sample.origin,
                "attribute": attribute,
                "unit": unit,
                "not_measured": len(sample.forms) - len(values),
                **described(own),
                "distance": away.mean,
                "distance_low": away.low,
                "distance_high": away.high,
                "ups_and_downs": ups_and_downs(own),
            }
        )
    return rows


def cut_of(training: Sample) -> Cut:
    """The width that tells ones from other digits, from training images."""
    known = np.isfinite(training.forms).all(axis=1)
    widths = training.forms[known, COLUMNS.index("width")]
    return narrow_cut(widths, training.labels[known] == 1)


def narrow_rows(samples: list[Sample], cut: Cut) -> pd.DataFrame:
    """How many digits of each sample are narrow; the training images come first."""
    rows = []
    for own in samples:
        widths = with_form(own.forms)[:, COLUMNS.index("width")]
        count = int((widths < cut.below).sum())
        share = wilson(count, len(widths)) if len(widths) else Interval(*[np.nan] * 3)
        rows.append(
            {
                **own.origin,
                "images": len(widths),
                "narrow": count,
                "share": share.mean,
                "low": share.low,
                "high": share.high,
            }
        )
    table = pd.DataFrame(rows)
    return table.assign(
        of_training=table["share"] / table["share"].iloc[0],
        below_px=cut.below,
        ones_below=cut.ones,
        others_not_below=cut.others,
    )
