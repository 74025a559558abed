"""Section 4.2: Sparseness in Generative Models.

Do VLAEs use few feature maps because coding is sparse, or have they too much capacity? Three
MNIST-VLAEs with 64, 32 and 22 feature maps a layer are trained (Figure 20); the activities of all
their encoder's feature maps are shown (Figures 21, 57, 59), then with only the most active quarter
left and the others at their mean (Figures 22, 58, 60); Table 3 compares the reconstruction losses.
"""

if __name__ == "__main__":  # the same as `thesis-repro chapter 4.2`
    from thesis_repro.cli import run_section

    run_section("4.2")

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from thesis_repro.analysis.feature_maps import (
    LayerActivity,
    activities,
    convolutions,
    deactivated,
    few_active_layers,
    most_active,
)
from thesis_repro.analysis.reconstruction import split_losses
from thesis_repro.analysis.statistics import (
    benjamini_hochberg,
    mean_sd,
    rank_sum_p,
    signed_rank_p,
)
from thesis_repro.models.zoo import model
from thesis_repro.plots.activities import feature_map_activities
from thesis_repro.plots.losses import loss_curves
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.declarations import Shown, figure, table
from thesis_repro.seeds import derive_seed
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import REPORTED, Reading
from thesis_repro.verdicts.judgements import Judgement, Measurement

VLAES = ("mnist-vlae-factor-1", "mnist-vlae-factor-2", "mnist-vlae-factor-3")

SPLITS = 24  # Section 4.2: "The MNIST validation set was split in 24 subsets"

History = list[dict[str, float]]


class Activity(NamedTuple):
    """The feature maps of one encoder: as trained, and with only the most active ones left."""

    all_maps: list[LayerActivity]
    few_maps: list[LayerActivity]

    @property
    def active(self) -> list[np.ndarray]:
        """The most active maps of each layer."""
        return [most_active(layer) for layer in self.all_maps]


class SplitLosses(NamedTuple):
    """Reconstruction losses of one model over the same splits, each of shape (SPLITS,).

    ``as_written`` sets inactive maps to their mean value, as the text says; ``as_run`` to their
    mean map, as the original code did (erratum E10).
    """

    original: np.ndarray
    as_written: np.ndarray
    as_run: np.ndarray


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load the three models; emit seven figures, Table 3, verdicts, an answer to RQ1b."""
    histories = {name: chapter.trained(name).history for name in VLAES}
    measured = {name: deactivation(chapter, name) for name in VLAES}
    activity = {name: maps for name, (maps, _) in measured.items()}
    losses = {name: splits for name, (_, splits) in measured.items()}

    chapter.emit(figure_20, histories)
    chapter.emit(all_feature_maps, activity)
    chapter.emit(few_feature_maps, activity)
    chapter.emit(table_3, losses)
    judgements = chapter.judge(measurements(histories, losses))
    chapter.answer("RQ1", **sparseness(losses, activity))
    chapter.write_manifest()
    return judgements


def deactivation(chapter: Chapter, name: str) -> tuple[Activity, SplitLosses]:
    """A model's feature maps and losses, before and after all but the most active are set still."""
    trained, images = chapter.trained(name), chapter.images(name).validation
    encoder = trained.model.encoder
    all_maps = activities(encoder, convolutions(encoder), images)
    as_written = deactivated(encoder, all_maps, mean_maps=False)
    as_run = deactivated(encoder, all_maps, mean_maps=True)
    few_maps = activities(as_written, few_active_layers(as_written), images)
    weight = trained.spec.reconstruction_weight.value

    def losses(variant) -> np.ndarray:
        """With this encoder; every encoder of every model sees the same splits and noise."""
        seed = derive_seed(chapter.workspace.options.seed, "table 3", "splits")
        rng = np.random.default_rng(seed)
        return split_losses(variant, trained.model.decoder, images, weight, SPLITS, rng)

    return Activity(all_maps, few_maps), SplitLosses(*map(losses, (encoder, as_written, as_run)))


# === Figures ===


@figure(20, models=VLAES)
def figure_20(chapter: Chapter, shown: Shown, histories: Mapping[str, History]) -> Figure:
    """Training and validation loss by epoch."""
    return loss_curves(histories)


@figure(57, models=("mnist-vlae-factor-1",))  # Appendix B
@figure(59, models=("mnist-vlae-factor-2",))  # Appendix B
@figure(21, models=("mnist-vlae-factor-3",))
def all_feature_maps(chapter: Chapter, shown: Shown, activity: Mapping[str, Activity]) -> Figure:
    """The activities of all feature maps."""
    maps = activity[shown.model]
    title = f"{model(shown.model).name}: all feature maps"
    return feature_map_activities(maps.all_maps, maps.active, title)


@figure(58, models=("mnist-vlae-factor-1",))  # Appendix B
@figure(60, models=("mnist-vlae-factor-2",))  # Appendix B
@figure(22, models=("mnist-vlae-factor-3",))
def few_feature_maps(chapter: Chapter, shown: Shown, activity: Mapping[str, Activity]) -> Figure:
    """The same with only the most active ones left."""
    maps = activity[shown.model]
    title = f"{model(shown.model).name}: the others set to their mean"
    return feature_map_activities(maps.few_maps, maps.active, title)


# === Table 3 ===


@table(3, models=VLAES)
def table_3(chapter: Chapter, shown: Shown, losses: Mapping[str, SplitLosses]) -> pd.DataFrame:
    """Three rows a model: as written, as run, and reported."""
    readings = table_3_readings(losses)
    rows = []
    for claim in load_claims("4.2"):
        if claim.source == "Table 3":
            (name,) = claim.models
            for reading, numbers in zip(Reading, readings[name], strict=True):
                rows.append({"model": name, "reading": reading, **numbers})
            rows.append({"model": name, "reading": REPORTED, **claim.reported})
    return pd.DataFrame(rows)


def table_3_readings(losses: Mapping[str, SplitLosses]) -> dict[str, tuple[dict, dict]]:
    """Per model the numbers as written and as run.

    As written: two-sided Wilcoxon rank-sum, Benjamini/Hochberg over the three models. As run:
    paired signed-rank, not corrected (errata E07, E08).
    """
    rank_sum = [rank_sum_p(splits.original, splits.as_written) for splits in losses.values()]
    corrected = benjamini_hochberg(rank_sum)
    return {
        name: (
            _row(splits.original, splits.as_written, float(p)),
            _row(splits.original, splits.as_run, signed_rank_p(splits.original, splits.as_run)),
        )
        for (name, splits), p in zip(losses.items(), corrected, strict=True)
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
    histories: Mapping[str, History], losses: Mapping[str, SplitLosses]
) -> list[Measurement]:
    """What was measured for each claim of Section 4.2; epochs are counted from 1 (erratum E29)."""
    curves = [[row["val_loss"] for row in history] for history in histories.values()]
    best = {"best_epoch": [int(np.argmin(curve)) + 1 for curve in curves]}
    lowest = {"lowest_validation_loss": [min(curve) for curve in curves]}
    final = {"final_validation_loss": [curve[-1] for curve in curves]}
    return [
        Measurement("4.2-best-epoch", best),
        Measurement("4.2-best-loss-order", lowest),
        Measurement("4.2-overfit-order", final),
        *(
            Measurement(f"4.2-table3-{name.removeprefix('mnist-vlae-')}", written, as_run)
            for name, (written, as_run) in table_3_readings(losses).items()
        ),
    ]


def sparseness(
    losses: Mapping[str, SplitLosses], activity: Mapping[str, Activity]
) -> dict[str, object]:
    """The numbers of the answer: how much a quarter of the feature maps holds, and what it costs.

    If coding were sparse, the most active quarter would do.
    """
    rows = [written for written, _ in table_3_readings(losses).values()]
    return {
        "models": [model(name).name for name in losses],
        "variance_kept": [variance_kept(activity[name]) for name in losses],
        "loss_ratios": [row["deactivated_mean"] / row["original_mean"] for row in rows],
        "largest_p": max(row["p"] for row in rows),
    }


def variance_kept(activity: Activity) -> float:
    """Share of the variance of feature map means that the most active quarter holds: all layers."""
    variances = [layer.map_means.var(axis=0) for layer in activity.all_maps]
    kept = [each[chosen] for each, chosen in zip(variances, activity.active, strict=True)]
    return float(sum(map(np.sum, kept)) / sum(map(np.sum, variances)))
