"""Size and power of the nulls of Section 4.1, by simulation: the table in docs/rules.md.

Made networks of 288 kernels of 11 x 11 px, as AlexNet's, are judged as trained ones are. Of windows
of stationary Gaussian fields, and of blobs and edges, none is a Gabor function: at most 5 % may
count. Of Gabor functions in noise many should.

    python benchmarks/gabor_nulls.py [--networks 4] [--kernels 288] [--starts 1]
"""

from collections.abc import Callable

import click
import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from thesis_repro.analysis.gabor import Gabor, drawn
from thesis_repro.analysis.gabor_shares import resemblance

SIZE = 11  # px
Y, X = np.indices((SIZE, SIZE)) - (SIZE - 1) / 2
MARGIN = 10  # px around a window, beyond the reach of the smoothing

Make = Callable[[int, np.random.Generator], np.ndarray]  # kernels (n, 11, 11)


# === Kernels that are no Gabor functions ===


def field(smoothing: float) -> Make:
    """Windows of white noise that is blurred by so many px (a Gaussian's standard deviation)."""

    def make(count: int, rng: np.random.Generator) -> np.ndarray:
        noise = rng.normal(size=(count, SIZE + 2 * MARGIN, SIZE + 2 * MARGIN))
        blurred = gaussian_filter(noise, (0, smoothing, smoothing)) if smoothing else noise
        return blurred[:, MARGIN:-MARGIN, MARGIN:-MARGIN]

    return make


def halves(smoothing: float) -> Make:
    """Half of them white, half blurred by so many px: no covariance is that of all."""

    def make(count: int, rng: np.random.Generator) -> np.ndarray:
        return np.concatenate(
            [field(0)(count // 2, rng), field(smoothing)(count - count // 2, rng)]
        )

    return make


def blobs(count: int, rng: np.random.Generator) -> np.ndarray:
    """Round spots, bright or dark, with a fifth of their standard deviation in noise."""
    x, y = rng.uniform(-3, 3, (2, count, 1, 1))
    sizes = rng.uniform(1, 2.5, (count, 1, 1))
    spots = np.exp(-((X - x) ** 2 + (Y - y) ** 2) / (2 * sizes**2))
    return noisy(spots * rng.choice([-1, 1], (count, 1, 1)), 0.2, rng)


def edges(count: int, rng: np.random.Generator) -> np.ndarray:
    """Straight edges of any direction near the centre, with a fifth in noise."""
    angle, place = rng.uniform(0, 2 * np.pi, (count, 1, 1)), rng.uniform(-2, 2, (count, 1, 1))
    return noisy(np.sign(X * np.cos(angle) + Y * np.sin(angle) - place), 0.2, rng)


# === Gabor functions ===


def gabors(noise: float, share: float) -> Make:
    """This share of them are Gabor functions in so much noise, the first ones; the rest is noise.

    Noise is in units of the function's standard deviation. Bandwidths are 1 to 2 octaves, as of
    simple cells.
    """

    def make(count: int, rng: np.random.Generator) -> np.ndarray:
        waves = round(share * count)
        frequency = rng.uniform(0.12, 0.3, waves)
        bandwidth = 2 ** rng.uniform(1, 2, waves)
        spread = np.sqrt(np.log(2) / 2) / np.pi * (bandwidth + 1) / (bandwidth - 1)
        width = spread / frequency
        places = rng.uniform(-1.5, 1.5, (2, waves))
        angles = rng.uniform(0, np.pi, waves), rng.uniform(-np.pi, np.pi, waves)
        fits = Gabor(width, angles[0], frequency, width, width, angles[1], *places)
        made = noisy(drawn(fits, (SIZE, SIZE)), noise, rng)
        return np.concatenate([made, rng.normal(size=(count - waves, SIZE, SIZE))])

    return make


def noisy(kernels: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Kernels with white noise of so many of their standard deviations."""
    scale = noise * kernels.std(axis=(1, 2), keepdims=True)
    return kernels + scale * rng.normal(size=kernels.shape)


# === The table ===

NONE = {
    **{f"Gaussian field, smoothed by {px:g} px": field(px) for px in (0, 0.7, 1.2, 2)},
    **{f"half of them by 0, half by {px:g} px": halves(px) for px in (1.2, 2)},
    "blobs": blobs,
    "edges": edges,
}
WAVES = {
    f"Gabor functions, {share:.0%} of kernels, noise {noise:g}": (gabors(noise, share), share)
    for share in (1, 0.25)
    for noise in (0.5, 1, 1.5)
}
CASES = {name: (make, 1.0) for name, make in NONE.items()} | WAVES


def judged(
    make: Make, share: float, kernels: int, starts: int, rng: np.random.Generator
) -> dict[str, float]:
    """What becomes of the kernels in question in one made network, the first ``share`` of them."""
    made, before = make(kernels, rng), rng.normal(size=(kernels, SIZE, SIZE))
    result = resemblance(made, before, 1, rng, starts)
    asked = slice(0, round(share * kernels))
    r2 = result.fits.r2[asked]
    initial, surrogates = result.thresholds
    return {
        "median R²": float(np.median(r2)),
        "95 % of surrogates": surrogates,
        "above surrogates": float((r2 > surrogates).mean()),
        "above both nulls": float((r2 > max(initial, surrogates)).mean()),
        "Gabor-like": float(result.gabor_like[asked].mean()),
    }


@click.command(help=__doc__.splitlines()[0])
@click.option("--networks", default=4, type=click.IntRange(1), show_default=True)
@click.option("--kernels", default=288, type=click.IntRange(8), show_default=True)
@click.option("--starts", default=1, type=click.IntRange(1), show_default=True, help="Of each fit.")
@click.option("--seed", default=0, type=click.IntRange(0), show_default=True)
def main(networks: int, kernels: int, starts: int, seed: int) -> None:
    """Print a row for each kind of kernels: means over the networks."""
    lines = {}
    for name, (make, share) in CASES.items():
        rng = np.random.default_rng(seed)
        of_networks = [judged(make, share, kernels, starts, rng) for _ in range(networks)]
        lines[name] = pd.DataFrame(of_networks).mean()
        click.echo(f"{name}: {lines[name].round(3).to_dict()}", err=True)
    table = pd.DataFrame(lines).T.rename_axis("kernels").reset_index()
    click.echo(table.to_markdown(index=False, floatfmt=".3f"))


if __name__ == "__main__":
    main()
