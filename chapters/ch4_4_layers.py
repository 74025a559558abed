"""Part of `ch4_4.py`: what its claims about layers rest on, from the numbers of the other parts.

"Slant is in z_1" says two things: that this layer tells more of it than others, and that it has
learned to. Random kernels already tell something of digits, positions and hair, some more than
others, so that each such number stands beside the most of several networks before training (ten at
the thesis's scale), beyond both intervals.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from chapters.ch4_4_information import (
    CELEBA_VLAE,
    CELEBA_VLAE_GAN,
    DIM2,
    DIM6,
    DSPRITES_VLAE,
    ENCODED,
    HAIR,
    HEART_BY_PI,
    LOWER_TOGETHER,
    MNIST_VAE,
    MNIST_VLAE,
    PLANE,
    TOGETHER,
    WITHIN_DIGITS,
    model_of,
)
from data_prep.celeba_attributes import ATTRIBUTES
from data_prep.dsprites_renderer import SHAPES
from data_prep.morphometry import COLUMNS
from thesis_repro.analysis.disentanglement import OF_THE_TOLD
from thesis_repro.analysis.factor_information import ACCURACY, FLEXIBLE, R2
from thesis_repro.analysis.image_factors import BACKGROUND, SKIN, morphometrics, orientation_of
from thesis_repro.analysis.image_sets import Images
from thesis_repro.analysis.layer_shares import LAYERS, layer_share, layer_shares
from thesis_repro.analysis.rank_tests import superiority
from thesis_repro.analysis.tables import pick
from thesis_repro.verdicts.judgements import Measurement

R2_OF_TREES, ACCURACY_OF_TREES = (f"{measure}, {FLEXIBLE}" for measure in (R2, ACCURACY))
ORIENTATIONS = tuple(map(orientation_of, SHAPES))
VAE_GAN, VLAE_GAN = "dsprites-vae-gan", "dsprites-vlae-gan"
SECOND = 0.1  # of what the first layer tells; as in the answer to RQ5
TOLD, UNTOLD = 0.05, 0.05  # share of what there is to tell: at least, at most, beyond the interval

Places = Iterable[tuple[str, str]]  # layers and factors


def learned(information: pd.DataFrame, model: str, places: Places) -> dict[str, list[float]]:
    """What a model's layers tell of factors at least, and its networks before training at most.

    Shares of what there is to tell: the ends of 95 % intervals, of the most of these networks.
    """
    places = list(places)
    untrained = [
        name for name in information["model"].unique() if name != model and model_of(name) == model
    ]

    def most(layer: str, factor: str) -> float:
        highs = [layer_share(information, name, layer, factor, "high") for name in untrained]
        return max(highs, default=np.nan)

    return {
        "at_least": [layer_share(information, model, *place, "low") for place in places],
        "before_training_at_most": [most(*place) for place in places],
    }


# === MNIST ===


def of_digits(information: pd.DataFrame, variance: pd.DataFrame) -> list[Measurement]:
    """Section 4.4.1 on MNIST-VLAE and MNIST-VAE, and what Section 4.4.2 says of attributes."""
    return [
        Measurement("4.4-slant-z1", slant_and_thickness(information)),
        Measurement("4.4-identity-layers", identity(information)),
        Measurement("4.4-identity-clusters", clusters(information)),
        Measurement("4.4-attributes-in-many-layers", in_many_layers(information)),
        Measurement("4.4-vae-identity", shaped_by_the_digit(information, variance)),
        Measurement("4.4-vae-slant-within", within_clusters(information)),
        Measurement("4.4-vae-efficient", told_by_the_vae(information)),
    ]


def identity(information: pd.DataFrame) -> dict[str, float | list[float]]:
    """Shares of the digit's information in MNIST-VLAE's layers."""
    z_1, *others = layer_shares(information, MNIST_VLAE, "digit")
    return {
        "weaker_of_z_2_and_z_3": min(others),
        "z_1": z_1,
        "lower_bound_of_both": layer_share(information, MNIST_VLAE, TOGETHER, "digit", "low"),
        "upper_bound_of_the_stronger": max(
            layer_shares(information, MNIST_VLAE, "digit", "high")[1:]
        ),
        **learned(information, MNIST_VLAE, [("z_2", "digit"), ("z_3", "digit")]),
    }


def clusters(information: pd.DataFrame) -> dict[str, float]:
    """How well the digit can be told from z_2, beside z_3."""
    _, z_2, z_3 = layer_shares(information, MNIST_VLAE, "digit")
    return {
        "in_z_2": z_2,
        "in_z_3": z_3,
        **learned(information, MNIST_VLAE, [("z_2", "digit")]),
    }


def slant_and_thickness(information: pd.DataFrame) -> dict[str, float | list[float]]:
    """Shares of slant's and thickness's information in MNIST-VLAE's layers."""
    slant = layer_shares(information, MNIST_VLAE, "slant")
    thickness = layer_shares(information, MNIST_VLAE, "thickness")
    return {
        "slant_in_z_1": slant[0],
        "slant_in_the_stronger_of_the_others": max(slant[1:]),
        "thickness_in_z_1": thickness[0],
        "thickness_in_the_stronger_of_the_others": max(thickness[1:]),
        **learned(information, MNIST_VLAE, [("z_1", "slant"), ("z_1", "thickness")]),
    }


def in_many_layers(information: pd.DataFrame) -> dict[str, list[float]]:
    """Area, height, length and width: the second layer that tells of each, beside the first."""
    named = ("area", "height", "length", "width")
    shares = {name: layer_shares(information, MNIST_VLAE, name) for name in named}
    two = [
        (LAYERS[layer], name) for name in named for layer in np.argsort(shares[name])[:-3:-1]
    ]  # strongest first
    return {
        "second_layer": [sorted(layers)[-2] for layers in shares.values()],
        "first_layer": [max(layers) for layers in shares.values()],
        **learned(information, MNIST_VLAE, two),
    }


def shaped_by_the_digit(
    information: pd.DataFrame, variance: pd.DataFrame
) -> dict[str, float | list[float]]:
    """What MNIST-VAE's codes vary with, and how well they tell the digit, beside VLAE's layers.

    The ends of 95 % intervals; of the variance and of balanced accuracy, shares.
    """

    def varies(factor: str, column: str) -> float:
        return pick(variance, column, model=MNIST_VAE, layer="z", factor=factor)

    where = {"model": MNIST_VAE, "layer": "z", "factor": "digit", "measure": ACCURACY_OF_TREES}
    return {
        "variance_with_the_digit_at_least": varies("digit", "low"),
        "variance_with_any_attribute_at_most": max(varies(name, "high") for name in COLUMNS),
        "digits_seen_at_least": pick(information, "low", **where),
        "strongest_layer_of_vlae_at_most": max(
            layer_shares(information, MNIST_VLAE, "digit", "high")
        ),
        **learned(information, MNIST_VAE, [("z", "digit")]),
    }


def within_clusters(information: pd.DataFrame) -> dict[str, float | list[float]]:
    """What MNIST-VAE tells of the slant among images of the same digit."""
    return {
        "told": layer_share(information, MNIST_VAE, "z", WITHIN_DIGITS),
        **learned(information, MNIST_VAE, [("z", WITHIN_DIGITS)]),
    }


def told_by_the_vae(information: pd.DataFrame) -> dict[str, float]:
    """For how many of the seven factors MNIST-VAE tells half as much as VLAE's layers together.

    And more than before training.
    """
    factors = (*COLUMNS, "digit")
    halves = [layer_share(information, MNIST_VLAE, "all", name) / 2 for name in factors]
    told = [layer_share(information, MNIST_VAE, "z", name) for name in factors]
    bounds = learned(information, MNIST_VAE, [("z", name) for name in factors])
    kept = [
        is_told and low > high
        for is_told, low, high in zip(np.greater(told, halves), *bounds.values(), strict=True)
    ]
    return {"factors_told": float(sum(kept)) if np.isfinite([*told, *halves]).all() else np.nan}


def ones_apart(images: Images) -> dict[str, float | list[float]]:
    """How short and narrow the digit 1 is: the chance that another digit is longer, or wider.

    And the share of each attribute's variance that lies between the digits.
    """
    digits, values = images.known["label"], morphometrics(images)
    is_one = digits == 1

    def chance(name: str) -> float:
        if not is_one.any() or is_one.all():
            return np.nan
        return superiority(values[name][~is_one], values[name][is_one]).low

    def between(name: str) -> float:
        column = pd.Series(values[name])
        return float(column.groupby(digits).transform("mean").var() / column.var())

    return {
        "longer_and_wider_than_a_one": [chance("length"), chance("width")],
        "less_between_digits_of_length_and_width": [min(between("length"), between("width"))] * 3,
        "between_digits_of_thickness_slant_height": [
            between(name) for name in ("thickness", "slant", "height")
        ],
    }


# === dSprites ===


def of_sprites(information: pd.DataFrame, scores: pd.DataFrame) -> list[Measurement]:
    """Sections 4.4.1 and 4.4.2 on dSprites."""
    return [
        Measurement("4.4-orientation-vae", seen_in_figure_33(information)),
        Measurement("4.4-dim2-layers", position_and_scale(information)),
        Measurement("4.4-dim2-nothing-else", shape_and_orientation(information, scores)),
        Measurement("4.4-vlae-z3", third_layer(information, DSPRITES_VLAE) | jointly(information)),
        Measurement("4.4-vlae-not-separated", in_two_layers(information)),
        Measurement("4.4-gans-alike", gans(information)),
    ]


def seen_in_figure_33(information: pd.DataFrame) -> dict[str, float | list[float]]:
    """R2 of trees that see the plane of Figure 33 alone; what all dimensions have learned."""

    def seen(factor: str) -> float:
        where = {"model": DIM6, "layer": PLANE, "measure": R2_OF_TREES}
        return pick(information, "value", factor=factor, **where)

    return {
        "orientation": seen("orientation"),
        "orientation_of_a_shape": [*map(seen, (*ORIENTATIONS, HEART_BY_PI))],
        "scale_and_position": [*map(seen, ("scale", "x", "y"))],
        **learned(information, DIM6, [("z", factor) for factor in ("scale", "x", "y")]),
    }


def position_and_scale(information: pd.DataFrame) -> dict[str, list[float]]:
    """Shares of x, y and scale in dSprites-VLAE-dim2's layers."""
    shares = [layer_shares(information, DIM2, factor) for factor in ENCODED]
    return {
        "in_z_3": [z_3 for *_, z_3 in shares],
        "in_the_stronger_of_z_1_and_z_2": [max(others) for *others, _ in shares],
        **learned(information, DIM2, [(layer, factor) for factor in ENCODED for layer in LAYERS]),
    }


def shape_and_orientation(
    information: pd.DataFrame, scores: pd.DataFrame
) -> dict[str, float | list[float]]:
    """What all layers of dSprites-VLAE-dim2 tell of other factors; how disentangled they are."""
    others = ("shape", *ORIENTATIONS)
    position = learned(information, DIM2, [("all", axis) for axis in ("x", "y")])
    return {
        "told_by_all_layers": [layer_share(information, DIM2, "all", name) for name in others],
        "told_by_one_code_alone": pick(
            scores, "value", model=DIM2, layer="all", measure=OF_THE_TOLD
        ),
        **{f"position_{name}": values for name, values in position.items()},
    }


def third_layer(information: pd.DataFrame, model: str) -> dict[str, list[float]]:
    """Shares of each factor's information in a dSprites-VLAE's layers; squares' orientation."""
    factors = ("x", "y", "scale", "shape")
    shares = [layer_shares(information, model, factor) for factor in factors]
    square = orientation_of("square")
    orientation = learned(information, model, [("z_1", square), ("z_2", square)])
    return {
        "in_z_3": [z_3 for _, _, z_3 in shares],
        "in_the_stronger_of_z_1_and_z_2": [max(z_1, z_2) for z_1, z_2, _ in shares],
        **learned(information, model, [("z_3", factor) for factor in factors]),
        **{f"orientation_{name}": values for name, values in orientation.items()},
        "orientation_in_z_1_and_z_2": layer_shares(information, model, square)[:2],
        "position_in_z_3": [z_3 for _, _, z_3 in shares[:2]],
    }


def jointly(information: pd.DataFrame) -> dict[str, float]:
    """What dSprites-VLAE's z_1 and z_2 tell of squares' orientation, together and alone."""
    square = orientation_of("square")
    alone = layer_shares(information, DSPRITES_VLAE, square, "high")[:2]
    return {
        "orientation_in_both_at_least": layer_share(
            information, DSPRITES_VLAE, LOWER_TOGETHER, square, "low"
        ),
        "orientation_in_the_stronger_at_most": max(alone),
    }


def in_two_layers(information: pd.DataFrame) -> dict[str, float]:
    """How many factors dSprites-VLAE has learned, and of which share a second layer tells as well.

    The second layer has learned the factor, too, and tells a tenth of what the first one does, or
    more. Without a factor that is learned there is no share: NaN.
    """
    factors = ("x", "y", "scale", "shape", orientation_of("square"))
    shares = [layer_shares(information, DSPRITES_VLAE, factor) for factor in factors]
    first, second = (
        _has_learned(
            information,
            DSPRITES_VLAE,
            [(LAYERS[np.argsort(s)[rank]], name) for s, name in zip(shares, factors, strict=True)],
        )
        for rank in (-1, -2)
    )
    told = [np.sort(layers)[-2] >= SECOND * max(layers) for layers in shares]
    shared = first & second & told
    is_measured = np.isfinite(shares).all()
    return {
        "factors_learned": float(first.sum()) if is_measured else np.nan,
        "in_two_layers": float(shared.sum() / first.sum()) if first.any() else np.nan,
    }


def _has_learned(information: pd.DataFrame, model: str, places: Places) -> np.ndarray:
    """Of each layer and factor, whether it has learned it, beyond both intervals."""
    return np.greater(*learned(information, model, places).values())


def gans(information: pd.DataFrame) -> dict[str, list[float]]:
    """dSprites-VLAE-GAN's layers as dSprites-VLAE's, and what dSprites-VAE-GAN has learned."""
    known = learned(information, VAE_GAN, [("z", factor) for factor in ("x", "y", "scale")])
    return third_layer(information, VLAE_GAN) | {
        f"vae_gan_{name}": values for name, values in known.items()
    }


# === CelebA ===


def of_faces(information: pd.DataFrame) -> list[Measurement]:
    """Sections 4.4.1 and 4.4.2 on CelebA-VLAE and CelebA-VLAE-GAN."""
    return [
        Measurement("4.4-celeba-hair", hair_of_faces(information)),
        Measurement("4.4-celeba-layers", layers_of_faces(information)),
        Measurement("4.4-celeba-few-factors", attributes_told(information)),
    ]


def hair_of_faces(information: pd.DataFrame) -> dict[str, float | list[float]]:
    """Shares of hair colours in CelebA-VLAE's layers, and how much of the rest is told nowhere."""
    z_1, z_2, z_3 = np.mean([layer_shares(information, CELEBA_VLAE, hair) for hair in HAIR], axis=0)
    others = [name for name in _measured(information, CELEBA_VLAE) if name not in HAIR]
    highest = [max(layer_shares(information, CELEBA_VLAE, name, "high")) for name in others]
    return {
        "hair_in_the_weaker_of_z_1_and_z_2": min(z_1, z_2),
        "hair_in_z_3": z_3,
        **_hair_learned(information, CELEBA_VLAE, ("z_1", "z_2")),
        "attributes_told_nowhere": float(np.mean(np.array(highest) < UNTOLD)) if others else np.nan,
    }


def layers_of_faces(information: pd.DataFrame) -> dict[str, float | list[float]]:
    """Shares of information on skin, hair and background in CelebA-VLAE-GAN's layers."""
    model = CELEBA_VLAE_GAN
    skin = layer_shares(information, model, SKIN)
    background = layer_shares(information, model, BACKGROUND)
    hair = np.mean([layer_shares(information, model, colour) for colour in HAIR], axis=0)
    bounds = [
        learned(information, model, [("z_1", SKIN), ("z_3", BACKGROUND)]),
        _hair_learned(information, model, ("z_2",)),
    ]
    return {
        "skin_in_z_1": skin[0],
        "skin_in_the_stronger_of_the_others": max(skin[1:]),
        "hair_in_z_2": hair[1],
        "hair_in_the_stronger_of_the_others": max(hair[0], hair[2]),
        "background_in_z_3": background[2],
        "background_in_the_stronger_of_the_others": max(background[:2]),
        **{name: [*bounds[0][name], *bounds[1][name]] for name in bounds[0]},
    }


def _hair_learned(
    information: pd.DataFrame, model: str, layers: tuple[str, ...]
) -> dict[str, list[float]]:
    """As `learned`, of the mean over the hair colours; the mean of their intervals' ends."""
    by_layer = [
        learned(information, model, [(layer, colour) for colour in HAIR]) for layer in layers
    ]
    return {name: [float(np.mean(bounds[name])) for bounds in by_layer] for name in by_layer[0]}


def attributes_told(information: pd.DataFrame) -> dict[str, float]:
    """The share of CelebA's attributes that some layer of CelebA-VLAE-GAN has learned to tell."""
    names = _measured(information, CELEBA_VLAE_GAN)

    def is_told(name: str) -> bool:
        bounds = learned(information, CELEBA_VLAE_GAN, [(layer, name) for layer in LAYERS])
        pairs = zip(*bounds.values(), strict=True)
        return any(low >= TOLD and low > high for low, high in pairs)

    return {"attributes_told": float(np.mean([*map(is_told, names)])) if names else np.nan}


def _measured(information: pd.DataFrame, model: str) -> list[str]:
    """The attributes of CelebA that there are numbers of; at smoke scale a few."""
    known = set(information.loc[information["model"] == model, "factor"])
    return [name for name in ATTRIBUTES if name in known]
