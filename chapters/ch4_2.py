"""Section 4.2: Sparseness in Generative Models.

Do VLAEs use few feature maps because coding is sparse, or have they too much capacity? Three
MNIST-VLAEs with 64, 32 and 22 feature maps a layer are trained (Figure 20); the activities of all
their encoder's feature maps are shown (Figures 21, 57, 59), then with only the most active quarter
left and the others at their mean (Figures 22, 58, 60); Table 3 compares the reconstruction losses.
"""

if __name__ == "__main__":  # the same as `thesis-repro chapter 4.2`
    from thesis_repro.cli import run_section

    run_section("4.2")

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from thesis_repro.analysis.digit_reader import DigitReader
from thesis_repro.analysis.feature_maps import (
    LayerActivity,
    activities,
    convolutions,
    deactivated,
    few_active_layers,
    most_active,
    without_bias,
)
from thesis_repro.analysis.loss_curves import Curve, common_level
from thesis_repro.analysis.map_activity import activity_left, share_active, variance_kept
from thesis_repro.analysis.reconstruction import of_mean_values, reconstructions, split_losses
from thesis_repro.analysis.statistics import (
    Interval,
    benjamini_hochberg,
    mean_sd,
    rank_sum_p,
    signed_rank_p,
    wilson,
)
from thesis_repro.library.pictures import plot_losses
from thesis_repro.models.zoo import model
from thesis_repro.plots.activities import feature_map_activities
from thesis_repro.plots.losses import History
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.declarations import Shown, figure, numbers, table
from thesis_repro.seeds import derive_seed
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import REPORTED, Reading
from thesis_repro.verdicts.judgements import Judgement, Measurement

VLAES = ("mnist-vlae-factor-1", "mnist-vlae-factor-2", "mnist-vlae-factor-3")
FIGURE_22 = VLAES[2]

SHOWS_SEEDS = True  # Figure 20, as a band

SPLITS = 24  # Section 4.2: "The MNIST validation set was split in 24 subsets"
HIGHEST = "ladder_2_few_active_1"  # Section 4.2 names it as one of the "higher layers"


class Activity(NamedTuple):
    """The feature maps of one encoder: as trained, and with only the most active ones left."""

    all_maps: list[LayerActivity]
    few_maps: list[LayerActivity]
    rounded_up: bool = False  # how many are left (erratum E09)

    @property
    def active(self) -> list[np.ndarray]:
        """The most active maps of each layer."""
        return [most_active(layer, rounded_up=self.rounded_up) for layer in self.all_maps]

    @property
    def kept(self) -> float:
        """The share of the variance of map means that the most active ones hold."""
        return variance_kept(self.all_maps, rounded_up=self.rounded_up)

    def left_in(self, layer: str) -> float:
        """What is left of the most active maps' activity in one of the layers that replace."""
        pairs = zip(self.all_maps, self.few_maps, strict=True)
        before, after = next(pair for pair in pairs if pair[1].layer == layer)
        return activity_left(before, after, rounded_up=self.rounded_up)


class SplitLosses(NamedTuple):
    """Reconstruction losses of one model over the same splits, each of shape (SPLITS,).

    ``as_written`` sets inactive maps to their mean value, as the text says; ``as_run`` to their
    mean map, as the original code did (erratum E10). ``rounded_up`` is as written, but that
    ceil(n / 4) maps stay active (erratum E09). ``original_as_run`` is ``original``, unless this is
    of other splits or of mean values (errata E50, E51).
    """

    original: np.ndarray
    as_written: np.ndarray
    as_run: np.ndarray
    rounded_up: np.ndarray
    original_as_run: np.ndarray


class Digits(NamedTuple):
    """The share of validation images whose digit can be read in their reconstruction."""

    original: Interval
    deactivated: Interval


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load the three models; emit seven figures, Table 3, verdicts, an answer to RQ1b."""
    histories = {name: chapter.trained(name).history for name in VLAES}
    further = {name: [run.read_history() for run in chapter.further_runs(name)] for name in VLAES}
    data = chapter.images(VLAES[0])  # all three are trained on the same
    reader = DigitReader(data.train, data.train_known["label"])
    measured = {name: deactivation(chapter, name, reader) for name in VLAES}
    activity, losses, digits = (
        dict(zip(measured, parts, strict=True)) for parts in zip(*measured.values(), strict=True)
    )
    untrained = {
        name: feature_maps(chapter, chapter.untrained(name), chapter.images(name).validation)[0]
        for name in VLAES
    }

    chapter.emit(figure_20, further)
    chapter.emit(all_feature_maps, activity)
    chapter.emit(few_feature_maps, activity)
    chapter.emit(table_3, losses)
    chapter.emit(table_3_rounded_up, losses)
    judgements = chapter.judge(
        measurements(chapter, histories, losses, activity, untrained, digits)
    )
    chapter.answer("RQ1", **sparseness(chapter, losses, activity))
    chapter.write_manifest()
    return judgements


def deactivation(
    chapter: Chapter, name: str, reader: DigitReader
) -> tuple[Activity, SplitLosses, Digits]:
    """A model's feature maps, losses and digits, before and after most maps are set still."""
    trained, data = chapter.trained(name), chapter.images(name)
    encoder, decoder = trained.model.encoder, trained.model.decoder
    activity, few_active = feature_maps(chapter, encoder, data.validation)
    as_run = deactivated(encoder, activity.all_maps, mean_maps=True)
    rounded_up = deactivated(
        encoder, activity.all_maps, mean_maps=chapter.reads("E10"), rounded_up=True
    )
    as_written = [encoder, few_active, rounded_up]
    if chapter.reads("E51"):
        as_written = [*map(of_mean_values, as_written)]
    weight = trained.spec.reconstruction_weight.value

    @cache  # of the original encoder, which is in both readings
    def losses(variant, uneven: bool = False) -> np.ndarray:
        """With this encoder; every encoder of every model sees the same splits and noise."""
        seed = derive_seed(chapter.workspace.options.seed, "table 3", "splits")
        rng = np.random.default_rng(seed)
        return split_losses(variant, decoder, data.validation, weight, SPLITS, rng, uneven=uneven)

    def digits(variant) -> Interval:
        """What can be read with this encoder; noise as for every other."""
        made = reconstructions(variant, decoder, data.validation, chapter.rng("digits"))
        right = reader.read(made) == data.validation_known["label"]
        return wilson(int(right.sum()), len(right))

    original, written, ceiled = (losses(each, chapter.reads("E50")) for each in as_written)
    return (
        activity,
        SplitLosses(original, written, losses(as_run), ceiled, losses(encoder)),
        Digits(*map(digits, as_written[:2])),
    )


def feature_maps(
    chapter: Chapter, encoder: keras.Model, images: np.ndarray
) -> tuple[Activity, keras.Model]:
    """An encoder's maps on these images; and the encoder with only the most active ones left."""
    all_maps = activities(encoder, convolutions(encoder), images)
    rounded_up = chapter.reads("E09")
    few_active = deactivated(
        encoder, all_maps, mean_maps=chapter.reads("E10"), rounded_up=rounded_up
    )
    few_maps = activities(few_active, few_active_layers(few_active), images)
    return Activity(all_maps, few_maps, rounded_up), few_active


# === Figures ===


@figure(20, models=VLAES)
def figure_20(chapter: Chapter, shown: Shown, further: Mapping[str, list[History]]) -> Figure:
    """Training and validation loss by epoch, and where those of further seeds lie."""
    return plot_losses(
        *map(chapter.trained, shown.models),
        labels=[f"fm = {name[-1]}" for name in shown.models],
        further=[further[name] for name in shown.models],
        title="MNIST-VLAE: feature maps reduced by a factor fm",
    )


@figure(57, models=("mnist-vlae-factor-1",))  # Appendix B
@figure(59, models=("mnist-vlae-factor-2",))  # Appendix B
@figure(21, models=("mnist-vlae-factor-3",))
def all_feature_maps(chapter: Chapter, shown: Shown, activity: Mapping[str, Activity]) -> Figure:
    """The activities of all feature maps."""
    maps = activity[shown.model]
    title = f"{model(shown.model).name}: all feature maps"
    return of_maps(chapter, shown, maps, maps.all_maps, title)


@figure(58, models=("mnist-vlae-factor-1",))  # Appendix B
@figure(60, models=("mnist-vlae-factor-2",))  # Appendix B
@figure(22, models=("mnist-vlae-factor-3",))
def few_feature_maps(chapter: Chapter, shown: Shown, activity: Mapping[str, Activity]) -> Figure:
    """The same with only the most active ones left."""
    maps = activity[shown.model]
    title = f"{model(shown.model).name}: the others set to their mean"
    return of_maps(chapter, shown, maps, maps.few_maps, title)


def of_maps(
    chapter: Chapter, shown: Shown, maps: Activity, layers: list[LayerActivity], title: str
) -> Figure:
    """Activities of a model's maps, with the biases, as the original code drew them."""
    if chapter.reads("E23"):
        layers = without_bias(chapter.trained(shown.model).model.encoder, layers)
    quarter = "⌈n/4⌉" if maps.rounded_up else "⌊n/4⌋"
    return feature_map_activities(layers, maps.active, title, quarter)


# === Table 3 ===


@table(3, models=VLAES)
def table_3(chapter: Chapter, shown: Shown, losses: Mapping[str, SplitLosses]) -> pd.DataFrame:
    """Three rows a model: as written, as run, and reported."""
    readings = table_3_readings(chapter, losses)
    rows = []
    for claim in load_claims("4.2"):
        if claim.source == "Table 3":
            (name,) = claim.models
            for reading, numbers in zip(Reading, readings[name], strict=True):
                rows.append({"model": name, "reading": reading, **numbers})
            rows.append({"model": name, "reading": REPORTED, **claim.reported})
    return pd.DataFrame(rows)


def table_3_readings(
    chapter: Chapter, losses: Mapping[str, SplitLosses]
) -> dict[str, tuple[dict, dict]]:
    """Per model the numbers as written and as run.

    As written: two-sided Wilcoxon rank-sum, Benjamini/Hochberg over the three models. As run:
    paired signed-rank, not corrected (errata E07, E08).
    """
    pairs = {name: (one.original, one.as_written) for name, one in losses.items()}
    as_run = {name: (one.original_as_run, one.as_run) for name, one in losses.items()}
    return {
        name: (row, _row(*as_run[name], signed_rank_p(*as_run[name])))
        for name, row in _as_written(chapter, pairs).items()
    }


@numbers("table_3_rounded_up", models=VLAES)
def table_3_rounded_up(
    chapter: Chapter, shown: Shown, losses: Mapping[str, SplitLosses]
) -> pd.DataFrame:
    """Table 3 as written, of ceil(n / 4) active maps: 6 of 22, and no others (erratum E09)."""
    pairs = {name: (one.original, one.rounded_up) for name, one in losses.items()}
    return pd.DataFrame({"model": name, **row} for name, row in _as_written(chapter, pairs).items())


def _as_written(
    chapter: Chapter,
    losses: Mapping[str, tuple[np.ndarray, np.ndarray]],
) -> dict[str, dict[str, float]]:
    """Per model the numbers of its losses with all maps and with few, p corrected over models."""
    test = signed_rank_p if chapter.reads("E07") else rank_sum_p
    p = [test(*pair) for pair in losses.values()]
    corrected = p if chapter.reads("E08") else benjamini_hochberg(p)
    return {
        name: _row(*pair, float(p))
        for (name, pair), p in zip(losses.items(), corrected, strict=True)
    }


def _row(original: np.ndarray, few_active: np.ndarray, p: float) -> dict[str, float]:
    before, after = mean_sd(original), mean_sd(few_active)
    return {
        "original_mean": before.mean,
        "original_sd": before.sd,
        "deactivated_mean": after.mean,
        "deactivated_sd": after.sd,
        "p": p,
    }


# === Claims, and research question 1b ===


def measurements(
    chapter: Chapter,
    histories: Mapping[str, History],
    losses: Mapping[str, SplitLosses],
    activity: Mapping[str, Activity],
    untrained: Mapping[str, Activity],
    digits: Mapping[str, Digits],
) -> list[Measurement]:
    """What was measured for each claim of Section 4.2.

    ``untrained`` has the feature maps of the same networks before training.
    """
    table = table_3_readings(chapter, losses)
    curves = [Curve.of(history) for history in histories.values()]
    return [
        *of_the_curves(curves, first_epoch=0 if chapter.reads("E29") else 1),
        *of_the_maps(activity, untrained, learned(curves)),
        *(
            Measurement(f"4.2-table3-{name.removeprefix('mnist-vlae-')}", written, as_run)
            for name, (written, as_run) in table.items()
        ),
        Measurement(
            "4.2-small-activities-matter", *map(loss_ratios, zip(*table.values(), strict=True))
        ),
        Measurement("4.2-digits-still-legible", legibility(digits)),
    ]


def learned(curves: list[Curve]) -> dict[str, list[float]]:
    """How much is left of the first epoch's validation loss, 1 where nothing was learned."""
    return {"share_of_the_first_epochs": [curve.share_of_first for curve in curves]}


def of_the_curves(curves: list[Curve], first_epoch: int) -> list[Measurement]:
    """What Figure 20 shows; the best epochs are counted from this one (erratum E29)."""
    best = [curve.best_epoch - 1 + first_epoch for curve in curves]
    rise = {"rise_of_validation_loss": [curve.rise for curve in curves]}
    level = common_level(curves)
    return [
        Measurement(
            "4.2-faster-convergence",
            {"epochs_to_a_common_loss": [curve.epochs_to(level) for curve in curves]},
        ),
        Measurement("4.2-best-epoch", {"best_epoch": best}),
        Measurement(
            "4.2-best-loss-order",
            {"lowest_validation_loss": [curve.lowest for curve in curves]} | learned(curves),
        ),
        Measurement(
            "4.2-all-overfit",
            {
                "rise_in_shares_of_the_lowest": [curve.rise / curve.lowest for curve in curves],
                "fall_in_training": [curve.fall_in_training for curve in curves],
            },
        ),
        Measurement(
            "4.2-overfit-order",
            rise | {"final_validation_loss": [curve.validation[-1] for curve in curves]},
        ),
        Measurement("4.2-smaller-overfits-less", rise),
    ]


def of_the_maps(
    activity: Mapping[str, Activity],
    untrained: Mapping[str, Activity],
    known: Mapping[str, list[float]],
) -> list[Measurement]:
    """What Figures 21, 22 and 57 to 60 show, beside the networks before training.

    ``known``: what says that the networks have learned.
    """

    def kept(maps: Mapping[str, Activity]) -> list[float]:
        return [each.kept for each in maps.values()]

    largest, *smaller = (share_active(each.all_maps) for each in activity.values())
    return [
        Measurement(
            "4.2-unequal-activity", {"variance_kept": kept(activity), "untrained": kept(untrained)}
        ),
        Measurement(
            "4.2-higher-layers-less-active",
            {
                "activity_left": activity[FIGURE_22].left_in(HIGHEST),
                "untrained": untrained[FIGURE_22].left_in(HIGHEST),
            },
        ),
        Measurement(
            "4.2-no-more-active-maps",
            {
                "active_in_smaller_models": smaller,
                "active_in_the_largest": [largest] * len(smaller),
                **known,
            },
        ),
    ]


def loss_ratios(rows: Iterable[Mapping[str, float]]) -> dict[str, list[float]]:
    """By how many times the reconstruction loss grows, by model."""
    return {"loss_ratio": [row["deactivated_mean"] / row["original_mean"] for row in rows]}


def legibility(digits: Mapping[str, Digits]) -> dict[str, list[float]]:
    """Shares of the digits that can be read in reconstructions; the lower end of the interval."""
    return {
        "read_in_the_original": [each.original.mean for each in digits.values()],
        "read_with_maps_deactivated": [each.deactivated.mean for each in digits.values()],
        "lower_end": [each.deactivated.low for each in digits.values()],
    }


def sparseness(
    chapter: Chapter, losses: Mapping[str, SplitLosses], activity: Mapping[str, Activity]
) -> dict[str, object]:
    """The numbers of the answer: how much a quarter of the feature maps holds, and what it costs.

    If coding were sparse, the most active quarter would do.
    """
    rows = [written for written, _ in table_3_readings(chapter, losses).values()]
    return {
        "models": [model(name).name for name in losses],
        "variance_kept": [activity[name].kept for name in losses],
        "replacement": "mean maps" if chapter.reads("E10") else "mean values",
        "loss_ratios": loss_ratios(rows)["loss_ratio"],
        "largest_p": np.max([row["p"] for row in rows]),  # NaN if any is undefined
        "corrected": not chapter.reads("E08"),
    }
