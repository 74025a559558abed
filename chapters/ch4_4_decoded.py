"""Part of `ch4_4.py`: what decoders make of codes, in numbers (Section 4.4).

The thesis sees in grids that z_2 influences digits less than z_3, that z_1 is employed when images
are generated, and that dSprites-VLAE reconstructs less precisely than dSprites-VAE. Here a layer is
drawn anew while the others stay, and reconstructions are laid over the images.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from data_prep.morphometry import COLUMNS
from data_prep.parallel import available_cores
from thesis_repro.analysis.decoded_images import overlaps
from thesis_repro.analysis.digit_reader import DigitReader
from thesis_repro.analysis.image_factors import known_images
from thesis_repro.analysis.layer_effects import changed, redrawn, total_effect
from thesis_repro.analysis.morphology import measured
from thesis_repro.analysis.statistics import bootstrap_mean
from thesis_repro.analysis.tables import pick
from thesis_repro.models.decoding import grey
from thesis_repro.models.zoo import model
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.section.declarations import Shown, numbers
from thesis_repro.verdicts.judgements import Measurement

DSPRITES = ("dsprites-vae", "dsprites-vlae")  # whose reconstructions are compared
VLAE, VLAE_GAN = VLAES = ("mnist-vlae-factor-1", "mnist-vlae-gan")  # Figures 36a, 36b

DIGIT = "digit changed"
MORPHOMETRICS = ("thickness", "slant")  # the "lower-level representations" that the text names


class SampleSizes(NamedTuple):
    """How many images are made at a scale."""

    drawn: int  # and as many again with each layer drawn anew
    reconstructed: int


SAMPLE_SIZES = {
    "paper": SampleSizes(2_000, 2_000),
    "quick": SampleSizes(500, 500),
    "smoke": SampleSizes(60, 60),
}


def emit(chapter: Chapter, codes: Codes) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write what layers do to generated digits, and how well sprites are reconstructed."""
    return chapter.compute(layer_effects), chapter.compute(reconstructions, codes)


@numbers("layer_effects", models=VLAES)
def layer_effects(chapter: Chapter, shown: Shown) -> pd.DataFrame:
    """How often the digit changes if a layer is drawn anew; its effect on thickness and slant."""
    data = chapter.images(VLAE)
    reader = DigitReader(data.train, data.train_known["label"])
    count = chapter.at_scale(SAMPLE_SIZES).drawn
    effects = [_effects(chapter, name, reader, count) for name in shown.models]
    return pd.concat(effects, ignore_index=True)


def _effects(chapter: Chapter, name: str, reader: DigitReader, count: int) -> pd.DataFrame:
    dimensions = model(name).latent_dims.value
    draws = redrawn(dimensions, count, chapter.rng("layer effects", name))
    decode = chapter.trained(name).decode
    images = [grey(decode(z)) for z in draws]
    digits, *new_digits = map(reader.read, images)
    every_form = measured(np.concatenate(images), available_cores())
    forms, *new_forms = np.split(every_form, len(images))
    parts = []
    for layer, (digit, form) in enumerate(zip(new_digits, new_forms, strict=True), 1):
        rows = {DIGIT: changed(digits, digit)}
        for attribute in MORPHOMETRICS:
            column = COLUMNS.index(attribute)
            effect = total_effect(forms[:, column], form[:, column])
            rows[attribute] = (effect, np.nan, np.nan)
        parts += [
            {"model": name, "layer": f"z_{layer}", "images": count, "effect": effect}
            | dict(zip(("value", "low", "high"), values, strict=True))
            for effect, values in rows.items()
        ]
    return pd.DataFrame(parts)


@numbers("reconstructions", models=DSPRITES)
def reconstructions(chapter: Chapter, shown: Shown, codes: Codes) -> pd.DataFrame:
    """How well reconstructions from mean codes overlap with the images (common over joint area)."""
    count = chapter.at_scale(SAMPLE_SIZES).reconstructed
    split = chapter.prepared("dsprites").validation
    images = known_images("dsprites, reconstructed", split, count, chapter.section)

    def row(name: str) -> dict[str, object]:
        z = [layer.mu for layer in codes.of(name, images)]
        each = overlaps(chapter.trained(name).decode(z), images.pixels / 255)
        interval = bootstrap_mean(each, chapter.rng("reconstructions", name))
        return {"model": name, "images": len(images)} | dict(
            zip(("overlap", "low", "high"), interval, strict=True)
        )

    return pd.DataFrame(map(row, shown.models))


# === What the claims are about ===


def measurements(effects: pd.DataFrame, overlap: pd.DataFrame) -> list[Measurement]:
    """What was measured for the claims about decoded images."""

    def effect(name: str, layer: str, of_what: str, column: str = "value") -> float:
        return pick(effects, column, model=name, layer=layer, effect=of_what)

    vae, vlae = DSPRITES
    return [
        Measurement(
            "4.4-z3-decides-digit",
            {
                "changed_by_z_3_at_least": effect(VLAE, "z_3", DIGIT, "low"),
                "changed_by_z_2": effect(VLAE, "z_2", DIGIT),
            },
        ),
        Measurement(
            "4.4-both-layers-change-digit",
            {
                "changed_by_z_2_and_z_3_at_least": [
                    effect(VLAE, layer, DIGIT, "low") for layer in ("z_2", "z_3")
                ]
            },
        ),
        Measurement(
            "4.4-z1-generates",
            {
                f"effect_of_z_1_on_{attribute}": [effect(name, "z_1", attribute) for name in VLAES]
                for attribute in MORPHOMETRICS
            },
        ),
        Measurement(
            "4.4-vlae-reconstructs-worse",
            {
                "overlap_of_vae_at_least": pick(overlap, "low", model=vae),
                "overlap_of_vlae_at_most": pick(overlap, "high", model=vlae),
            },
        ),
    ]
