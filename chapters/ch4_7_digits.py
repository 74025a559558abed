"""Part of `ch4_7.py`: the distributions of digits (Figure 52) and of their forms (Figure 53).

Both are held against MNIST's training images; its test images, through the same classifier, say
what the classifier's errors and chance alone make of a true sample.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chapters.ch4_7_samples import TRAINING, Sample, Samples
from data_prep.mnist import DIGITS
from data_prep.morphometry import COLUMNS
from thesis_repro.analysis.class_distribution import (
    fit,
    labels_t_test_p,
    moved_interval,
    simultaneous_intervals,
)
from thesis_repro.analysis.morphology import described_beside, narrow, narrow_cut, with_form
from thesis_repro.analysis.tables import rows
from thesis_repro.models.zoo import MNIST_GENERATORS as GENERATORS
from thesis_repro.models.zoo import short_name
from thesis_repro.plots.digits import class_bars, class_histograms, violins
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.declarations import Shown, figure, numbers
from thesis_repro.section.generation import Source, source_of
from thesis_repro.thesis.readings import Reading

VAE, VLAE, VAE_GAN, VLAE_GAN = GENERATORS
VLAES = (VLAE, VLAE_GAN)
CLASSIFIER = "digit-classifier"
CLASSIFIED = (*GENERATORS, CLASSIFIER)
DATASET = "morpho-mnist"  # MNIST with its forms

# Section 4.7 draws from each model's "estimated posterior (see Section 4.6 for details)", which
# draws from that of two models, while VLAEs reconstruct test images (erratum E65): their digits and
# forms are then those of the test images, as far as the model keeps them. In a third reading VLAEs
# are drawn from as well, so that all four models do the same.
DRAWN = "all drawn"
ALL_DRAWN = dict.fromkeys(VLAES, Source.KDE)

WIDTH = COLUMNS.index("width")
FIGURE_53_ROWS = (VLAE, VAE, VLAE_GAN, VAE_GAN)  # below MNIST; original code


def sources(chapter: Chapter) -> dict[str, dict[str, Source]]:
    """Where the images of each reading come from, by model."""
    written, run = ({name: source_of(name, each) for name in GENERATORS} for each in Reading)
    if chapter.reads("E65"):
        written |= ALL_DRAWN
    return {Reading.WRITTEN: written, Reading.RUN: run, DRAWN: ALL_DRAWN}


# === Digits: Figure 52 ===


@figure(52, models=CLASSIFIED, data=DATASET, readings=Reading)
def figure_52(
    chapter: Chapter,
    shown: Shown,
    samples: Samples,
    shares: pd.DataFrame,
    tables: Sequence[pd.DataFrame],
) -> Figure:
    """How often each digit is shown; as run a histogram of the labels taken as numbers.

    ``tables`` are the ``shares`` of further seeds.
    """
    title = f"Digits among the training images, and among {samples.count:,} images of each model"
    generated = {short_name(name): samples.of(name, shown.reading) for name in GENERATORS}
    if shown.reading is Reading.RUN:
        everything = {"MNIST": samples.training, **generated}
        labels = {name: sample.labels for name, sample in everything.items()}
        return class_histograms(f"{title}, as run", labels)
    bars = {"MNIST": rows(shares, source=TRAINING)}
    bars |= {name: rows(shares, **sample.origin) for name, sample in generated.items()}
    further = {
        name: [rows(table, **sample.origin)["share"].to_numpy() for table in tables]
        for name, sample in generated.items()
    }
    return class_bars(title, bars, further)


@numbers("figure_52", models=CLASSIFIED, data=DATASET)
def shares_of_digits(chapter: Chapter, shown: Shown, samples: Samples) -> pd.DataFrame:
    """The share of each digit, with intervals that hold for all ten together, and the expected."""
    parts = []
    for sample in (samples.training, *samples.others):
        counts = sample.counts
        low, high = simultaneous_intervals(counts).T
        columns = {
            "digit": DIGITS,
            "images": counts.sum(),
            "count": counts,
            "share": counts / counts.sum(),
            "low": low,
            "high": high,
            "training_share": samples.expected,
        }
        parts.append(pd.DataFrame({**sample.origin, **columns}))
    return pd.concat(parts, ignore_index=True)


@numbers("class_tests", models=CLASSIFIED, data=DATASET)
def class_tests(chapter: Chapter, shown: Shown, samples: Samples) -> pd.DataFrame:
    """Each sample's digits against the training images': chi-square, effects, the t-test as run."""

    def tested(sample: Sample) -> dict[str, object]:
        counts = sample.counts
        moved = moved_interval(counts, samples.expected)
        columns = ("chi_square", "df", "p", "w", "moved")
        row = {
            **sample.origin,
            "images": counts.sum(),
            **dict(zip(columns, fit(counts, samples.expected), strict=True)),
            "moved_low": moved.low,
            "moved_high": moved.high,
            "t_test_p": labels_t_test_p(sample.labels, samples.training.labels),
        }
        is_written = sample.reading == Reading.WRITTEN
        return row | ({"p": row["t_test_p"]} if is_written and chapter.reads("E83") else {})

    return pd.DataFrame(map(tested, samples.others))


@numbers("classifier", models=(CLASSIFIER,), data=DATASET)
def classifier_accuracy(chapter: Chapter, shown: Shown, samples: Samples) -> pd.DataFrame:
    """How often the classifier is right on test images."""
    share, low, high = samples.accuracy
    row = {"model": shown.model, "test_images": samples.count}
    return pd.DataFrame([row | {"accuracy": share, "low": low, "high": high}])


# === Forms: Figure 53 ===


@figure(53, models=GENERATORS, data=DATASET, readings=Reading)
def figure_53(chapter: Chapter, shown: Shown, samples: Samples, forms: pd.DataFrame) -> Figure:
    """The violins of MNIST and four models; a row says of how many images, if not of all."""
    reading = shown.reading
    panels = {"MNIST": samples.training}
    panels |= {short_name(name): samples.of(name, reading) for name in FIGURE_53_ROWS}
    violin = {}
    for name, sample in panels.items():
        values = with_form(sample.forms)
        some = "" if len(values) == len(sample.forms) else f"\n({len(values):,} have a form)"
        violin[name + some] = values
    marks = pd.concat([rows(forms, **sample.origin) for sample in panels.values()])
    suffix = ", as run" if reading is Reading.RUN else ""
    title = f"Morphometrics of all training images and of {samples.count:,} of each model{suffix}"
    return violins(title, violin, marks, next(iter(violin)), "")


@numbers("figure_53", models=GENERATORS, data=DATASET)
def forms_of_digits(chapter: Chapter, shown: Shown, samples: Samples) -> pd.DataFrame:
    """Each attribute of each sample, and its distance from that of the training images."""
    training = samples.training
    return pd.DataFrame(
        {**sample.origin, **row}
        for sample in (training, *samples.others)
        for row in described_beside(
            sample.forms, training.forms, chapter.rng("forms", *sample.origin.values())
        )
    )


@numbers("narrow_digits", models=GENERATORS, data=DATASET)
def narrow_digits(chapter: Chapter, shown: Shown, samples: Samples) -> pd.DataFrame:
    """How many digits of each sample are narrow, by the cut that the training images give."""
    training = samples.training
    has_form = np.isfinite(training.forms).all(axis=1)
    cut = narrow_cut(training.forms[has_form, WIDTH], training.labels[has_form] == 1)
    table = pd.DataFrame(
        {**sample.origin, **narrow(with_form(sample.forms)[:, WIDTH], cut)}
        for sample in (training, *samples.others)
    )
    return table.assign(
        of_training=table["share"] / table["share"].iloc[0],
        below_px=cut.below,
        ones_below=cut.ones,
        others_not_below=cut.others,
    )
