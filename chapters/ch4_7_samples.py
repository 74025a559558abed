"""Part of `ch4_7.py`: the digit that each image shows, by a classifier, and its form, measured."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from data_prep.mnist import DIGITS
from data_prep.parallel import available_cores
from thesis_repro.analysis.morphology import measured
from thesis_repro.analysis.statistics import Interval, wilson
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.section.generation import Generation, Source, validation_images
from thesis_repro.training.trained_model import TrainedModel

DATASET = "morpho-mnist"  # MNIST with its forms
TRAINING, TEST = "training images", "test images"  # the sources of real ones

# Images of each model, and test images; None is as many as there are of these. The text has "a
# large number", the original code 10,000.
SAMPLE_SIZES: dict[str, int | None] = {"paper": None, "quick": 2_000, "smoke": 120}


class Sample(NamedTuple):
    """Images of one origin.

    Attributes:
        model: That makes them; "" of real ones.
        reading: "" of real ones.
        source: Where they come from.
        labels: The digit that each shows, (n,): by the classifier; of training images the true one.
        forms: Morphometrics, (n, 6); a row of NaN for an image without form.
    """

    model: str
    reading: str
    source: str
    labels: np.ndarray
    forms: np.ndarray

    @property
    def origin(self) -> dict[str, str]:
        """What tells it from other samples, as columns of a table."""
        return {"model": self.model, "reading": self.reading, "source": self.source}

    @property
    def counts(self) -> np.ndarray:
        """How often each digit occurs, (10,)."""
        return np.bincount(self.labels, minlength=len(DIGITS))


class Samples(NamedTuple):
    """All images of the section.

    Attributes:
        training: MNIST's, which the others are held against.
        others: Its test images, then those that models generate.
        accuracy: Of the classifier, on the test images.
    """

    training: Sample
    others: list[Sample]
    accuracy: Interval

    @property
    def count(self) -> int:
        """Test images, and images of each model in each reading."""
        return len(self.others[0].labels)

    @property
    def expected(self) -> np.ndarray:
        """The share of each digit among the training images, (10,)."""
        return self.training.counts / len(self.training.labels)

    def of(self, model: str, reading: str) -> Sample:
        """The images of a model in a reading."""
        return next(each for each in self.others if each[:2] == (model, reading))


def samples_of(
    chapter: Chapter, classifier: TrainedModel, sources: Mapping[str, Mapping[str, Source]]
) -> Samples:
    """Generate the images of every reading and model, classify and measure them."""
    known = chapter.prepared(DATASET).train.known
    training = (np.asarray(known[key]) for key in ("label", "morphometrics"))
    test = validation_images(chapter, DATASET, chapter.at_scale(SAMPLE_SIZES))
    labels = classified(classifier, test.pixels)
    generation = Generation(Codes(chapter), test)
    others = [Sample("", "", TEST, labels, test.known["morphometrics"])]
    for reading, by_model in sources.items():
        for name, source in by_model.items():
            images = generation.images(name, source, len(test))
            forms = measured(images, available_cores())
            others.append(Sample(name, reading, source, classified(classifier, images), forms))
    accuracy = wilson(int((labels == test.known["label"]).sum()), len(test))
    return Samples(Sample("", "", TRAINING, *training), others, accuracy)


def classified(classifier: TrainedModel, images: np.ndarray) -> np.ndarray:
    """The likeliest digit of each image, (n,)."""
    return classifier.classify(images).argmax(axis=1)
