"""Section 4.3: Latent Space Entanglement and Categorical Factors of Variation.

Five dSprites-VAEs, with reconstruction term weights from 10,000 down to 3,750. Where do they put
three shapes that nothing lies between? Histograms of their latent dimensions (Figures 23-26, 28),
traversals from shape to shape (Figures 27, 61, 62), KL divergences on the validation set, and the
perceptual path lengths of Table 4.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from data_prep.dsprites_renderer import SHAPES
from data_prep.reading import PreparedData
from thesis_repro.analysis.decoding import decoded
from thesis_repro.analysis.explorations import segment
from thesis_repro.analysis.image_sets import encoded_rows
from thesis_repro.analysis.normality import count_peaks, departures, variance_explained
from thesis_repro.analysis.path_length import (
    PathLengths,
    is_empty,
    path_lengths,
    path_lengths_as_run,
    share_of_empty_images,
)
from thesis_repro.analysis.posteriors import Posterior, kl_divergences, posteriors
from thesis_repro.analysis.shape_pairs import images_as_run, matched_images
from thesis_repro.analysis.statistics import (
    Interval,
    benjamini_hochberg,
    bootstrap_mean,
    mean_sd,
    rank_sum_p,
    signed_rank_p,
    smallest_rank_sum_p,
)
from thesis_repro.models.zoo import name_by_weight
from thesis_repro.plots.latent import histograms, image_rows
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import decoder_of
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.judgements import Judgement, Measurement

VAES = ("dsprites-vae", "7500-vae", "6250-vae", "5000-vae", "3750-vae")
FEATURES, FEATURES_AS_RUN = "feature-extraction", "feature-extraction-as-run"  # erratum E19
MODELS = (*VAES, FEATURES, FEATURES_AS_RUN)
DATASETS = ()  # beside those of the models

SHAPE, SCALE = 1, 2  # columns of dSprites's factor classes
SCALES = ("0.5", "0.6", "0.7", "0.8", "0.9", "1.0")  # by class

TRAVERSAL_FIGURES = {"dsprites-vae": 27, "7500-vae": 61, "5000-vae": 62}  # 61, 62: Appendix C
PAIRS = ((0, 1), (1, 2), (2, 0))  # square to ellipse, ellipse to heart, heart to square
POINTS = 21  # "21 evenly spaced points on the line segment"
EXAMPLES_AS_RUN = {"dsprites-vae": 1_000, "7500-vae": 1, "5000-vae": 1}  # original code
MATCHED = 100  # triples of images that differ in shape alone, for the share of empty midpoints


class Amount(NamedTuple):
    """How much is computed at a scale."""

    images: int | None  # validation images that are encoded; None for all 73,728
    seeds: int  # of the path lengths as written
    steps: int  # per seed
    seeds_as_run: int
    samples: int  # random images, for the share of empty ones


AMOUNTS = {
    "paper": Amount(None, 50, 100, 200, 10_000),  # Section 4.3; original code
    "quick": Amount(10_000, 50, 20, 12, 1_000),
    "smoke": Amount(256, 6, 2, 6, 64),
}


class Lengths(NamedTuple):
    """One model's path lengths, and the share of empty images among its random samples."""

    as_written: PathLengths
    as_run: PathLengths
    empty: float


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load five VAEs and the feature networks; emit the figures, Table 4 and verdicts."""
    amount = AMOUNTS[chapter.workspace.options.scale.name]
    for name in MODELS:
        chapter.trained(name)
    data = chapter.prepared("dsprites")
    rows = encoded_rows(len(data.validation), amount.images, chapter.section)
    images, classes = (x[rows] for x in (data.validation.images, data.validation.known["classes"]))

    found = {name: posterior_of(chapter, name, images) for name in VAES}
    dimensions = latent_dimensions(found, classes)
    save_histograms(chapter, found, classes, dimensions)
    chapter.save_numbers("latent_dimensions", dimensions)

    kl = {name: kl_interval(chapter, name, posterior) for name, posterior in found.items()}
    chapter.save_numbers("kl_divergences", kl_table(kl))

    matched = matched_images(data, MATCHED)
    save_traversals(chapter, matched[0], data)
    midpoints = {name: empty_midpoints(chapter, name, matched) for name in VAES}
    chapter.save_numbers("empty_midpoints", midpoint_table(midpoints, len(matched)))

    lengths = {name: lengths_of(chapter, name, amount) for name in VAES}
    chapter.save_table(4, table_4(lengths))
    chapter.save_numbers("table_4_p_values", p_values(lengths))

    accuracy = chapter.trained(FEATURES).history[-1]["val_accuracy"]
    judgements = chapter.judge(measurements(dimensions, kl, lengths, accuracy))
    chapter.answer("RQ3", answer(dimensions, kl, midpoints))
    chapter.write_manifest()
    return judgements


# === Posteriors: Figures 23 to 26 and 28, KL divergences ===


def posterior_of(chapter: Chapter, name: str, images: np.ndarray) -> Posterior:
    """The posterior of these images; z is sampled, as in the original code (erratum E51)."""
    model = chapter.trained(name).model
    (posterior,) = posteriors(model, images, chapter.rng("posterior"))
    return posterior


def latent_dimensions(found: dict[str, Posterior], classes: np.ndarray) -> pd.DataFrame:
    """Per model and dimension (from 1): departure from a normal distribution, peaks, KL, factors.

    ``by_shape``, ``by_scale`` and ``by_both`` are the shares of the dimension's variance that these
    factors explain.
    """
    factors = {"by_shape": [SHAPE], "by_scale": [SCALE], "by_both": [SHAPE, SCALE]}
    rows = []
    for name, posterior in found.items():
        kl = kl_divergences(posterior.mu, posterior.log_var).mean(axis=0)
        for dimension, departure in enumerate(departures(posterior.z)):
            z = posterior.z[:, dimension]
            row = {"model": name, "dimension": dimension + 1, "departure": departure}
            row |= {"peaks": count_peaks(z), "kl_nats": kl[dimension]}
            shares = {k: variance_explained(z, classes[:, use]) for k, use in factors.items()}
            rows.append(row | shares)
    return pd.DataFrame(rows)


def least_normal(dimensions: pd.DataFrame, name: str) -> pd.Series:
    """The row of the model's dimension that departs most from a normal distribution."""
    own = dimensions[dimensions["model"] == name]
    return own.loc[own["departure"].idxmax()]


def save_histograms(
    chapter: Chapter, found: dict[str, Posterior], classes: np.ndarray, dimensions: pd.DataFrame
) -> None:
    """Figures 23 to 26 of the 10,000-VAE, and Figure 28 of all five."""
    z = found[VAES[0]].z
    least = least_normal(dimensions, VAES[0])
    marked = least["dimension"] - 1
    title = f"{name_by_weight(VAES[0])}: latent space of {len(z):,} validation images"

    def grouped(column: int, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        return {name: z[classes[:, column] == index] for index, name in enumerate(names)}

    def save(number: int, title: str, rows: dict[str, dict[str, np.ndarray]]) -> None:
        chapter.save_figure(number, histograms(title, rows, dict.fromkeys(rows, marked)))

    save(
        23,
        f"{title}\n$z_{{{marked + 1}}}$ departs most from a normal distribution (Kolmogorov-Smirnov"
        f" distance {least['departure']:.2f}); peaks: {least['peaks']}",
        {"all": {"all": z}},
    )
    save(24, f"{title}, by shape", {k: {k: own} for k, own in grouped(SHAPE, SHAPES).items()})
    by_scale = grouped(SCALE, SCALES)
    save(25, f"{title}, by scale", {f"scale {k}": {k: own} for k, own in by_scale.items()})
    smallest = classes[:, SCALE] == 0
    by_shape = {
        name: z[smallest & (classes[:, SHAPE] == index)] for index, name in enumerate(SHAPES)
    }
    save(26, f"{title} with scale 0.5, by shape", {"scale 0.5": by_shape})

    rows = {name_by_weight(name): {"all": found[name].z} for name in VAES}
    marks = {name_by_weight(name): least_normal(dimensions, name)["dimension"] - 1 for name in VAES}
    title = f"Latent spaces of {len(z):,} validation images, by reconstruction term weight"
    chapter.save_figure(28, histograms(title, rows, marks))


def kl_interval(chapter: Chapter, name: str, posterior: Posterior) -> Interval:
    """Mean KL divergence over the images (nats), with a bootstrap interval over the images."""
    per_image = kl_divergences(posterior.mu, posterior.log_var).sum(axis=1)
    return bootstrap_mean(per_image, chapter.rng("kl", name))


def kl_table(kl: dict[str, Interval]) -> pd.DataFrame:
    """Per model, in nats: our mean with its 95 % interval, and the reported value."""
    reported = {
        claim.models[0]: claim.reported["kl"]
        for claim in load_claims("4.3")
        if claim.kind == "value" and "kl" in claim.reported
    }
    rows = []
    for name, interval in kl.items():
        rows.append({"model": name, "reading": "as written", **interval._asdict()})
        rows.append({"model": name, "reading": "reported", "mean": reported[name]})
    return pd.DataFrame(rows)


# === Traversals: Figures 27, 61 and 62 ===


def save_traversals(chapter: Chapter, matched: np.ndarray, data: PreparedData) -> None:
    """Figures 27, 61 and 62 as written, and as run, where the images differ in other factors."""
    for name, number in TRAVERSAL_FIGURES.items():
        title = f"{name_by_weight(name)}: from shape to shape, all other factors equal"
        chapter.save_figure(number, traversals(chapter, name, matched, title))
        title = f"{name_by_weight(name)}: from shape to shape, as run: other factors differ"
        images = images_as_run(data.validation, EXAMPLES_AS_RUN[name])
        chapter.save_figure(f"{number}_as_run", traversals(chapter, name, images, title))


def traversals(chapter: Chapter, name: str, images: np.ndarray, title: str) -> Figure:
    """The decoded lines between the sampled z of three images, in a row per pair of shapes."""
    z = posterior_of(chapter, name, images).z
    decode = decoder_of(chapter, name)
    ends = {f"{SHAPES[a]} to {SHAPES[b]}": (z[a], z[b]) for a, b in PAIRS}
    return image_rows(
        title, {k: decoded(decode, [segment(*own, POINTS)]) for k, own in ends.items()}
    )


def empty_midpoints(chapter: Chapter, name: str, matched: np.ndarray) -> float:
    """The share of lines between matched images of two shapes whose midpoint shows no object."""
    flat = matched.reshape(-1, *matched.shape[2:])
    z = posterior_of(chapter, name, flat).z.reshape(*matched.shape[:2], -1)
    middles = np.concatenate([(z[:, a] + z[:, b]) / 2 for a, b in PAIRS])
    decoded = chapter.trained(name).model.decoder.predict_on_batch(middles)
    return float(is_empty(np.asarray(decoded)).mean())


def midpoint_table(midpoints: dict[str, float], triples: int) -> pd.DataFrame:
    """The share of empty midpoints per model, and of how many lines."""
    return pd.DataFrame(
        {"model": name, "lines": triples * len(PAIRS), "empty_midpoints": share}
        for name, share in midpoints.items()
    )


# === Perceptual path lengths: Table 4 ===


def lengths_of(chapter: Chapter, name: str, amount: Amount) -> Lengths:
    """Path lengths of a model as written and as run, each with its feature network."""
    decoder, seed = chapter.trained(name).model.decoder, chapter.workspace.options.seed
    features, as_run = (chapter.trained(helper).model for helper in (FEATURES, FEATURES_AS_RUN))
    return Lengths(
        path_lengths(decoder, features, seed, amount.seeds, amount.steps),
        path_lengths_as_run(decoder, as_run, seed, amount.seeds_as_run),
        share_of_empty_images(decoder, seed, amount.samples),
    )


def table_4(lengths: dict[str, Lengths]) -> pd.DataFrame:
    """Per model as written, as run and reported: mean and SD over the seeds' mean path lengths.

    ``sd_of_steps`` is the spread over single steps, which the text argues from (erratum E56);
    ``of_objects`` the mean over the steps of which neither image is empty; ``empty_images`` the
    share of empty images among random samples.
    """
    rows = []
    for claim in load_claims("4.3"):
        if claim.source == "Table 4" and claim.kind == "value":
            (name,) = claim.models
            model = lengths[name]
            for reading, measured in (("as written", model.as_written), ("as run", model.as_run)):
                rows.append(
                    {
                        "model": name,
                        "reading": reading,
                        **mean_sd(per_seed(measured))._asdict(),
                        "sd_of_steps": measured.distances.std(),
                        "seeds": len(measured.distances),
                        "of_objects": measured.of_objects.mean()
                        if measured.of_objects.size
                        else None,
                        "empty_images": model.empty,
                    }
                )
            rows.append({"model": name, "reading": "reported", **claim.reported})
    return pd.DataFrame(rows)


def per_seed(measured: PathLengths) -> np.ndarray:
    """The mean path length of each seed, (seeds,)."""
    return measured.distances.mean(axis=1)


def mean_of_objects(measured: PathLengths) -> float:
    """The mean over the steps of which both images show an object; NaN where there is none."""
    return float(measured.of_objects.mean()) if measured.of_objects.size else np.nan


def p_values(lengths: dict[str, Lengths]) -> pd.DataFrame:
    """All pairs of models: rank-sum tests, corrected, as written; signed-rank tests as run.

    ``smallest`` is the smallest p-value that so many seeds can give as written (erratum E06).
    """
    pairs = list(combinations(lengths, 2))
    written = [[per_seed(lengths[name].as_written) for name in pair] for pair in pairs]
    run = [[per_seed(lengths[name].as_run) for name in pair] for pair in pairs]
    corrected = benjamini_hochberg([rank_sum_p(*pair) for pair in written])
    return pd.DataFrame(
        {
            "model": [first for first, _ in pairs],
            "other_model": [second for _, second in pairs],
            "as_written": corrected,
            "smallest": [smallest_rank_sum_p(*map(len, pair)) for pair in written],
            "as_run": [signed_rank_p(*pair) for pair in run],
        }
    )


# === Claims, and research question 3 ===


def measurements(
    dimensions: pd.DataFrame,
    kl: dict[str, Interval],
    lengths: dict[str, Lengths],
    accuracy: float,
) -> list[Measurement]:
    """What was measured for each claim of Section 4.3."""
    written = {name: mean_sd(per_seed(own.as_written)) for name, own in lengths.items()}
    as_run = {name: mean_sd(per_seed(own.as_run)) for name, own in lengths.items()}
    p = p_values(lengths)
    weight = {name: name_by_weight(name).removesuffix("-VAE").replace(",", "") for name in VAES}
    return [
        *(Measurement(f"4.3-kl-{weight[name]}", {"kl": kl[name].mean}) for name in VAES),
        Measurement("4.3-kl-order", {"kl": [kl[name].mean for name in VAES]}),
        *(
            Measurement(f"4.3-ppl-{weight[name]}", written[name]._asdict(), as_run[name]._asdict())
            for name in VAES
        ),
        Measurement(
            "4.3-ppl-order",
            {"mean": [written[name].mean for name in VAES]},
            {"mean": [as_run[name].mean for name in VAES]},
        ),
        Measurement("4.3-ppl-p", {"p": p["as_written"].to_list()}, {"p": p["as_run"].to_list()}),
        Measurement("4.3-feature-net", {"top1_val_accuracy": accuracy}),
        Measurement("4.3-nongaussian-dim", nongaussian(dimensions)),
    ]


def nongaussian(dimensions: pd.DataFrame) -> dict[str, float | list[float]]:
    """The least normal dimension of the 10,000-VAE, and the largest departure of each model."""
    own = dimensions[dimensions["model"] == VAES[0]]
    least = least_normal(dimensions, VAES[0])
    return {
        "departure": least["departure"],
        "twice_the_next_departure": 2 * own["departure"].nlargest(2).iloc[-1],
        "peaks": int(least["peaks"]),
        "explained_by_both": least["by_both"],
        "explained_by_one": max(least["by_shape"], least["by_scale"]),
        "departures": [least_normal(dimensions, name)["departure"] for name in VAES],
    }


def answer(dimensions: pd.DataFrame, kl: dict[str, Interval], midpoints: dict[str, float]) -> str:
    """What these numbers say about research question 3."""
    least, lowest = (least_normal(dimensions, name) for name in (VAES[0], VAES[-1]))
    found = nongaussian(dimensions)
    return (
        f"The {name_by_weight(VAES[0])} deviates most from a normal distribution in dimension "
        f"{least['dimension']} (Kolmogorov-Smirnov distance {least['departure']:.2f}, next "
        f"{found['twice_the_next_departure'] / 2:.2f}; peaks: {least['peaks']}). Shape explains "
        f"{least['by_shape']:.0%} of that dimension's variance, scale {least['by_scale']:.0%}, "
        f"both {least['by_both']:.0%}. With the weight lowered to 3,750, the largest distance is "
        f"{lowest['departure']:.2f} and the KL divergence {kl[VAES[-1]].mean:.2f} nats instead of "
        f"{kl[VAES[0]].mean:.2f}. Half way between two shapes that are alike in all else, "
        f"{midpoints[VAES[0]]:.0%} of the images show no object ({name_by_weight(VAES[-1])}: "
        f"{midpoints[VAES[-1]]:.0%})."
    )
