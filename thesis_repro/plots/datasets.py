"""Pictures of the data sets: Figures 13 and 14."""

import textwrap

import numpy as np
from matplotlib.figure import Figure

from data_prep.celeba_attributes import ATTRIBUTES
from thesis_repro.plots.figures import new_figure, style

CELEBA_ASPECT = 218 / 178  # Section 3.3.1: "RGB images of size 178 x 218 pixels"


def sample_picture(image: np.ndarray, attributes: np.ndarray) -> Figure:
    """Figure 13: a picture, uint8 (h, w, 3), over the names of its attributes, bool (40,).

    It is drawn in the proportions of the original file: the prepared one is squeezed to a square.
    """
    figure = new_figure(4.6, 6.2)
    with style():
        axes = figure.subplots()
        axes.imshow(image, aspect=CELEBA_ASPECT * image.shape[1] / image.shape[0])
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        names = [ATTRIBUTES[number].replace("_", " ") for number in np.flatnonzero(attributes)]
        axes.set_xlabel(textwrap.fill(", ".join(names) or "no attribute", 64), fontsize=7)
        axes.set_title("The first training picture")
    return figure


def examples(images: np.ndarray) -> Figure:
    """Figure 14: ten images, (10, h, w), white on black as they are stored."""
    figure = new_figure(7, 3.2)
    with style():
        for axes, image in zip(figure.subplots(2, 5).flat, images, strict=True):
            axes.imshow(image, cmap="gray", vmin=0, vmax=255)
            axes.set_axis_off()
        figure.suptitle("The first training image of each digit")
    return figure
