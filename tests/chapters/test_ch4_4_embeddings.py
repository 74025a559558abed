"""Section 4.4.1's figures: which images they show, of which models, and what colours them."""

from types import SimpleNamespace

import numpy as np
import pytest

from chapters.ch4_4_embeddings import (
    AMOUNTS,
    CELEBA,
    CURATED,
    DSPRITES,
    FIGURES,
    MNIST,
    Embedding,
    attributes_of,
    dsprites_colourings,
    embedding_title,
    in_the_plane,
    labelled,
    measured_images,
    mnist_colourings,
    shown_images,
)
from data_prep.celeba_attributes import ATTRIBUTES
from thesis_repro.analysis.image_sets import Images
from thesis_repro.models.zoo import MODELS, name_by_weight, short_name
from thesis_repro.thesis.captions import load_captions
from thesis_repro.training.scale import SCALES


def images(count, **known):
    return Images(f"{CELEBA}, shown", np.zeros((count, 1, 1, 1), dtype="uint8"), known)


def chapter_with(split):
    options = SimpleNamespace(scale=SCALES["smoke"], seed=0)
    data = SimpleNamespace(validation=split)
    return SimpleNamespace(
        section="4.4", workspace=SimpleNamespace(options=options), prepared=lambda name: data
    )


class Split(SimpleNamespace):
    def __len__(self):
        return len(self.images)


def test_every_scale_has_its_amount():
    assert list(AMOUNTS) == list(SCALES)
    assert AMOUNTS["paper"][1:] == (5_000, 3_200)  # original code, erratum E58


def test_figures_show_the_models_that_their_captions_name():
    captions = {
        entry.number: entry.title for entry in load_captions().values() if entry.kind == "figure"
    }
    for figures in FIGURES.values():
        for number, name in figures.items():
            # "dsprites-VAE-dim6 - Latent Space", "MNIST-VLAE Latent Space"
            title = captions[number].lower().replace(" - ", " ")
            assert title.startswith(short_name(name).lower() + " latent space"), number
    assert MODELS["mnist-vlae-factor-1"].name == "MNIST-VLAE-factor-1"
    assert short_name("mnist-vlae-factor-1") == "MNIST-VLAE"
    assert name_by_weight("dsprites-vae") == "10,000-VAE"  # captions of Figures 40 to 42


def test_images_without_measures_are_left_out():
    measures = np.ones((600, 6))
    measures[::2, 3] = np.nan
    pixels = np.zeros((600, 2, 2, 1), dtype="uint8")
    chapter = chapter_with(Split(images=pixels, known={"morphometrics": measures}))
    found = measured_images(chapter, MNIST)
    assert len(found) == 300
    assert np.isfinite(found.known["morphometrics"]).all()
    assert len(shown_images(chapter, MNIST)) == AMOUNTS["smoke"].shown


def test_only_codes_of_more_dimensions_are_reduced_but_for_celebas():
    rng = np.random.default_rng(0)
    layers = {"flat": {"z": rng.normal(size=(100, 2))}, "deep": {"z": rng.normal(size=(100, 3))}}
    codes = SimpleNamespace(means=lambda name, images: layers[name])
    chapter = chapter_with(None)
    own = Images(f"{DSPRITES}, shown", np.zeros((100, 1, 1, 1)), {})
    found = in_the_plane(chapter, codes, ["flat"], own)
    assert found["flat"]["z"] is layers["flat"]["z"]
    found = in_the_plane(chapter, codes, ["flat"], images(100))
    assert found["flat"]["z"].shape == (100, 2)
    assert not np.allclose(found["flat"]["z"], layers["flat"]["z"])


@pytest.mark.parametrize(
    ("name", "dataset", "words"),
    [
        ("mnist-vlae-factor-1", MNIST, "MNIST-VLAE: mean codes of 7 validation images"),
        ("dsprites-vae-dim6", DSPRITES, "dSprites-VAE-dim6: mean codes of 7 validation images, by"),
        ("celeba-vlae", CELEBA, "CelebA-VLAE: mean codes of 7 validation images, by t-SNE"),
    ],
)
def test_titles_say_what_was_reduced(name, dataset, words):
    title = embedding_title(name, Embedding({}, images(7)), dataset)
    assert title.startswith(words)
    assert title.endswith("t-SNE") == ("by" in words)


def test_layers_are_printed_as_symbols():
    assert list(labelled({"z_1": None, "z_2": None})) == ["$z_1$", "$z_2$"]


def test_colourings():
    measures = np.arange(12.0).reshape(2, 6)
    found = mnist_colourings(images(2, morphometrics=measures, label=np.array([3, 1])))
    names = ["area (px²)", "length (px)", "thickness (px)", "slant (rad)", "width (px)"]
    assert [own.name for own in found] == [*names, "height (px)", "digit"]
    np.testing.assert_array_equal(found[3].values, [3, 9])
    assert found[-1].categories[3] == "3"
    factors, classes = np.arange(12.0).reshape(2, 6), np.arange(12).reshape(2, 6)
    found = dsprites_colourings(images(2, factors=factors, classes=classes))
    assert [own.name for own in found] == ["shape", "scale", "orientation (rad)", "x", "y"]
    assert [own.values[0] for own in found] == [1, 2, 3, 4, 5]


def test_attributes_by_name():
    known = np.zeros((2, 40), dtype=bool)
    known[1, ATTRIBUTES.index("Male")] = True
    found = attributes_of(images(2, attributes=known))
    assert list(found) == list(ATTRIBUTES)
    assert found["Male"].tolist() == [False, True]
    assert set(CURATED) < set(found)
