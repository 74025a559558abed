"""Section 4.6: Pixel-wise Distribution of Generated Images.

Do generated images resemble the data? The posterior is estimated (Figures 48, 89 to 95), images are
generated from it, and the moments of their pixel values are compared with those of real images
(Figures 49 to 51, Tables 5 and 6) and of reconstructions. Then a network tries to tell them from
real ones (Appendix I). The claims are judged, RQ7 and RQ8 answered, from the numbers.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from chapters import ch4_6_discriminator, ch4_6_moments
from chapters.ch4_6_moments import IMAGE, RECONSTRUCTED, Z, compared
from chapters.ch4_6_samples import (
    COMPARED,
    DSPRITES,
    MNIST,
    RUN,
    WRITTEN,
    is_vlae,
    kde_source,
    own_source,
    samples_of,
    save_latent_figures,
)
from thesis_repro.analysis.pixel_moments import MOMENTS
from thesis_repro.analysis.statistics import benjamini_hochberg
from thesis_repro.models.zoo import short_name
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.section.generation import Source
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.judgements import Judgement, Measurement

MODELS = tuple(name for names in COMPARED.values() for name in names)
DATASETS = ()  # beside those of the models

TITLES = {MNIST: "MNIST", DSPRITES: "dSprites"}
WITH_PIXEL_LOSS = {  # by data set: the models that RQ8 compares, each before its GAN
    dataset: ((names[0], names[2]), (names[1], names[3])) for dataset, names in COMPARED.items()
}


class Found(NamedTuple):
    """The numbers that claims and answers are made of."""

    moments: ch4_6_moments.Numbers
    discriminated: pd.DataFrame  # see `ch4_6_discriminator.emit`


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load eight models; emit Figures 48-51 and 89-95, Tables 5, 6 and verdicts."""
    for name in MODELS:
        chapter.trained(name)
    codes = Codes(chapter)
    samples = {dataset: samples_of(codes, dataset) for dataset in COMPARED}
    save_latent_figures(chapter, samples)
    moments = ch4_6_moments.emit(chapter, samples)
    del samples  # and all images with it
    found = Found(moments, ch4_6_discriminator.emit(chapter, codes))
    judgements = chapter.judge(measurements(found))
    for question, text in answers(found).items():
        chapter.answer(question, text)
    chapter.write_manifest()
    return judgements


# === Claims ===


def measurements(found: Found) -> list[Measurement]:
    """What was measured for each claim of Section 4.6."""
    real, reconstructed = found.moments
    cells = [claim for claim in load_claims("4.6") if claim.source in ("Table 5", "Table 6")]
    return [
        *(
            Measurement(claim.id, *(p_values(real, claim.models[0], own) for own in (WRITTEN, RUN)))
            for claim in cells
        ),
        ch4_6_discriminator.measurement(found.discriminated),
        Measurement(
            "4.6-generated-vs-reconstructed",
            *(smallest_p(reconstructed, own) for own in (WRITTEN, RUN)),
        ),
        Measurement("4.6-prior-worse", *(distances(real, own) for own in (WRITTEN, RUN))),
    ]


def p_values(real: pd.DataFrame, name: str, reading: str) -> dict[str, float]:
    """A row of Table 5 or 6."""
    return compared(real, name, own_source(name, reading), reading)["p"].to_dict()


def smallest_p(reconstructed: pd.DataFrame, reading: str) -> dict[str, list[float]]:
    """Generated against reconstructed: per model the smallest p of its moments, and of its z.

    Corrected for the number of moments or dimensions (Benjamini, Hochberg).
    """
    wanted = reconstructed["source"].eq(kde_source(reading)) & reconstructed["reading"].eq(reading)
    own = reconstructed[wanted].set_index(["model", "of"])["p"].sort_index()
    return {
        f"p_of_{kind}": [
            float(np.min(benjamini_hochberg(own.loc[[(name, of)]]))) for name in RECONSTRUCTED
        ]
        for kind, of in (("moments", IMAGE), ("z", Z))
    }


def distances(real: pd.DataFrame, reading: str) -> dict[str, list[float]]:
    """How far four models' images on MNIST are from real ones, by source: see `distance`."""
    names = COMPARED[MNIST]
    return {
        "prior": [distance(real, name, Source.PRIOR, reading) for name in names],
        "kde": [distance(real, name, kde_source(reading), reading) for name in names],
        "figure_49": [distance(real, name, own_source(name, reading), reading) for name in names],
    }


def distance(real: pd.DataFrame, name: str, source: Source, reading: str = WRITTEN) -> float:
    """The mean over the moments of the Kolmogorov-Smirnov distance; 0: alike, 1: no overlap.

    A moment that none of the generated images has, constant as they are, counts as 1.
    """
    own = compared(real, name, source, reading).loc[[*MOMENTS], "ks_distance"]
    return float(own.fillna(1.0).mean())


# === Research questions ===


def answers(found: Found) -> dict[str, str]:
    """What these numbers say about research questions 7 and 8."""
    return {"RQ7": resemblance(found), "RQ8": losses_compared(found.moments.real)}


def resemblance(found: Found) -> str:
    """RQ7, from the moments' distances by source, and the discriminator."""
    real = found.moments.real
    said = []
    for dataset in COMPARED:
        values = "; ".join(distances_in_words(real, name) for name in COMPARED[dataset])
        said.append(f"On {TITLES[dataset]}: {values}.")
    told = ch4_6_discriminator.measurement(found.discriminated).as_written["accuracy"]
    accuracies = ", ".join(
        f"{short_name(name)} {share:.1%}"
        for name, share in zip(COMPARED[MNIST], told, strict=True)
        if np.isfinite(share)
    )
    return (
        "How far the moments of generated images' pixel values are from those of real ones "
        "(Kolmogorov-Smirnov distance, mean of four moments; 0: alike, 1: no overlap). "
        f"{' '.join(said)} A network tells them from real digits, on equal scales, in {accuracies} "
        "of cases (a guess: 50%)."
    )


def distances_in_words(real: pd.DataFrame, name: str) -> str:
    """The distances of a model's images, by source."""
    parts = [
        f"{distance(real, name, source):.2f} {words}"
        for source, words in (
            (Source.ENCODED, "reconstructed"),
            (Source.KDE, "from the estimated posterior"),
            (Source.PRIOR, "from the prior"),
        )
        if source is not Source.ENCODED or is_vlae(name)
    ]
    return f"{short_name(name)} {', '.join(parts)}"


def losses_compared(real: pd.DataFrame) -> str:
    """RQ8, from the distances of models with the pixel-wise loss and of their GANs."""
    said = []
    for pairs in WITH_PIXEL_LOSS.values():
        for names in pairs:
            one, other = (distance(real, name, own_source(name, WRITTEN)) for name in names)
            words = "closer" if other < one else "no closer"
            said.append(
                f"{short_name(names[1])} is {words} to the data than {short_name(names[0])} "
                f"({other:.2f}, {one:.2f})"
            )
    return (
        "Measured by the moments of the pixel values (Kolmogorov-Smirnov distance, mean of four): "
        f"{'; '.join(said)}. One training of each model."
    )
