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

import pandas as pd

from chapters import (
    ch4_4_arithmetic,
    ch4_4_decoded,
    ch4_4_embeddings,
    ch4_4_explorations,
    ch4_4_information,
    ch4_4_layers,
    ch4_4_trajectories,
)
from chapters.ch4_4_arithmetic import needed, shares_changed
from chapters.ch4_4_explorations import crossed, turned
from chapters.ch4_4_information import DIM6, DSPRITES_VLAE, LOSSES, MNIST_VLAE, QUOTED
from chapters.ch4_4_layers import ORIENTATIONS, R2_OF_TREES, ones_apart, seen_in_figure_33
from chapters.ch4_4_trajectories import curvature, less_circular, orthogonality, roundness
from data_prep.dsprites_renderer import SHAPES
from data_prep.morphometry import COLUMNS
from thesis_repro.analysis.disentanglement import STANDARD
from thesis_repro.analysis.factor_information import ACCURACY, FLEXIBLE, SIMPLE
from thesis_repro.analysis.layer_shares import layer_shares, second_to_first, strongest
from thesis_repro.analysis.tables import pick, rows
from thesis_repro.models.zoo import short_name
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.thesis.readings import Reading
from thesis_repro.verdicts.judgements import Judgement, Measurement


class Tables(NamedTuple):
    """The numbers that claims and answers are made of; each as the part says that writes it."""

    information: pd.DataFrame
    scores: pd.DataFrame
    losses: pd.DataFrame
    variance: pd.DataFrame
    arithmetic: pd.DataFrame
    paths: pd.DataFrame
    rotations: pd.DataFrame
    angles: pd.DataFrame
    turned: pd.DataFrame
    lines: pd.DataFrame
    effects: pd.DataFrame
    overlap: pd.DataFrame
    ones: dict[str, float | list[float]]


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load 18 models; emit Figures 29 to 44 and 63 to 83, their numbers and verdicts."""
    for name in chapter.model_ids:
        chapter.trained(name)
    codes = Codes(chapter)
    embeddings = ch4_4_embeddings.emit(chapter, codes)
    *information, digits = ch4_4_information.emit(chapter, codes, *embeddings[DIM6])
    explored = ch4_4_explorations.emit(chapter, codes)
    arithmetic = ch4_4_arithmetic.emit(chapter, codes)
    paths = ch4_4_trajectories.emit(chapter, codes)
    made = ch4_4_decoded.emit(chapter, codes)
    tables = Tables(*information, arithmetic, *paths, *explored, *made, ones_apart(digits))
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
    of_layers = (less_circular(tables.paths, reading) for reading in Reading)
    return [
        Measurement("4.4-dim6-loss", dim6),
        Measurement("4.4-dim2-loss", dim2),
        Measurement(
            "4.4-vae-beats-vlae",
            {"loss_of_vlae": dim2["loss"], "loss_of_vae": dim6["loss"]},
        ),
        Measurement("4.4-digit-one", tables.ones),
        *ch4_4_layers.of_digits(tables.information, tables.variance),
        *ch4_4_layers.of_sprites(tables.information, tables.scores),
        *ch4_4_layers.of_faces(tables.information),
        Measurement("4.4-orthogonal", orthogonality(tables.angles, tables.paths)),
        Measurement("4.4-rotation-transition", turned(tables.turned)),
        Measurement("4.4-rotation-line", turned(tables.turned)),
        Measurement("4.4-rotation-circle", *rotation),
        Measurement("4.4-position-curve", *position),
        Measurement("4.4-position-line", crossed(tables.lines)),
        Measurement("4.4-vlae-less-circular", *of_layers),
        Measurement("4.4-arithmetic", shares_changed(tables.arithmetic)),
        Measurement("4.4-arithmetic-alpha", needed(tables.arithmetic)),
        *ch4_4_decoded.measurements(tables.effects, tables.overlap),
    ]


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
                for measure in ("MIG", "DCI disentanglement", "SAP", "FactorVAE score", *STANDARD)
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
        "sine": {
            axis: pick(tables.paths, "sine", attribute=axis, **written) for axis in ("x", "y")
        },
        "radius_sd": {
            shape: pick(tables.rotations, "radius_sd", shape=shape, **written) for shape in SHAPES
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
