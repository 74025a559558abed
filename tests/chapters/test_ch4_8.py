"""Section 4.8: numbers and claim from small networks and made tables."""

from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest

import chapters.ch4_8 as module
from chapters.ch4_8 import (
    ALEXNET,
    CELEBA,
    MADE,
    MADE_IMAGES,
    MIRRORED,
    MIRRORED_PADDING,
    NATURAL,
    NETWORKS,
    SMALL_KERNELS,
    SMOKE_MODELS,
    TRAINED,
    UNTRAINED,
    VALIDATION_IMAGES,
    encoders,
    measurements,
    some_images,
)
from thesis_repro.analysis.border_activity import AFTER, BEFORE, POOLED
from thesis_repro.analysis.stripes import SIDES, STRIPED
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

(CLAIM,) = load_claims("4.8")


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
    assert set(CLAIM.models) <= set(SMOKE_MODELS)
    assert list(VALIDATION_IMAGES) == list(SCALES)


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


# --- The claim ---

SHARES = {  # of maps that are striped, where the thesis is right
    (ALEXNET, TRAINED, AFTER): 0.6,
    (ALEXNET, TRAINED, POOLED): 0.1,
    (ALEXNET, TRAINED, BEFORE): 0.7,
    (ALEXNET, UNTRAINED, AFTER): 0.2,
    (ALEXNET, MIRRORED, AFTER): 0.0,
    (MIRRORED_PADDING, TRAINED, AFTER): 0.0,
    (SMALL_KERNELS, TRAINED, AFTER): 0.1,
    (CELEBA, TRAINED, AFTER): 0.3,
}


def verdict(shares):
    rows = [
        {"model": name, "weights": weights, "layer": layer, "images": shown, "any": value}
        for (name, weights, layer), share in shares.items()
        for shown, value in ((NATURAL, share), (MADE, 1 - share))
    ]
    (measured,) = measurements(pd.DataFrame(rows))
    return judge(CLAIM, measured, scale="paper", precision="float32", stand_in=False, data="all")


def test_the_claim_holds_where_the_thesis_is_right():
    judgement = verdict(SHARES)
    assert judgement.verdict is Verdict.REPLICATED
    assert judgement.as_written["striped_before_relu"] == 0.7


@pytest.mark.parametrize("key", [key for key in SHARES if key[1] != MIRRORED and key[2] != BEFORE])
def test_one_share_that_is_not_as_the_thesis_says_is_enough(key):
    other = 0.0 if key == (ALEXNET, TRAINED, AFTER) else 0.6
    assert verdict(SHARES | {key: other}).verdict is Verdict.NOT_REPLICATED


def test_a_network_that_was_not_trained_fails_its_check_alone():
    judgement = verdict({key: share for key, share in SHARES.items() if key[0] != SMALL_KERNELS})
    failed = [check.name for check in judgement.checks if not check.holds]
    assert failed == ["fewer with small kernels"]
    assert np.isnan(judgement.as_written["striped_with_small_kernels"])


# --- The whole chapter on small networks ---


@pytest.fixture
def chapter(encoder, images, tmp_path, monkeypatch):
    """A chapter of which every model is the small encoder."""
    run = SimpleNamespace(config=RUN, recorded=lambda what: [])

    def trained(workspace, model_id, data):
        return TrainedModel(MODELS[ALEXNET], run, [{}], SimpleNamespace(encoder=encoder))

    data = ImageData(images, images, "noise", "fingerprint", True)
    manifest = SimpleNamespace(description="noise", is_stand_in=True)
    monkeypatch.setattr(Workspace, "manifest", lambda workspace, dataset: manifest)
    monkeypatch.setattr(Workspace, "images", lambda workspace, model_id: data)
    monkeypatch.setattr(Workspace, "trained", trained)
    monkeypatch.setattr(module, "builders", lambda spec: {"encoder": small_encoder})
    monkeypatch.setattr(Chapter, "model_ids", (ALEXNET,))
    options = TrainingOptions(SCALES["smoke"], 0)
    progress = TrainingProgress(quiet=True)
    return Chapter(
        "4.8", Workspace(Path(), Path(), tmp_path, options, stand_in=True, progress=progress)
    )


def test_fresh_weights_are_the_same_in_every_run(chapter, images):
    first, second = (
        {state: each.get_layer("conv2d_1").get_weights()[0] for state, each in encoders(*arguments)}
        for arguments in [(chapter, ALEXNET)] * 2
    )
    assert list(first) == [TRAINED, UNTRAINED, MIRRORED]
    np.testing.assert_array_equal(first[UNTRAINED], second[UNTRAINED])
    np.testing.assert_array_equal(first[TRAINED], first[MIRRORED])
    assert not np.array_equal(first[TRAINED], first[UNTRAINED])


def test_files(chapter):
    (judgement,) = module.run(chapter)
    assert judgement.verdict is Verdict.NOT_COMPARABLE
    numbers = ("54", "54_before_relu", "55", "56", "56_before_relu")
    expected = {f"figure_{number}.{suffix}" for number in numbers for suffix in ("png", "svg")}
    expected |= {f"{name}.csv" for name in ("stripes", "stripe_index", "black_black_contrast")}
    expected |= {"claims.json", "manifest.json"}
    assert {path.name for path in chapter.folder.iterdir()} == expected
    stripes = pd.read_csv(chapter.folder / "stripes.csv")
    assert stripes.groupby(["model", "weights", "images"]).ngroups == 3 * 2
    assert set(stripes["scale"]) == {"smoke"}
    assert set(stripes["data"]) == {"noise"}
    index = pd.read_csv(chapter.folder / "stripe_index.csv")
    trained = stripes.query("weights == @TRAINED and layer == @AFTER and images == @NATURAL")
    for side in SIDES:
        assert (index[side] > STRIPED).mean() == pytest.approx(trained[side].item())
    contrasts = pd.read_csv(chapter.folder / "black_black_contrast.csv")
    assert set(contrasts["data"]) == {MADE_IMAGES}
    assert contrasts["weights"].to_list() == [
        state for state in (TRAINED, UNTRAINED, MIRRORED) for _ in range(2)
    ]
    assert chapter.models[ALEXNET].model is None
    for number in ("54", "54_before_relu", "56", "56_before_relu"):
        text = (chapter.folder / f"figure_{number}.svg").read_text(encoding="utf-8")
        assert "· noise ·" in text
        assert RUN.run_id in text
    text = (chapter.folder / "figure_55.svg").read_text(encoding="utf-8")
    assert f"thesis-repro chapter 4.8 · {MADE_IMAGES} · seed 0" in text
