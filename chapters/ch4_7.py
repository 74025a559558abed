"""Section 4.7: Class-Distribution of Generated Images.

Does each model generate every digit as often as the training set has it (Figure 52), and digits of
the same forms (Figure 53)? What the thesis judges by eye, "uneven", "resembles", "less smooth" or
"small width", is measured beside it; the claims are judged, and RQ2 and RQ7 answered, from that.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chapters.ch4_7_numbers import (
    CLASSIFIER,
    DATASET,
    DRAWN,
    GENERATORS,
    RUN,
    TEST,
    TRAINING,
    VAE,
    VAE_GAN,
    VLAE,
    VLAE_GAN,
    VLAES,
    WRITTEN,
    Numbers,
    Samples,
    numbers_of,
    samples_of,
)
from thesis_repro.analysis.morphology import with_form
from thesis_repro.analysis.statistics import Interval
from thesis_repro.models.zoo import short_name
from thesis_repro.plots.digits import class_bars, class_histograms, violins
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.verdicts.judgements import Judgement, Measurement

MODELS = (*GENERATORS, CLASSIFIER)
DATASETS = (DATASET,)  # beside those of the models

MNIST = "MNIST"  # its training images, in the figures
ROWS = (VLAE, VAE, VLAE_GAN, VAE_GAN)  # of Figure 53 below MNIST; original code
CLOSE = 0.5  # SDs: Cohen's medium effect, from where on a difference is seen by the naked eye


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load four models and the classifier; emit Figures 52, 53 and what is behind them."""
    for name in MODELS:
        chapter.trained(name)
    samples = samples_of(chapter, Codes(chapter))
    numbers = numbers_of(samples, chapter.workspace.options.seed)
    save_figures(chapter, samples, numbers)
    save_tables(chapter, samples, numbers)
    judgements = chapter.judge(measurements(numbers))
    for question, text in answers(numbers, samples.accuracy).items():
        chapter.answer(question, text)
    chapter.write_manifest()
    return judgements


# === Figures and tables ===


def save_figures(chapter: Chapter, samples: Samples, numbers: Numbers) -> None:
    """Figures 52 and 53, as written and as run."""
    data, count = chapter.prepared(DATASET).description, samples.count
    title = f"Digits among the training images, and among {count:,} images of each model"
    bars = {MNIST: rows_of(numbers.shares, "", TRAINING)}
    bars |= {short_name(name): rows_of(numbers.shares, name, WRITTEN) for name in GENERATORS}
    chapter.save_figure(52, class_bars(title, bars), data)
    labels = {MNIST: samples.training.labels}
    labels |= {short_name(name): samples.of(name, RUN).labels for name in GENERATORS}
    chapter.save_figure("52_as_run", class_histograms(f"{title}, as run", labels), data)
    for reading, number in ((WRITTEN, 53), (RUN, "53_as_run")):
        figure = figure_53(samples, numbers, reading)
        chapter.save_figure(number, figure, data, GENERATORS)


def figure_53(samples: Samples, numbers: Numbers, reading: str) -> Figure:
    """The violins of MNIST and four models; a row says of how many images, if not of all."""
    shown = {MNIST: samples.training}
    shown |= {short_name(name): samples.of(name, reading) for name in ROWS}
    forms = {}
    for name, own in shown.items():
        values = with_form(own.forms)
        some = "" if len(values) == len(own.forms) else f"\n({len(values):,} have a form)"
        forms[name + some] = values
    rows = [rows_of(numbers.forms, "", TRAINING)]
    rows += [rows_of(numbers.forms, name, reading) for name in ROWS]
    suffix = ", as run" if reading == RUN else ""
    title = f"Morphometrics of all training images and of {samples.count:,} of each model{suffix}"
    return violins(title, forms, pd.concat(rows), next(iter(forms)), "")


def save_tables(chapter: Chapter, samples: Samples, numbers: Numbers) -> None:
    """The numbers behind the figures, and those that the thesis only judges by eye."""
    data = chapter.prepared(DATASET).description
    chapter.save_figure_numbers(52, numbers.shares, data)
    chapter.save_numbers("class_tests", numbers.tests, data)
    chapter.save_figure_numbers(53, numbers.forms, data)
    chapter.save_numbers("narrow_digits", numbers.narrow, data)
    told = samples.accuracy
    row = {"model": CLASSIFIER, "test_images": samples.count}
    row |= {"accuracy": told.mean, "low": told.low, "high": told.high}
    chapter.save_numbers("classifier", pd.DataFrame([row]), data)


# === Looking numbers up ===


def rows_of(table: pd.DataFrame, model: str, which: str) -> pd.DataFrame:
    """A model's rows in a reading; MNIST's where ``model`` is "", by their source."""
    column = "reading" if model else "source"
    return table[(table["model"] == model) & (table[column] == which)]


def one(table: pd.DataFrame, model: str, which: str, column: str) -> float:
    """A number of a table that has one row per sample."""
    return float(rows_of(table, model, which)[column].item())


def share(numbers: Numbers, model: str, which: str, digit: int, column: str = "share") -> float:
    """The share of a digit, or another column of its row."""
    rows = rows_of(numbers.shares, model, which)
    return float(rows.loc[rows["digit"] == digit, column].item())


def form(numbers: Numbers, model: str, which: str, column: str) -> pd.Series:
    """A column of the six attributes, by their name."""
    return rows_of(numbers.forms, model, which).set_index("attribute")[column]


# === Claims ===


def measurements(numbers: Numbers) -> list[Measurement]:
    """What was measured for each claim of Section 4.7."""
    return [
        Measurement("4.7-uneven", *(evenness(numbers, own) for own in (WRITTEN, RUN))),
        Measurement("4.7-morphology", *(morphology(numbers, own) for own in (WRITTEN, RUN))),
    ]


def evenness(numbers: Numbers, reading: str) -> dict[str, float | list[float]]:
    """How the digits of each model are distributed; those of the pairs are VAE and GAN."""

    def moved(names: tuple[str, ...]) -> list[float]:
        return [one(numbers.tests, name, reading, "moved") for name in names]

    found = {"p": [one(numbers.tests, name, reading, "p") for name in GENERATORS]}
    for digit, name, key in ((3, VAE, "threes_in_vae"), (4, VAE_GAN, "fours_in_vae_gan")):
        found[f"share_in_training_of_{key}"] = share(numbers, "", TRAINING, digit)
        found[f"upper_bound_of_{key}"] = share(numbers, name, reading, digit, "high")
    found["moved_in_vae_and_vae_gan"] = moved((VAE, VAE_GAN))
    found["moved_in_vlae_and_vlae_gan"] = moved(VLAES)
    return found


def morphology(numbers: Numbers, reading: str) -> dict[str, float | list[float]]:
    """How forms are distributed, how many digits are narrow, and how smooth the densities are."""

    def missing(name: str) -> float:
        return abs(1 - one(numbers.narrow, name, reading, "of_training"))

    in_training = one(numbers.narrow, "", TRAINING, "share")
    return {
        "close_attributes_of_vlaes": [
            int((form(numbers, name, reading, "distance") < CLOSE).sum()) for name in VLAES
        ],
        "narrow_in_training": [in_training] * len(VLAES),
        "upper_bound_of_narrow_in_vlaes": [
            one(numbers.narrow, name, reading, "high") for name in VLAES
        ],
        "narrow_off_in_vae": missing(VAE),
        "narrow_off_in_the_best_other": np.min([missing(name) for name in (*VLAES, VAE_GAN)]),
        "ups_and_downs_of_vae": roughness(numbers, VAE, reading),
        "ups_and_downs_of_the_rougher_vlae": np.max(
            [roughness(numbers, name, reading) for name in VLAES]
        ),
    }


def roughness(numbers: Numbers, model: str, which: str) -> float:
    """The mean of `ups_and_downs` over all attributes but the width.

    MNIST's width has a second peak, that of the ones: who lacks it would pass for smoother.
    """
    return float(form(numbers, model, which, "ups_and_downs").drop("width").mean())


# === Research questions ===


def answers(numbers: Numbers, accuracy: Interval) -> dict[str, str]:
    """What these numbers say about research questions 2 and 7."""
    return {"RQ2": as_often(numbers, accuracy), "RQ7": alike(numbers)}


def as_often(numbers: Numbers, accuracy: Interval) -> str:
    """RQ2, from the distributions of digits."""
    said = []
    for name in GENERATORS:
        rows = rows_of(numbers.shares, name, WRITTEN)
        ratio = (rows["share"] / rows["training_share"]).to_numpy()
        said.append(
            f"{short_name(name)} {moved_words(numbers, name, WRITTEN)}, its rarest digit being "
            f"{ratio.argmin()} ({ratio.min():.2f} times its share in the training set)"
        )
    drawn = " and ".join(
        f"{short_name(name)} {moved_words(numbers, name, DRAWN)}" for name in VLAES
    )
    return (
        "Of the images a model generates, so many had to show another digit for the digits to be "
        f"as frequent as in the training set (95 % interval): {'; '.join(said)}. VLAEs reconstruct "
        f"test images there, whose digits are given; drawn from their posteriors like the others, "
        f"it is {drawn}. Of real test images it is {moved_words(numbers, '', TEST)}, by a "
        f"classifier that is right on {accuracy.mean:.1%} of them."
    )


def moved_words(numbers: Numbers, model: str, which: str) -> str:
    """The share of images of a wrong digit, with its interval."""
    found, low, high = (
        one(numbers.tests, model, which, column) for column in ("moved", "moved_low", "moved_high")
    )
    return f"{found:.1%} ({low:.1%} to {high:.1%})"


def alike(numbers: Numbers) -> str:
    """RQ7, from the distributions of forms."""
    said = "; ".join(form_words(numbers, name, WRITTEN) for name in GENERATORS)
    drawn = "; ".join(form_words(numbers, name, DRAWN) for name in VLAES)
    test = form(numbers, "", TEST, "distance")
    cut = numbers.narrow["below_px"].iloc[0]
    return (
        "Distances of the six morphometrics from those of the training set, in standard "
        f"deviations, mean and largest; and digits narrower than {cut:.1f} px, as many times as in "
        f"the training set: {said}. Drawn from the posterior, not reconstructed: {drawn}. Real "
        f"test images: {test.mean():.2f} and {test.max():.2f}, "
        f"{one(numbers.narrow, '', TEST, 'of_training'):.2f} times."
    )


def form_words(numbers: Numbers, model: str, which: str) -> str:
    """How far a model's forms are from MNIST's, and how many narrow digits it has."""
    away = form(numbers, model, which, "distance")
    failed = int(form(numbers, model, which, "not_measured").iloc[0])
    without = f", {failed} images without form left out" if failed else ""
    times = one(numbers.narrow, model, which, "of_training")
    if not np.isfinite(times):
        return f"{short_name(model)} no form in any image"
    return (
        f"{short_name(model)} {away.mean():.2f} and {away.max():.2f} ({away.idxmax()}), "
        f"{times:.2f} times{without}"
    )
