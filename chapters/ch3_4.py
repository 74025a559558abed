"""Section 3.4: Models.

The structure of the VAEs (Figure 16) and of the VLAEs (Figure 17), drawn from the networks as
built, and all 22 models (Table 2).
"""

if __name__ == "__main__":  # the same as `thesis-repro chapter 3.4`
    from thesis_repro.cli import run_section

    run_section("3.4")

import pandas as pd
from matplotlib.figure import Figure

from appendix_architectures.listings import golden
from appendix_architectures.registry import LISTINGS
from appendix_architectures.shapes import build_shapes
from thesis_repro.models.cost import measured_sizes
from thesis_repro.models.spec import ModelSpec
from thesis_repro.models.zoo import MODELS
from thesis_repro.plots.structure import Structure, structure
from thesis_repro.plots.structure_boxes import structure_figure
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.declarations import Shown, figure, table
from thesis_repro.thesis.readings import REPORTED, Reading
from thesis_repro.verdicts.judgements import Judgement

# Columns of Table 2 and where the zoo has them; the parameters are those of Appendix A's listings.
SETTINGS = {
    "dataset": "dataset",
    "input/output size": "input_shape",
    "latent space size": "latent_dims",
    "reconstruction term weight": "reconstruction_weight",
    "feature map reduction factor": "feature_map_factor",
    "parameters": "listings",
}
COLUMNS = ("model name", *SETTINGS)
DATASET_NAMES = {
    "mnist": "MNIST",
    "dsprites": "dSprites",
    "celeba": "CelebA",
    "imagenet": "ImageNet",
}

# Table 2 as printed.
PRINTED = """
MNIST-VAE                | MNIST    | 28 × 28 × 1   | 2     | 10,000 | 1
(dSprites/10,000)-VAE    | dSprites | 64 × 64 × 1   | 10    | 10,000 | 1
7,500-VAE                | dSprites | 64 × 64 × 1   | 10    | 7,500  | 1
6,250-VAE                | dSprites | 64 × 64 × 1   | 10    | 6,250  | 1
5,000-VAE                | dSprites | 64 × 64 × 1   | 10    | 5,000  | 1
3,750-VAE                | dSprites | 64 × 64 × 1   | 10    | 3,750  | 1
dSprites-VAE-dim6        | dSprites | 64 × 64 × 1   | 6     | 10,000 | 1
CelebA-VAE               | CelebA   | 128 × 128 × 3 | 8     | 3,750  | 1
MNIST-VLAE(-factor-1)    | MNIST    | 28 × 28 × 1   | 2,2,2 | 10,000 | 1
MNIST-VLAE-factor-2      | MNIST    | 28 × 28 × 1   | 2,2,2 | 10,000 | 2
MNIST-VLAE-factor-3      | MNIST    | 28 × 28 × 1   | 2,2,2 | 10,000 | 3
dSprites-VLAE            | dSprites | 64 × 64 × 1   | 4,4,4 | 10,000 | 1
dSprites-VLAE-dim2       | dSprites | 64 × 64 × 1   | 2,2,2 | 10,000 | 1
CelebA-VLAE              | CelebA   | 128 × 128 × 3 | 2,2,2 | 10,000 | 1
MNIST-VAE-GAN            | MNIST    | 28 × 28 × 1   | 2     | 10,000 | 1
dSprites-VAE-GAN         | dSprites | 64 × 64 × 1   | 10    | 10,000 | 1
CelebA-VAE-GAN           | CelebA   | 128 × 128 × 3 | 8     | 10,000 | 1
MNIST-VLAE-GAN           | MNIST    | 28 × 28 × 1   | 2,2,2 | 10,000 | 1
dSprites-VLAE-GAN        | dSprites | 64 × 64 × 1   | 4,4,4 | 10,000 | 1
CelebA-VLAE-GAN          | CelebA   | 128 × 128 × 3 | 2,2,2 | 10,000 | 1
AlexNet Classifier       | ImageNet | 224 × 224 × 3 | –     | –      | 1
AlexNet VAE              | ImageNet | 224 × 224 × 3 | 2000  | 10,000 | 1
"""

# Models of other latent sizes than the listing they are built from: no total of theirs is printed.
UNLISTED_SIZES = ("dsprites-vae-dim6", "dsprites-vlae-dim2")


def run(chapter: Chapter) -> list[Judgement]:
    """Emit two figures and Table 2; the section makes no claims."""
    chapter.emit(figure_16)
    chapter.emit(figure_17)
    chapter.emit(table_2)
    judgements = chapter.judge([])
    chapter.write_manifest()
    return judgements


# === Figures 16 and 17: no run and no data are behind them ===


@figure(16)
def figure_16(chapter: Chapter, shown: Shown) -> Figure:
    """The structure of the VAEs."""
    networks = {"Encoder (Listing 1)": listed(1), "Decoder (Listing 2)": listed(2)}
    return structure_figure(networks, "VAE model structure: MNIST-VAE")


@figure(17)
def figure_17(chapter: Chapter, shown: Shown) -> Figure:
    """The structure of the VLAEs."""
    networks = {"(a) Encoder (Listing 7)": listed(7), "(b) Decoder (Listing 8)": listed(8)}
    return structure_figure(networks, "VLAE model structure: MNIST-VLAE-factor-1")


def listed(number: int) -> Structure:
    """The structure of a listing's network, built without its weights."""
    return structure(build_shapes(LISTINGS[number].builder))


# === Table 2 ===


@table(2)
def table_2(chapter: Chapter, shown: Shown) -> pd.DataFrame:
    """Two rows a model, as written and reported; cells are text in the thesis's form.

    Parameters are counted on the networks as built, all of a model's together; reported are the
    totals under its listings. ``errata`` names, column by column, what the sources disagree about.
    """
    specs = [spec for spec in MODELS.values() if spec.in_table_2]
    printed = [[cell.strip() for cell in line.split("|")] for line in PRINTED.strip().splitlines()]
    rows = []
    for spec, cells in zip(specs, printed, strict=True):
        reported = dict(zip(COLUMNS, (*cells, printed_parameters(spec)), strict=True))
        rows.append({"model": spec.id, "reading": Reading.WRITTEN, **as_written(spec)})
        rows.append({"model": spec.id, "reading": REPORTED, **reported, "errata": ""})
    return pd.DataFrame(rows)


def as_written(spec: ModelSpec) -> dict[str, str]:
    """A model's row of Table 2 as it is in this package."""
    weight = spec.reconstruction_weight.value
    cells = (
        spec.name,
        DATASET_NAMES[spec.dataset.value],
        " × ".join(map(str, spec.input_shape.value)),
        ",".join(map(str, spec.latent_dims.value)) or "–",
        "–" if weight is None else f"{weight:,}",
        str(spec.feature_map_factor.value),
        f"{sum(size.parameters for size in measured_sizes(spec).values()):,}",
    )
    return {**dict(zip(COLUMNS, cells, strict=True)), "errata": errata(spec)}


def printed_parameters(spec: ModelSpec) -> str:
    """The total of a model's listings, as printed under them."""
    if spec.id in UNLISTED_SIZES:
        return "–"
    return f"{sum(golden(number)['total_params'] for number in spec.listings.value):,}"


def errata(spec: ModelSpec) -> str:
    """The errata that touch a model's row, by column of Table 2."""
    marked = {column: getattr(spec, name).errata for column, name in SETTINGS.items()}
    return "; ".join(f"{column}: {' '.join(ids)}" for column, ids in marked.items() if ids)
