"""Two-dimensional Gabor functions fitted to convolutional kernels (Section 4.1).

Of the kernel's pixels x and y, counted from its centre to the right and downwards, with u across
the wave's stripes and v along them:

    g(x, y) = exp(-u^2 / (2 width^2) - v^2 / (2 length^2)) * (a cos(2 pi f u) + b sin(2 pi f u)) + c
    u = (x - x0) cos(theta) + (y - y0) sin(theta),    v = (y - y0) cos(theta) - (x - x0) sin(theta)

(Jones and Palmer 1987, with a free offset.) What noise of as many pixels scores is a matter of the
kernel's size: a fit's R2 says something only beside that of kernels that cannot be Gabor wavelets.
"""

from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

SMALLEST = 4  # px: a kernel of 3 x 3 has as many pixels as the function has parameters
STARTS = 4  # of each fit, the best of a grid that differ in orientation or frequency
REACH = 2.0  # standard deviations of an envelope, within which the wave can be seen
_FLAT = 1e-12  # a kernel with less variance than this share of its mean square is constant


class Gabor(NamedTuple):
    """Fits to n kernels, each field (n,).

    ``orientation`` is that of the stripes, counter-clockwise from the horizontal in [0, pi);
    ``frequency`` in cycles per px; ``width`` and ``length`` are the envelope's standard deviations
    across and along the stripes (px); ``phase`` (rad) is 0 where the centre is a bright stripe's,
    pi / 2 at an edge that is bright to the right, or below if the stripes are horizontal.
    """

    r2: np.ndarray
    orientation: np.ndarray
    frequency: np.ndarray
    width: np.ndarray
    length: np.ndarray
    phase: np.ndarray
    x: np.ndarray
    y: np.ndarray

    @property
    def aspect(self) -> np.ndarray:
        """Width through length of the envelope."""
        return self.width / self.length

    @property
    def bandwidth(self) -> np.ndarray:
        """Of the frequencies with at least half of the highest amplitude, in octaves.

        Infinite where these reach down to 0.
        """
        spread = np.sqrt(2 * np.log(2)) / (2 * np.pi * self.width)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = (self.frequency + spread) / (self.frequency - spread)
            return np.where(ratio > 0, np.log2(ratio), np.inf)

    def cycles(self, size: float) -> np.ndarray:
        """Of the wave within its envelope, in kernels of this size (px); NaN of a constant kernel.

        The envelope reaches `REACH` standard deviations to both sides of its centre, across the
        stripes, but not beyond the kernel: no farther than half its size from the kernel's centre.
        """
        theta = np.pi / 2 - self.orientation
        centre = self.x * np.cos(theta) + self.y * np.sin(theta)
        low = np.maximum(centre - REACH * self.width, -size / 2)
        high = np.minimum(centre + REACH * self.width, size / 2)
        return self.frequency * np.maximum(high - low, 0)


def slices(kernels: np.ndarray) -> np.ndarray:
    """Kernels (height, width, channels, maps) as the thesis counts them, (n, height, width).

    A slice for each channel of each map, the channels of a map one after the other (erratum E70).
    """
    height, width = kernels.shape[:2]
    return kernels.transpose(3, 2, 0, 1).reshape(-1, height, width)


def fit_gabors(kernels: np.ndarray, starts: int = STARTS) -> Gabor:
    """Fit a Gabor function to each of these kernels (n, height, width).

    The frequency lies between a cycle in the kernel's size and half a cycle per px, the centre in
    the kernel, and an envelope's standard deviations between half a pixel and half the size. The
    best of several starts counts. A constant kernel has an R2 of 0.

    Raises:
        ValueError: the kernels are smaller than 4 x 4.
    """
    size = min(kernels.shape[1:])
    if size < SMALLEST:
        raise ValueError(
            f"kernels of {size} px: a Gabor function has as many parameters as they have pixels"
        )
    grid = _Grid(kernels.shape[1:])
    return Gabor(*np.array([_fit(kernel, grid, starts) for kernel in kernels], dtype=float).T)


def drawn(fits: Gabor, shape: tuple[int, int]) -> np.ndarray:
    """The fitted functions (n, height, width), of amplitude 1 and without their offset."""
    y, x = (axis - (n - 1) / 2 for axis, n in zip(np.indices(shape), shape, strict=True))
    envelope = (fits.x, fits.y, np.pi / 2 - fits.orientation, fits.frequency)
    sizes = (np.log(fits.width), np.log(fits.length))
    linear = (np.cos(fits.phase), np.sin(fits.phase), np.zeros_like(fits.phase))
    parameters = np.stack([*envelope, *sizes, *linear], axis=-1)
    return np.array([gabor_function(of_kernel, x, y) for of_kernel in parameters])


def gabor_function(parameters: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The function at pixels x and y.

    Parameters: x0, y0, theta, f, ln width, ln length, a, b, c.
    """
    return _value_and_slopes(parameters, x, y)[0]


# === One fit ===


class _Grid:
    """Where fits begin, and between which bounds they stay, for kernels of one size."""

    def __init__(self, shape: tuple[int, int]):
        size = min(shape)
        self.y, self.x = (
            axis.ravel() - (n - 1) / 2 for axis, n in zip(np.indices(shape), shape, strict=True)
        )
        edge = [(n - 1) / 2 for n in reversed(shape)]
        free = [np.inf] * 3
        self.low = np.array(
            [-edge[0], -edge[1], -np.inf, 1 / size, np.log(0.5), np.log(0.5), *np.negative(free)]
        )
        self.high = np.array([*edge, np.inf, 0.5, np.log(size / 2), np.log(size / 2), *free])
        centres = [np.linspace(-0.5 * end, 0.5 * end, 3) for end in edge]
        waves = list(product(np.arange(8) * np.pi / 8, np.geomspace(1.1 / size, 0.45, 5)))
        places = list(product(*centres, (size / 8, size / 4)))
        self.starts = np.array(
            [[(x0, y0, *wave, np.log(s), np.log(s)) for x0, y0, s in places] for wave in waves]
        )
        # An orthonormal basis of cosine, sine and offset at each start, (waves, places, px, 3).
        basis = np.array([[self._basis(start) for start in of_wave] for of_wave in self.starts])
        self.bases, self.solve = np.linalg.qr(basis)

    def _basis(self, start: np.ndarray) -> np.ndarray:
        parts = [gabor_function(np.append(start, unit), self.x, self.y) for unit in np.eye(3)]
        return np.stack(parts, axis=-1)

    def best(self, pixels: np.ndarray, starts: int) -> np.ndarray:
        """The starts (starts, 9) that explain most of these pixels, of different waves."""
        explained = np.einsum("wpnk,n->wpk", self.bases, pixels)
        score = (explained**2).sum(axis=-1)
        places = score.argmax(axis=1)
        waves = np.argsort(score.max(axis=1))[::-1][:starts]
        chosen = [(wave, places[wave]) for wave in waves]
        linear = [np.linalg.solve(self.solve[at], explained[at]) for at in chosen]
        return np.array([[*self.starts[at], *abc] for at, abc in zip(chosen, linear, strict=True)])


def _fit(kernel: np.ndarray, grid: _Grid, starts: int) -> tuple[float, ...]:
    """R2 and the parameters of a kernel's best fit, as in `Gabor`."""
    pixels = kernel.ravel() - kernel.mean()
    scale = pixels.std()
    if scale**2 <= _FLAT * np.mean(kernel**2):
        return (0.0, *[np.nan] * 7)
    pixels = pixels / scale
    fits = (_refined(start, pixels, grid) for start in grid.best(pixels, starts))
    best = min(fits, key=lambda fit: fit.cost)
    return (1 - 2 * best.cost / len(pixels), *_described(best.x))


def _refined(start: np.ndarray, pixels: np.ndarray, grid: _Grid):
    """The fit that this start leads to."""
    return least_squares(
        lambda p: gabor_function(p, grid.x, grid.y) - pixels,
        np.clip(start, grid.low, grid.high),
        jac=lambda p: _value_and_slopes(p, grid.x, grid.y)[1],
        bounds=(grid.low, grid.high),
        ftol=1e-5,
        xtol=1e-5,
        gtol=1e-5,
        max_nfev=60,
    )


def _described(p: np.ndarray) -> tuple[float, ...]:
    """Parameters as `Gabor` names them, the wave running to the right or straight down."""
    x0, y0, theta, frequency, width, length, a, b, _ = p
    theta = (theta + np.pi / 2) % (2 * np.pi) - np.pi / 2
    if theta > np.pi / 2:  # the same function, its wave running the other way
        theta, b = theta - np.pi, -b
    orientation = np.pi / 2 - theta  # rows count downwards
    return orientation, frequency, np.exp(width), np.exp(length), np.arctan2(b, a), x0, y0


def _value_and_slopes(p: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The function (px,) and its derivatives by the nine parameters (px, 9)."""
    x0, y0, theta, frequency, width, length, a, b, c = p
    cos, sin = np.cos(theta), np.sin(theta)
    u = (x - x0) * cos + (y - y0) * sin
    v = (y - y0) * cos - (x - x0) * sin
    width2, length2 = np.exp(2 * width), np.exp(2 * length)
    envelope = np.exp(-(u**2) / (2 * width2) - v**2 / (2 * length2))
    angle = 2 * np.pi * frequency * u
    even, odd = envelope * np.cos(angle), envelope * np.sin(angle)
    wave = a * even + b * odd
    turned = b * even - a * odd  # the derivative by the angle
    by_u = -wave * u / width2 + 2 * np.pi * frequency * turned
    by_v = -wave * v / length2
    slopes = (
        -cos * by_u + sin * by_v,
        -sin * by_u - cos * by_v,
        v * by_u - u * by_v,
        2 * np.pi * u * turned,
        wave * u**2 / width2,
        wave * v**2 / length2,
        even,
        odd,
        np.ones_like(u),
    )
    return wave + c, np.stack(slopes, axis=-1)
