"""Section 4.4.1's figures: which models they show, and what becomes of the codes."""

from types import SimpleNamespace

import numpy as np
import pytest

from chapters.ch4_4_embeddings import (
    CURATED,
    SAMPLE_SIZES,
    Embedding,
    attribute_bars,
    digit_codes,
    face_codes,
    in_the_plane,
    sprite_codes,
    title,
)
from data_prep.celeba_attributes import ATTRIBUTES
from thesis_repro.analysis.image_sets import Images
from thesis_repro.models.zoo import MODELS, name_by_weight, short_name
from thesis_repro.thesis.captions import load_captions
from thesis_repro.training.scale import SCALES


class Split(SimpleNamespace):
    def __len__(self):
        return len(self.images)


def test_every_scale_has_its_sample_sizes():
    assert list(SAMPLE_SIZES) == [name for name in SCALES if SCALES[name].amounts == name]
    assert SAMPLE_SIZES["paper"] == (5_000, 3_200)  # original code, erratum E58
    assert set(CURATED) < set(ATTRIBUTES)


def test_figures_show_the_models_that_their_captions_name():
    captions = {
        str(entry.number): entry.title
        for entry in load_captions().values()
        if entry.kind == "figure"
    }
    for function in (digit_codes, sprite_codes, face_codes):
        for shown in function.declarations:
            (name,) = shown.models
            # "dsprites-VAE-dim6 - Latent Space", "MNIST-VLAE Latent Space"
            caption = captions[shown.name].lower().replace(" - ", " ")
            assert caption.startswith(short_name(name).lower() + " latent space"), shown.name
    assert MODELS["mnist-vlae-factor-1"].name == "MNIST-VLAE-factor-1"
    assert short_name("mnist-vlae-factor-1") == "MNIST-VLAE"
    assert name_by_weight("dsprites-vae") == "10,000-VAE"  # captions of Figures 40 to 42


def test_only_codes_of_more_dimensions_are_reduced_but_for_celebas():
    rng = np.random.default_rng(0)
    split = Split(images=np.zeros((100, 1, 1, 1), dtype="uint8"), known={})
    chapter = SimpleNamespace(
        section="4.4",
        seed=lambda *purpose: 0,
        prepared=lambda dataset: SimpleNamespace(validation=split),
    )
    flat = rng.normal(size=(100, 2))
    codes = SimpleNamespace(means=lambda name, images: {"z": flat})
    embedded = in_the_plane(chapter, codes, sprite_codes, "dsprites", 100)
    assert list(embedded) == [name for one in sprite_codes.declarations for name in one.models]
    assert embedded["dsprites-vlae-dim2"].layers["z"] is flat
    for figures, dataset, width in ((digit_codes, "morpho-mnist", 3), (face_codes, "celeba", 2)):
        wide = np.pad(flat, ((0, 0), (0, width - 2)))
        codes = SimpleNamespace(means=lambda name, images, z=wide: {"z": z})
        for embedding in in_the_plane(chapter, codes, figures, dataset, 100).values():
            points = embedding.layers["z"]
            assert points.shape == (100, 2)
            assert not np.allclose(points, flat)


def faces(**drawn):
    """Faces with these attributes and no others, as stand-ins have them."""
    known = np.zeros((4, len(ATTRIBUTES)), bool)
    for name, has in drawn.items():
        known[:, ATTRIBUTES.index(name)] = has
    return Split(images=np.zeros((4, 1, 1, 1), "uint8"), known={"attributes": known})


def test_attributes_that_no_face_has_are_left_out():
    split = faces(Male=[1, 0, 1, 0], Young=[1, 1, 1, 1])
    chapter = SimpleNamespace(
        prepared=lambda dataset: SimpleNamespace(train=split, validation=split)
    )
    bars = attribute_bars(chapter, None)
    assert [tick.get_text() for tick in bars.axes[0].get_yticklabels()] == ["Male", "Young"]
    assert bars.get_suptitle().endswith("38 that none of them has are left out")
    images = Images("faces", split.images, split.known)
    shown = SimpleNamespace(model="celeba-vae")
    codes = {"celeba-vae": Embedding({"z": np.eye(4, 2)}, images)}
    panels = [axes.get_title() for axes in face_codes(chapter, shown, codes).axes]
    assert [title for title in panels if title] == ["Male", "Young"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mnist-vlae-factor-1", "MNIST-VLAE: mean codes of 7 validation images"),
        ("dsprites-vae-dim6", "dSprites-VAE-dim6: mean codes of 7 validation images, by t-SNE"),
        ("celeba-vlae", "CelebA-VLAE: mean codes of 7 validation images, by t-SNE"),
    ],
)
def test_titles_say_what_was_reduced(name, words):
    assert title(name, Images("made", np.zeros((7, 1, 1, 1), dtype="uint8"), {})) == words
