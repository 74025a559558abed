"""Part of `ch4_6.py`: can a network tell generated images from real ones (Appendix I, Listing 39)?

Accuracy on held-out images, of which a guess gets half right. As written, real and generated images
are on equal scales. As run, real ones are on 0..255 and generated ones on 0..1, which by itself is
enough to be right: so it is of two halves of the real images, too (erratum E13).
"""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from chapters.ch4_6_moments import PAIRED
from chapters.ch4_6_samples import Switched
from thesis_repro.analysis.discrimination import (
    LEARNING_RATE_AS_RUN,
    Kind,
    accuracy,
    blurred,
    discriminator,
    grey_levels,
    halves,
    labelled,
)
from thesis_repro.analysis.image_sets import Images, encoded_rows, some_images
from thesis_repro.models.zoo import MNIST_GENERATORS as GENERATORS
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.section.declarations import Shown, numbers
from thesis_repro.section.generation import Generation, Source, validation_images
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import REPORTED, Reading
from thesis_repro.training.train import train_or_load

DATASET = "mnist"
CLAIM = "4.6-discriminator"
CONTROL = "control"  # beside the readings: no model generates anything
EQUAL, DIFFERENT = "0..1 and 0..1", "0..255 and 0..1"


class SampleSizes(NamedTuple):
    """How many images of each kind, and of how many models as run; None is all there are."""

    train: int | None
    test: int | None
    models_as_run: int | None


SAMPLE_SIZES = {
    "paper": SampleSizes(None, None, None),
    "quick": SampleSizes(2_000, 1_000, None),
    "smoke": SampleSizes(192, 96, 1),
}


class Case(NamedTuple):
    """Two kinds of images, and what their discriminator is to learn."""

    reading: str
    model: str  # that generates the second kind; "" where none does
    first: Kind
    second: Kind
    two_scales: bool = False
    learning_rate: float | None = None  # None: the text's


@numbers("discriminator", models=GENERATORS)
def discriminator_accuracies(chapter: Chapter, shown: Shown, codes: Codes) -> pd.DataFrame:
    """How often the discriminator is right, trained or loaded for each case."""
    measured = [_measured(chapter, case) for case in cases(chapter, codes)]
    (claim,) = (claim for claim in load_claims("4.6") if claim.id == CLAIM)
    reported = [{"reading": REPORTED, "model": name, **claim.reported} for name in claim.models]
    return pd.DataFrame(measured + reported)


def _measured(chapter: Chapter, case: Case) -> dict[str, object]:
    """A row of the table."""
    workspace = chapter.workspace
    data = labelled(case.first, case.second, chapter.prepared(DATASET), two_scales=case.two_scales)
    spec = discriminator(case.model or None, case.learning_rate)
    trained = train_or_load(spec, data, workspace.options, workspace.runs_dir, workspace.progress)
    share = accuracy(trained.history[-1]["val_accuracy"], len(data.validation))
    return {
        "reading": case.reading,
        "model": case.model,
        "first": case.first.name,
        "second": case.second.name,
        "scales": DIFFERENT if case.two_scales else EQUAL,
        "learning_rate": spec.learning_rate.value,
        "train_images": len(data.train),
        "test_images": len(data.validation),
        "accuracy": share.mean,
        "low": share.low,
        "high": share.high,
    }


# === Two kinds of images a case ===


def cases(chapter: Chapter, codes: Codes) -> Iterator[Case]:
    """Each model's images against real ones, as written and as run; then what needs no model.

    One after the other: images of one case are held at a time.
    """
    sizes = chapter.at_scale(SAMPLE_SIZES)
    learnt, held_out = real_images(chapter, sizes)
    real = Kind("real images", learnt.pixels, held_out.pixels)
    switched = Switched.of(chapter)
    learning_rate = LEARNING_RATE_AS_RUN if chapter.reads("E21") else None
    for name in GENERATORS:
        source = switched.source_of(name, Reading.WRITTEN)
        if chapter.reads("E68"):
            source = Source.PRIOR
        if source in PAIRED:  # reconstructions of the same real images (erratum E65)
            generated = reconstructed(source, codes, name, learnt, held_out)
        else:
            generated = drawn(source, codes, name, held_out, len(learnt))
        yield Case(Reading.WRITTEN, name, real, generated, chapter.reads("E13"), learning_rate)
    for name in GENERATORS[: sizes.models_as_run]:
        generated = drawn(Source.PRIOR, codes, name, held_out, len(learnt))
        yield Case(Reading.RUN, name, real, generated, True, LEARNING_RATE_AS_RUN)
    one, other = halves(real, chapter.rng("halves of the real images"))
    yield Case(CONTROL, "", one, other)
    yield Case(CONTROL, "", one, blurred(other))
    yield Case(CONTROL, "", one, other, True)


def real_images(chapter: Chapter, sizes: SampleSizes) -> tuple[Images, Images]:
    """Training images to learn from, test images held out (erratum E68)."""
    split = chapter.prepared(DATASET).train
    rows = encoded_rows(len(split), sizes.train, chapter.section)
    learnt = some_images(f"{DATASET} train, discriminated", split, rows)
    return learnt, validation_images(chapter, DATASET, sizes.test)


def reconstructed(
    source: Source, codes: Codes, name: str, learnt: Images, held_out: Images
) -> Kind:
    """Images decoded from the codes of the real ones."""
    decode = codes.chapter.trained(name).decode
    train, test = (
        grey_levels(decode, Generation(codes, images).encoded(name, source))
        for images in (learnt, held_out)
    )
    return Kind(f"decoded from {source}", train, test)


def drawn(source: Source, codes: Codes, name: str, held_out: Images, count: int) -> Kind:
    """Samples, ``count`` of them to learn from and as many as there are real images held out."""
    positions = Generation(codes, held_out).positions(name, source, count + len(held_out))
    images = grey_levels(codes.chapter.trained(name).decode, positions)
    return Kind(f"drawn from {source}", images[:count], images[count:])
