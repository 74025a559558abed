"""Section 4.4: its claims and answers from made-up numbers."""

import numpy as np
import pandas as pd
import pytest

from chapters.ch4_4 import Tables, entanglement, independence, lower_factors, measurements
from chapters.ch4_4_decoded import DIGIT, MORPHOMETRICS, VLAES
from chapters.ch4_4_information import (
    CELEBA_MODELS,
    CELEBA_VLAE,
    CELEBA_VLAE_GAN,
    DIM2,
    DIM6,
    DSPRITES_MODELS,
    DSPRITES_VLAE,
    HAIR,
    HEART_BY_PI,
    LOSSES,
    LOWER_TOGETHER,
    MNIST_MODELS,
    MNIST_VAE,
    MNIST_VLAE,
    PLANE,
    QUOTED,
    TOGETHER,
    WITHIN_DIGITS,
    before,
    model_of,
)
from chapters.ch4_4_layers import VAE_GAN, VLAE_GAN, learned, ones_apart
from chapters.ch4_4_trajectories import VAES
from data_prep.celeba_attributes import ATTRIBUTES
from data_prep.dsprites_renderer import SHAPES
from data_prep.morphometry import COLUMNS
from thesis_repro.analysis.disentanglement import OF_THE_TOLD, STANDARD
from thesis_repro.analysis.factor_information import INFORMATION
from thesis_repro.analysis.image_factors import BACKGROUND, SKIN, orientation_of
from thesis_repro.analysis.image_sets import Images
from thesis_repro.section.answers import render
from thesis_repro.section.registry import datasets_of, declared, models_of
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import Reading
from thesis_repro.verdicts.judgements import Verdict, judge

CLAIMS = {claim.id: claim for claim in load_claims("4.4")}
ORIENTATIONS = tuple(map(orientation_of, SHAPES))
LN10 = np.log(10)  # what there is to tell of ten groups of equal size, in nats

# Claims about paths and circles, each of which is tested where it is measured.
OF_PATHS = (
    *("orthogonal", "rotation-transition", "rotation-line", "rotation-circle"),
    *("position-curve", "position-line", "vlae-less-circular"),
)

OTHERS = [name for name in ATTRIBUTES if name not in (*HAIR, "Male")][:10]  # of CelebA

# Shares of what there is to tell, in z_1, z_2 and z_3, as the thesis sees them.
SHARES = {
    MNIST_VLAE: {
        **dict.fromkeys(COLUMNS, (0.2, 0.2, 0.1)),
        "thickness": (0.6, 0.1, 0.2),
        "slant": (0.4, 0.1, 0.1),
        "digit": (0.1, 0.4, 0.5),
    },
    DSPRITES_VLAE: {
        "shape": (0.0, 0.1, 0.3),
        "scale": (0.1, 0.1, 0.6),
        "x": (0.2, 0.1, 0.9),
        "y": (0.2, 0.1, 0.8),
        **dict.fromkeys(ORIENTATIONS, (0.2, 0.3, 0.1)),
    },
    DIM2: dict.fromkeys(("x", "y", "scale"), (0.2, 0.1, 0.5)),
    CELEBA_VLAE: {
        **dict.fromkeys(OTHERS, (0.0, 0.0, 0.0)),
        **dict.fromkeys(HAIR, (0.3, 0.25, 0.1)),
        "Male": (0.2, 0.2, 0.2),
    },
    CELEBA_VLAE_GAN: {
        **dict.fromkeys(OTHERS, (0.0, 0.0, 0.0)),
        SKIN: (0.3, 0.1, 0.1),
        **dict.fromkeys(HAIR, (0.1, 0.3, 0.1)),
        BACKGROUND: (0.1, 0.1, 0.3),
    },
}
SHARES[VLAE_GAN] = SHARES[DSPRITES_VLAE]
# The same of layers by name: the only one, or all of them side by side.
OF_LAYERS = {
    (MNIST_VLAE, "all"): dict.fromkeys((*COLUMNS, "digit"), 0.6),
    (MNIST_VAE, "z"): {**dict.fromkeys(COLUMNS, 0.4), "digit": 0.6, WITHIN_DIGITS: 0.3},
    (DIM2, "all"): {**dict.fromkeys(("shape", *ORIENTATIONS), 0.02), "x": 0.6, "y": 0.6},
    (VAE_GAN, "z"): dict.fromkeys(("x", "y", "scale"), 0.5),
    (DIM6, "z"): dict.fromkeys(("x", "y", "scale"), 0.5),
}


def information_row(model, layer, factor, value, measure=INFORMATION, best=1.0):
    row = {"model": model, "layer": layer, "factor": factor, "measure": measure}
    return row | {"value": value, "low": value - 0.01, "high": value + 0.01, "best": best}


def shares_of_layers():
    """Model, layer, factor and share of what there is to tell."""
    for model, factors in SHARES.items():
        for factor, shares in factors.items():
            for layer, share in enumerate(shares, 1):
                yield model, f"z_{layer}", factor, share
    for (model, layer), factors in OF_LAYERS.items():
        for factor, share in factors.items():
            yield model, layer, factor, share


def information():
    rows = []
    for model, layer, factor, share in shares_of_layers():
        rows += [
            information_row(model, layer, factor, share * LN10, best=LN10),
            information_row(before(model), layer, factor, 0.0, best=LN10),
        ]
    rows.append(information_row(MNIST_VLAE, TOGETHER, "digit", 0.7 * LN10, best=LN10))
    square = (DSPRITES_VLAE, LOWER_TOGETHER, orientation_of("square"))
    rows.append(information_row(*square, 0.4 * LN10, best=LN10))
    trees = "R2, trees"
    for layer, orientation in ((PLANE, 0.03), ("z", 0.5)):
        rows.append(information_row(DIM6, layer, "orientation", orientation, trees))
        rows += [information_row(DIM6, layer, factor, 0.8, trees) for factor in ("scale", "x", "y")]
    rows += [information_row(DIM6, "z", factor, 0.5, trees) for factor in ORIENTATIONS]
    rows += [
        information_row(DIM6, PLANE, factor, 0.02, trees) for factor in (*ORIENTATIONS, HEART_BY_PI)
    ]
    for (model, layer, factor), linear in (
        ((DIM6, "z", "shape"), 0.4),
        ((MNIST_VLAE, "all", "digit"), 0.8),
        ((MNIST_VAE, "z", "digit"), 0.7),
    ):
        for predictor, value in (("linear", linear), ("trees", linear + 0.1)):
            measure = f"balanced accuracy, {predictor}"
            rows.append(information_row(model, layer, factor, value, measure))
    return pd.DataFrame(rows)


def scores():
    measures = ("MIG", "DCI disentanglement", "SAP", "FactorVAE score", *STANDARD)
    layers = {DIM6: ("z",), DSPRITES_VLAE: ("z_1", "z_2", "z_3", "all")}
    rows = [
        {"model": model, "layer": layer, "measure": measure, "value": 0.1 * number}
        for model, names in layers.items()
        for number, layer in enumerate(names, 1)
        for measure in measures
    ]
    return pd.DataFrame(
        [*rows, {"model": DIM2, "layer": "all", "measure": OF_THE_TOLD, "value": 0.3}]
    )


def variance():
    shares = {**dict.fromkeys(COLUMNS, 0.2), "digit": 0.6}
    return pd.DataFrame(
        {"model": MNIST_VAE, "layer": "z", "factor": factor}
        | {"share": share, "low": share - 0.01, "high": share + 0.01}
        for factor, share in shares.items()
    )


def paths():
    """Curved paths of positions, in both readings, and those of two attributes of MNIST."""
    curved = {"off_line": 0.3, "sine": 0.95, "circularity": 0.57, "explained": 0.9}
    of_positions = [
        {"model": name, "layer": layer, "reading": reading, "attribute": axis, **curved}
        for reading in Reading
        for name, layer in (*((name, "z") for name in VAES), (DSPRITES_VLAE, "z_3"))
        for axis in ("x", "y", "scale")
    ]
    of_attributes = [
        {"model": MNIST_VLAE, "layer": "z_1", "reading": Reading.WRITTEN, "attribute": name}
        | {"off_line": 0.1, "sine": 0.5, "circularity": 0.1, "explained": 0.4}
        for name in ("slant", "thickness")
    ]
    table = pd.DataFrame(of_positions + of_attributes)
    less_circular = table["model"] == DSPRITES_VLAE
    return table.assign(circularity=table["circularity"].where(~less_circular, 0.4))


def rotations():
    """Round paths of rotations, in both readings."""
    closing = {"closes": 166.2, "closing_gap": 0.1, "radius_sd": 0.1, "plane": 0.9}
    return pd.DataFrame(
        {"model": name, "layer": "z", "reading": reading, "shape": shape, "period": period}
        | closing
        for reading in Reading
        for name in (*VAES, DSPRITES_VLAE)
        for shape, period in zip(SHAPES, (90.0, 180.0, 180.0), strict=True)
    )


def angles():
    return pd.DataFrame([{"model": MNIST_VLAE, "layer": "z_1", "slant_and_thickness": 85.0}])


def turned():
    """Decoded rotations are the true ones along the codes, not along the line."""
    return pd.DataFrame(
        {"model": name, "shape": shape, "way": way, "overlap": overlap}
        | {"overlap_of_ends": 0.3, "overlap_of_one": 0.6}
        for name in VAES
        for shape in SHAPES
        for way, overlap in (("line", 0.5), ("codes", 0.95))
    )


def lines():
    """Densities fall on the line, and not along the codes between."""
    return pd.DataFrame(
        {"model": name, "ends": -5.0, "lowest": -900.0, "codes_between": -8.0} for name in VAES
    )


def arithmetic():
    rows = [
        {"model": model, "attribute": attribute, "alpha": alpha, "share": share}
        for model in ("celeba-vae", "celeba-vae-gan")
        for attribute in ("Blond_Hair", "Male")
        for alpha, share in (("", 0.1), (0.0, 0.2), (1.0, 0.3), (2.0, 0.9))
    ]
    return pd.DataFrame(rows)


def losses():
    reported = {claim.models[0]: claim.reported for claim in CLAIMS.values() if claim.reported}
    return pd.DataFrame(
        {"model": name, "reading": reading, **{key: reported[name][key] for key in LOSSES}}
        for name in QUOTED
        for reading in ("validation", "training", "reported")
    )


def effects():
    """z_3 changes the digit of most images, z_2 of some; z_1 makes thickness and slant."""
    shares = {"z_1": (0.05, 0.6), "z_2": (0.2, 0.1), "z_3": (0.7, 0.3)}
    return pd.DataFrame(
        {"model": model, "layer": layer, "effect": effect, "value": value}
        | {"low": value - 0.03, "high": value + 0.03}
        for model in VLAES
        for layer, (digit, form) in shares.items()
        for effect, value in ((DIGIT, digit), *((name, form) for name in MORPHOMETRICS))
    )


def overlap():
    rows = {"dsprites-vae": (0.8, 0.79, 0.81), "dsprites-vlae": (0.6, 0.59, 0.61)}
    return pd.DataFrame(
        {"model": model, "overlap": value, "low": low, "high": high}
        for model, (value, low, high) in rows.items()
    )


def ones():
    return {
        "longer_and_wider_than_a_one": [0.97, 0.98],
        "less_between_digits_of_length_and_width": [0.5] * 3,
        "between_digits_of_thickness_slant_height": [0.1, 0.3, 0.2],
    }


@pytest.fixture(scope="module")
def tables():
    return Tables(
        *(information(), scores(), losses(), variance(), arithmetic(), paths(), rotations()),
        *(angles(), turned(), lines(), effects(), overlap(), ones()),
    )


def verdicts(tables):
    return {
        one.claim_id: judge(
            CLAIMS[one.claim_id],
            one,
            scale="paper",
            precision="float32",
            stand_in=False,
            data="all",
        )
        for one in measurements(tables)
    }


# --- What the section shows ---


def test_every_model_of_a_claim_is_trained():
    trained = models_of("4.4", "paper")
    assert {model for claim in CLAIMS.values() for model in claim.models} <= set(trained)
    assert set(trained) == {*MNIST_MODELS, *DSPRITES_MODELS, *CELEBA_MODELS}
    assert len(set(trained)) == len(trained) == 18
    assert models_of("4.4", "smoke") == trained
    assert set(datasets_of("4.4", "paper")) == {"morpho-mnist", "mnist", "dsprites", "celeba"}


def test_every_figure_of_the_section_is_declared_once():
    stems = [
        place.declaration.stem(reading)
        for place in declared("4.4")
        if place.declaration.kind == "figure"
        for reading in place.declaration.readings
    ]
    assert len(set(stems)) == len(stems)
    written = [
        place.declaration.name
        for place in declared("4.4")
        if place.declaration.kind == "figure" and Reading.WRITTEN in place.declaration.readings
    ]
    captions = load_captions().values()
    numbers = [
        entry.number for entry in captions if (entry.kind, entry.section) == ("figure", "4.4")
    ]
    parts = {36: ("36_a", "36_b"), 39: ("39_a", "39_b")}
    expected = [name for number in numbers for name in parts.get(number, (str(number),))]
    assert sorted(written) == sorted(expected)
    assert [stem for stem in stems if stem.endswith("as_run")] == [
        *("figure_39_as_run", "figure_35_as_run", "figure_36_a_as_run", "figure_36_b_as_run"),
        *("figure_38_as_run", "figure_42_as_run", "figure_44_as_run", "figure_41_as_run"),
    ]


@pytest.mark.parametrize(
    ("number", "models", "data", "note"),
    [
        ("31", (), ("celeba",), ""),
        ("35", ("mnist-vae", "mnist-vae-gan"), ("mnist",), ""),
        ("37", ("mnist-vlae-factor-1",), ("morpho-mnist",), ""),
        ("41", ("dsprites-vae",), ("dsprites",), "images drawn from their factors"),
        ("43", ("7500-vae",), ("dsprites",), "images drawn from their factors"),
        ("68", ("celeba-vae-gan",), ("celeba",), ""),
    ],
)
def test_figures_name_the_models_and_data_that_they_show(number, models, data, note):
    (shown,) = (place.declaration for place in declared("4.4") if place.declaration.name == number)
    assert (shown.models, shown.datasets, shown.note) == (models, data, note)


# --- Claims ---


def test_every_claim_is_measured_and_holds_where_the_thesis_is_right(tables):
    judged = verdicts(tables)
    assert len(measurements(tables)) == len(judged)
    assert set(judged) == set(CLAIMS)
    assert {one.verdict for one in judged.values()} == {Verdict.REPLICATED}


def other_way_round(tables):
    """z_1 in the place of z_3."""
    names = {"z_1": "z_3", "z_3": "z_1"}
    return tables._replace(information=tables.information.replace({"layer": names}))


def nothing_learned(tables):
    """Before training the networks tell as much."""
    table = tables.information
    trained = ~table["model"].isin([before(name) for name in table["model"]])
    untrained = table[~trained].drop(columns=["value", "low", "high"])
    known = table[trained].assign(model=[before(name) for name in table.loc[trained, "model"]])
    columns = ["model", "layer", "factor", "measure"]
    return tables._replace(
        information=pd.concat(
            [table[trained], untrained.merge(known.drop(columns="best"), on=columns)],
            ignore_index=True,
        )
    )


def all_alike(tables, share):
    """Every layer tells this share of everything."""
    table = tables.information
    values = {"value": share * table["best"]}
    return tables._replace(
        information=table.assign(**values, low=values["value"], high=values["value"])
    )


def failed(tables):
    """Claim and name of every check that fails."""
    return {
        (name, check.name)
        for name, one in verdicts(tables).items()
        for check in one.checks
        if not check.holds
    }


def test_claims_about_layers_fail_where_the_layers_are_the_other_way_round(tables):
    assert {name for name, _ in failed(other_way_round(tables))} == {
        *("4.4-identity-layers", "4.4-slant-z1", "4.4-dim2-layers"),
        *("4.4-vlae-z3", "4.4-gans-alike", "4.4-celeba-hair", "4.4-celeba-layers"),
    }


LEARNERS = (*SHARES, *(model for model, _ in OF_LAYERS))
LEARNED = {
    *("4.4-identity-layers", "4.4-slant-z1", "4.4-identity-clusters", "4.4-vae-identity"),
    *("4.4-vae-slant-within", "4.4-vae-efficient", "4.4-attributes-in-many-layers"),
    *("4.4-dim2-layers", "4.4-dim2-nothing-else", "4.4-vlae-z3", "4.4-gans-alike"),
    *("4.4-celeba-hair", "4.4-celeba-layers", "4.4-celeba-few-factors", "4.4-orientation-vae"),
    "4.4-vlae-not-separated",
}


def test_what_random_kernels_tell_as_well_is_not_learned(tables):
    assert {name for name, _ in failed(nothing_learned(tables))} == LEARNED


def test_what_one_untrained_network_of_several_tells_as_well_is_not_learned(tables):
    """The first one tells nothing, of the others the third as much as was learned."""
    known = nothing_learned(tables).information
    first, third = ([before(name, number) for name in LEARNERS] for number in (1, 3))
    as_much = known[known["model"].isin(first)].replace(
        {"model": dict(zip(first, third, strict=True))}
    )
    several = pd.concat([tables.information, as_much], ignore_index=True)
    assert {name for name, _ in failed(tables._replace(information=several))} == LEARNED


@pytest.mark.parametrize(("networks", "low", "high"), [(1, 0.2, 0.4), (10, 0.0, 0.06)])
def test_how_often_an_untrained_network_has_learned(networks, low, high):
    """Of networks whose shares vary by chance, three times as much as their intervals are wide."""
    rng = np.random.default_rng(0)

    def has_learned():
        shares = np.maximum(rng.normal(0.05, 0.03, networks + 1), 0)
        names = [MNIST_VAE, *(before(MNIST_VAE, number) for number in range(1, networks + 1))]
        table = pd.DataFrame(
            information_row(name, "z", "digit", share)
            for name, share in zip(names, shares, strict=True)
        )
        known = learned(table, MNIST_VAE, [("z", "digit")])
        return known["at_least"] > known["before_training_at_most"]

    assert low < np.mean([has_learned() for _ in range(300)]) < high


def test_the_slant_within_digits_has_to_be_more_than_a_trace(tables):
    """A twentieth of what there is to tell, beyond the intervals of networks that tell nothing."""
    table = tables.information
    within = (table["model"] == MNIST_VAE) & (table["factor"] == WITHIN_DIGITS)
    traces = {name: table[name].mask(within, 0.05 * LN10) for name in ("value", "low", "high")}
    found = failed(tables._replace(information=table.assign(**traces)))
    assert found == {("4.4-vae-slant-within", "so much that it is a factor")}


def test_the_second_layer_has_to_have_learned_it_too(tables):
    """An untrained z_2 tells as much of the area: one layer has learned it, not two."""
    table = tables.information
    known = (table["model"] == before(MNIST_VLAE)) & (table["layer"] == "z_2")
    known &= table["factor"] == "area"
    high = table["high"].where(~known, 0.3 * LN10)
    found = failed(tables._replace(information=table.assign(high=high)))
    assert found == {("4.4-attributes-in-many-layers", "learned")}


@pytest.mark.parametrize(
    ("other_layers", "untrained", "verdict"),
    [
        ((0.0, 0.0), 0.0, Verdict.NOT_REPLICATED),  # each factor in a layer of its own
        ((0.04, 0.0), 0.0, Verdict.NOT_REPLICATED),  # or as good as
        ((0.2, 0.0), 0.0, Verdict.REPLICATED),
        ((0.2, 0.2), 0.0, Verdict.REPLICATED),
        ((0.2, 0.2), 0.3, Verdict.NOT_REPLICATED),  # only what is in one layer was learned
        ((0.2, 0.2), 0.6, Verdict.NOT_REPLICATED),  # nothing was
    ],
)
def test_factors_in_layers_of_their_own_are_separated(tables, other_layers, untrained, verdict):
    """Of position z_3 tells most, of the shape z_2, of the orientation z_1: half of it."""
    known = tables.information
    others = known[known["model"].map(model_of) != DSPRITES_VLAE]
    at_home = {"x": 3, "y": 3, "scale": 3, "shape": 2, orientation_of("square"): 1}
    rows = [others]
    for factor, home in at_home.items():
        shares = dict(zip({1, 2, 3} - {home}, other_layers, strict=True)) | {home: 0.5}
        for layer, share in shares.items():
            where = f"z_{layer}", factor
            of_network = [(DSPRITES_VLAE, share), (before(DSPRITES_VLAE), untrained)]
            rows.append(
                pd.DataFrame(
                    information_row(name, *where, value * LN10, best=LN10)
                    for name, value in of_network
                )
            )
    changed = tables._replace(information=pd.concat(rows, ignore_index=True))
    assert verdicts(changed)["4.4-vlae-not-separated"].verdict is verdict


def test_two_layers_that_know_the_same_do_not_learn_it_jointly(tables):
    table = tables.information
    both = table["layer"] == LOWER_TOGETHER
    one = table.assign(low=table["low"].where(~both, 0.3 * LN10))
    assert failed(tables._replace(information=one)) == {("4.4-vlae-z3", "jointly in z_1 and z_2")}


def test_orders_of_next_to_nothing_are_no_finding(tables):
    """Shares of a hundredth of theirs, in the same order, within the intervals."""
    table = tables.information
    scaled = {"value": table["value"] / 100, "low": table["value"] / 100 - 0.01}
    tiny = table.assign(**scaled, high=table["value"] / 100 + 0.01)
    judged = verdicts(tables._replace(information=tiny))
    for name in LEARNED:
        assert judged[name].verdict is Verdict.NOT_REPLICATED, name


def test_every_check_about_layers_and_decoders_fails_on_something(tables):
    still = {"value": 0.0, "low": 0.0, "high": 0.0}  # an untrained decoder: one image for all
    numbers = {"value": 0.9, "low": 0.9, "high": 0.9}
    seen = tables.information["layer"] == PLANE
    ones_as_others = {
        "longer_and_wider_than_a_one": [0.5, 0.99],
        "less_between_digits_of_length_and_width": [0.2] * 3,
        "between_digits_of_thickness_slant_height": [0.1, 0.3, 0.2],
    }
    others = [
        other_way_round(tables)._replace(
            scores=tables.scores.assign(value=0.9),
            effects=tables.effects.assign(**still),
            overlap=tables.overlap.assign(low=0.0, high=0.0),
            arithmetic=tables.arithmetic.assign(share=1.0),
            losses=tables.losses.assign(loss=99.0, reconstruction=99.0, kl=99.0),
            variance=tables.variance.assign(low=0.3, high=0.3),
            ones=ones_as_others,
        ),
        nothing_learned(tables)._replace(effects=tables.effects.assign(**numbers)),
        all_alike(tables, 0.0),
        all_alike(tables, 0.9),
        tables._replace(information=tables.information.assign(value=1 - seen)),
    ]
    every = {(name, check.name) for name, one in verdicts(tables).items() for check in one.checks}
    of_paths = {f"4.4-{name}" for name in OF_PATHS}
    mine = {(claim, check) for claim, check in every if claim not in of_paths}
    assert mine - set.union(*map(failed, others)) == set()


def test_a_one_is_short_and_narrow_in_made_up_forms():
    """Ones of half the length and width; slant and height of all digits alike."""
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(10), 60)
    forms = rng.normal(10, 1, size=(600, 6))
    short = forms.copy()
    short[label == 1] *= [1, 0.5, 1, 1, 0.5, 1]  # area, length, thickness, slant, width, height

    def apart(values):
        return ones_apart(
            Images("made", np.zeros((600, 1)), {"label": label, "morphometrics": values})
        )

    assert min(apart(short)["longer_and_wider_than_a_one"]) > 0.95
    assert max(apart(forms)["longer_and_wider_than_a_one"]) < 0.55
    assert apart(short)["less_between_digits_of_length_and_width"][0] > 0.6
    assert max(apart(short)["between_digits_of_thickness_slant_height"]) < 0.1
    none = {"label": label * 0, "morphometrics": forms}
    assert np.isnan(
        ones_apart(Images("made", np.zeros((600, 1)), none))["longer_and_wider_than_a_one"]
    ).all()


def test_what_was_not_measured_does_not_hold(tables):
    bare = tables.information[~tables.information["factor"].isin(HAIR)]
    judged = verdicts(tables._replace(information=bare))
    assert judged["4.4-celeba-layers"].verdict is Verdict.UNDECIDED


def test_half_a_circle_is_less_circular_than_a_whole_one(tables):
    """Sine curves follow both; it is the share that a line leaves that tells them apart."""
    paths = tables.paths
    is_vlae = (paths["model"] == DSPRITES_VLAE) & paths["attribute"].isin(["x", "y"])
    arcs = paths.assign(
        off_line=paths["off_line"].mask(is_vlae, 0.17),
        sine=paths["sine"].mask(is_vlae, 1.0),
        circularity=paths["circularity"].mask(is_vlae, 0.34),
    )
    judged = verdicts(tables._replace(paths=arcs))
    assert judged["4.4-vlae-less-circular"].verdict is Verdict.REPLICATED
    as_the_vae = arcs.assign(circularity=0.57)
    judged = verdicts(tables._replace(paths=as_the_vae))
    assert judged["4.4-vlae-less-circular"].verdict is Verdict.NOT_REPLICATED


def test_straight_paths_are_not_curved(tables):
    straight = tables._replace(paths=tables.paths.assign(off_line=0.01))
    judged = verdicts(straight)
    assert judged["4.4-position-curve"].verdict is Verdict.NOT_REPLICATED


# --- Answers ---


def test_the_numbers_of_entanglement(tables):
    numbers = entanglement(tables.information, tables.scores)
    assert list(numbers["scores"]) == ["dSprites-VAE-dim6", "dSprites-VLAE"]
    assert numbers["scores"]["dSprites-VAE-dim6"]["MIG"] == pytest.approx(0.1)
    assert numbers["scores"]["dSprites-VLAE"]["MIG"] == pytest.approx(0.4)  # of all layers
    assert (numbers["shapes"], numbers["digits"]) == ([0.4, 0.5], [0.8, 0.9])
    text = render("4.4", "RQ2", numbers)
    assert text.startswith("Not disentanglement: ")
    assert "80% and 90%" in text
    numbers["scores"]["dSprites-VLAE"]["MIG"] = 0.5
    assert render("4.4", "RQ2", numbers).startswith("Disentanglement in part: ")


def test_the_numbers_of_lower_factors(tables):
    numbers = lower_factors(tables)
    np.testing.assert_allclose(numbers["shares"]["thickness"], [0.6, 0.1, 0.2])
    assert numbers["r2"]["scale"] == 0.8
    assert numbers["r2"][orientation_of("heart")] == 0.5
    assert numbers["orientation_in_figure_33"] == 0.03
    assert numbers["off_line"] == {"x": 0.3, "y": 0.3}
    assert numbers["radius_sd"] == dict.fromkeys(SHAPES, 0.1)
    text = render("4.4", "RQ4", numbers)
    assert numbers["sine"] == {"x": 0.95, "y": 0.95}
    assert text.startswith(
        "MNIST-VLAE tells thickness most in z_1, slant most in z_1, digit most in z_3."
    )
    for part in (
        "thickness 60%, 10%, 20%",
        "path of x and 30%",
        "follow 95% and 95%",
        "10% for squares, 10% for",
    ):
        assert part in text


def test_the_numbers_of_independence(tables):
    numbers = independence(tables.information)
    sprites, digits = (numbers["models"][name] for name in ("dSprites-VLAE", "MNIST-VLAE"))
    assert sprites["strongest"]["shape"] == ("z_3", pytest.approx(0.3))
    assert sprites["strongest"]["orientation, heart"] == ("z_2", pytest.approx(0.3))
    assert digits["strongest"]["digit"] == ("z_3", pytest.approx(0.5))
    first_to_second = [0.1 / 0.3, 0.1 / 0.6, 0.2 / 0.9, 0.2 / 0.8, *[0.2 / 0.3] * 3]
    assert sprites["second_to_first"] == pytest.approx(np.mean(first_to_second))
    text = render("4.4", "RQ5", numbers)
    assert text.startswith("No: in no VLAE is a factor in a layer of its own")
    assert "shape: z_3 (30%); scale: z_3 (60%);" in text
    sprites["second_to_first"] = 0.1
    assert render("4.4", "RQ5", numbers).startswith("In part: ")
    digits["second_to_first"] = 0.0
    assert render("4.4", "RQ5", numbers).startswith("Yes: hardly more than one layer")


def test_a_factor_that_no_layer_knows_is_at_home_in_none(tables):
    unknown = tables.information.assign(value=0.0)
    numbers = independence(unknown)
    assert numbers["models"]["MNIST-VLAE"]["second_to_first"] is None
    text = render("4.4", "RQ5", numbers)
    assert "digit: none. Were each factor" in text
    assert "The next layer" not in text
