"""Made samples of Section 4.6, and what its functions are asked for."""

import numpy as np

from chapters.ch4_6_samples import Samples, SampleSizes
from thesis_repro.analysis.image_sets import Images
from thesis_repro.section.declarations import Shown
from thesis_repro.thesis.readings import Reading

WRITTEN, RUN = Reading


def shown(function, name, reading=WRITTEN):
    """What a function is asked for that shows the figure, table or numbers of this name."""
    (declaration,) = (own for own in function.declarations if own.name == name)
    return Shown(declaration, reading)


class Made:
    """Stands for a `Generation`: images as bright as their source is told to be."""

    def __init__(self, real, brightness):
        self.real, self.brightness = real, brightness
        self.rng = np.random.default_rng(0)

    def rows(self, count):
        return np.arange(count)

    def images(self, name, source, count):
        made = self.rng.random((count, 4, 4, 1)) * self.brightness.get(source, 1.0)
        return made.astype("float32")

    def positions(self, name, source, count):
        return [self.rng.normal(size=(count, 2))]

    def encoded(self, name, source):
        return [self.rng.normal(size=(len(self.real), 2))]


def samples_with(brightness, dataset="mnist"):
    pixels = np.random.default_rng(1).integers(0, 256, (300, 4, 4, 1), dtype="uint8")
    made = Made(Images("real", pixels, {}), brightness)
    return Samples(dataset, SampleSizes(300, {"mnist": 150, "dsprites": 60}), made)
