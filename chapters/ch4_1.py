"""Section 4.1: Gabor Wavelets in Variational Autoencoders.

Kernels of the first layer, as the thesis shows them (Figures 18 and 19), and how many of them are
more like Gabor functions than kernels before training and random fields as smooth as the kernels.
"""

if __name__ == "__main__":  # the same as `thesis-repro chapter 4.1`
    from thesis_repro.cli import run_section

    run_section("4.1")

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from thesis_repro.analysis.gabor import SMALLEST, STARTS, slices
from thesis_repro.analysis.kernel_fits import (
    KernelFits,
    final_resemblance,
    in_numbers,
    kernel_fits,
)
from thesis_repro.analysis.tables import table_of
from thesis_repro.models.zoo import MODELS, model
from thesis_repro.plots.kernels import best_fits, gabor_panels, kernel_sheet
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.declarations import Shown, figure, numbers
from thesis_repro.thesis.readings import Reading
from thesis_repro.training.run_folder import RunFolder
from thesis_repro.verdicts.judgements import Judgement, Measurement

CLASSIFIER, VAE = "alexnet-classifier", "alexnet-vae"
ALEXNETS = (CLASSIFIER, VAE)
IF_TRAINED = tuple(
    name for name, spec in MODELS.items() if spec.in_table_2 and name not in ALEXNETS
)

AS_RUN_EPOCH = 11  # of Figure 19's kernels in the original code (erratum E71)
CHANCE = 0.05  # of the kernels that are a null's exceed its 95th percentile


class Fitting(NamedTuple):
    """How thoroughly kernels are fitted."""

    starts: int  # of each fit
    epochs: int  # of the course of training, the first and the last among them


FITTING = {"paper": Fitting(STARTS, 12), "quick": Fitting(STARTS, 6), "smoke": Fitting(1, 2)}


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load both AlexNets; emit Figures 18 and 19, what the fits say, and verdicts."""
    fitting = chapter.at_scale(FITTING)
    runs = {name: ended_run(chapter, name) for name in ALEXNETS}
    kernels = {name: run.read_kernels() for name, run in runs.items()}
    fits = {
        name: kernel_fits(by_epoch, chapter.rng("surrogates", name), *fitting)
        for name, by_epoch in kernels.items()
    }
    chapter.emit(first_layer, kernels)
    chapter.emit(figure_18_gabor, fits)
    chapter.emit(figure_18_best_fits, fits)
    chapter.emit(gabor_fits, fits)
    chapter.emit(gabor_by_epoch, fits)
    shares = chapter.compute(gabor_shares, fits, fitting.starts)
    accuracy = runs[CLASSIFIER].read_history()[-1]["accuracy"]
    judgements = chapter.judge(measurements(shares, accuracy))
    chapter.answer("RQ1", **gabor_wavelets(shares))
    chapter.write_manifest()
    return judgements


def ended_run(chapter: Chapter, name: str) -> RunFolder:
    """A network's run; of the network itself this section needs nothing."""
    run = chapter.finished(name)
    if run is None:
        run = chapter.trained(name).run
        chapter.release(name)
    return run


# === Figures 18 and 19, and the fits beside Figure 18 ===


@figure(18, models=(CLASSIFIER,), shows_pictures=False)
@figure(19, models=(VAE,), readings=Reading, shows_pictures=False)
def first_layer(chapter: Chapter, shown: Shown, kernels: Mapping[str, np.ndarray]) -> Figure | None:
    """All slices of the kernels after the last epoch; as run, after an earlier one."""
    by_epoch = kernels[shown.model]
    epoch = len(by_epoch) - 1
    if shown.reading is Reading.RUN:
        if epoch <= AS_RUN_EPOCH:
            return None
        epoch = AS_RUN_EPOCH
    title = f"{model(shown.model).name}: kernels of the first layer after epoch {epoch}"
    return kernel_sheet(title, slices(by_epoch[epoch]))


@figure("18_gabor", models=ALEXNETS, shows_pictures=False)
def figure_18_gabor(chapter: Chapter, shown: Shown, fits: Mapping[str, KernelFits]) -> Figure:
    """How much Gabor functions explain of both networks' kernels, and since when."""
    return gabor_panels("Gabor functions fitted to the kernels of the first layer", named(fits))


@figure("18_best_fits", models=ALEXNETS, shows_pictures=False)
def figure_18_best_fits(chapter: Chapter, shown: Shown, fits: Mapping[str, KernelFits]) -> Figure:
    """The kernels that are most like Gabor functions."""
    return best_fits("The kernels that a Gabor function explains best, with R²", named(fits))


def named(fits: Mapping[str, KernelFits]) -> dict[str, KernelFits]:
    """Fits by the names of their models in figures."""
    return {model(name).name: each for name, each in fits.items()}


@numbers("gabor_fits", models=ALEXNETS)
def gabor_fits(chapter: Chapter, shown: Shown, fits: Mapping[str, KernelFits]) -> pd.DataFrame:
    """A row for each slice: its map and channel, its fit (see `Gabor`), and whether it counts."""
    tables = []
    for name, (_, resemblance, _) in fits.items():
        fit, channels = resemblance.fits, model(name).input_shape.value[-1]
        slice_numbers = np.arange(len(fit.r2))
        place = {"map": slice_numbers // channels, "channel": slice_numbers % channels}
        sizes = {"aspect": fit.aspect, "bandwidth": fit.bandwidth}
        sizes["cycles"] = fit.cycles(resemblance.size)
        columns = {"model": name, **place, **fit._asdict(), **sizes}
        tables.append(pd.DataFrame({**columns, "gabor_like": resemblance.gabor_like}))
    return pd.concat(tables, ignore_index=True)


@numbers("gabor_by_epoch", models=ALEXNETS)
def gabor_by_epoch(chapter: Chapter, shown: Shown, fits: Mapping[str, KernelFits]) -> pd.DataFrame:
    """The share of Gabor-like kernels in the course of training."""
    return pd.DataFrame(
        {"model": name, "epoch": epoch, "share": share.mean, "low": share.low, "high": share.high}
        for name, each in fits.items()
        for epoch, share in zip(*each.course, strict=True)
    )


# === Shares, also of the other models ===


@numbers("gabor_shares", models=(*ALEXNETS, *IF_TRAINED))
def gabor_shares(
    chapter: Chapter, shown: Shown, fits: Mapping[str, KernelFits], starts: int
) -> pd.DataFrame:
    """A row a model: how many of its kernels are like Gabor functions, and what these are like."""
    ours = [
        {"model": name, **in_numbers(each.resemblance), "note": ""} for name, each in fits.items()
    ]
    return table_of([*ours, *(row_of_other(chapter, name, starts) for name in IF_TRAINED)])


def row_of_other(chapter: Chapter, name: str, starts: int) -> dict[str, float | str]:
    """The row of another model, where it is trained and its kernels are large enough."""
    run = chapter.finished(name)
    if run is None:
        return {"model": name, "note": "not trained at this scale"}
    kernels = run.read_kernels()
    size = kernels.shape[1]
    if size < SMALLEST:
        note = f"kernels of {size} x {size} px, too small for the parameters of a Gabor function"
        return {"model": name, "kernels": len(slices(kernels[-1])), "note": note}
    resemblance = final_resemblance(kernels, chapter.rng("surrogates", name), starts)
    confidence = 1 - 0.05 / len(IF_TRAINED)
    return {"model": name, **in_numbers(resemblance, confidence), "note": ""}


# === Claims, and research question 1a ===


def measurements(shares: pd.DataFrame, accuracy: float) -> list[Measurement]:
    """What was measured for each claim of Section 4.1; of the last only if all are trained."""
    by_model = shares.set_index("model")
    classifier, vae = (by_model.loc[name] for name in ALEXNETS)
    measured = {
        "4.1-classifier-accuracy": {"top1_train_accuracy": accuracy},
        "4.1-classifier-gabor": {
            "share": classifier["share"],
            "lower_end_of_share": classifier["low"],
            "chance": CHANCE,
        },
        "4.1-vae-no-gabor": {
            "share": vae["share"],
            "lower_end_of_share": vae["low"],
            "upper_end_of_share": vae["high"],
            "lower_end_of_classifier": classifier["low"],
        },
    }
    others = shares[shares["model"].isin(IF_TRAINED)]
    if others["kernels"].notna().all():
        fitted = others[others["share"].notna()]  # kernels of the others are too small
        measured["4.1-none-elsewhere"] = {
            "share": fitted["share"].to_list(),
            "lower_end_of_share": fitted["low"].to_list(),
            "lower_end_of_classifier": [classifier["low"]] * len(fitted),
        }
    return [Measurement(claim, values) for claim, values in measured.items()]


def gabor_wavelets(shares: pd.DataFrame) -> dict[str, object]:
    """The numbers of the answer: how many kernels are Gabor-like, and in which other models."""
    named_shares = shares.assign(name=[model(name).name for name in shares["model"]])
    is_other = shares["model"].isin(IF_TRAINED)
    others = named_shares[is_other]
    fitted, trained = others["share"].notna(), others["kernels"].notna()
    return {
        "alexnets": named_shares[~is_other].to_dict("records"),
        "chance": CHANCE,
        "fitted": int(fitted.sum()),
        "above_chance": [row for row in others[fitted].to_dict("records") if row["low"] > CHANCE],
        "too_small": int((trained & ~fitted).sum()),
        "untrained": int((~trained).sum()),
    }
