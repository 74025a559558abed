"""Section 4.4's decoders in numbers: images whose digits and overlaps are known."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from chapters import ch4_4_decoded
from chapters.ch4_4_decoded import (
    DIGIT,
    DSPRITES,
    MORPHOMETRICS,
    SAMPLE_SIZES,
    VLAES,
    layer_effects,
    measurements,
    reconstructions,
)
from data_prep.dsprites_renderer import classes_of, render
from thesis_repro.models.encoding import SampledPosterior
from thesis_repro.models.zoo import model
from thesis_repro.section.declarations import Shown
from thesis_repro.thesis.readings import Reading
from thesis_repro.training.scale import SCALES


def chapter(**parts):
    return SimpleNamespace(
        section="4.4",
        rng=lambda *purpose: np.random.default_rng(0),
        at_scale=lambda by_scale: by_scale["smoke"],
        **parts,
    )


def shown(function):
    return Shown(function.declarations[0], Reading.WRITTEN)


def test_every_scale_has_its_sample_sizes_and_models_their_layers():
    assert list(SAMPLE_SIZES) == [name for name in SCALES if SCALES[name].amounts == name]
    for name in VLAES:
        assert model(name).latent_dims.value == (2, 2, 2)


def bars(width, height, slant=0):
    """Upright bars in the middle of 28 x 28 pixels, (n, 28, 28, 1), that lean to the right."""
    rows, columns = np.arange(28)[:, None], np.arange(28)
    centre = 13.5 - slant[:, None, None] * (rows - 13.5)
    inside = (np.abs(columns - centre) < width[:, None, None]) & (
        np.abs(rows - 13.5) < height[:, None, None]
    )
    return inside[..., np.newaxis].astype("float32")


def test_effects_of_layers_that_are_known(monkeypatch):
    """z_1 makes thickness, z_2 nothing, z_3 the digit: a long or a short bar."""

    def decode(z):
        return bars(3 + np.tanh(z[0][:, 0]), np.where(z[2][:, 0] > 0, 11.0, 5.0), 0 * z[0][:, 0])

    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 50)
    train = bars(rng.uniform(2, 4, 100), np.where(labels, 11.0, 5.0), np.zeros(100))
    data = SimpleNamespace(train=(255 * train).astype("uint8"), train_known={"label": labels})
    monkeypatch.setattr(ch4_4_decoded, "available_cores", lambda: 1)
    table = layer_effects(
        chapter(images=lambda name: data, trained=lambda name: SimpleNamespace(decode=decode)),
        shown(layer_effects),
    )
    assert table.groupby("model").size().to_dict() == dict.fromkeys(VLAES, 9)
    values = table[table["model"] == VLAES[0]].set_index(["effect", "layer"])["value"]
    assert [values[DIGIT, f"z_{n}"] for n in (1, 2, 3)] == pytest.approx([0, 0, 0.5], abs=0.2)
    assert values["thickness", "z_1"] > 0.5
    assert values["thickness", "z_2"] == 0
    untrained = measurements(
        table.assign(value=0.0, low=0.0), pd.DataFrame({"model": [], "low": [], "high": []})
    )
    assert untrained[0].as_written == {"changed_by_z_3_at_least": 0, "changed_by_z_2": 0}
    assert set(MORPHOMETRICS) < set(table["effect"])


def test_overlaps_of_reconstructions_that_are_known(monkeypatch):
    """One model gives the images back; the other, those of other images."""
    classes = classes_of(np.arange(0, 737_280, 9_001))
    pixels = 255 * render(classes)[..., np.newaxis]
    split = SimpleNamespace(images=pixels, known={"classes": classes})
    split = type("Split", (SimpleNamespace,), {"__len__": lambda self: len(pixels)})(**vars(split))
    numbers = {}

    def of(name, images):
        numbers["pixels"] = images.pixels / 255
        index = np.arange(len(images), dtype="float32")[:, None]
        return [SampledPosterior(index, index, index)]

    def trained(name):
        step = 0 if name == DSPRITES[0] else 1
        images = numbers["pixels"]
        return SimpleNamespace(
            decode=lambda z: images[(z[0][:, 0].astype(int) + step) % len(images)]
        )

    table = reconstructions(
        chapter(prepared=lambda name: SimpleNamespace(validation=split), trained=trained),
        shown(reconstructions),
        SimpleNamespace(of=of),
    ).set_index("model")
    assert table.loc[DSPRITES[0], "overlap"] == 1
    assert table.loc[DSPRITES[1], "high"] < 0.5
    assert table["images"].tolist() == [60, 60]
