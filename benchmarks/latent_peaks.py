"""Which measure finds the peaked latent dimension of Section 4.3: the table in docs/rules.md.

Made codes of 10,000 images: one dimension with seven equal peaks a unit apart, sharp to broad, and
nine of a position (half a turn of a cosine over 32 places, with noise). A measure finds the peaks
where it takes their dimension for the least normal one.

    python benchmarks/latent_peaks.py [--draws 20]
"""

import click
import numpy as np
from scipy import stats
from tabulate import tabulate

from thesis_repro.analysis.normality import count_peaks, negentropy

IMAGES = 10_000
SPREADS = (0.03, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)  # of a peak, in shares of their distance
NOISE = 0.1  # of the codes of a position, in shares of the cosine's amplitude


def codes(spread: float, rng: np.random.Generator) -> np.ndarray:
    """Ten dimensions of every image, (images, 10); the first has the peaks."""
    noise = rng.normal(size=(IMAGES, 10))
    peaks = rng.integers(0, 7, (IMAGES, 1)) + spread * noise[:, :1]
    return np.hstack(
        [peaks, np.cos(np.pi * rng.integers(0, 32, (IMAGES, 9)) / 31) + NOISE * noise[:, 1:]]
    )


def distance(values: np.ndarray) -> float:
    """Kolmogorov's and Smirnov's, from the normal distribution of the same mean and variance."""
    return stats.kstest((values - values.mean()) / values.std(), "norm").statistic


@click.command()
@click.option("--draws", type=click.IntRange(1), default=20, show_default=True)
def main(draws: int) -> None:
    """Print what both measures make of peaks and of codes of a position, and which finds peaks."""
    rows = []
    for spread in SPREADS:
        made = [codes(spread, np.random.default_rng(seed)) for seed in range(draws)]
        row = [spread, np.mean([count_peaks(z[:, 0]) for z in made])]
        for measure in (negentropy, distance):
            measures = np.array([[measure(column) for column in z.T] for z in made])
            row += [
                measures[:, 0].mean(),
                measures[:, 1:].max(),
                np.mean(measures.argmax(axis=1) == 0),
            ]
        rows.append(row)
    columns = ("of the peaks", "highest of a position", "found")
    headers = ["spread", "peaks", *(f"{m}, {c}" for m in ("negentropy", "KS") for c in columns)]
    click.echo(tabulate(rows, headers, tablefmt="pipe", floatfmt=".2f"))


if __name__ == "__main__":
    main()
