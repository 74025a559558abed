"""Section 4.6.1's discriminator (Appendix I, Listing 39): can generated images be told from real?

Accuracy on held-out images, of which a guess gets half right. As written, real and generated images
are on equal scales. As run, real ones are on 0..255 and generated ones on 0..1, which by itself is
enough to be right: two halves of the real images are told apart so, too (erratum E13).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from thesis_repro.analysis.discrimination import (
    LEARNING_RATE_AS_RUN,
    Kind,
    accuracy,
    blurred,
    discriminator,
    grey_levels,
    halves,
    told_apart,
)
from thesis_repro.analysis.image_sets import Images, encoded_rows, some_images
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes, decoder_of
from thesis_repro.section.generation import Generation, Source, validation_images
from thesis_repro.seeds import derive_seed
from thesis_repro.thesis.claims import Claim, load_claims
from thesis_repro.training.train import train_or_load
from thesis_repro.verdicts.judgements import Measurement

DATASET = "mnist"
CLAIM = "4.6-discriminator"
VAES = ("mnist-vae", "mnist-vae-gan")  # sampled from the KDE; VLAEs reconstruct (erratum E65)
WRITTEN, RUN, CONTROL = "as written", "as run", "control"
EQUAL, DIFFERENT = "0..1 and 0..1", "0..255 and 0..1"


class Amount(NamedTuple):
    """How many images of each kind, and of how many models as run; None is all there are."""

    train: int | None
    test: int | None
    models_as_run: int | None


AMOUNTS = {
    "paper": Amount(None, None, None),
    "quick": Amount(2_000, 1_000, None),
    "smoke": Amount(192, 96, 1),
}


class Case(NamedTuple):
    """Two kinds of images, and what their discriminator is to be told."""

    reading: str
    model: str  # that generates the second kind; "" where none does
    first: Kind
    second: Kind
    two_scales: bool = False
    learning_rate: float | None = None  # None: the text's


def emit(chapter: Chapter, codes: Codes) -> pd.DataFrame:
    """Train or load the discriminators; write their accuracies, ``discriminator.csv``."""
    rows = [measured(chapter, case) for case in cases(chapter, codes)]
    claim = the_claim()
    rows += [{"reading": "reported", "model": name, **claim.reported} for name in claim.models]
    table = pd.DataFrame(rows)
    chapter.save_numbers("discriminator", table, chapter.prepared(DATASET).description)
    return table


def measurement(table: pd.DataFrame) -> Measurement:
    """The accuracies for the claim's models, in its order; NaN where the scale leaves one out."""

    def accuracies(reading: str) -> list[float]:
        own = table[table["reading"] == reading].set_index("model")["accuracy"]
        return own.reindex([*the_claim().models]).to_list()

    return Measurement(CLAIM, *({"accuracy": accuracies(own)} for own in (WRITTEN, RUN)))


def the_claim() -> Claim:
    """What the thesis says of its discriminator."""
    return next(own for own in load_claims("4.6") if own.id == CLAIM)


# === What is told apart ===


def cases(chapter: Chapter, codes: Codes) -> Iterator[Case]:
    """Each model's images against real ones, as written and as run; then what needs no model.

    One after the other: images of one case are held at a time.
    """
    learnt, held_out = real_images(chapter)
    real = Kind("real images", learnt.pixels, held_out.pixels)
    models = the_claim().models
    for name in models:
        yield Case(WRITTEN, name, real, as_written(codes, name, learnt, held_out))
    for name in models[: amount_of(chapter).models_as_run]:
        drawn = drawn_from(Source.PRIOR, codes, name, held_out, len(learnt))
        yield Case(RUN, name, real, drawn, True, LEARNING_RATE_AS_RUN)
    rng = np.random.default_rng(
        derive_seed(chapter.workspace.options.seed, chapter.section, "halves of the real images")
    )
    one, other = halves(real, rng)
    yield Case(CONTROL, "", one, other)
    yield Case(CONTROL, "", one, blurred(other))
    yield Case(CONTROL, "", one, other, True)


def amount_of(chapter: Chapter) -> Amount:
    """What the chapter's scale allows."""
    return AMOUNTS[chapter.workspace.options.scale.name]


def real_images(chapter: Chapter) -> tuple[Images, Images]:
    """Training images to learn from, test images held out (erratum E68)."""
    amount = amount_of(chapter)
    split = chapter.prepared(DATASET).train
    rows = encoded_rows(len(split), amount.train, chapter.section)
    learnt = some_images(f"{DATASET} train, discriminated", split, rows)
    return learnt, validation_images(chapter, DATASET, amount.test)


def as_written(codes: Codes, name: str, learnt: Images, held_out: Images) -> Kind:
    """Samples of the estimated posterior; of VLAEs, reconstructions of the same real images."""
    if name in VAES:
        return drawn_from(Source.KDE, codes, name, held_out, len(learnt))
    parts = (
        grey_levels(
            decoder_of(codes.chapter, name), Generation(codes, own).encoded(name, Source.ENCODED)
        )
        for own in (learnt, held_out)
    )
    return Kind(f"decoded from {Source.ENCODED}", *parts)


def drawn_from(source: Source, codes: Codes, name: str, held_out: Images, count: int) -> Kind:
    """Samples, ``count`` of them to learn from and as many as there are real images held out."""
    drawn = Generation(codes, held_out).positions(name, source, count + len(held_out))
    images = grey_levels(decoder_of(codes.chapter, name), drawn)
    return Kind(f"drawn from {source}", images[:count], images[count:])


# === How well ===


def measured(chapter: Chapter, case: Case) -> dict[str, object]:
    """A row of the table: what was told apart, and how often rightly."""
    workspace = chapter.workspace
    data = told_apart(
        case.first, case.second, chapter.prepared(DATASET), two_scales=case.two_scales
    )
    spec = discriminator(case.model or None, case.learning_rate)
    trained = train_or_load(spec, data, workspace.options, workspace.runs_dir, workspace.progress)
    found = accuracy(trained.history[-1]["val_accuracy"], len(data.validation))
    return {
        "reading": case.reading,
        "model": case.model,
        "first": case.first.name,
        "second": case.second.name,
        "scales": DIFFERENT if case.two_scales else EQUAL,
        "learning_rate": spec.learning_rate.value,
        "train_images": len(data.train),
        "test_images": len(data.validation),
        "accuracy": found.mean,
        "low": found.low,
        "high": found.high,
    }
