"""Answers in words: templates of the chapters, filled with numbers."""

import jinja2
import pytest

from thesis_repro.section.answers import fixed, percent, render, significant

NUMBERS = {
    "models": ["A", "B", "C"],
    "variance_kept": [0.5, 0.25, 0.125],
    "replacement": "mean values",
    "loss_ratios": [2.0, 3.04, 1.0],
    "largest_p": 1.234e-5,
    "corrected": True,
}


def test_a_template_is_filled_and_is_one_line():
    text = render("4.2", "RQ1", NUMBERS)
    assert "\n" not in text
    assert "In A, B, C it holds 50%, 25%, 12% of the variance" in text
    assert "is 2.0, 3.0, 1.0 times as large (largest p 1.2e-05, corrected)." in text


@pytest.mark.parametrize(
    ("changed", "conclusion"),
    [
        (
            {"loss_ratios": [2.0, 3.0, 1.1]},
            "No: without the less active feature maps every network",
        ),
        ({}, "Not refuted: "),
        ({"loss_ratios": [2.0, 3.0, 1.1], "largest_p": 0.05}, "Not refuted: "),
        ({"largest_p": float("nan")}, "Undecided: "),
    ],
)
def test_an_answer_begins_with_what_follows_from_its_numbers(changed, conclusion):
    assert render("4.2", "RQ1", NUMBERS | changed).startswith(f"(b) {conclusion}")


def test_a_number_that_is_not_given_is_no_blank():
    with pytest.raises(jinja2.UndefinedError, match="largest_p"):
        render("4.2", "RQ1", {key: own for key, own in NUMBERS.items() if key != "largest_p"})


def test_a_section_has_its_own_templates():
    with pytest.raises(jinja2.TemplateNotFound, match=r"4\.2_RQ9\.j2"):
        render("4.2", "RQ9", NUMBERS)


def test_numbers_in_words():
    assert [percent(0.125), percent(0.125, 1)] == ["12%", "12.5%"]
    assert [fixed(2.345), fixed(2.345, 1), fixed(90, 0)] == ["2.35", "2.3", "90"]
    assert [significant(1.234e-5), significant(0.126, 1)] == ["1.2e-05", "0.1"]


@pytest.mark.parametrize("words", [percent, fixed, significant])
def test_nan_is_undefined(words):
    assert words(float("nan")) == "undefined"
    assert "(largest p undefined, corrected)" in render(
        "4.2", "RQ1", NUMBERS | {"largest_p": float("nan")}
    )
