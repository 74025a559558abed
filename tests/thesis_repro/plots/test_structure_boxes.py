"""Drawn structures: boxes apart, lines around them, text inside them."""

from functools import cache
from itertools import combinations, pairwise

import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch, Rectangle

from appendix_architectures.registry import LISTINGS
from appendix_architectures.shapes import build_shapes
from thesis_repro.plots.figures import COLOURS, save_figure
from thesis_repro.plots.structure import structure
from thesis_repro.plots.structure_boxes import boxes, structure_figure

EACH_FIGURE = [(1, 2), (7, 8), (15, 16), (35,)]


@cache
def listed(number):
    return structure(build_shapes(LISTINGS[number].builder))


def figure_of(numbers):
    return structure_figure({f"Listing {number}": listed(number) for number in numbers}, "Title")


@pytest.fixture(scope="module", params=EACH_FIGURE, ids=str)
def saved(request, tmp_path_factory):
    """The numbers of listings and their figure as it is on paper, with the line under it."""
    figure = figure_of(request.param)
    save_figure(figure, tmp_path_factory.mktemp("figures") / "figure_1", "origin")
    figure.dpi = 150  # as in the PNG: the width of text depends on it
    figure.draw_without_rendering()
    return request.param, figure


def overlap(first, second):
    return (
        first.left < second.left + second.width
        and second.left < first.left + first.width
        and first.bottom < second.top
        and second.bottom < first.top
    )


@pytest.mark.parametrize("number", LISTINGS)
def test_boxes_do_not_overlap(number):
    drawn = boxes(listed(number))
    assert len(drawn) == len(listed(number).blocks)
    assert not any(overlap(a, b) for a, b in combinations(drawn, 2))
    assert min(box.left for box in drawn) == pytest.approx(0)
    assert max(box.top for box in drawn) == 0


@pytest.mark.parametrize("number", LISTINGS)
def test_lines_run_down_and_through_no_box(number):
    drawn = boxes(listed(number))
    (axes,) = figure_of([number]).axes
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    for arrow, (source, target) in zip(arrows, listed(number).edges, strict=True):
        corners = arrow._path_original.vertices
        assert tuple(corners[0]) == (drawn[source].middle, drawn[source].bottom)
        assert tuple(corners[-1]) == (drawn[target].middle, drawn[target].top)
        assert (corners[:-1, 1] >= corners[1:, 1]).all()
        for start, end in pairwise(corners):
            assert not any(crosses(start, end, box) for box in drawn)


def crosses(start, end, box):
    """Whether an upright or level line goes through the inside of a box."""
    (left, right), (low, high) = (sorted(pair) for pair in zip(start, end, strict=True))
    slack = 1e-9
    return (
        left < box.left + box.width - slack
        and right > box.left + slack
        and low < box.top - slack
        and high > box.bottom + slack
    )


def test_text_lies_inside_its_box(saved):
    numbers, figure = saved
    for axes, number in zip(figure.axes, numbers, strict=True):
        drawn = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
        lines = iter(axes.texts)
        for patch, box in zip(drawn, boxes(listed(number)), strict=True):
            around = patch.get_window_extent()
            for expected in box.lines:
                line = next(lines)
                inside = line.get_window_extent()
                assert line.get_text() == expected
                assert around.x0 <= inside.x0
                assert inside.x1 <= around.x1
                assert around.y0 <= inside.y0
                assert inside.y1 <= around.y1
        assert next(lines, None) is None


def test_panels_lie_apart_inside_the_figure(saved):
    numbers, figure = saved
    assert [axes.get_title() for axes in figure.axes] == [f"Listing {n}" for n in numbers]
    extents = [axes.get_window_extent() for axes in figure.axes]
    assert all(a.x1 < b.x0 for a, b in pairwise(extents))
    origin = figure._supxlabel.get_window_extent()
    assert all(extent.y0 > origin.y1 for extent in extents)
    assert extents[0].x0 >= 0
    assert extents[-1].x1 <= figure.bbox.width


def test_embeddings_have_their_own_colour():
    (axes,) = figure_of([7]).axes
    drawn = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    colours = [patch.get_edgecolor()[:3] for patch in drawn]
    expected = [to_rgb(COLOURS[block.is_embedding]) for block in listed(7).blocks]
    assert colours == expected
    assert colours.count(to_rgb(COLOURS[1])) == 3


def test_lines_of_a_box():
    lines = [box.lines for box in boxes(listed(1))]
    assert lines[1] == (
        "encoder_conv_0",
        "Conv2D 3×3, stride 2",
        "BatchNormalization, ReLU",
        "14 × 14 × 32",
    )
    assert lines[5] == ("flatten_1", "Flatten", "12,544")
