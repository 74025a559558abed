"""The captions against the numbers that the thesis has: Figures 13-95 and Tables 2-6."""

import re

import pytest

from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import load_claims

FIGURES, TABLES = range(13, 96), range(2, 7)


def test_every_number_is_there_once():
    keys = [*(("figure", n) for n in FIGURES), *(("table", n) for n in TABLES)]
    assert list(load_captions()) == keys


def test_every_number_is_in_the_file_once():
    from thesis_repro.files import read_packaged

    assert len(re.findall(r'"number": \d+', read_packaged("thesis", "captions.json"))) == 83 + 5


@pytest.mark.parametrize(
    ("key", "section", "page", "start"),
    [  # read from the thesis
        (("figure", 13), "3.3", "26", "A sample image from the CelebA dataset."),
        (("figure", 23), "4.3", "42", "Posterior distribution of VAE with reconstruction term"),
        (("figure", 62), "4.3", "XXXI", "Latent space traversal between latent space"),
        (("figure", 64), "4.4", "XXXIV", "Latent space colored by different means of MNIST-VLAE-"),
        (("figure", 95), "4.6", "LXVII", "Latent space distribution for different layers"),
        (("table", 3), "4.2", "41", "Reconstruction losses and p-values of the comparisons"),
        (("table", 6), "4.6", "70", "p-values of a Mann-Whitney U test."),
    ],
)
def test_captions_are_the_thesiss(key, section, page, start):
    caption = load_captions()[key]
    assert (caption.section, caption.page) == (section, page)
    assert caption.caption.startswith(start)


def test_captions_are_plain_text():
    for caption in load_captions().values():
        for text in (caption.title, caption.caption):
            assert re.search(r"[$\\~<>*_]|\]\(|  ", text) is None, caption.name


def test_sections_are_those_where_claims_cite_a_figure_or_table():
    """A claim can cite one of another section beside its own, as 4.4 does Figure 15 of 3.3."""
    cited = re.compile(r"(Figure|Table)s? (\d+(?:(?:, | and | to )\d+)*)")
    for claim in load_claims():
        keys = [
            (kind.lower(), int(number))
            for kind, numbers in cited.findall(claim.source)
            for number in re.findall(r"\d+", numbers)
        ]
        sections = {load_captions()[key].section for key in keys}
        assert not sections or claim.section in sections, claim.id
