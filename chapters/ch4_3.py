"""Section 4.3: Latent Space Entanglement and Categorical Factors of Variation.

Five dSprites-VAEs, with reconstruction term weights from 10,000 down to 3,750. Where do they put
three shapes that nothing lies between? Histograms of their latent dimensions (Figures 23-26, 28),
traversals from shape to shape (Figures 27, 61, 62), KL divergences on the validation set, and the
perceptual path lengths of Table 4.
"""

if __name__ == "__main__":  # the same as `thesis-repro chapter 4.3`
    from thesis_repro.cli import run_section

    run_section("4.3")

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from thesis_repro.analysis import latent_dimensions, path_length
from thesis_repro.analysis.image_sets import encoded_rows
from thesis_repro.analysis.latent_dimensions import least_normal
from thesis_repro.analysis.path_length_statistics import MeasuredLengths, p_values, summaries
from thesis_repro.analysis.posteriors import kl_divergences
from thesis_repro.analysis.shape_pairs import images_as_run, matched_images, unmatched_images
from thesis_repro.analysis.shape_traversals import LINES, PAIRS, changes, told_apart
from thesis_repro.analysis.statistics import bootstrap_mean
from thesis_repro.analysis.tables import pick, rows
from thesis_repro.library.pictures import traverse
from thesis_repro.models.encoding import SampledPosterior
from thesis_repro.models.zoo import DSPRITES_VAES as VAES
from thesis_repro.models.zoo import model, name_by_weight
from thesis_repro.plots.latent import histograms
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.declarations import Shown, figure, numbers, table
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import REPORTED, Reading
from thesis_repro.verdicts.judgements import Judgement, Measurement

CHECKS = {"dsprites": "thesis_repro.analysis.shape_pairs"}  # of a part, before any training

VAE = "dsprites-vae"  # the 10,000-VAE
FEATURES, FEATURES_AS_RUN = "feature-extraction", "feature-extraction-as-run"  # erratum E19

OWN_CODES = 1_000  # at most, decoded beside the averaged ones: two standard errors are 0.02 of 0.1
EXAMPLE_AS_RUN = {"dsprites-vae": 1_000, "7500-vae": 1, "5000-vae": 1}  # original code


class SampleSizes(NamedTuple):
    """How much is computed at a scale."""

    images: int | None  # validation images that are encoded; None for all 73,728
    seeds: int  # of the path lengths as written
    steps: int  # per seed
    seeds_as_run: int
    samples: int  # random images, for the share of empty ones
    matched: int  # triples of images that differ in shape alone, for what happens between them


SAMPLE_SIZES = {
    "paper": SampleSizes(None, 50, 100, 200, 10_000, 100),  # Section 4.3; original code
    "quick": SampleSizes(10_000, 50, 20, 12, 1_000, 100),
    "smoke": SampleSizes(256, 6, 2, 6, 64, 10),
}

Posteriors = Mapping[str, SampledPosterior]
Lengths = Mapping[str, MeasuredLengths]


class Tables(NamedTuple):
    """The numbers that the claims are judged by, each as the function says that makes it."""

    dimensions: pd.DataFrame
    areas: pd.DataFrame
    kl: pd.DataFrame
    losses: pd.DataFrame
    between: pd.DataFrame
    averages: pd.DataFrame
    lengths: pd.DataFrame
    p: pd.DataFrame


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load five VAEs and the feature networks; emit the figures, Table 4 and verdicts."""
    data, sizes = chapter.prepared("dsprites"), chapter.at_scale(SAMPLE_SIZES)
    triples = images_of_shapes(chapter, sizes.matched)
    as_run = {
        name: images_as_run(data.validation, number) for name, number in EXAMPLE_AS_RUN.items()
    }
    encoded = encoded_rows(len(data.validation), sizes.images, chapter.section)
    images, classes = data.validation.images[encoded], data.validation.known["classes"][encoded]
    posterior = {name: posterior_of(chapter, name, images) for name in VAES}

    dimensions = chapter.compute(dimensions_in_numbers, posterior, classes)
    least = least_normal(dimensions, VAE)
    chapter.emit(histograms_by_factor, posterior[VAE].z, classes, least)
    areas = chapter.compute(areas_in_numbers, posterior[VAE].z[:, least["dimension"] - 1], classes)
    chapter.emit(histograms_by_weight, posterior, dimensions)
    kl = chapter.compute(kl_by_model, posterior)
    losses = chapter.compute(reconstruction)

    chapter.emit(from_shape_to_shape, triples[0], as_run)
    between = chapter.compute(between_shapes, triples)
    averages = chapter.compute(averaged_codes, posterior, classes)

    measured = {name: measured_lengths(chapter, name, sizes) for name in VAES}
    lengths = chapter.compute(table_4, measured)
    p = chapter.compute(table_4_p_values, measured)

    accuracy = chapter.trained(FEATURES).history[-1]["val_accuracy"]
    tables = Tables(dimensions, areas, kl, losses, between, averages, lengths, p)
    judgements = chapter.judge(measurements(tables, accuracy))
    pairs = "of any other factors" if chapter.reads("E53") else "alike in all else"
    chapter.answer("RQ3", pairs=pairs, **entanglement(dimensions, kl, between))
    chapter.write_manifest()
    return judgements


def images_of_shapes(chapter: Chapter, limit: int) -> np.ndarray:
    """Triples of images, alike but for their shape, uint8 (n, 3, height, width, 1), n <= limit."""
    data = chapter.prepared("dsprites")
    if chapter.reads("E53"):
        return unmatched_images(data.validation, limit)
    return matched_images(data, limit)


def posterior_of(
    chapter: Chapter, name: str, images: np.ndarray, reading: Reading = Reading.WRITTEN
) -> SampledPosterior:
    """The posterior of these images; z is sampled, as in the original code (erratum E51)."""
    (posterior,) = chapter.trained(name).encode(images)
    if chapter.reads("E51") and reading is Reading.WRITTEN:
        return SampledPosterior(posterior.mu, posterior.log_var, posterior.mu)
    return SampledPosterior.of(posterior, chapter.rng("posterior"))


# === Latent dimensions: Figures 23 to 26 and 28, KL divergences ===


@numbers("latent_dimensions", models=VAES)
def dimensions_in_numbers(
    chapter: Chapter, shown: Shown, posterior: Posteriors, classes: np.ndarray
) -> pd.DataFrame:
    """How far each dimension is from a normal distribution, and what it encodes."""
    return latent_dimensions.in_numbers(posterior, classes)


@numbers("areas", models=(VAE,))
def areas_in_numbers(
    chapter: Chapter, shown: Shown, values: np.ndarray, classes: np.ndarray
) -> pd.DataFrame:
    """What scales, and shapes of the smallest, share of the least normal dimension's values."""
    return latent_dimensions.areas(values, classes)


@figure(23, models=(VAE,))
@figure(24, models=(VAE,))
@figure(25, models=(VAE,))
@figure(26, models=(VAE,))
def histograms_by_factor(
    chapter: Chapter, shown: Shown, z: np.ndarray, classes: np.ndarray, least: pd.Series
) -> Figure:
    """The latent space as a whole, by shape, by scale, and of the smallest objects by shape."""
    farthest = (
        f"\n$z_{{{least['dimension']}}}$ is farthest from a normal distribution "
        f"(negentropy {least['negentropy']:.2f} nats); peaks: {least['peaks']:.0f}"
    )
    smallest = latent_dimensions.smallest_by_shape(z, classes)
    of_smallest = sum(map(len, smallest[latent_dimensions.SMALLEST].values()))
    what, count, groups = {
        "23": (farthest, len(z), {"all": z}),
        "24": (", by shape", len(z), latent_dimensions.by_shape(z, classes)),
        "25": (", by scale", len(z), latent_dimensions.by_scale(z, classes)),
        "26": (" with scale 0.5, by shape", of_smallest, smallest),
    }[shown.declaration.name]
    title = f"{name_by_weight(VAE)}: latent space of {count:,} validation images{what}"
    return histograms(title, groups, least["dimension"] - 1)


@figure(28, models=VAES)
def histograms_by_weight(
    chapter: Chapter, shown: Shown, posterior: Posteriors, dimensions: pd.DataFrame
) -> Figure:
    """The latent spaces of all five."""
    z = {name_by_weight(name): posterior[name].z for name in VAES}
    marked = [least_normal(dimensions, name)["dimension"] - 1 for name in VAES]
    count = len(posterior[VAE].z)
    title = f"Latent spaces of {count:,} validation images, by reconstruction term weight"
    return histograms(title, z, marked)


@numbers("kl_divergences", models=VAES)
def kl_by_model(chapter: Chapter, shown: Shown, posterior: Posteriors) -> pd.DataFrame:
    """Per model, in nats: the mean over images with its 95 % interval, and the reported value."""
    table_rows = []
    for claim in load_claims("4.3"):
        if claim.kind == "value" and "kl" in claim.reported:
            (name,) = claim.models
            per_image = kl_divergences(posterior[name].mu, posterior[name].log_var).sum(axis=1)
            interval = bootstrap_mean(per_image, chapter.rng("kl", name))
            table_rows.append({"model": name, "reading": Reading.WRITTEN, **interval._asdict()})
            table_rows.append({"model": name, "reading": REPORTED, "mean": claim.reported["kl"]})
    return pd.DataFrame(table_rows)


@numbers("reconstruction", models=VAES)
def reconstruction(chapter: Chapter, shown: Shown) -> pd.DataFrame:
    """The mean squared error of validation pixels after training: the term over its weight."""
    return pd.DataFrame(
        {
            "model": name,
            "mean_squared_error": chapter.trained(name).history[-1]["val_reconstruction"]
            / model(name).reconstruction_weight.value,
        }
        for name in VAES
    )


# === Between the shapes: Figures 27, 61 and 62 ===


@figure(27, models=(VAE,), readings=Reading)
@figure(61, models=("7500-vae",), readings=Reading)  # Appendix C
@figure(62, models=("5000-vae",), readings=Reading)  # Appendix C
def from_shape_to_shape(
    chapter: Chapter, shown: Shown, matched: np.ndarray, as_run: Mapping[str, np.ndarray]
) -> Figure:
    """Lines between the z of three images: alike but for their shape, or not, as run."""
    images, what = matched, "all other factors equal"
    if shown.reading is Reading.RUN or chapter.reads("E53"):
        images = as_run[shown.model]
        what = "as run: other factors differ"
    z = posterior_of(chapter, shown.model, images, shown.reading).z
    title = f"{name_by_weight(shown.model)}: from shape to shape, {what}"
    starts, ends = zip(*PAIRS, strict=True)
    trained = chapter.trained(shown.model)
    return traverse(trained, z[[*starts]], z[[*ends]], labels=LINES, title=title)


@numbers("between_shapes", models=VAES)
def between_shapes(chapter: Chapter, shown: Shown, matched: np.ndarray) -> pd.DataFrame:
    """Per line between two shapes: how many of the matched images' lines do what; see `changes`.

    Shares of all lines; of ``largest_move`` the median (px). ``unbroken``: both ends show an
    object, each its own shape, and nothing between them is sudden.
    """
    images = matched.reshape(-1, *matched.shape[2:])
    table_rows = []
    for name in VAES:
        z = posterior_of(chapter, name, images).z.reshape(*matched.shape[:2], -1)
        decode = chapter.trained(name).decode
        lines, shapes = changes(decode, z), told_apart(decode, z, matched / 255)
        lines["unbroken"] = lines["ends_shown"] & ~lines["sudden"] & shapes
        for line, of_line in lines.groupby("line", sort=False):
            row = {"model": name, "line": line, "lines": len(of_line)}
            shares = ["ends_shown", "empty_in_the_middle", "sudden", "unbroken"]
            row |= of_line[shares].mean().to_dict()
            table_rows.append(row | {"largest_move": of_line["largest_move"].median()})
    return pd.DataFrame(table_rows)


@numbers("averaged_codes", models=VAES)
def averaged_codes(
    chapter: Chapter, shown: Shown, posterior: Posteriors, classes: np.ndarray
) -> pd.DataFrame:
    """The share of empty images among those of mean z, by shape and scale, of all else.

    ``empty_of_own``: among those of single images' z, at most `OWN_CODES` of what is averaged.
    """
    table_rows = []
    for name in VAES:
        z = posterior[name].z
        averages = latent_dimensions.means_by_shape_and_scale(z, classes)
        single = z[:: -(-len(z) // OWN_CODES)]
        empty, of_own = (
            path_length.is_empty(chapter.trained(name).decode([codes])).mean()
            for codes in (averages, single)
        )
        row = {"model": name, "codes": len(averages), "empty": empty}
        table_rows.append(row | {"own_codes": len(single), "empty_of_own": of_own})
    return pd.DataFrame(table_rows)


# === Perceptual path lengths: Table 4 ===


def measured_lengths(chapter: Chapter, name: str, sizes: SampleSizes) -> MeasuredLengths:
    """Path lengths of a model as written and as run, each with its feature network."""
    decoder, seed = chapter.trained(name).model.decoder, chapter.workspace.options.seed
    features, as_run = (chapter.trained(helper).model for helper in (FEATURES, FEATURES_AS_RUN))
    interpolate = path_length.slerp_on_unit_sphere if chapter.reads("E18") else path_length.slerp
    if chapter.reads("E17"):
        written = path_length.path_lengths_as_run(
            decoder, features, seed, sizes.seeds_as_run, interpolate
        )
    else:
        written = path_length.path_lengths(
            decoder, features, seed, sizes.seeds, sizes.steps, interpolate
        )
    return MeasuredLengths(
        written,
        path_length.path_lengths_as_run(decoder, as_run, seed, sizes.seeds_as_run),
        path_length.share_of_empty_images(decoder, seed, sizes.samples),
    )


@table(4, models=(*VAES, FEATURES, FEATURES_AS_RUN))
def table_4(chapter: Chapter, shown: Shown, measured: Lengths) -> pd.DataFrame:
    """Per model as written, as run and reported: see `summaries`."""
    table_rows = []
    for claim in load_claims("4.3"):
        if claim.source == "Table 4" and claim.kind == "value":
            (name,) = claim.models
            by_reading = summaries(measured[name], sd_of_steps=chapter.reads("E56"))
            for reading, row in zip(Reading, by_reading, strict=True):
                table_rows.append({"model": name, "reading": reading, **row})
            table_rows.append({"model": name, "reading": REPORTED, **claim.reported})
    return pd.DataFrame(table_rows)


@numbers("table_4_p_values", models=(*VAES, FEATURES, FEATURES_AS_RUN))
def table_4_p_values(chapter: Chapter, shown: Shown, measured: Lengths) -> pd.DataFrame:
    """Whether the models differ, pair by pair."""
    return p_values(measured, paired=chapter.reads("E07"), corrected=not chapter.reads("E08"))


# === Claims, and research question 3 ===


def measurements(tables: Tables, accuracy: float) -> list[Measurement]:
    """What was measured for each claim of Section 4.3, from its tables."""
    weights = [model(name).reconstruction_weight.value for name in VAES]
    kl = rows(tables.kl, reading=Reading.WRITTEN)["mean"].to_list()
    by_reading = [rows(tables.lengths, reading=reading) for reading in Reading]
    by_model = zip(*(ppl[["mean", "sd"]].to_dict("records") for ppl in by_reading), strict=True)
    least = least_normal(tables.dimensions, VAE)
    return [
        Measurement(
            "4.3-reconstruction",
            {"mean_squared_error": tables.losses["mean_squared_error"].to_list()},
        ),
        *(Measurement(f"4.3-kl-{w}", {"kl": mean}) for w, mean in zip(weights, kl, strict=True)),
        Measurement("4.3-kl-order", {"kl": kl}),
        Measurement("4.3-kl-first-step", kl_steps(kl)),
        *(Measurement(f"4.3-ppl-{w}", *both) for w, both in zip(weights, by_model, strict=True)),
        Measurement("4.3-ppl-order", *({"mean": ppl["mean"].to_list()} for ppl in by_reading)),
        Measurement(
            "4.3-ppl-p", *({"p": tables.p[key].to_list()} for key in ("as_written", "as_run"))
        ),
        Measurement("4.3-black-images", black_images(by_reading[0])),
        Measurement("4.3-ppl-sd", *map(spread_of_lengths, by_reading)),
        Measurement("4.3-feature-net", {"top1_val_accuracy": accuracy}),
        Measurement("4.3-nongaussian-dim", latent_dimensions.nongaussian(tables.dimensions, VAES)),
        Measurement("4.3-scale-areas", latent_dimensions.areas_of_scales(tables.areas)),
        Measurement("4.3-shape-peaks", latent_dimensions.peaks_of_shapes(tables.areas, least)),
        Measurement("4.3-shape-lines", lines_between_shapes(tables.between)),
        Measurement("4.3-shape-transition", {"unbroken": tables.between["unbroken"].to_list()}),
        Measurement(
            "4.3-averaged-codes",
            {name: pick(tables.averages, name, model=VAE) for name in ("empty", "empty_of_own")},
        ),
    ]


def kl_steps(kl: Sequence[float]) -> dict[str, float]:
    """By how much the KL divergences (nats), of the weights from 10,000 down, fall at each step."""
    first, *others = -np.diff(kl)
    return {"first_step": abs(first), "smallest_of_the_other_steps": min(others)}


def black_images(lengths: pd.DataFrame) -> dict[str, float | list[float]]:
    """Shares of empty images among random samples, of the five models and of some of them."""
    empty = dict(zip(lengths["model"], lengths["empty_images"], strict=True))
    return {
        "empty_images": [empty[name] for name in VAES],
        "in_the_10000_vae": empty[VAE],
        "in_the_6250_vae": [empty["6250-vae"]] * 2,
        "in_the_5000_and_3750_vae": [empty[name] for name in VAES[-2:]],
    }


def spread_of_lengths(lengths: pd.DataFrame) -> dict[str, float | list[float]]:
    """What the text argues from the standard deviation, of the 6,250-VAE, and that of all five."""
    middle = {"model": "6250-vae"}
    return {
        "sd": lengths["sd"].to_list(),
        "empty_images": pick(lengths, "empty_images", **middle),
        "of_objects": pick(lengths, "of_objects", **middle),
        "of_nothing": pick(lengths, "of_nothing", **middle),
    }


def lines_between_shapes(between: pd.DataFrame) -> dict[str, float | list[float]]:
    """Shares of the 10,000-VAE's lines that pass through nothing, by line, or change suddenly."""
    of_vae = rows(between, model=VAE)
    return {
        "empty_in_the_middle": of_vae["empty_in_the_middle"].to_list(),
        "sudden": of_vae["sudden"].mean(),
    }


def entanglement(
    dimensions: pd.DataFrame, kl: pd.DataFrame, between: pd.DataFrame
) -> dict[str, object]:
    """The numbers of the answer: of the 10,000-VAE and, where there are two, of the 3,750-VAE."""
    ends = VAE, VAES[-1]
    return {
        "models": [name_by_weight(name) for name in ends],
        "least": least_normal(dimensions, VAE).to_dict(),
        "next_negentropy": latent_dimensions.next_negentropy(dimensions, VAE),
        "lowest_negentropy": least_normal(dimensions, VAES[-1])["negentropy"],
        "kl": [pick(kl, "mean", model=name, reading=Reading.WRITTEN) for name in ends],
        "empty": [rows(between, model=name)["empty_in_the_middle"].mean() for name in ends],
    }
