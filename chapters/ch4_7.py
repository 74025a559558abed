"""Section 4.7: Class-Distribution of Generated Images.

Does each model generate every digit as often as the training set has it (Figure 52), and digits of
the same forms (Figure 53)? What the thesis judges by eye, "uneven", "resembles", "less smooth" or
"small width", is measured beside it; the claims are judged, and RQ2 and RQ7 answered, from that.
"""

if __name__ == "__main__":  # the same as `thesis-repro chapter 4.7`
    from thesis_repro.cli import run_section

    run_section("4.7")

from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from chapters import ch4_7_digits as digits
from chapters.ch4_7_digits import DRAWN, GENERATORS, VAE, VAE_GAN, VLAES
from chapters.ch4_7_samples import TEST, TRAINING, samples_of
from thesis_repro.analysis.tables import pick, rows
from thesis_repro.models.zoo import short_name
from thesis_repro.section.chapter import Chapter
from thesis_repro.thesis.readings import Reading
from thesis_repro.verdicts.judgements import Judgement, Measurement

SHOWS_SEEDS = True  # Figure 52, as rings
CLOSE = 0.5  # SDs: Cohen's medium effect, from where on a difference is seen by the naked eye


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load four models and the classifier; emit Figures 52, 53 and what is behind them."""
    for name in chapter.model_ids:
        chapter.trained(name)
    samples = samples_of(chapter, chapter.trained(digits.CLASSIFIER), digits.sources(chapter))
    shares = chapter.compute(digits.shares_of_digits, samples)
    tests = chapter.compute(digits.class_tests, samples)
    forms = chapter.compute(digits.forms_of_digits, samples)
    narrow = chapter.compute(digits.narrow_digits, samples)
    chapter.emit(digits.classifier_accuracy, samples)
    further = chapter.further_tables(digits.shares_of_digits, shares)
    chapter.emit(digits.figure_52, samples, shares, further)
    chapter.emit(digits.figure_53, samples, forms)
    judgements = chapter.judge(measurements(shares, tests, forms, narrow))
    chapter.answer("RQ2", accuracy=samples.accuracy.mean, **as_often(shares, tests))
    chapter.answer("RQ7", **alike(forms, narrow))
    chapter.write_manifest()
    return judgements


# === Claims ===


def measurements(
    shares: pd.DataFrame, tests: pd.DataFrame, forms: pd.DataFrame, narrow: pd.DataFrame
) -> list[Measurement]:
    """What was measured for each claim of Section 4.7."""
    return [
        Measurement("4.7-uneven", *(evenness(shares, tests, reading) for reading in Reading)),
        Measurement("4.7-morphology", *(morphology(forms, narrow, reading) for reading in Reading)),
    ]


def evenness(
    shares: pd.DataFrame, tests: pd.DataFrame, reading: Reading
) -> dict[str, float | list[float]]:
    """How the digits of each model are distributed; those of the pairs are VAE and GAN.

    ``sampled``: VLAEs drawn from their posterior as the others are, not reconstructing test images.
    """

    def tested(column: str, names: tuple[str, ...], which: str = reading) -> list[float]:
        return [pick(tests, column, model=name, reading=which) for name in names]

    def bound(end: str, name: str, digit: int) -> float:
        return pick(shares, end, model=name, reading=reading, digit=digit)

    in_training = partial(pick, shares, "share", source=TRAINING)
    return {
        "p": tested("p", GENERATORS),
        "lower_bound_of_moved_in_vae_and_vae_gan": tested("moved_low", (VAE, VAE_GAN)),
        "share_in_training_of_threes": in_training(digit=3),
        "upper_bound_of_threes_in_vae": bound("high", VAE, 3),
        "lower_bound_of_threes_in_vae_gan": bound("low", VAE_GAN, 3),
        "share_in_training_of_fours": in_training(digit=4),
        "upper_bound_of_fours_in_vae_gan": bound("high", VAE_GAN, 4),
        "lower_bound_of_fours_in_vae": bound("low", VAE, 4),
        "upper_bound_of_moved_in_vlae_and_vlae_gan": tested("moved_high", VLAES),
        "upper_bound_of_moved_where_vlaes_are_sampled": tested("moved_high", VLAES, DRAWN),
    }


def morphology(
    forms: pd.DataFrame, narrow: pd.DataFrame, reading: Reading
) -> dict[str, float | list[float]]:
    """How forms are distributed, how many digits are narrow, and how smooth the densities are."""
    in_training = pick(narrow, "share", source=TRAINING)
    sampled = rows(forms, reading=DRAWN)
    forms, narrow = rows(forms, reading=reading), rows(narrow, reading=reading)
    missing = {
        name: off(*(pick(narrow, end, model=name) / in_training for end in ("low", "high")))
        for name in GENERATORS
    }
    return {
        "close_attributes_of_vlaes": [close_attributes(forms, name) for name in VLAES],
        "close_attributes_of_vlaes_sampled": [close_attributes(sampled, name) for name in VLAES],
        "lacking_of_narrow_at_least": [
            1 - pick(narrow, "high", model=name) / in_training for name in VLAES
        ],
        "narrow_off_in_vae_at_most": missing[VAE].at_most,
        "narrow_off_in_the_best_other_at_least": np.min(
            [missing[name].at_least for name in (*VLAES, VAE_GAN)]
        ),
        "ups_and_downs_of_vae": roughness(forms, VAE),
        "ups_and_downs_of_the_rougher_vlae": np.max([roughness(forms, name) for name in VLAES]),
    }


def close_attributes(forms: pd.DataFrame, name: str) -> int:
    """How many of a model's six attributes are distributed about as in the training set."""
    return int((rows(forms, model=name)["distance"] < CLOSE).sum())


class Off(NamedTuple):
    """How far a share is from what it should be, relatively, by the ends of its interval."""

    at_least: float
    at_most: float


def off(low: float, high: float) -> Off:
    """How far a share between these two times the true one is from it; NaN of NaN."""
    ends = abs(1 - low), abs(1 - high)
    return Off(0.0 if low <= 1 <= high else np.min(ends), np.max(ends))


def roughness(forms: pd.DataFrame, name: str) -> float:
    """The mean of `ups_and_downs` over all attributes but the width.

    MNIST's width has a second peak, that of the ones: who lacks it would pass for smoother.
    """
    by_attribute = rows(forms, model=name).set_index("attribute")["ups_and_downs"]
    return float(by_attribute.drop("width").mean())


# === Research questions 2 and 7 ===


def as_often(shares: pd.DataFrame, tests: pd.DataFrame) -> dict[str, object]:
    """The numbers of RQ2: how many images show a digit too often, by sample."""

    def moved(**where: str) -> dict[str, float]:
        (sample,) = rows(tests, **where).to_dict("records")
        return {key: sample[key] for key in ("moved", "moved_low", "moved_high")}

    def rarest(name: str) -> dict[str, float]:
        by_digit = rows(shares, model=name, reading=Reading.WRITTEN)
        ratios = (by_digit["share"] / by_digit["training_share"]).to_numpy()
        return {"rarest": ratios.argmin(), "ratio": ratios.min()}

    return {
        "generated": {
            short_name(name): moved(model=name, reading=Reading.WRITTEN) | rarest(name)
            for name in GENERATORS
        },
        "drawn": {short_name(name): moved(model=name, reading=DRAWN) for name in VLAES},
        "test": moved(source=TEST),
    }


def alike(forms: pd.DataFrame, narrow: pd.DataFrame) -> dict[str, object]:
    """The numbers of RQ7: how far forms are from MNIST's, and how many digits are narrow."""

    def distances(**where: str) -> dict[str, object]:
        """Without those of a sample of which no image has a form."""
        by_attribute = rows(forms, **where).set_index("attribute")
        numbers = {"without_form": by_attribute["not_measured"].iloc[0]}
        if np.isfinite(times := pick(narrow, "of_training", **where)):
            away = by_attribute["distance"]
            numbers |= {"mean": away.mean(), "largest": away.max(), "attribute": away.idxmax()}
            numbers |= {"times": times}
        return numbers

    written, drawn = (
        {short_name(name): distances(model=name, reading=reading) for name in names}
        for names, reading in ((GENERATORS, Reading.WRITTEN), (VLAES, DRAWN))
    )
    below = narrow["below_px"].iloc[0]
    return {"generated": written, "drawn": drawn, "test": distances(source=TEST), "below": below}
