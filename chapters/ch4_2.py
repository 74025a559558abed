"""Section 4.2: Sparseness in Generative Models.

Do VLAEs use few feature maps because coding is sparse, or have they too much capacity? Three
MNIST-VLAEs with 64, 32 and 22 feature maps a layer are trained (Figure 20); the activities of all
their encoder's feature maps are shown (Figures 21, 57, 59), then with only the most active quarter
left and the others at their mean (Figures 22, 58, 60); Table 3 compares the reconstruction losses.
"""

from typing import NamedTuple

import keras
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from thesis_repro.analysis.feature_maps import (
    LayerActivity,
    activities,
    convolutions,
    deactivated,
    few_active_layers,
    most_active,
)
from thesis_repro.analysis.reconstruction import split_losses
from thesis_repro.analysis.statistics import benjamini_hochberg, mean_sd, rank_sum_p, signed_rank_p
from thesis_repro.models import zoo
from thesis_repro.plots.figures import COLOURS, new_figure, style
from thesis_repro.section.chapter import Chapter
from thesis_repro.seeds import derive_seed
from thesis_repro.thesis.claims import load_claims
from thesis_repro.training.train import TrainedModel
from thesis_repro.verdicts.judgements import Judgement, Measurement

MODELS = ("mnist-vlae-factor-1", "mnist-vlae-factor-2", "mnist-vlae-factor-3")
DATASETS = ()  # beside those of the models

# Figure numbers of each model: all feature maps, and only the most active ones.
FEATURE_MAP_FIGURES = {
    "mnist-vlae-factor-1": (57, 58),  # Appendix B
    "mnist-vlae-factor-2": (59, 60),  # Appendix B
    "mnist-vlae-factor-3": (21, 22),
}

SPLITS = 24  # Section 4.2: "The MNIST validation set was split in 24 subsets"


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
    models = {name: chapter.trained(name) for name in MODELS}
    chapter.save_figure(20, loss_curves({n: m.history for n, m in models.items()}))

    losses, shares = {}, {}
    for name, trained in models.items():
        images = chapter.images(name).validation
        encoder = trained.model.encoder
        all_maps = activities(encoder, convolutions(encoder), images)
        as_written = deactivated(encoder, all_maps, mean_maps=False)
        as_run = deactivated(encoder, all_maps, mean_maps=True)
        few_maps = activities(as_written, few_active_layers(as_written), images)
        save_feature_map_figures(chapter, trained, all_maps, few_maps)
        shares[name] = variance_kept(all_maps)
        losses[name] = SplitLosses(
            *(
                table_3_losses(trained, variant, images, chapter.workspace.options.seed)
                for variant in (encoder, as_written, as_run)
            )
        )

    chapter.save_table(3, table_3(losses))
    judgements = chapter.judge(measurements({n: m.history for n, m in models.items()}, losses))
    chapter.answer("RQ1", answer(losses, shares))
    chapter.write_manifest()
    return judgements


def save_feature_map_figures(
    chapter: Chapter,
    trained: TrainedModel,
    all_maps: list[LayerActivity],
    few_maps: list[LayerActivity],
) -> None:
    """The model's two figures: all feature maps, and only the most active ones left."""
    all_number, few_number = FEATURE_MAP_FIGURES[trained.spec.id]
    active = [most_active(layer) for layer in all_maps]
    name = trained.spec.name
    figure = feature_map_activities(all_maps, active, f"{name}: all feature maps")
    chapter.save_figure(all_number, figure)
    figure = feature_map_activities(few_maps, active, f"{name}: the others set to their mean")
    chapter.save_figure(few_number, figure)


def table_3_losses(
    trained: TrainedModel, encoder: keras.Model, images: np.ndarray, seed: int
) -> np.ndarray:
    """Losses over the splits with this encoder; every encoder sees the same splits and noise."""
    rng = np.random.default_rng(derive_seed(seed, "table 3", "splits"))
    weight = trained.spec.reconstruction_weight.value
    return split_losses(encoder, trained.model.decoder, images, weight, SPLITS, rng)


# === Table 3 ===


def table_3(losses: dict[str, SplitLosses]) -> pd.DataFrame:
    """Three rows a model: as written, as run, and reported."""
    rows = []
    for claim in load_claims("4.2"):
        if claim.kind == "value+significance":
            (name,) = claim.models
            written, as_run = table_3_readings(losses)[name]
            rows.append({"model": name, "reading": "as written", **written})
            rows.append({"model": name, "reading": "as run", **as_run})
            rows.append({"model": name, "reading": "reported", **claim.reported})
    return pd.DataFrame(rows)


def table_3_readings(losses: dict[str, SplitLosses]) -> dict[str, tuple[dict, dict]]:
    """Per model the numbers as written and as run.

    As written: two-sided Wilcoxon rank-sum, Benjamini/Hochberg over the three models. As run:
    paired signed-rank, not corrected (errata E07, E08).
    """
    rank_sum = [rank_sum_p(model.original, model.as_written) for model in losses.values()]
    corrected = benjamini_hochberg(rank_sum)
    return {
        name: (
            _row(model.original, model.as_written, float(p)),
            _row(model.original, model.as_run, signed_rank_p(model.original, model.as_run)),
        )
        for (name, model), p in zip(losses.items(), corrected, strict=True)
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


# === Claims ===


def measurements(
    histories: dict[str, list[dict[str, float]]], losses: dict[str, SplitLosses]
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


# === Research question 1b ===


def variance_kept(layers: list[LayerActivity]) -> float:
    """Share of the variance of feature map means that the most active quarter holds: all layers."""
    variances = [layer.map_means.var(axis=0) for layer in layers]
    kept = [each[most_active(layer)] for each, layer in zip(variances, layers, strict=True)]
    return float(sum(map(np.sum, kept)) / sum(map(np.sum, variances)))


def answer(losses: dict[str, SplitLosses], shares: dict[str, float]) -> str:
    """What these numbers say about research question 1b, sparse coding."""
    rows = [written for written, _ in table_3_readings(losses).values()]
    times = [row["deactivated_mean"] / row["original_mean"] for row in rows]
    return (
        "(b) If coding were sparse, the most active quarter of the feature maps would do. In "
        f"{', '.join(zoo.model(name).name for name in losses)} it holds "
        f"{', '.join(f'{share:.0%}' for share in shares.values())} of the variance of the maps' "
        "means; with the others set to their mean values, the "
        f"reconstruction loss is {', '.join(f'{each:.1f}' for each in times)} times as large "
        f"(largest p {max(row['p'] for row in rows):.2g}, corrected)."
    )


# === Figures ===


def loss_curves(histories: dict[str, list[dict[str, float]]]) -> Figure:
    """Figure 20: training and validation loss by epoch; dots mark the lowest validation loss."""
    figure = new_figure(7, 4.5)
    with style():
        axes = figure.subplots()
        for colour, (name, history) in zip(COLOURS, histories.items(), strict=False):
            _loss_curve(axes, f"fm = {name[-1]}", history, colour)
        axes.set_title("MNIST-VLAE: feature maps reduced by a factor fm")
        axes.set(xlabel="epoch", ylabel="loss", yscale="log")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.2, 1.5, 2, 3, 5, 7)))
        axes.yaxis.set_major_formatter("{x:.0f}")
        axes.yaxis.set_minor_locator(NullLocator())
        axes.grid(axis="y", color="0.9", lw=0.6)
        axes.legend(loc="upper right", fontsize=8)
    return figure


def _loss_curve(axes: Axes, label: str, history: list[dict[str, float]], colour: str) -> None:
    epochs = [int(row["epoch"]) for row in history]
    training, validation = ([row[key] for row in history] for key in ("loss", "val_loss"))
    best = int(np.argmin(validation))
    lowest = f"{label}, validation (lowest at {epochs[best]})"
    axes.plot(epochs, training, "--", color=colour, linewidth=1, label=f"{label}, training")
    axes.plot(epochs, validation, color=colour, linewidth=1.4, label=lowest)
    axes.plot(epochs[best], validation[best], "o", color=colour, markersize=5)


def feature_map_activities(
    layers: list[LayerActivity], active: list[np.ndarray], title: str
) -> Figure:
    """Figures 21, 22, 57-60: a box per feature map, a panel per convolution of the encoder.

    A box is the distribution over images of the map's mean (quartiles; whiskers 1.5 interquartile
    ranges; no fliers). The maps in ``active``, the most active quarter, are coloured.
    """
    figure = new_figure(10, 8)
    with style():
        panels = figure.subplots(3, 2)
        for axes, layer, kept in zip(panels.flat, layers, active, strict=True):
            _boxes(axes, layer.map_means, kept)
            axes.set_title(layer.layer)
        for axes in panels[-1]:
            axes.set_xlabel("feature map")
        for axes in panels[:, 0]:
            axes.set_ylabel("mean activity")
        figure.suptitle(f"{title} (the ⌊n/4⌋ most active in blue)")
    return figure


def _boxes(axes: Axes, map_means: np.ndarray, kept: np.ndarray) -> None:
    numbers = np.arange(map_means.shape[1])
    groups = (("0.55", np.setdiff1d(numbers, kept)), (COLOURS[0], kept))
    for colour, chosen in groups:
        axes.boxplot(
            map_means[:, chosen],
            positions=chosen,
            widths=0.7,
            showfliers=False,
            manage_ticks=False,
            patch_artist=True,
            boxprops={"facecolor": colour, "edgecolor": colour, "alpha": 0.6},
            medianprops={"color": "black", "linewidth": 0.8},
            whiskerprops={"color": colour},
            capprops={"color": colour},
        )
    axes.set_xlim(-1, len(numbers))
    axes.axhline(0, color="0.8", lw=0.6, zorder=0)
