"""Drawings of Section 4.1."""

import numpy as np
import pytest

from thesis_repro.analysis.gabor import Gabor
from thesis_repro.analysis.gabor_shares import Resemblance
from thesis_repro.analysis.kernel_fits import Course, KernelFits
from thesis_repro.analysis.statistics import wilson
from thesis_repro.plots.kernels import COLUMNS, best_fits, gabor_panels, kernel_sheet


@pytest.fixture
def fitted():
    rng = np.random.default_rng(0)
    r2 = np.linspace(0, 0.98, 50)
    fields = rng.uniform(0.2, 3, size=(7, 50))
    fits = Gabor(r2, *fields)
    nulls = (fits._replace(r2=each) for each in (np.full(9, 0.2), np.linspace(0, 0.5, 9)))
    resemblance = Resemblance(fits, *nulls, 5, 1)
    course = Course([0, 2], [wilson(1, 9), wilson(8, 9)])
    return KernelFits(rng.normal(size=(50, 5, 5)), resemblance, course)


def test_sheet_shows_every_kernel_in_its_place_on_one_scale():
    kernels = np.random.default_rng(0).normal(size=(40, 4, 5))
    figure = kernel_sheet("kernels", kernels)
    (image,) = figure.axes[0].images
    sheet = np.asarray(image.get_array().filled(np.nan))
    assert sheet.shape == (3 * 5, COLUMNS * 6)
    np.testing.assert_array_equal(sheet[6:10, 13:18], kernels[COLUMNS + 2])
    assert np.isnan(sheet[10:, 6 * 6 :]).all()  # 40 = 2 x 17 + 6
    assert image.get_clim() == (kernels.min(), kernels.max())


def test_panels_show_the_numbers(fitted):
    figure = gabor_panels("fits", {"a": fitted, "b": fitted})
    explained, orientations, course = figure.axes[:3]
    threshold = max(fitted.resemblance.thresholds)
    assert any(line.get_xdata()[0] == pytest.approx(threshold) for line in explained.lines[3:])
    heights = sum(bar.get_height() for bar in orientations.patches)
    assert (
        heights
        == (np.degrees(fitted.resemblance.fits.orientation) <= 180)[
            fitted.resemblance.gabor_like
        ].sum()
    )
    assert course.lines[0].get_ydata().tolist() == pytest.approx([1 / 9, 8 / 9])
    assert [axes.get_ylabel()[0] for axes in figure.axes[::3]] == ["a", "b"]
    (legend,) = figure.legends  # beside the curves, not over them
    assert [text.get_text() for text in legend.get_texts()] == [
        *("kernels", "before training", "Gaussian, as smooth")
    ]


def test_best_fits_are_in_order(fitted):
    figure = best_fits("best", {"a": fitted})
    titles = [float(axes.get_title()) for axes in figure.axes if axes.get_title()]
    assert titles == sorted(titles, reverse=True)
    assert titles[0] == 0.98
    best = np.asarray(figure.axes[0].images[0].get_array())
    np.testing.assert_array_equal(best, fitted.kernels[-1])
