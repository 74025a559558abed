"""Section 4.6's samples: what they are compared with, and the moments of that."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from chapters import ch4_6_moments
from chapters.ch4_6_moments import (
    IMAGE,
    MNIST,
    VAES,
    Z,
    against_real,
    against_reconstructions,
    differing_pixels,
    moments_by_pixel,
    table_5_of_1000,
)
from chapters.ch4_6_samples import SAMPLE_SIZES, Switched
from tests.chapters.made_samples import samples_with, shown
from thesis_repro.analysis.pixel_moments import moments
from thesis_repro.analysis.tables import rows
from thesis_repro.section.generation import Source, source_of
from thesis_repro.seeds import derive_seed
from thesis_repro.thesis.readings import Reading
from thesis_repro.training.scale import SCALES

WRITTEN, RUN = Reading


def test_every_scale_has_its_sizes():
    assert list(SAMPLE_SIZES) == [name for name in SCALES if SCALES[name].amounts == name]
    assert SAMPLE_SIZES["paper"].compared == {"mnist": 10_000, "dsprites": 1_000}  # Tables 5, 6


def test_what_a_source_makes_is_compared_with_real_images():
    found = against_real(samples_with({Source.PRIOR: 0.5})).set_index(
        ["model", "reading", "source", "quantity"]
    )
    for name in MNIST:
        own = found.loc[(name, WRITTEN, str(source_of(name, WRITTEN)), "mean")]
        prior = found.loc[(name, WRITTEN, "prior", "mean")]
        assert (own["n"], own["m"]) == (150, 150)
        assert own["p"] > 1e-4 > prior["p"]
        assert prior["superiority"] < 0.01
        assert found.loc[(name, RUN, "prior", "mean"), "n"] == 150
    vlae = {source for name, _, source, _ in found.index if name == "mnist-vlae-gan"}
    assert vlae == {"mean values", "sampled z", "KDE of mean values", "KDE of sampled z", "prior"}


@pytest.mark.parametrize(("dataset", "count"), [("mnist", 150), ("dsprites", 60)])
def test_as_many_images_are_compared_as_the_tables_have(dataset, count):
    found = against_real(samples_with({}, dataset))
    assert found["n"].eq(count).all()
    assert found["m"].eq(count).all()


def test_table_5_of_as_many_images_as_the_text_generates(monkeypatch):
    monkeypatch.setattr(ch4_6_moments, "GENERATED_IN_THE_TEXT", 40)
    own = samples_with({})
    found = table_5_of_1000(None, shown(table_5_of_1000, "table_5_of_1000"), own)
    assert found["model"].unique().tolist() == list(MNIST)
    assert found["n"].eq(40).all()
    assert found["m"].eq(40).all()
    first = found.iloc[0]
    images = own.moments("mnist-vae", Source.KDE, WRITTEN).mean[:40]
    expected = stats.mannwhitneyu(images, own.real_moments(WRITTEN).mean[:40])
    assert first["p"] == pytest.approx(expected.pvalue, rel=1e-9)
    vlaes = found["model"].isin(["mnist-vlae-factor-1", "mnist-vlae-gan"])
    assert found["paired_p"].notna().eq(vlaes).all()


def test_reconstructions_are_tested_as_the_pairs_that_they_are():
    """Each differs from its original by less than originals differ: pairs tell, the U test not."""
    own = samples_with({})
    rows_of = np.random.default_rng(3).permutation(300)
    noise = np.random.default_rng(4).normal(0.01, 0.01, (150, 1, 1, 1))
    own.generation.rows = lambda count: rows_of[:count]
    own.generation.images = lambda name, source, count: own.real() / np.float32(255) + noise
    found = against_real(own).set_index(["model", "reading", "source", "quantity"])
    mean = found.loc[("mnist-vlae-gan", WRITTEN, str(Source.ENCODED), "mean")]
    assert mean["p"] > 0.05
    assert mean["paired_p"] < 1e-4
    assert mean["low"] < mean["paired_low"] < mean["paired_high"] < mean["high"]
    assert found.loc[("mnist-vlae-gan", WRITTEN, "prior", "mean"), "paired_p"] is None
    assert found.loc[("mnist-vae", WRITTEN, str(Source.KDE), "mean"), "paired_p"] is None


def test_moments_per_pixel_are_as_many_as_pixels():
    samples = {"mnist": samples_with({})}
    found = moments_by_pixel(None, shown(moments_by_pixel, "moments_per_pixel_mnist"), samples)
    assert found["model"].unique().tolist() == list(MNIST)
    assert found["n"].eq(16).all()
    assert found["m"].eq(16).all()


def test_shuffled_codes_are_compared_with_reconstructions():
    asked = shown(against_reconstructions, "generated_and_reconstructed")
    found = against_reconstructions(None, asked, samples_with({Source.SHUFFLED: 0.5}))
    own = found.set_index(["model", "of", "source", "reading", "quantity"])["p"].sort_index()
    for name in VAES:
        assert own[name, IMAGE, str(Source.SHUFFLED), WRITTEN, "mean"] < 1e-6
        assert own[name, IMAGE, str(Source.KDE), WRITTEN, "mean"] > 1e-4
        assert own[name, Z, str(Source.KDE), WRITTEN].index.to_list() == ["z_1", "z_2"]


def test_pixels_that_differ_are_counted_of_each_model():
    asked = shown(differing_pixels, "pixels_that_differ")
    found = differing_pixels(None, asked, samples_with({Source.KDE_AS_RUN: 0.5}))
    vaes = found["model"].isin(VAES)
    assert found[vaes]["differ"].eq(16).all()
    assert found[~vaes]["differ"].lt(4).all()
    assert found["from"].to_list() == ["real images"] * 4 + ["reconstructions"] * 2


def test_only_one_model_went_through_an_image_file():
    own = samples_with({})
    own.generation = SimpleNamespace(
        images=lambda name, source, count: np.full((2, 4, 4, 1), 0.5, "float32"),
        real=own.generation.real,
    )
    rounded = own.moments("mnist-vae", Source.KDE_AS_RUN, RUN).mean
    assert rounded.tolist() == [128, 128]
    assert own.moments("mnist-vae-gan", Source.KDE_AS_RUN, RUN).mean.tolist() == [127.5] * 2
    assert own.moments("mnist-vae", Source.KDE, WRITTEN).mean.tolist() == [127.5] * 2


def test_real_images_have_one_set_of_moments_per_unit():
    own = samples_with({})
    by_image, by_pixel = own.real_moments(WRITTEN), own.real_moments(WRITTEN, "pixel")
    assert (len(by_image.mean), len(by_pixel.mean)) == (150, 16)
    np.testing.assert_array_equal(by_image.mean, moments(own.real()).mean)
    assert own.real_moments(WRITTEN) is by_image


# --- Other readings of errata ---


@pytest.fixture(scope="module")
def switched_moments():
    """What is against real images where errata are read the other way."""

    def made(name, source, count):
        """Always the same; of sampled z somewhat brighter, of MNIST-VAE no whole bytes."""
        rng = np.random.default_rng(derive_seed(0, name, source))
        return rng.random((count, 4, 4, 1), "float32") ** (0.9 if "sampled" in source else 1)

    def against(**switched):
        own = samples_with({})
        own.generation.images, own.switched = made, Switched(**switched)
        return against_real(own)

    return against


def of_reading(table, reading):
    return rows(table, reading=reading).drop(columns="reading").reset_index(drop=True)


def test_moments_as_written_are_as_run_under_all_that_differs(switched_moments):  # E22, E51
    default, joint = switched_moments(), switched_moments(moments_as_run=True, sampled=True)
    pd.testing.assert_frame_equal(of_reading(joint, WRITTEN), of_reading(default, RUN))
    pd.testing.assert_frame_equal(of_reading(joint, RUN), of_reading(default, RUN))


def test_moments_and_tests_as_run_of_the_same_images(switched_moments):  # erratum E22
    default, other = switched_moments(), switched_moments(moments_as_run=True)
    pd.testing.assert_frame_equal(of_reading(other, RUN), of_reading(default, RUN))
    mine, its = of_reading(default, WRITTEN), of_reading(other, WRITTEN)
    assert mine["source"].tolist() == its["source"].tolist()
    assert (its["p"] < mine["p"]).all()  # one-sided
    in_bytes = its["model"] == "mnist-vae"
    assert ((its["mean"] == mine["mean"]) == ~in_bytes).all()


def test_codes_are_sampled_or_drawn_where_asked(switched_moments):  # errata E51, E65
    sampled, drawn = switched_moments(sampled=True), switched_moments(drawn=True)
    assert [*of_reading(sampled, WRITTEN)["source"]] == [*of_reading(sampled, RUN)["source"]]
    vlae = rows(of_reading(drawn, WRITTEN), model="mnist-vlae-gan")
    assert {*vlae["source"]} == {Source.KDE, Source.PRIOR}
    default = switched_moments()
    pd.testing.assert_frame_equal(of_reading(drawn, RUN), of_reading(default, RUN))


def test_reconstructions_are_tested_as_pairs_where_asked(switched_moments):  # erratum E87
    default, paired = switched_moments(), switched_moments(paired=True)
    pairs = default["source"].eq(Source.ENCODED) & default["reading"].eq(WRITTEN)
    assert (paired["p"][pairs] == default["paired_p"][pairs]).all()
    assert (paired["p"][pairs] != default["p"][pairs]).all()
    assert (paired["p"][~pairs] == default["p"][~pairs]).all()
    pd.testing.assert_frame_equal(paired.drop(columns="p"), default.drop(columns="p"))
