"""Section 4.4: Latent Space Analysis.

What do VAEs and VLAEs learn of the factors of variation, and where? First, codes in the plane,
coloured by what is known of their images (Section 4.4.1), with the same in numbers; then what
models make of chosen positions, and how the mean position moves with a factor (Section 4.4.2). The
claims are judged, and RQ2, RQ4 and RQ5 answered, from the numbers.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from chapters import (
    ch4_4_arithmetic,
    ch4_4_embeddings,
    ch4_4_explorations,
    ch4_4_numbers,
    ch4_4_trajectories,
)
from chapters.ch4_4_numbers import (
    BACKGROUND,
    CELEBA_VLAE_GAN,
    DIM6,
    DSPRITES_VLAE,
    HAIR,
    MEASURED,
    MNIST_VLAE,
    PLANE,
    QUOTED,
    SKIN,
    TOGETHER,
    orientation_of,
)
from chapters.ch4_4_trajectories import RUN, VAES, WRITTEN
from data_prep.dsprites_renderer import SHAPES
from data_prep.morphometry import COLUMNS
from thesis_repro.analysis.factor_information import (
    ACCURACY,
    FLEXIBLE,
    INFORMATION,
    R2,
    SIMPLE,
)
from thesis_repro.models.zoo import short_name
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.verdicts.judgements import Judgement, Measurement

MODELS = tuple(name for names in MEASURED.values() for name in names)
DATASETS = ("morpho-mnist",)  # beside those of the models

LAYERS = ("z_1", "z_2", "z_3")  # of every VLAE
ALL_LAYERS = "all"  # side by side
NOTHING = (
    0.01  # of what there is to tell of a factor: a layer that tells less is said not to know it
)
DSPRITES_FACTORS = ("shape", "scale", "orientation", "x", "y")


class Found(NamedTuple):
    """The numbers that claims and answers are made of."""

    layers: ch4_4_numbers.Numbers
    arithmetic: pd.DataFrame  # see `ch4_4_arithmetic.emit`
    moved: ch4_4_trajectories.Numbers


def run(chapter: Chapter) -> list[Judgement]:
    """Train or load 18 models; emit Figures 29 to 44 and 63 to 83, their numbers and verdicts."""
    for name in MODELS:
        chapter.trained(name)
    codes = Codes(chapter)
    embedded = ch4_4_embeddings.emit(chapter, codes)
    layers = ch4_4_numbers.emit(chapter, codes, embedded)
    ch4_4_explorations.emit(chapter, codes)
    arithmetic = ch4_4_arithmetic.emit(chapter, codes)
    moved = ch4_4_trajectories.emit(chapter, codes)
    found = Found(layers, arithmetic, moved)
    judgements = chapter.judge(measurements(found))
    for question, text in answers(found).items():
        chapter.answer(question, text)
    chapter.write_manifest()
    return judgements


# === Looking numbers up ===


def told(
    table: pd.DataFrame,
    model: str,
    layer: str,
    factor: str,
    measure: str = INFORMATION,
    column: str = "value",
) -> float:
    """What a layer tells of a factor; NaN where it was not measured.

    Information is the share of all that there is to tell, 0 to 1, so that factors compare.
    """
    wanted = {"model": model, "layer": layer, "factor": factor, "measure": measure}
    row = table[(table[list(wanted)] == list(wanted.values())).all(axis=1)]
    if row.empty:
        return np.nan
    best = row["best"].item() if measure == INFORMATION else 1.0
    return float(row[column].item() / best)


def shares_by_layer(
    table: pd.DataFrame, model: str, factor: str, column: str = "value"
) -> np.ndarray:
    """The share of what there is to tell of a factor, for z_1, z_2 and z_3."""
    return np.array([told(table, model, layer, factor, column=column) for layer in LAYERS])


def score(table: pd.DataFrame, model: str, measure: str, layer: str = ALL_LAYERS) -> float:
    """A score of disentanglement; of a model's only layer, where it has one."""
    own = table[(table["model"] == model) & (table["measure"] == measure)]
    if own["layer"].nunique() > 1:
        own = own[own["layer"] == layer]
    return float(own["value"].item())


def of_models(
    table: pd.DataFrame, column: str, reading: str, models: Iterable[str], **where: str
) -> list[float]:
    """A column of the trajectories' tables, for these models' only layer, in their order."""
    own = table[table["reading"] == reading]
    for key, value in where.items():
        own = own[own[key] == value]
    return own.set_index("model").loc[list(models), column].to_list()


# === Claims ===


def measurements(found: Found) -> list[Measurement]:
    """What was measured for each claim of Section 4.4."""
    table, losses = found.layers.information, found.layers.losses
    ours = losses[losses["reading"] == "validation"].set_index("model")
    values = {name: ours.loc[name, ["loss", "reconstruction", "kl"]].to_dict() for name in QUOTED}
    return [
        Measurement("4.4-dim6-loss", values[QUOTED[0]]),
        Measurement("4.4-dim2-loss", values[QUOTED[1]]),
        Measurement("4.4-vae-beats-vlae", {"loss": [values[name]["loss"] for name in QUOTED]}),
        Measurement("4.4-identity-layers", identity(table)),
        Measurement("4.4-slant-z1", slant_and_thickness(table)),
        Measurement("4.4-orientation-vae", seen_in_figure_33(table)),
        Measurement("4.4-rotation-circle", *(circles(found.moved, own) for own in (WRITTEN, RUN))),
        Measurement("4.4-position-curve", *(curves(found.moved, own) for own in (WRITTEN, RUN))),
        Measurement("4.4-vlae-z3", third_layer(table)),
        Measurement("4.4-celeba-layers", layers_of_faces(table)),
        Measurement("4.4-arithmetic", shares_moved(found.arithmetic)),
    ]


def identity(table: pd.DataFrame) -> dict[str, float]:
    """Shares of the digit's information in MNIST-VLAE's layers."""
    first, *others = shares_by_layer(table, MNIST_VLAE, "digit")
    highs = shares_by_layer(table, MNIST_VLAE, "digit", "high")[1:]
    return {
        "weaker_of_z_2_and_z_3": min(others),
        "twice_z_1": 2 * first,
        "lower_bound_of_both": told(table, MNIST_VLAE, TOGETHER, "digit", column="low"),
        "upper_bound_of_the_stronger": max(highs),
    }


def slant_and_thickness(table: pd.DataFrame) -> dict[str, float]:
    """Shares of slant's and thickness's information in MNIST-VLAE's layers."""
    slant, thickness = (shares_by_layer(table, MNIST_VLAE, own) for own in ("slant", "thickness"))
    return {
        "slant_in_z_1": slant[0],
        "slant_in_the_stronger_of_the_others": max(slant[1:]),
        "thickness_in_z_1": thickness[0],
        "twice_thickness_in_the_stronger_of_the_others": 2 * max(thickness[1:]),
    }


def seen_in_figure_33(table: pd.DataFrame) -> dict[str, float | list[float]]:
    """R2 of trees that see the plane of Figure 33 alone."""
    measure = f"{R2}, {FLEXIBLE}"
    seen = {own: told(table, DIM6, PLANE, own, measure) for own in DSPRITES_FACTORS[1:]}
    return {
        "orientation": seen["orientation"],
        "scale_and_position": [seen["scale"], seen["x"], seen["y"]],
    }


def circles(moved: ch4_4_trajectories.Numbers, reading: str) -> dict[str, list[float]]:
    """Of five VAEs: how long a rotation takes to repeat, how round its path is, how it closes."""

    def column(name: str, shape: str) -> list[float]:
        return of_models(moved.rotations, name, reading, VAES, shape=shape)

    return {
        "square_repeats_after": column("period", "square"),
        "ellipse_repeats_after": column("period", "ellipse"),
        "heart_closes_after": column("closes", "heart"),
        "heart_closing_gap": column("closing_gap", "heart"),
        "radius_sd": [value for shape in SHAPES for value in column("radius_sd", shape)],
        "share_in_the_plane": [value for shape in SHAPES for value in column("plane", shape)],
    }


def curves(moved: ch4_4_trajectories.Numbers, reading: str) -> dict[str, list[float]]:
    """Of five VAEs: the share of a position's path that a straight line leaves."""
    return {
        f"{own}_off_line": of_models(moved.paths, "off_line", reading, VAES, attribute=own)
        for own in ("x", "y")
    }


def third_layer(table: pd.DataFrame) -> dict[str, list[float]]:
    """Shares of each factor's information in dSprites-VLAE's layers; squares' orientation."""
    shares = {
        own: shares_by_layer(table, DSPRITES_VLAE, own) for own in ("x", "y", "scale", "shape")
    }
    square = orientation_of("square")
    turned = shares_by_layer(table, DSPRITES_VLAE, square)
    return {
        "in_z_3": [own[2] for own in shares.values()],
        "in_the_stronger_of_z_1_and_z_2": [max(own[:2]) for own in shares.values()],
        "lower_bound_of_orientation_in_z_1_and_z_2": [
            *shares_by_layer(table, DSPRITES_VLAE, square, "low")[:2]
        ],
        "orientation_in_z_1_and_z_2": [*turned[:2]],
        "position_in_z_3": [shares["x"][2], shares["y"][2]],
    }


def layers_of_faces(table: pd.DataFrame) -> dict[str, float]:
    """Shares of information on skin, hair and background in CelebA-VLAE-GAN's layers."""
    skin, background = (shares_by_layer(table, CELEBA_VLAE_GAN, own) for own in (SKIN, BACKGROUND))
    hair = np.mean([shares_by_layer(table, CELEBA_VLAE_GAN, own) for own in HAIR], axis=0)
    return {
        "skin_in_z_1": skin[0],
        "skin_in_the_stronger_of_the_others": max(skin[1:]),
        "hair_in_z_2": hair[1],
        "hair_in_the_stronger_of_the_others": max(hair[0], hair[2]),
        "background_in_z_3": background[2],
        "background_in_the_stronger_of_the_others": max(background[:2]),
    }


def shares_moved(arithmetic: pd.DataFrame) -> dict[str, list[float]]:
    """Per model, the share of pictures that look blond or male, before and after."""
    found = {}
    for attribute, name in (("Blond_Hair", "blond"), ("Male", "male")):
        own = arithmetic[arithmetic["attribute"] == attribute].groupby("model", sort=False)["share"]
        found |= {f"{name}_before": own.first().to_list(), f"{name}_after": own.last().to_list()}
    return found


# === Research questions ===


def answers(found: Found) -> dict[str, str]:
    """What these numbers say about research questions 2, 4 and 5."""
    table, scores, moved = found.layers.information, found.layers.scores, found.moved
    return {
        "RQ2": entangled(table, scores),
        "RQ4": lower_factors(table, moved),
        "RQ5": independent(table),
    }


def entangled(table: pd.DataFrame, scores: pd.DataFrame) -> str:
    """RQ2, from the scores on dSprites, and simple predictors beside flexible ones."""
    said = [
        f"{short_name(name)} has a mutual information gap of {score(scores, name, 'MIG'):.2f}, a "
        f"DCI disentanglement of {score(scores, name, 'DCI disentanglement'):.2f}, an SAP score of "
        f"{score(scores, name, 'SAP'):.2f} and a FactorVAE score of "
        f"{score(scores, name, 'FactorVAE score'):.2f}"
        for name in (DIM6, DSPRITES_VLAE)
    ]
    shape, digit = (
        [told(table, *which, f"{ACCURACY}, {own}") for own in (SIMPLE, FLEXIBLE)]
        for which in ((DIM6, "z", "shape"), (MNIST_VLAE, ALL_LAYERS, "digit"))
    )
    return (
        f"On dSprites, {said[0]}; {said[1]} (1 is one code per factor; FactorVAE's guess is 0.20). "
        f"Linear separability: a linear predictor tells {shape[0]:.0%} of the shapes from "
        f"{short_name(DIM6)}'s codes, trees {shape[1]:.0%} (a guess 33%); of the digits from all "
        f"codes of {short_name(MNIST_VLAE)} {digit[0]:.0%} and {digit[1]:.0%} (10%)."
    )


def lower_factors(table: pd.DataFrame, moved: ch4_4_trajectories.Numbers) -> str:
    """RQ4, from the layers of MNIST-VLAE and the paths of dSprites' factors."""
    shares = "; ".join(
        f"{factor} {', '.join(f'{own:.0%}' for own in shares_by_layer(table, MNIST_VLAE, factor))}"
        for factor in ("thickness", "slant", "digit")
    )
    r2 = {
        own: told(table, DIM6, "z", own, f"{R2}, {FLEXIBLE}")
        for own in ("scale", "x", "y", *map(orientation_of, SHAPES))
    }
    of_shapes = ", ".join(f"{own} {r2[orientation_of(own)]:.2f}" for own in SHAPES)
    seen = seen_in_figure_33(table)
    x, y = (own[0] for own in curves(moved, WRITTEN).values())
    square, ellipse = (
        of_models(moved.rotations, "period", WRITTEN, VAES[:1], shape=own)[0]
        for own in ("square", "ellipse")
    )
    return (
        f"Of what there is to tell, {short_name(MNIST_VLAE)}'s z_1, z_2 and z_3 tell: {shares}. "
        f"From {short_name(DIM6)}'s codes trees predict scale with an R2 of {r2['scale']:.2f}, x "
        f"of {r2['x']:.2f}, y of {r2['y']:.2f}, the orientation by shape: {of_shapes}; in the "
        f"plane of Figure 33 they find the orientation with {seen['orientation']:.2f}. In the "
        f"10,000-VAE, a straight line leaves {x:.0%} of the path of x and {y:.0%} of that of y (a "
        f"circle: 50%); a rotation repeats after {square:.0f}° for squares and {ellipse:.0f}° for "
        "ellipses."
    )


def independent(table: pd.DataFrame) -> str:
    """RQ5, from how alone the strongest layer of each factor is."""
    said = []
    for name, factors in (
        (DSPRITES_VLAE, ("shape", "scale", "x", "y", *map(orientation_of, SHAPES))),
        (MNIST_VLAE, (*COLUMNS, "digit")),
    ):
        shares = {factor: shares_by_layer(table, name, factor) for factor in factors}
        homes = "; ".join(f"{factor}: {home(own)}" for factor, own in shares.items())
        said.append(
            f"The layer of {short_name(name)} that tells most of each factor, and how much of what "
            f"there is to tell: {homes}."
        )
        if np.isfinite(ratio := second_to_first(shares.values())):
            said.append(f"The next layer tells {ratio:.0%} as much on average.")
    return " ".join(said) + " Were each factor in a layer of its own, that would be 0%."


def home(shares: np.ndarray) -> str:
    """The strongest of the layers (layers,), in words."""
    if max(shares) < NOTHING:
        return "none"
    return f"{LAYERS[shares.argmax()]} ({max(shares):.0%})"


def second_to_first(shares: Iterable[np.ndarray]) -> float:
    """The mean over factors of the second strongest layer's share (layers,) over the strongest's.

    Factors that no layer knows are left out; NaN if there is no other.
    """
    ordered = [np.sort(own)[::-1] for own in shares]
    known = [max(own[1], 0) / own[0] for own in ordered if own[0] >= NOTHING]
    return float(np.mean(known)) if known else np.nan
