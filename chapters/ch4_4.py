"""Section 4.4: Latent Space Analysis.

What do VAEs and VLAEs learn of the factors of variation, and where? First, codes in the plane,
coloured by what is known of their images (Section 4.4.1), with the same in numbers; then what
models make of chosen positions, and how the mean position moves with a factor (Section 4.4.2). All
that is in the parts; here the claims are judged, and RQ2, RQ4 and RQ5 answered, from the numbers.
"""

if __name__ == "__main__":  # the same as `thesis-repro chapter 4.4`
    from thesis_repro.cli import run_section

    run_section("4.4")

from typing import NamedTuple

import numpy as np
import pandas as pd

from chapters import (
    ch4_4_arithmetic,
    ch4_4_embeddings,
    ch4_4_explorations,
    ch4_4_information,
    ch4_4_trajectories,
)
from chapters.ch4_4_arithmetic import shares_changed
from chapters.ch4_4_information import (
    CELEBA_VLAE_GAN,
    DIM6,
    DSPRITES_VLAE,
    HAIR,
    LOSSES,
    MNIST_VLAE,
    PLANE,
    QUOTED,
    TOGETHER,
)
from chapters.ch4_4_trajectories import curvature, roundness
from data_prep.dsprites_renderer import SHAPES
from data_prep.morphometry import COLUMNS
from thesis_repro.analysis.factor_information import ACCURACY, FLEXIBLE, R2, SIMPLE
from thesis_repro.analysis.image_factors import BACKGROUND, SKIN, orientation_of
from thesis_repro.analysis.layer_shares import layer_share, layer_shares, second_to_first, strongest
from thesis_repro.analysis.tables import pick, rows
from thesis_repro.models.zoo import short_name
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.thesis.readings import Reading
from thesis_repro.verdicts.judgements import Judgement, Measurement

R2_OF_TREES = f"{R2}, {FLEXIBLE}"
ORIENTATIONS = tuple(map(orientation_of, SHAPES))


class Tables(NamedTuple):
    """The numbers that claims and answers are made of; each as the part says that writes it."""

    information: pd.DataFrame
    scores: pd.DataFrame
    losses: pd.DataFrame
    arithmetic: pd.DataFrame
    paths: pd.DataFrame
    rotations: pd.DataFrame


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load 18 models; emit Figures 29 to 44 and 63 to 83, their numbers and verdicts."""
    for name in chapter.model_ids:
        chapter.trained(name)
    codes = Codes(chapter)
    embeddings = ch4_4_embeddings.emit(chapter, codes)
    information = ch4_4_information.emit(chapter, codes, *embeddings[DIM6])
    ch4_4_explorations.emit(chapter, codes)
    arithmetic = ch4_4_arithmetic.emit(chapter, codes)
    tables = Tables(*information, arithmetic, *ch4_4_trajectories.emit(chapter, codes))
    judgements = chapter.judge(measurements(tables))
    chapter.answer("RQ2", **entanglement(tables.information, tables.scores))
    chapter.answer("RQ4", **lower_factors(tables))
    chapter.answer("RQ5", **independence(tables.information))
    chapter.write_manifest()
    return judgements


# === Claims ===


def measurements(tables: Tables) -> list[Measurement]:
    """What was measured for each claim of Section 4.4."""
    dim6, dim2 = (
        {key: pick(tables.losses, key, model=name, reading="validation") for key in LOSSES}
        for name in QUOTED
    )
    rotation = (roundness(tables.rotations, reading) for reading in Reading)
    position = (curvature(tables.paths, reading) for reading in Reading)
    return [
        Measurement("4.4-dim6-loss", dim6),
        Measurement("4.4-dim2-loss", dim2),
        Measurement("4.4-vae-beats-vlae", {"loss": [dim6["loss"], dim2["loss"]]}),
        Measurement("4.4-identity-layers", identity(tables.information)),
        Measurement("4.4-slant-z1", slant_and_thickness(tables.information)),
        Measurement("4.4-orientation-vae", seen_in_figure_33(tables.information)),
        Measurement("4.4-rotation-circle", *rotation),
        Measurement("4.4-position-curve", *position),
        Measurement("4.4-vlae-z3", third_layer(tables.information)),
        Measurement("4.4-celeba-layers", layers_of_faces(tables.information)),
        Measurement("4.4-arithmetic", shares_changed(tables.arithmetic)),
    ]


def identity(information: pd.DataFrame) -> dict[str, float]:
    """Shares of the digit's information in MNIST-VLAE's layers."""
    z_1, *others = layer_shares(information, MNIST_VLAE, "digit")
    return {
        "weaker_of_z_2_and_z_3": min(others),
        "twice_z_1": 2 * z_1,
        "lower_bound_of_both": layer_share(information, MNIST_VLAE, TOGETHER, "digit", "low"),
        "upper_bound_of_the_stronger": max(
            layer_shares(information, MNIST_VLAE, "digit", "high")[1:]
        ),
    }


def slant_and_thickness(information: pd.DataFrame) -> dict[str, float]:
    """Shares of slant's and thickness's information in MNIST-VLAE's layers."""
    slant = layer_shares(information, MNIST_VLAE, "slant")
    thickness = layer_shares(information, MNIST_VLAE, "thickness")
    return {
        "slant_in_z_1": slant[0],
        "slant_in_the_stronger_of_the_others": max(slant[1:]),
        "thickness_in_z_1": thickness[0],
        "twice_thickness_in_the_stronger_of_the_others": 2 * max(thickness[1:]),
    }


def seen_in_figure_33(information: pd.DataFrame) -> dict[str, float | list[float]]:
    """R2 of trees that see the plane of Figure 33 alone."""
    orientation, *others = (
        pick(information, "value", model=DIM6, layer=PLANE, factor=factor, measure=R2_OF_TREES)
        for factor in ("orientation", "scale", "x", "y")
    )
    return {"orientation": orientation, "scale_and_position": others}


def third_layer(information: pd.DataFrame) -> dict[str, list[float]]:
    """Shares of each factor's information in dSprites-VLAE's layers; squares' orientation."""
    factors = ("x", "y", "scale", "shape")
    shares = [layer_shares(information, DSPRITES_VLAE, factor) for factor in factors]
    square = orientation_of("square")
    lower_bounds = layer_shares(information, DSPRITES_VLAE, square, "low")
    return {
        "in_z_3": [z_3 for _, _, z_3 in shares],
        "in_the_stronger_of_z_1_and_z_2": [max(z_1, z_2) for z_1, z_2, _ in shares],
        "lower_bound_of_orientation_in_z_1_and_z_2": lower_bounds[:2],
        "orientation_in_z_1_and_z_2": layer_shares(information, DSPRITES_VLAE, square)[:2],
        "position_in_z_3": [z_3 for _, _, z_3 in shares[:2]],
    }


def layers_of_faces(information: pd.DataFrame) -> dict[str, float]:
    """Shares of information on skin, hair and background in CelebA-VLAE-GAN's layers."""
    skin = layer_shares(information, CELEBA_VLAE_GAN, SKIN)
    background = layer_shares(information, CELEBA_VLAE_GAN, BACKGROUND)
    colours = [layer_shares(information, CELEBA_VLAE_GAN, colour) for colour in HAIR]
    hair = np.mean(colours, axis=0)
    return {
        "skin_in_z_1": skin[0],
        "skin_in_the_stronger_of_the_others": max(skin[1:]),
        "hair_in_z_2": hair[1],
        "hair_in_the_stronger_of_the_others": max(hair[0], hair[2]),
        "background_in_z_3": background[2],
        "background_in_the_stronger_of_the_others": max(background[:2]),
    }


# === Research questions 2, 4 and 5 ===


def entanglement(information: pd.DataFrame, scores: pd.DataFrame) -> dict[str, object]:
    """RQ2: the scores on dSprites, and linear predictors beside trees."""

    def accuracies(model: str, layer: str, factor: str) -> list[float]:
        codes = {"model": model, "layer": layer, "factor": factor}
        measures = (f"{ACCURACY}, {predictor}" for predictor in (SIMPLE, FLEXIBLE))
        return [pick(information, "value", **codes, measure=measure) for measure in measures]

    return {
        "scores": {
            short_name(name): {
                measure: pick(scores, "value", model=name, layer=layer, measure=measure)
                for measure in ("MIG", "DCI disentanglement", "SAP", "FactorVAE score")
            }
            for name, layer in ((DIM6, "z"), (DSPRITES_VLAE, "all"))
        },
        "shapes": accuracies(DIM6, "z", "shape"),
        "digits": accuracies(MNIST_VLAE, "all", "digit"),
    }


def lower_factors(tables: Tables) -> dict[str, object]:
    """RQ4: what the layers of MNIST-VLAE know, and the paths of dSprites' factors."""
    information = tables.information
    trees = rows(information, model=DIM6, layer="z", measure=R2_OF_TREES)
    written = {"model": "dsprites-vae", "reading": Reading.WRITTEN}
    return {
        "shares": {
            factor: layer_shares(information, MNIST_VLAE, factor)
            for factor in ("thickness", "slant", "digit")
        },
        "r2": {
            factor: pick(trees, "value", factor=factor)
            for factor in ("scale", "x", "y", *ORIENTATIONS)
        },
        "orientation_in_figure_33": seen_in_figure_33(information)["orientation"],
        "off_line": {
            axis: pick(tables.paths, "off_line", attribute=axis, **written) for axis in ("x", "y")
        },
        "period": {
            shape: pick(tables.rotations, "period", shape=shape, **written)
            for shape in ("square", "ellipse")
        },
    }


def independence(information: pd.DataFrame) -> dict[str, object]:
    """RQ5: how alone the strongest layer of each factor is."""
    models = {}
    for name, factors in (
        (DSPRITES_VLAE, ("shape", "scale", "x", "y", *ORIENTATIONS)),
        (MNIST_VLAE, (*COLUMNS, "digit")),
    ):
        shares = {factor: layer_shares(information, name, factor) for factor in factors}
        models[short_name(name)] = {
            "strongest": {factor: strongest(layers) for factor, layers in shares.items()},
            "second_to_first": second_to_first(shares.values()),
        }
    return {"models": models}
