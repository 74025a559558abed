"""Section 4.6: Pixel-wise Distribution of Generated Images.

Do generated images resemble the data? The posterior is estimated (Figures 48, 89 to 95), images are
generated from it, and the moments of their pixel values are compared with those of real images
(Figures 49 to 51, Tables 5 and 6) and of reconstructions. Then a network tries to tell them from
real ones (Appendix I). The claims are judged, RQ7 and RQ8 answered, from the numbers.
"""

if __name__ == "__main__":  # the same as `thesis-repro chapter 4.6`
    from thesis_repro.cli import run_section

    run_section("4.6")

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from chapters import ch4_6_moments as moments
from chapters.ch4_6_discriminator import CLAIM, discriminator_accuracies
from chapters.ch4_6_distances import (
    Images,
    correlated_dimensions,
    counterparts,
    distances_compared,
    reconstruction_errors,
    surely_farther_by,
)
from chapters.ch4_6_moments import COMPARED, DSPRITES, IMAGE, MNIST, VAES, Z, compared
from chapters.ch4_6_samples import AS_WRITTEN, Samples, Switched, samples_of
from thesis_repro.analysis.statistics import benjamini_hochberg
from thesis_repro.analysis.tables import pick, rows
from thesis_repro.models.zoo import model, short_name
from thesis_repro.plots.generation import latent_densities
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes, by_layer
from thesis_repro.section.declarations import Shown, figure
from thesis_repro.section.generation import Source
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import Reading
from thesis_repro.verdicts.judgements import Judgement, Measurement

WITH_PIXEL_LOSS = (  # the models that RQ8 compares, each before its GAN
    ("mnist-vae", "mnist-vae-gan"),
    ("mnist-vlae-factor-1", "mnist-vlae-gan"),
    ("dsprites-vae", "dsprites-vae-gan"),
    ("dsprites-vlae", "dsprites-vlae-gan"),
)


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load eight models; emit Figures 48-51 and 89-95, Tables 5, 6 and verdicts."""
    for name in chapter.model_ids:
        chapter.trained(name)
    codes, switched = Codes(chapter), Switched.of(chapter)
    tables = Tables(
        *compare_moments(chapter, codes), chapter.compute(discriminator_accuracies, codes)
    )
    judgements = chapter.judge(measurements(tables, switched))
    chapter.answer("RQ7", **resemblance(tables.real, tables.accuracies, switched))
    chapter.answer("RQ8", comparisons=losses_compared(tables.real, switched))
    chapter.write_manifest()
    return judgements


class Tables(NamedTuple):
    """What the claims are measured with.

    Attributes:
        real: Moments of generated images against those of real ones.
        reconstructed: Against those of reconstructions, and z against encodings.
        compared: Whose images are farther from real ones.
        correlated: The dimensions of codes that are correlated most.
        errors: Of reconstructions against their own images.
        accuracies: How often the discriminator is right.
    """

    real: pd.DataFrame
    reconstructed: pd.DataFrame
    compared: pd.DataFrame
    correlated: pd.DataFrame
    errors: pd.DataFrame
    accuracies: pd.DataFrame


def compare_moments(chapter: Chapter, codes: Codes) -> tuple[pd.DataFrame, ...]:
    """Emit what is drawn and measured of samples, none of whose images is kept after that.

    What is judged of it: all of `Tables` but the last.
    """
    samples = {dataset: samples_of(codes, dataset) for dataset in COMPARED}
    chapter.emit(latent_figures, samples)
    chapter.emit(moments.moment_figures, samples)
    real = pd.concat(map(moments.against_real, samples.values()), ignore_index=True)
    chapter.emit(moments.tables_5_and_6, real, Switched.of(chapter))
    chapter.emit(moments.table_5_of_1000, samples["mnist"])
    chapter.emit(moments.moments_by_image, real)
    chapter.emit(moments.moments_by_pixel, samples)
    chapter.emit(moments.differing_pixels, samples["mnist"])
    return (
        real,
        chapter.compute(moments.against_reconstructions, samples["mnist"]),
        chapter.compute(distances_compared, samples),
        chapter.compute(correlated_dimensions, samples["mnist"]),
        chapter.compute(reconstruction_errors, samples),
    )


# === Figures 48 and 89 to 95 ===


@figure(48, models=("mnist-vlae-gan",), readings=Reading)
@figure(89, models=("mnist-vae",), readings=Reading)
@figure(90, models=("mnist-vlae-factor-1",), readings=Reading)
@figure(91, models=("mnist-vlae-gan",), readings=Reading)  # printed twice
@figure("91_mnist_vae_gan", models=("mnist-vae-gan",), readings=Reading)  # never: erratum E78
@figure(92, models=("dsprites-vae",), readings=Reading)
@figure(93, models=("dsprites-vae-gan",), readings=Reading)
@figure(94, models=("dsprites-vlae",), readings=Reading)
@figure(95, models=("dsprites-vlae-gan",), readings=Reading)
def latent_figures(chapter: Chapter, shown: Shown, samples: Mapping[str, Samples]) -> Figure:
    """The distribution of each latent dimension, its estimate and the prior."""
    of_dataset = samples[model(shown.model).dataset.value]
    source = of_dataset.switched.encodings(shown.reading)
    layers = by_layer(of_dataset.generation.encoded(shown.model, source))
    count = len(of_dataset.generation.real)
    title = f"{short_name(shown.model)}: {source} of {count:,} validation images"
    return latent_densities(title, {f"${name}$": z for name, z in layers.items()})


# === Claims ===


def measurements(tables: Tables, switched: Switched = AS_WRITTEN) -> list[Measurement]:
    """What was measured for each claim of Section 4.6."""
    real, reconstructed, compared_distances, correlated, errors, accuracies = tables
    by_claim = {
        claim.id: partial(p_values, real, errors, switched, claim.models[0])
        for claim in load_claims("4.6")
        if claim.source in ("Table 5", "Table 6")
    } | {
        CLAIM: partial(accuracy_by_model, accuracies),
        "4.6-generated-vs-reconstructed": partial(smallest_p, reconstructed, switched),
        "4.6-covariance-free": partial(correlation, correlated, errors),
        "4.6-prior-worse": partial(prior_worse, compared_distances, switched),
        "4.6-overlap": partial(overlaps, real, switched),
        "4.6-vlae-better-mnist": partial(vlae_better, compared_distances, switched, "mnist"),
        "4.6-none-captures-mnist": partial(differs, real, errors, switched, MNIST),
        "4.6-vlae-better-dsprites": partial(vlae_better, compared_distances, switched, "dsprites"),
        "4.6-none-captures-dsprites": partial(differs, real, errors, switched, DSPRITES),
    }
    return [
        Measurement(claim.id, *map(by_claim[claim.id], Reading)) for claim in load_claims("4.6")
    ]


def p_values(
    real: pd.DataFrame, errors: pd.DataFrame, switched: Switched, name: str, reading: Reading
) -> dict[str, float]:
    """A row of Table 5 or 6, and whether the model has learned to reconstruct."""
    p = compared(real, name, reading, switched)["p"].to_dict()
    return p | {"error_of_own_images": pick(errors, "error_of_own", model=name)}


def accuracy_by_model(accuracies: pd.DataFrame, reading: Reading) -> dict[str, list[float | None]]:
    """How often the discriminator is right; None of a model that the scale leaves out."""
    shares = rows(accuracies, reading=reading).set_index("model")["accuracy"]
    return {"accuracy": [shares.get(name) for name in MNIST]}


def smallest_p(
    reconstructed: pd.DataFrame, switched: Switched, reading: Reading
) -> dict[str, list[float]]:
    """Generated against reconstructed: per model the smallest p of its moments, and of its z.

    Corrected for the number of moments or dimensions (Benjamini, Hochberg). With the largest
    distance of a moment's distributions (Kolmogorov, Smirnov).
    """
    kde = switched.estimated_posterior(reading)
    drawn = rows(reconstructed, source=kde, reading=reading)
    by_model = [rows(drawn, model=name) for name in VAES]
    return {
        "p_of_moments": [
            smallest_corrected(rows(of_model, of=IMAGE)["p"]) for of_model in by_model
        ],
        "distance_of_moments": [
            largest(rows(of_model, of=IMAGE)["ks_distance"]) for of_model in by_model
        ],
        "p_of_z": [smallest_corrected(rows(of_model, of=Z)["p"]) for of_model in by_model],
    }


def smallest_corrected(p: pd.Series) -> float:
    """The smallest of several p, corrected for their number; NaN if none is defined."""
    return float(pd.Series(benjamini_hochberg(p)).min())


def largest(values: pd.Series) -> float:
    """The largest of those values that are defined; NaN if none is."""
    return float(values.max())


def correlation(
    correlated: pd.DataFrame, errors: pd.DataFrame, reading: Reading
) -> dict[str, list[float]]:
    """How strongly the two dimensions that are correlated most are, of each model."""
    strongest = [pick(correlated, "r", model=name, reading=reading) for name in VAES]
    return {
        "strongest_correlation": [abs(r) for r in strongest],
        "error_of_own_images": [pick(errors, "error_of_own", model=name) for name in VAES],
    }


def prior_worse(
    compared_distances: pd.DataFrame, switched: Switched, reading: Reading
) -> dict[str, list[float]]:
    """By how much the prior's images are surely farther from MNIST than others, by model."""
    kde = switched.estimated_posterior(reading)

    def than(source_by_model: Callable[[str], Source]) -> list[float]:
        pairs = (
            (Images(name, Source.PRIOR), Images(name, source_by_model(name))) for name in MNIST
        )
        return [surely_farther_by(compared_distances, reading, *pair) for pair in pairs]

    return {
        "lower_end_of_prior_minus_kde": than(lambda name: kde),
        "lower_end_of_prior_minus_figure_49": than(lambda name: switched.source_of(name, reading)),
    }


def vlae_better(
    compared_distances: pd.DataFrame, switched: Switched, dataset: str, reading: Reading
) -> dict[str, list[float]]:
    """By how much the VAEs' images are surely farther from the data than the VLAEs'."""
    kde = switched.estimated_posterior(reading)

    def than(source_by_model: Callable[[str], Source]) -> list[float]:
        return [
            surely_farther_by(
                compared_distances, reading, Images(vae, kde), Images(vlae, source_by_model(vlae))
            )
            for vae, vlae in counterparts(dataset)
        ]

    return {
        "lower_end_of_vae_minus_vlae": than(lambda name: switched.source_of(name, reading)),
        "lower_end_where_all_are_sampled": than(lambda name: kde),
    }


def overlaps(real: pd.DataFrame, switched: Switched, reading: Reading) -> dict[str, list[float]]:
    """The smallest of the four histograms' overlaps with the data's in Figure 49, by model."""
    return {
        "smallest_overlap": [
            float(compared(real, name, reading, switched)["overlap"].fillna(0.0).min())
            for name in MNIST
        ]
    }


def differs(
    real: pd.DataFrame,
    errors: pd.DataFrame,
    switched: Switched,
    names: tuple[str, ...],
    reading: Reading,
) -> dict[str, list[float]]:
    """In the moment in which each model's images differ most: p, corrected for four, and how far.

    A moment that none of the images has is as far as can be.
    """
    by_model = [compared(real, name, reading, switched) for name in names]
    return {
        "smallest_p": [smallest_corrected(of_model["p"]) for of_model in by_model],
        "largest_distance": [largest(of_model["ks_distance"].fillna(1.0)) for of_model in by_model],
        "error_of_own_images": [pick(errors, "error_of_own", model=name) for name in names],
    }


def distance(
    real: pd.DataFrame, name: str, source: Source, reading: Reading = Reading.WRITTEN
) -> float:
    """The mean over the moments of the Kolmogorov-Smirnov distance; 0: alike, 1: no overlap.

    A moment that none of the generated images has, constant as they are, counts as 1.
    """
    by_moment = rows(real, model=name, source=source, reading=reading)["ks_distance"]
    return float(by_moment.fillna(1.0).mean())


# === Research questions 7 and 8 ===


def resemblance(
    real: pd.DataFrame, accuracies: pd.DataFrame, switched: Switched = AS_WRITTEN
) -> dict[str, dict]:
    """The numbers of RQ7: the moments' distances by model and source, and the discriminator's."""
    kde, encodings = (
        source(Reading.WRITTEN) for source in (switched.estimated_posterior, switched.encodings)
    )

    def by_source(name: str) -> dict[str, float]:
        """VLAEs' reconstructions too: the thesis has these for samples (erratum E65)."""
        sources = {"estimated": kde, "prior": Source.PRIOR}
        if switched.source_of(name, Reading.WRITTEN) is encodings:
            sources["reconstructed"] = encodings
        return {key: distance(real, name, source) for key, source in sources.items()}

    shares = accuracy_by_model(accuracies, Reading.WRITTEN)["accuracy"]
    return {
        "distances": {
            dataset: {short_name(name): by_source(name) for name in names}
            for dataset, names in COMPARED.items()
        },
        "accuracies": {
            short_name(name): share
            for name, share in zip(MNIST, shares, strict=True)
            if share is not None
        },
    }


def losses_compared(
    real: pd.DataFrame, switched: Switched = AS_WRITTEN
) -> list[dict[str, str | float]]:
    """The numbers of RQ8: distances of models with the pixel-wise loss and of their GANs."""

    def of_model(name: str) -> float:
        return distance(real, name, switched.source_of(name, Reading.WRITTEN))

    return [
        {
            "model": short_name(name),
            "gan": short_name(gan),
            "distance": of_model(name),
            "gan_distance": of_model(gan),
        }
        for name, gan in WITH_PIXEL_LOSS
    ]
