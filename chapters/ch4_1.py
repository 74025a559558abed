"""Section 4.1: Gabor Wavelets in Variational Autoencoders.

Kernels of the first layer, as the thesis shows them, and how many of them are more like Gabor
functions than kernels before training, or trained kernels in random phases, are.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from thesis_repro.analysis.gabor import SMALLEST, STARTS, fit_gabors, slices
from thesis_repro.analysis.gabor_shares import (
    Resemblance,
    orientation_strength,
    resemblance,
)
from thesis_repro.analysis.statistics import wilson
from thesis_repro.models.zoo import MODELS as ZOO
from thesis_repro.models.zoo import model
from thesis_repro.plots.kernels import Course, Fitted, best_fits, gabor_panels, kernel_sheet
from thesis_repro.section.chapter import Chapter
from thesis_repro.training.run_folder import RunFolder
from thesis_repro.verdicts.judgements import Judgement, Measurement

CLASSIFIER, VAE = "alexnet-classifier", "alexnet-vae"
MODELS = (CLASSIFIER, VAE)
IF_TRAINED = tuple(n for n, spec in ZOO.items() if spec.in_table_2 and n not in MODELS)
DATASETS = ()  # beside those of the models

SHEETS = {18: CLASSIFIER, 19: VAE}
AS_RUN_EPOCH = 11  # of Figure 19's kernels in the original code (erratum E71)

CHANCE = 0.05  # the share of kernels that exceed the nulls' 95th percentile without being Gabors
EDGE = 8 / np.pi**2  # R2 of a sine over one period of a square wave: a plain edge's


class Amount(NamedTuple):
    """How much is computed at a scale."""

    starts: int  # of each fit
    epochs: int  # of the course of training, the first and the last among them


AMOUNTS = {"paper": Amount(STARTS, 12), "quick": Amount(STARTS, 6), "smoke": Amount(1, 2)}


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load both AlexNets; emit Figures 18 and 19, what the fits say, and verdicts."""
    amount = AMOUNTS[chapter.workspace.options.scale.name]
    runs = {name: ended(chapter, name) for name in MODELS}
    kernels = {name: own.read_kernels() for name, own in runs.items()}
    save_sheets(chapter, kernels)
    fitted = {name: fit(chapter, name, own, amount) for name, own in kernels.items()}
    save_fits(chapter, fitted)
    rows = [row(name, own.resemblance) for name, own in fitted.items()]
    rows += [row_of_other(chapter, name, amount) for name in IF_TRAINED]
    shares = pd.DataFrame(rows).set_index("model", drop=False)
    chapter.save_numbers("gabor_shares", shares)
    accuracy = runs[CLASSIFIER].read_history()[-1]["accuracy"]
    judgements = chapter.judge(measurements(shares, accuracy))
    chapter.answer("RQ1", answer(shares))
    chapter.write_manifest()
    return judgements


def ended(chapter: Chapter, name: str) -> RunFolder:
    """A network's finished run; of the network itself this section needs nothing."""
    chapter.images(name)  # named under every figure
    run = chapter.finished(name)
    if run is None:
        run = chapter.trained(name).run
        chapter.release(name)
    return run


# === Figures 18 and 19 ===


def save_sheets(chapter: Chapter, kernels: dict[str, np.ndarray]) -> None:
    """All slices of the first layer's kernels; of Figure 19 as run too, if it trained so long."""
    for number, name in SHEETS.items():
        last = len(kernels[name]) - 1
        save_sheet(chapter, number, name, kernels[name], last)
        if name == VAE and last > AS_RUN_EPOCH:
            save_sheet(chapter, f"{number}_as_run", name, kernels[name], AS_RUN_EPOCH)


def save_sheet(
    chapter: Chapter, number: int | str, name: str, kernels: np.ndarray, epoch: int
) -> None:
    """The sheet of a network's kernels after an epoch."""
    title = f"{model(name).name}: kernels of the first layer after epoch {epoch}"
    chapter.save_figure(number, kernel_sheet(title, slices(kernels[epoch])), models=[name])


# === Fits ===


def fit(chapter: Chapter, name: str, kernels: np.ndarray, amount: Amount) -> Fitted:
    """Fits to a network's kernels, and how they came about in training."""
    trained, initial = slices(kernels[-1]), slices(kernels[0])
    own = resemblance(trained, initial, chapter.rng("phases", name), amount.starts)
    return Fitted(trained, own, course(kernels, own, amount))


def course(kernels: np.ndarray, final: Resemblance, amount: Amount) -> Course:
    """The share of kernels above both nulls of the trained ones, from before training on."""
    last = len(kernels) - 1
    epochs = np.unique(np.linspace(0, last, amount.epochs).round().astype(int)).tolist()
    known = {0: final.initial_r2, last: final.fits.r2}
    shares = []
    for epoch in epochs:
        r2 = known.get(epoch)
        r2 = fit_gabors(slices(kernels[epoch]), amount.starts).r2 if r2 is None else r2
        shares.append(wilson(int((r2 > max(final.thresholds)).sum()), len(r2)))
    return Course(epochs, shares)


def save_fits(chapter: Chapter, fitted: dict[str, Fitted]) -> None:
    """What Gabor functions explain of both networks' kernels, beside Figure 18."""
    names = {model(name).name: own for name, own in fitted.items()}
    title = "Gabor functions fitted to the kernels of the first layer"
    chapter.save_figure("18_gabor", gabor_panels(title, names), models=MODELS)
    title = "The kernels that a Gabor function explains best, with R²"
    chapter.save_figure("18_best_fits", best_fits(title, names), models=MODELS)
    fits = [fit_table(name, own) for name, own in fitted.items()]
    chapter.save_numbers("gabor_fits", pd.concat(fits, ignore_index=True))
    courses = [
        {"model": name, "epoch": epoch, "share": share.mean, "low": share.low, "high": share.high}
        for name, own in fitted.items()
        for epoch, share in zip(*own.course, strict=True)
    ]
    chapter.save_numbers("gabor_by_epoch", pd.DataFrame(courses))


def fit_table(name: str, own: Fitted) -> pd.DataFrame:
    """A row for each slice: its map and channel, its fit (see `Gabor`), and whether it counts."""
    fits, channels = own.resemblance.fits, model(name).input_shape.value[-1]
    numbers = np.arange(len(fits.r2))
    columns = fits._asdict() | {"aspect": fits.aspect, "bandwidth": fits.bandwidth}
    return pd.DataFrame(
        {"model": name, "map": numbers // channels, "channel": numbers % channels, **columns}
    ).assign(above_both=own.resemblance.above)


# === Shares ===


def row(name: str, own: Resemblance, confidence: float = 0.95) -> dict[str, float | str]:
    """A network's kernels in numbers; orientations and sizes are of those above both nulls."""
    initial, shuffled = own.thresholds
    both = own.share(max(own.thresholds), confidence)
    chosen = {key: values[own.above] for key, values in own.fits._asdict().items()}
    bandwidth = own.fits.bandwidth[own.above]
    return {
        "model": name,
        "kernels": len(own.fits.r2),
        "median_r2": float(np.median(own.fits.r2)),
        "initial_95": initial,
        "shuffled_95": shuffled,
        "share_above_initial": own.share(initial).mean,
        "share_above_shuffled": own.share(shuffled).mean,
        "share": both.mean,
        "low": both.low,
        "high": both.high,
        "confidence": confidence,
        "share_above_an_edge": own.share(EDGE).mean,
        "orientation_strength": orientation_strength(chosen["orientation"]),
        "median_frequency": middle(chosen["frequency"]),
        "median_bandwidth": middle(bandwidth),
        "note": "",
    }


def middle(values: np.ndarray) -> float:
    """The median; NaN of nothing."""
    return float(np.median(values)) if len(values) else np.nan


def row_of_other(chapter: Chapter, name: str, amount: Amount) -> dict[str, float | str]:
    """The same of another model, where it is trained and its kernels are large enough."""
    run = chapter.finished(name)
    if run is None:
        return {"model": name, "note": "not trained at this scale"}
    kernels = run.read_kernels()
    size = kernels.shape[1]
    if size < SMALLEST:
        note = f"kernels of {size} x {size} px, too small for the parameters of a Gabor function"
        return {"model": name, "kernels": len(slices(kernels[-1])), "note": note}
    own = resemblance(
        slices(kernels[-1]), slices(kernels[0]), chapter.rng("phases", name), amount.starts
    )
    return row(name, own, confidence=1 - 0.05 / len(IF_TRAINED))


# === Claims ===


def measurements(shares: pd.DataFrame, accuracy: float) -> list[Measurement]:
    """What was measured for each claim of Section 4.1; of the last only if all are trained."""
    classifier, vae = (shares.loc[name] for name in MODELS)
    found = [
        Measurement("4.1-classifier-accuracy", {"top1_train_accuracy": accuracy}),
        Measurement(
            "4.1-classifier-gabor",
            {
                "share": classifier["share"],
                "lower_end_of_share": classifier["low"],
                "chance": CHANCE,
            },
        ),
        Measurement(
            "4.1-vae-no-gabor",
            {
                "share": vae["share"],
                "lower_end_of_share": vae["low"],
                "share_of_classifier": classifier["share"],
            },
        ),
    ]
    tested, untrained = others(shares)
    if not untrained:
        found.append(
            Measurement("4.1-none-elsewhere", {"lower_end_of_share": tested["low"].to_list()})
        )
    return found


def others(shares: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Rows of the other models whose kernels were fitted, and those that are not trained."""
    rows = shares.loc[list(IF_TRAINED)]
    return rows[rows["share"].notna()], rows.index[rows["kernels"].isna()].to_list()


# === Research question 1 (a) ===


def answer(shares: pd.DataFrame) -> str:
    """What these numbers say about Gabor wavelets."""
    own = "; ".join(in_words(shares.loc[name]) for name in MODELS)
    tested, untrained = others(shares)
    high = tested[tested["low"] > CHANCE]
    elsewhere = f"Of the other models of Table 2, {len(tested)} could be fitted"
    if len(tested):
        names = ", ".join(in_words(found) for _, found in high.iterrows())
        elsewhere += f", of which {len(high)} have more than chance{f': {names}' if names else ''}"
    small = len(IF_TRAINED) - len(tested) - len(untrained)
    if small:
        elsewhere += f"; the kernels of {small} are too small for a Gabor function"
    if untrained:
        elsewhere += f"; {len(untrained)} are not trained at this scale"
    return (
        "(a) First-layer kernels that a Gabor function explains better than 95 % both of the same "
        f"network's kernels before training and of its own in random phases: {own}. By chance it "
        f"would be {CHANCE:.0%} at most. {elsewhere}."
    )


def in_words(found: pd.Series) -> str:
    """A network's share of Gabor-like kernels."""
    return (
        f"{model(found['model']).name} {found['share']:.0%} of {found['kernels']:.0f} "
        f"({found['low']:.0%} to {found['high']:.0%}; median R² {found['median_r2']:.2f})"
    )
