"""Section 4.8: numbers and claims from small networks and made tables."""

from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest

import chapters.ch4_8 as module
import thesis_repro.training.untrained as untrained_module
from chapters.ch4_8 import (
    ALEXNET,
    CELEBA,
    IN_FIGURE_56,
    MADE,
    MADE_IMAGES,
    MIRRORED,
    MIRRORED_PADDING,
    NATURAL,
    NETWORKS,
    NO_BIAS,
    SMALL_KERNELS,
    SMOKE_MODELS,
    TRAINED,
    UNTRAINED,
    VALIDATION_IMAGES,
    Measures,
    dominant_rows,
    encoders,
    measurements,
    some_images,
)
from thesis_repro.analysis.border_activity import (
    AFTER,
    BEFORE,
    LAYERS,
    LEAKY,
    LEAKY_POOLED,
    POOLED,
    RELUS,
)
from thesis_repro.analysis.stripes import SIDES, STRIPED
from thesis_repro.analysis.tables import rows
from thesis_repro.models.zoo import MODELS
from thesis_repro.progress import TrainingProgress
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.registry import models_of
from thesis_repro.section.workspace import Workspace
from thesis_repro.thesis.claims import load_claims
from thesis_repro.training.images import ImageData
from thesis_repro.training.run_folder import RunConfig
from thesis_repro.training.scale import SCALES
from thesis_repro.training.train import TrainedModel, TrainingOptions
from thesis_repro.verdicts.judgements import Verdict, judge

RUN = RunConfig("alexnet-vae", {"epochs": 1})
LOSSES = {"val_loss": 900.0, "val_reconstruction": 890.0, "val_kl": 10.0}

CLAIMS = {claim.id: claim for claim in load_claims("4.8")}


def small_encoder(maps=4):
    """An AlexNet encoder of few maps, with the layers' names and sizes."""
    image = x = keras.Input((224, 224, 3), name="model_input")
    for number, (kernel, stride) in enumerate([(11, 4), (5, 1), (3, 1), (3, 1), (3, 1)], start=1):
        x = keras.layers.Conv2D(
            maps, kernel, strides=stride, padding="same", name=f"conv2d_{number}"
        )(x)
        x = keras.layers.BatchNormalization(name=f"batch_normalization_{number}")(x)
        x = keras.layers.ReLU(name=f"re_lu_{number}")(x)
        if pool := {1: 1, 2: 2, 5: 3}.get(number):
            x = keras.layers.MaxPooling2D(2, name=f"max_pooling2d_{pool}")(x)
    return keras.Model(image, keras.layers.Flatten(name="flatten")(x), name="small")


@pytest.fixture(scope="module")
def encoder():
    keras.utils.set_random_seed(4)
    return small_encoder()


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (5, 224, 224, 3), dtype=np.uint8)


# --- What is run ---


def test_models_and_scales():
    assert models_of("4.8", "paper") == NETWORKS
    assert set(NETWORKS) == {name for name in MODELS if name.startswith(ALEXNET)}
    assert models_of("4.8", "smoke") == SMOKE_MODELS
    assert set(SMOKE_MODELS) <= set(NETWORKS)
    for claim in CLAIMS.values():
        assert ALEXNET in claim.models
        assert set(claim.models) <= set(NETWORKS)
    assert list(VALIDATION_IMAGES) == [name for name in SCALES if SCALES[name].amounts == name]


def test_models_of_the_same_data_see_the_same_images(images):
    data = SimpleNamespace(validation=images)
    seeds = {}

    def rng(*purpose):
        return np.random.default_rng(seeds.setdefault(purpose, len(seeds)))

    chapter = SimpleNamespace(images=lambda name: data, rng=rng)
    first = some_images(chapter, ALEXNET, 3)
    assert first.shape == (3, 224, 224, 3)
    np.testing.assert_array_equal(first, some_images(chapter, ALEXNET, 3))
    assert list(seeds) == [("images", "imagenet")]
    assert len(some_images(chapter, ALEXNET, 1_000)) == 5  # all that there are


def test_the_map_of_the_test_image_is_looked_at_on_natural_images(monkeypatch):
    """Its share there, although another map is the strongest of each natural image."""

    def maps_by_layer(encoder, shown):
        """Of two maps, the first has 3 of 4 where the image is bright, else 1 of 4."""
        first = np.where(shown.mean(axis=(1, 2, 3)) > 100, 3.0, 1.0)
        pairs = np.stack([first, 4 - first], axis=-1)[:, np.newaxis, np.newaxis]
        return dict.fromkeys((LEAKY, LEAKY_POOLED, AFTER, POOLED), np.tile(pairs, (1, 3, 3, 1)))

    monkeypatch.setattr(module, "maps_by_layer", maps_by_layer)
    bright, dark = np.full((6, 6, 3), 255, np.uint8), np.zeros((2, 6, 6, 3), np.uint8)
    table = pd.DataFrame(dominant_rows(None, bright, dark))
    assert set(table["map"]) == {0}
    assert set(rows(table, images=IN_FIGURE_56)["share"]) == {0.75}
    assert set(rows(table, images=NATURAL)["share"]) == {0.25}
    assert set(rows(table, images=NATURAL)["count"]) == {2}


# --- Claims, of made tables in which the thesis is right ---


def stripe_row(any_side, vertical=None, negative=0.0):
    """Striped at the bottom, unless ``vertical`` says that some are so on a side."""
    vertical = 0.0 if vertical is None else vertical
    return {"maps": 256, "any": any_side, "vertical": vertical, "horizontal": any_side,
            "negative": negative}  # fmt: skip


STRIPES = {
    **{(ALEXNET, TRAINED, layer): stripe_row(0.1 * n) for n, layer in enumerate(RELUS[:-1])},
    **{(ALEXNET, UNTRAINED, layer): stripe_row(0.1) for layer in RELUS[:-1]},
    (ALEXNET, TRAINED, AFTER): stripe_row(0.6),
    (ALEXNET, TRAINED, POOLED): stripe_row(0.1),
    (ALEXNET, TRAINED, BEFORE): stripe_row(0.7),
    (ALEXNET, TRAINED, LEAKY): stripe_row(0.6, negative=0.5),
    (ALEXNET, TRAINED, LEAKY_POOLED): stripe_row(0.1),
    (ALEXNET, UNTRAINED, AFTER): stripe_row(0.2),
    (ALEXNET, UNTRAINED, LEAKY): stripe_row(0.2),
    (ALEXNET, MIRRORED, AFTER): stripe_row(0.0),
    (MIRRORED_PADDING, TRAINED, AFTER): stripe_row(0.0),
    (SMALL_KERNELS, TRAINED, AFTER): stripe_row(0.1),
    (NO_BIAS, TRAINED, AFTER): stripe_row(0.5),
    (NO_BIAS, UNTRAINED, AFTER): stripe_row(0.1),
    (CELEBA, TRAINED, AFTER): stripe_row(0.3),
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
    ALEXNET: {"explained": 0.3, "sharpness": 0.1, "val_loss": 500, "val_reconstruction": 480},
    MIRRORED_PADDING: {"explained": 0.3, "sharpness": 0.1, "val_loss": 490,
                       "val_reconstruction": 470},
    CELEBA: {"explained": 0.8, "sharpness": 0.4, "val_loss": 200, "val_reconstruction": 180},
}  # fmt: skip


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
    assert judged(tables)["4.8-stripes"].as_written["striped_before_relu"] == 0.7


def other(table, key, **changed):
    """A table with one row changed."""
    return {**table, key: {**table[key], **changed}}


LAST = (ALEXNET, TRAINED, AFTER)
LAST_LEAKY = (ALEXNET, TRAINED, LEAKY)
ON_BLACK = (ALEXNET, TRAINED)
MIXED = "stripes in one direction"
DONE_BY_TRAINING = "that training has made"


@pytest.mark.parametrize(
    ("changed", "claim", "checks"),
    [
        (
            {"stripes": other(STRIPES, (ALEXNET, UNTRAINED, AFTER), any=0.55)},
            "4.8-stripes",
            ["training makes stripes"],
        ),
        (
            {"stripes": other(STRIPES, (ALEXNET, UNTRAINED, LEAKY), any=0.55)},
            "4.8-stripes",
            ["also after a LeakyReLU"],
        ),
        (
            {"stripes": other(STRIPES, (ALEXNET, TRAINED, POOLED), any=0.55)},
            "4.8-stripes",
            ["max-pooling hides them"],
        ),
        (
            {"stripes": other(STRIPES, (MIRRORED_PADDING, TRAINED, AFTER), any=0.55)},
            "4.8-stripes",
            ["fewer with mirrored padding"],
        ),
        (
            {"stripes": other(STRIPES, (SMALL_KERNELS, TRAINED, AFTER), any=0.55)},
            "4.8-stripes",
            ["fewer with small kernels"],
        ),
        (
            {"stripes": other(STRIPES, (CELEBA, TRAINED, AFTER), any=0.55)},
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
            {"stripes": other(STRIPES, LAST_LEAKY, negative=0.3)},
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
            {"stripes": other(STRIPES, (NO_BIAS, TRAINED, AFTER), any=0.1)},
            "4.8-no-bias",
            ["stripes on real images without bias"],
        ),
        (
            {"stripes": other(STRIPES, LAST, any=0.25)},  # but 0.5 without bias: a change
            "4.8-no-bias",
            ["stripes on real images with bias"],
        ),
        (
            {"stripes": other(STRIPES, (ALEXNET, TRAINED, RELUS[2]), any=0.65)},
            "4.8-depth",
            ["most stripes in the last layer"],
        ),
        (
            {"stripes": other(STRIPES, (ALEXNET, TRAINED, RELUS[0]), any=0.55)},
            "4.8-depth",
            ["more than in the first", "more growth than before training"],
        ),
        (
            {"stripes": other(STRIPES, (ALEXNET, UNTRAINED, RELUS[0]), any=-0.4)},
            "4.8-depth",
            ["more growth than before training"],
        ),
        (
            {"quality": other(QUALITY, MIRRORED_PADDING, val_loss=400)},
            "4.8-performance",
            ["the same loss as without stripes"],
        ),
        (
            {"stripes": other(STRIPES, (MIRRORED_PADDING, TRAINED, AFTER), any=0.55)},
            "4.8-performance",
            ["which has fewer stripes"],
        ),
        (
            {"quality": other(QUALITY, ALEXNET, explained=0.02)},
            "4.8-performance",
            ["by networks that have learned"],
        ),
        (
            {"quality": other(QUALITY, CELEBA, explained=0.35)},
            "4.8-reconstruction",
            ["CelebA is reconstructed well", "better than ImageNet"],
        ),
        (
            {"quality": other(QUALITY, ALEXNET, sharpness=0.8)},
            "4.8-reconstruction",
            ["ImageNet is blurred"],
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


def test_networks_that_training_has_not_changed_pass_no_rule():
    """All as before training, and reconstructions that explain nothing."""
    stripes = {
        key: STRIPES.get((key[0], UNTRAINED, key[2]), row) if key[1] == TRAINED else row
        for key, row in STRIPES.items()
    }
    stripes[MIRRORED_PADDING, TRAINED, AFTER] = stripe_row(0.15)
    contrasts = {key: CONTRASTS[ALEXNET, UNTRAINED] for key in CONTRASTS}
    dominant = {key: {"share": 0.02, "resemblance": 0.1} for key in DOMINANT}
    quality = {
        key: {"explained": -0.1, "sharpness": 0.01, "val_loss": 1, "val_reconstruction": 1}
        for key in QUALITY
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
    assert "not measured" in stripes.checks[4].detail


def test_without_any_stripe_their_sign_and_direction_are_undefined():
    stripes = {key: {**row, "any": 0.0, "horizontal": 0.0} for key, row in STRIPES.items()}
    outcome = judged(made(stripes))
    assert np.isnan(outcome["4.8-one-direction"].as_written["in_one_direction"])
    assert np.isnan(outcome["4.8-negative"].as_written["lower_end_of_negative"])
    assert "undefined" in outcome["4.8-negative"].checks[0].detail


# --- The whole chapter on small networks ---


def small_autoencoder(encoder):
    """Of which reconstructions are grey."""
    return SimpleNamespace(
        encoder=encoder,
        posterior=lambda batch, training: {"mu": [batch]},
        decode=lambda codes: 0 * codes[0] + 0.5,
    )


@pytest.fixture
def chapter(encoder, images, tmp_path, monkeypatch):
    """A chapter of which every model is the small encoder."""
    run = SimpleNamespace(config=RUN, recorded=lambda what: [])

    def trained(workspace, model_id, data):
        return TrainedModel(MODELS[ALEXNET], run, [LOSSES], small_autoencoder(encoder))

    data = ImageData(images, images, "noise", "fingerprint", True)
    manifests = {"imagenet": SimpleNamespace(description="noise", is_stand_in=True, part="")}
    monkeypatch.setattr(Workspace, "manifest", lambda workspace, dataset: manifests[dataset])
    monkeypatch.setattr(Workspace, "images", lambda workspace, model_id: data)
    monkeypatch.setattr(Workspace, "trained", trained)
    monkeypatch.setattr(untrained_module, "builders", lambda spec: {"encoder": small_encoder})
    monkeypatch.setattr(Chapter, "model_ids", (ALEXNET,))
    options = TrainingOptions(SCALES["smoke"], 0)
    progress = TrainingProgress(quiet=True)
    return Chapter(
        "4.8", Workspace(Path(), Path(), tmp_path, options, stand_in=True, progress=progress)
    )


def test_the_control_is_calibrated_and_the_same_in_every_run(chapter, images):
    first, second = (dict(encoders(chapter, ALEXNET)) for _ in range(2))
    assert list(first) == [TRAINED, UNTRAINED, MIRRORED]
    kernels = {
        state: network.get_layer("conv2d_1").get_weights()[0] for state, network in first.items()
    }
    np.testing.assert_array_equal(kernels[TRAINED], kernels[MIRRORED])
    assert not np.array_equal(kernels[TRAINED], kernels[UNTRAINED])
    for ours, theirs in zip(first[UNTRAINED].weights, second[UNTRAINED].weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    # Its normalisation works, on the images that the model is trained on.
    last = keras.Model(
        first[UNTRAINED].input, first[UNTRAINED].get_layer("batch_normalization_5").output
    )
    maps = np.asarray(last(images.astype("float32") / 255, training=False))
    np.testing.assert_allclose(maps.mean(axis=(0, 1, 2)), 0, atol=0.02)
    np.testing.assert_allclose(maps.std(axis=(0, 1, 2)), 1, atol=0.05)


def test_files(chapter):
    judgements = module.run(chapter)
    assert [judgement.claim.id for judgement in judgements] == list(CLAIMS)
    assert {judgement.verdict for judgement in judgements} == {Verdict.NOT_COMPARABLE}
    figures = [
        f"{number}{kind}" for number in (54, 56) for kind in ("", "_before_relu", "_leaky_relu")
    ]
    expected = {f"figure_{name}.{suffix}" for name in (*figures, 55) for suffix in ("png", "svg")}
    tables = ("stripes", "stripe_index", "black_black_contrast", "dominant_map", "reconstructions")
    expected |= {f"{name}.csv" for name in tables} | {"claims.json", "manifest.json"}
    assert {path.name for path in chapter.folder.iterdir()} == expected
    read = {name: pd.read_csv(chapter.folder / f"{name}.csv") for name in tables}

    stripes = read["stripes"]
    assert stripes.groupby(["model", "weights", "images"]).ngroups == 3 * 2
    assert stripes["layer"].to_list() == [*LAYERS] * 6
    assert set(stripes["scale"]) == {"smoke"}
    assert set(stripes["data"]) == {"noise"}
    for layer in (AFTER, LEAKY):
        trained = rows(stripes, model=ALEXNET, weights=TRAINED, layer=layer, images=NATURAL)
        index = rows(read["stripe_index"], model=ALEXNET, layer=layer)
        for side in SIDES:
            assert (index[side] > STRIPED).mean() == pytest.approx(trained[side].item())

    contrasts = read["black_black_contrast"]
    assert set(contrasts["data"]) == {MADE_IMAGES}
    states = (TRAINED, UNTRAINED, MIRRORED)
    assert contrasts["weights"].to_list() == [state for state in states for _ in range(3)]
    assert read["dominant_map"].groupby(["model", "weights", "images"]).ngroups == 3 * 2
    # Half grey explains less than each pixel's mean, and has no edges.
    assert (read["reconstructions"]["explained"] <= 0).all()
    assert (read["reconstructions"]["sharpness"] == 0).all()
    assert (read["reconstructions"]["val_kl"] == 10).all()

    assert chapter.models[ALEXNET].model is None
    for name in figures:
        text = (chapter.folder / f"figure_{name}.svg").read_text(encoding="utf-8")
        assert "· noise ·" in text
        assert RUN.run_id in text
    text = (chapter.folder / "figure_55.svg").read_text(encoding="utf-8")
    assert f"thesis-repro chapter 4.8 · {MADE_IMAGES} · seed 0" in text
