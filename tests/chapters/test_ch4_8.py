"""Section 4.8 on small networks: its numbers and files."""

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
    IN_FIGURE_56,
    MADE_IMAGES,
    MIRRORED,
    NATURAL,
    NETWORKS,
    SMOKE_MODELS,
    TRAINED,
    UNTRAINED,
    VALIDATION_IMAGES,
    dominant_rows,
    encoders,
    some_images,
)
from thesis_repro.analysis.border_activity import (
    AFTER,
    LAYERS,
    LEAKY,
    LEAKY_POOLED,
    POOLED,
)
from thesis_repro.analysis.stripes import SIDES, STRIPED
from thesis_repro.analysis.tables import rows
from thesis_repro.models.zoo import MODELS
from thesis_repro.progress import TrainingProgress
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.registry import models_of
from thesis_repro.section.workspace import Workspace
from thesis_repro.thesis.claims import load_claims
from thesis_repro.training.configuration import TrainingOptions
from thesis_repro.training.images import ImageData
from thesis_repro.training.run_folder import RunConfig
from thesis_repro.training.scale import SCALES
from thesis_repro.training.trained_model import TrainedModel
from thesis_repro.verdicts.judgements import Verdict

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


# --- The whole chapter on small networks ---


@pytest.fixture
def chapter(encoder, images, tmp_path, monkeypatch):
    """A chapter of which every model is the small encoder, and every reconstruction grey."""
    run = SimpleNamespace(config=RUN, recorded=lambda what: [])

    def trained(workspace, model_id, data):
        return TrainedModel(MODELS[ALEXNET], run, [LOSSES], SimpleNamespace(encoder=encoder))

    data = ImageData(images, images, "noise", "fingerprint", True)
    manifests = {"imagenet": SimpleNamespace(description="noise", is_stand_in=True, part="")}
    monkeypatch.setattr(Workspace, "manifest", lambda workspace, dataset: manifests[dataset])
    monkeypatch.setattr(Workspace, "images", lambda workspace, model_id: data)
    monkeypatch.setattr(Workspace, "trained", trained)
    grey = np.float32(0.5)
    monkeypatch.setattr(TrainedModel, "reconstruct", lambda _, given: np.full(given.shape, grey))
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
    assert {judgement.verdict for judgement in judgements} == {Verdict.PATH_ONLY}
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
