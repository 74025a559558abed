"""The claims of Section 4.8 on made tables."""

import numpy as np
import pandas as pd
import pytest

from chapters.ch4_8 import SMOKE_MODELS
from chapters.ch4_8_claims import (
    ALEXNET,
    CELEBA,
    IN_FIGURE_56,
    MADE,
    MIRRORED,
    MIRRORED_PADDING,
    NATURAL,
    NO_BIAS,
    SMALL_KERNELS,
    TRAINED,
    UNTRAINED,
    Measures,
    measurements,
)
from thesis_repro.analysis.border_activity import (
    AFTER,
    BEFORE,
    LEAKY,
    LEAKY_POOLED,
    LEAKY_RELUS,
    POOLED,
    MeanMaps,
    stripe_rows,
)
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.judgements import Verdict, judge

CLAIMS = {claim.id: claim for claim in load_claims("4.8")}


def stripe_row(any_side, vertical=None, negative=0.0):
    """Striped at the bottom, unless ``vertical`` says that some are so on a side."""
    vertical = 0.0 if vertical is None else vertical
    return {"maps": 256, "any": any_side, "vertical": vertical, "horizontal": any_side,
            "negative": negative}  # fmt: skip


STRIPES = {
    **{(ALEXNET, TRAINED, layer): stripe_row(0.1 * n) for n, layer in enumerate(LEAKY_RELUS[:-1])},
    **{(ALEXNET, UNTRAINED, layer): stripe_row(0.1) for layer in LEAKY_RELUS[:-1]},
    (ALEXNET, TRAINED, BEFORE): stripe_row(0.7),
    (ALEXNET, TRAINED, AFTER): stripe_row(0.0),
    (ALEXNET, TRAINED, LEAKY): stripe_row(0.6, negative=0.5),
    (ALEXNET, TRAINED, LEAKY_POOLED): stripe_row(0.1),
    (ALEXNET, UNTRAINED, LEAKY): stripe_row(0.2),
    (ALEXNET, MIRRORED, LEAKY): stripe_row(0.0),
    (MIRRORED_PADDING, TRAINED, LEAKY): stripe_row(0.0),
    (SMALL_KERNELS, TRAINED, LEAKY): stripe_row(0.1),
    (NO_BIAS, TRAINED, LEAKY): stripe_row(0.5),
    (NO_BIAS, UNTRAINED, LEAKY): stripe_row(0.1),
    (CELEBA, TRAINED, LEAKY): stripe_row(0.3),
}
CONTRASTS = {
    (ALEXNET, TRAINED): {"striped_of_black": 0.4, "striped": 0.8, "in_one_lower_quarter": 0.95},
    (ALEXNET, UNTRAINED): {"striped_of_black": 0.1, "striped": 0.3, "in_one_lower_quarter": 0.3},
    (NO_BIAS, TRAINED): {"striped_of_black": 0.0, "striped": 0.8, "in_one_lower_quarter": 0.95},
}
DOMINANT = {
    (IN_FIGURE_56, LEAKY): {"share": 0.6, "resemblance": 0.9},
    (IN_FIGURE_56, LEAKY_POOLED): {"share": 0.9, "resemblance": 0.9},
    (NATURAL, LEAKY): {"share": 0.5, "resemblance": 0.2},
    (NATURAL, LEAKY_POOLED): {"share": 0.7, "resemblance": 0.2},
}
QUALITY = {
    ALEXNET: {"explained": 0.2, "sharpness": 0.1, "val_reconstruction": 480},
    MIRRORED_PADDING: {"explained": 0.21, "sharpness": 0.1, "val_reconstruction": 470},
    CELEBA: {"explained": 0.8, "sharpness": 0.4, "val_reconstruction": 180},
}


def made(stripes=STRIPES, contrasts=CONTRASTS, dominant=DOMINANT, quality=QUALITY):
    """The section's tables; of the images of Figure 55, stripes are the opposite."""
    tables = [
        [
            {
                "model": name,
                "weights": weights,
                "layer": layer,
                "images": shown,
                **row,
                "any": value,
            }
            for (name, weights, layer), row in stripes.items()
            for shown, value in ((NATURAL, row["any"]), (MADE, 1 - row["any"]))
        ],
        [
            {"model": name, "weights": weights, "layer": layer, **row}
            for (name, weights), row in contrasts.items()
            for layer in (BEFORE, LEAKY)
        ],
        [
            {"model": ALEXNET, "weights": TRAINED, "images": shown, "layer": layer, **row}
            for (shown, layer), row in dominant.items()
        ],
        [{"model": name, **row} for name, row in quality.items()],
    ]
    return Measures(*map(pd.DataFrame, tables))


def judged(tables):
    return {
        measured.claim_id: judge(
            CLAIMS[measured.claim_id],
            measured,
            scale="paper",
            precision="float32",
            stand_in=False,
            data="all",
        )
        for measured in measurements(tables)
    }


def failing(tables):
    """The names of the checks that fail, by claim."""
    return {
        name: [check.name for check in judgement.checks if not check.holds]
        for name, judgement in judged(tables).items()
        if judgement.verdict is not Verdict.REPLICATED
    }


def test_the_claims_hold_where_the_thesis_is_right():
    tables = made()
    assert set(judged(tables)) == set(CLAIMS)
    assert failing(tables) == {}
    as_written = judged(tables)["4.8-stripes"].as_written
    assert as_written["striped_before_relu"] == 0.7
    assert as_written["striped_after_relu"] == 0.0  # where negative stripes are not seen


def other(table, key, **changed):
    """A table with one row changed."""
    return {**table, key: {**table[key], **changed}}


LAST = (ALEXNET, TRAINED, LEAKY)
ON_BLACK = (ALEXNET, TRAINED)
MIXED = "stripes in one direction"
DONE_BY_TRAINING = "that training has made"


@pytest.mark.parametrize(
    ("changed", "claim", "checks"),
    [
        (
            {"stripes": other(STRIPES, (ALEXNET, UNTRAINED, LEAKY), any=0.55)},
            "4.8-stripes",
            ["training makes stripes"],
        ),
        (
            {"stripes": other(STRIPES, (ALEXNET, TRAINED, LEAKY_POOLED), any=0.55)},
            "4.8-stripes",
            ["max-pooling hides them"],
        ),
        (
            {"stripes": other(STRIPES, (MIRRORED_PADDING, TRAINED, LEAKY), any=0.55)},
            "4.8-stripes",
            ["fewer with mirrored padding"],
        ),
        (
            {"stripes": other(STRIPES, (SMALL_KERNELS, TRAINED, LEAKY), any=0.55)},
            "4.8-stripes",
            ["fewer with small kernels"],
        ),
        (
            {"stripes": other(STRIPES, (CELEBA, TRAINED, LEAKY), any=0.55)},
            "4.8-stripes",
            ["fewer for CelebA"],
        ),
        ({"stripes": other(STRIPES, LAST, vertical=0.1)}, "4.8-one-direction", [MIXED]),
        (
            {"stripes": other(STRIPES, LAST, vertical=0.6)},  # corners: all have both
            "4.8-one-direction",
            [MIXED],
        ),
        (
            {"stripes": other(STRIPES, LAST, negative=0.3)},
            "4.8-negative",
            ["stripes are negative"],
        ),
        (
            {"stripes": other(STRIPES, (ALEXNET, UNTRAINED, LEAKY), any=0.55)},
            "4.8-negative",
            [DONE_BY_TRAINING],
        ),
        (
            {"dominant": other(DOMINANT, (IN_FIGURE_56, LEAKY_POOLED), share=0.4)},
            "4.8-one-map",
            ["one map has most of the activity", "even more of it after pooling"],
        ),
        (
            {"dominant": other(DOMINANT, (IN_FIGURE_56, LEAKY), resemblance=-0.9)},
            "4.8-one-map",
            ["that map resembles the test image", "without the resemblance"],
        ),
        (
            {"dominant": other(DOMINANT, (NATURAL, LEAKY_POOLED), share=0.1)},
            "4.8-one-map",
            ["so it is on natural images"],
        ),
        (
            {"contrasts": other(CONTRASTS, ON_BLACK, striped=0.2)},
            "4.8-test-image",
            ["maps have stripes"],
        ),
        (
            {"contrasts": other(CONTRASTS, ON_BLACK, in_one_lower_quarter=0.5)},
            "4.8-test-image",
            ["in one lower quarter alone"],
        ),
        (
            {"contrasts": other(CONTRASTS, ON_BLACK, in_one_lower_quarter=np.nan)},
            "4.8-test-image",
            ["in one lower quarter alone"],
        ),
        (
            {"contrasts": other(CONTRASTS, (ALEXNET, UNTRAINED), striped_of_black=0.38)},
            "4.8-black-black",
            ["a trained network is sensitive to black on black"],
        ),
        (
            {"contrasts": other(CONTRASTS, (NO_BIAS, TRAINED), striped_of_black=0.2)},
            "4.8-black-black",
            ["without bias not at all"],
        ),
        (
            {"contrasts": other(CONTRASTS, (NO_BIAS, TRAINED), striped_of_black=0.5)},
            "4.8-black-black",
            ["without bias less so", "without bias not at all"],
        ),
        (
            {"stripes": other(STRIPES, (NO_BIAS, TRAINED, LEAKY), any=0.1)},
            "4.8-no-bias",
            ["stripes on real images without bias"],
        ),
        (  # 0.5 without bias: a change
            {"stripes": other(STRIPES, LAST, any=0.25, negative=0.2)},
            "4.8-no-bias",
            ["stripes on real images with bias"],
        ),
        (
            {"stripes": other(STRIPES, (ALEXNET, TRAINED, LEAKY_RELUS[2]), any=0.65)},
            "4.8-depth",
            ["most stripes in the last layer"],
        ),
        (
            {"stripes": other(STRIPES, (ALEXNET, TRAINED, LEAKY_RELUS[0]), any=0.55)},
            "4.8-depth",
            ["more than in the first", "more growth than before training"],
        ),
        (
            {"stripes": other(STRIPES, (ALEXNET, UNTRAINED, LEAKY_RELUS[0]), any=-0.4)},
            "4.8-depth",
            ["more growth than before training"],
        ),
        (  # losses of 0.88 and 0.925 of the variance, 5 % apart
            {
                "quality": {
                    ALEXNET: QUALITY[ALEXNET] | {"explained": 0.12},
                    MIRRORED_PADDING: QUALITY[MIRRORED_PADDING] | {"explained": 0.075},
                    CELEBA: QUALITY[CELEBA],
                }
            },
            "4.8-performance",
            ["explains as much as without stripes", "by networks that have learned"],
        ),
        (
            {"quality": other(QUALITY, MIRRORED_PADDING, explained=0.25)},
            "4.8-performance",
            ["explains as much as without stripes"],
        ),
        (
            {"stripes": other(STRIPES, (MIRRORED_PADDING, TRAINED, LEAKY), any=0.55)},
            "4.8-performance",
            ["which has fewer stripes"],
        ),
        (
            {
                "quality": {
                    name: {**row, "explained": 0.02 if name != CELEBA else 0.8}
                    for name, row in QUALITY.items()
                }
            },
            "4.8-performance",
            ["by networks that have learned"],
        ),
        (
            {"quality": other(QUALITY, MIRRORED_PADDING, explained=0.0)},
            "4.8-performance",
            ["explains as much as without stripes", "by networks that have learned"],
        ),
        (
            {"quality": other(QUALITY, CELEBA, explained=0.25)},
            "4.8-reconstruction",
            ["CelebA is reconstructed well"],
        ),
        (
            {"quality": other(QUALITY, ALEXNET, sharpness=0.8)},
            "4.8-reconstruction",
            ["ImageNet is blurred", "CelebA is less blurred"],
        ),
        (  # as blurred as ImageNet
            {"quality": other(QUALITY, CELEBA, sharpness=0.1)},
            "4.8-reconstruction",
            ["CelebA is less blurred"],
        ),
        (
            {"quality": other(QUALITY, ALEXNET, explained=0.5)},
            "4.8-reconstruction",
            ["ImageNet is not"],
        ),
        (
            {"quality": other(QUALITY, CELEBA, val_reconstruction=600)},
            "4.8-reconstruction",
            ["higher reconstruction error"],
        ),
    ],
)
def test_one_number_that_is_not_as_the_thesis_says_is_enough(changed, claim, checks):
    assert failing(made(**changed))[claim] == checks


def maps_with_stripes(share):
    """By layer, of 64 maps of normal noise of which a share has a column at -15, left or right."""
    rng = np.random.default_rng(0)
    taken_in = rng.normal(size=(20, 14, 14, 64))
    for number in range(round(share * 64)):
        taken_in[:, :, rng.choice([0, -1]), number] -= 15
    leaky, after = np.where(taken_in < 0, 0.3 * taken_in, taken_in), np.maximum(taken_in, 0)
    pooled = [maps.reshape(20, 7, 2, 7, 2, 64).max(axis=(2, 4)) for maps in (leaky, after)]
    layers = {BEFORE: taken_in, LEAKY: leaky, AFTER: after}
    layers |= dict(zip((LEAKY_POOLED, POOLED), pooled, strict=True))
    return {
        layer: MeanMaps(maps.mean(axis=0), np.abs(maps).mean(axis=0))
        for layer, maps in layers.items()
    }


def stripes_of(shares):
    """The section's table of networks that have such shares of stripes in their last layer.

    In AlexNet-VAE's other layers half as many, as long as it is trained.
    """
    table = []
    for (name, weights), share in shares.items():
        maps = maps_with_stripes(share)
        if name == ALEXNET:
            below = maps_with_stripes(share / 2)[LEAKY]
            maps |= dict.fromkeys(LEAKY_RELUS[:-1], below)
        origin = {"model": name, "weights": weights, "images": NATURAL}
        table += [origin | row for row in stripe_rows(maps)]
    return pd.DataFrame(table)


OF_STRIPES = {"4.8-stripes", "4.8-one-direction", "4.8-negative", "4.8-no-bias", "4.8-depth"}
WITHOUT = {
    **dict.fromkeys([(ALEXNET, UNTRAINED), (NO_BIAS, UNTRAINED)], 0.05),
    **dict.fromkeys([(name, TRAINED) for name in (MIRRORED_PADDING, SMALL_KERNELS, CELEBA)], 0.05),
}


def test_stripes_as_the_text_describes_them_are_counted():
    """Around zero, and strongly negative in a column: nothing of them is left after a ReLU."""
    with_stripes = {(ALEXNET, TRAINED): 0.8, (NO_BIAS, TRAINED): 0.8, **WITHOUT}
    tables = made()._replace(stripes=stripes_of(with_stripes))
    assert not OF_STRIPES & set(failing(tables))
    values = judged(tables)["4.8-stripes"].as_written
    assert values["striped"] == pytest.approx(0.8, abs=0.01)
    assert values["striped_after_relu"] == values["striped_after_pooling"] == 0


def test_without_such_stripes_no_claim_of_them_holds():
    nowhere = dict.fromkeys([(ALEXNET, TRAINED), (NO_BIAS, TRAINED), *WITHOUT], 0.05)
    assert set(failing(made()._replace(stripes=stripes_of(nowhere)))) >= OF_STRIPES


def test_networks_that_training_has_not_changed_pass_no_rule():
    """All as before training, and reconstructions that explain nothing."""
    stripes = {
        key: STRIPES.get((key[0], UNTRAINED, key[2]), row) if key[1] == TRAINED else row
        for key, row in STRIPES.items()
    }
    stripes[MIRRORED_PADDING, TRAINED, LEAKY] = stripe_row(0.15)
    contrasts = {key: CONTRASTS[ALEXNET, UNTRAINED] for key in CONTRASTS}
    dominant = {key: {"share": 0.02, "resemblance": 0.1} for key in DOMINANT}
    quality = {
        key: {"explained": -0.1, "sharpness": 0.01, "val_reconstruction": 1} for key in QUALITY
    }
    assert set(failing(made(stripes, contrasts, dominant, quality))) == set(CLAIMS)


def test_what_was_not_trained_is_not_measured_and_fails_its_checks_alone():
    smoke = {key: row for key, row in STRIPES.items() if key[0] in SMOKE_MODELS}
    quality = {key: row for key, row in QUALITY.items() if key in SMOKE_MODELS}
    contrasts = {key: row for key, row in CONTRASTS.items() if key[0] in SMOKE_MODELS}
    tables = made(smoke, contrasts, quality=quality)
    failed = failing(tables)
    assert failed["4.8-stripes"] == ["fewer with small kernels", "fewer for CelebA"]
    assert set(failed) == {"4.8-stripes", "4.8-black-black", "4.8-no-bias", "4.8-reconstruction"}
    stripes = judged(tables)["4.8-stripes"]
    assert stripes.as_written["striped_with_small_kernels"] is None
    assert "not measured" in stripes.checks[3].detail


def test_without_any_stripe_their_sign_and_direction_are_undefined():
    stripes = {key: {**row, "any": 0.0, "horizontal": 0.0} for key, row in STRIPES.items()}
    outcome = judged(made(stripes))
    assert np.isnan(outcome["4.8-one-direction"].as_written["in_one_direction"])
    assert np.isnan(outcome["4.8-negative"].as_written["lower_end_of_negative"])
    assert "undefined" in outcome["4.8-negative"].checks[0].detail
