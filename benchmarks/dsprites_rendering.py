"""Drawing dSprites: all 737,280 images on one core, against Pillow's polygons on a sample.

Pillow's `ImageDraw.polygon` gets the same outlines, moved and turned with NumPy, image by image. It
also draws every pixel that the outline touches, so that its shapes come out too large.
Where THESIS_REPRO_REAL_DATA names the folder with official images, both are compared with them.

    OMP_NUM_THREADS=1 python benchmarks/dsprites_rendering.py
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
from PIL import Image, ImageDraw

from data_prep.dsprites_renderer import COUNT, SHAPES, classes_of, render, values_of

GOAL_SECONDS = 60.0  # for all images
CHUNK = 8_192  # images drawn at once
SAMPLE = 20_000  # images that the rival draws

Renderer = Callable[[np.ndarray], np.ndarray]


def outlines() -> tuple[np.ndarray, ...]:
    """Square, ellipse and heart at scale 1: corners (corners, 2), px, y down."""
    t, u = (np.arange(n) * 2 * np.pi / n for n in (100, 150))
    heart = 13 * np.cos(u) - 5 * np.cos(2 * u) - 2 * np.cos(3 * u) - np.cos(4 * u)
    return (
        9.6 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]),
        9.6 * np.stack([1.33 * np.cos(t), np.sin(t) / 1.33], axis=-1),
        9.6 * np.stack([np.sin(u) ** 3, -heart / 14.5 - 0.15], axis=-1),
    )


def render_with_pillow(classes: np.ndarray) -> np.ndarray:
    """Classes (n, 6) to images (n, 64, 64) uint8 of 0 and 1, as one would write it with Pillow."""
    shapes = outlines()
    images = np.empty((len(classes), 64, 64), np.uint8)
    for image, shape, values in zip(images, classes[:, 1], values_of(classes), strict=True):
        scale, angle, x, y = values[2:]
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        corners = scale * shapes[shape] @ turn + (16 + 32 * x, 16 + 32 * y)
        canvas = Image.new("L", (64, 64))
        ImageDraw.Draw(canvas).polygon(corners.ravel().tolist(), fill=1)
        image[:] = canvas
    return images


def speed(renderer: Renderer, rows: np.ndarray) -> float:
    """Images per second over these rows of the official file, drawn in chunks."""
    start = time.perf_counter()
    for first in range(0, len(rows), CHUNK):
        renderer(classes_of(rows[first : first + CHUNK]))
    return len(rows) / (time.perf_counter() - start)


def compare(name: str, renderer: Renderer, folder: Path) -> None:
    """Print the share of identical images and the mean IoU per shape."""
    (path,) = (folder / "dsprites").glob("*.npz")
    with np.load(path) as file:
        images, classes = file["imgs"].astype(bool), file["latents_classes"]
    drawn = renderer(classes).astype(bool)
    iou = (drawn & images).sum((1, 2)) / (drawn | images).sum((1, 2))
    for shape, word in enumerate(SHAPES):
        of_shape = iou[classes[:, 1] == shape]
        click.echo(
            f"{name:7} {word:8} {len(of_shape):,} official images: "
            f"{(of_shape == 1).mean():.3%} identical, mean IoU {of_shape.mean():.7f}"
        )


@click.command()
def main() -> None:
    """Draw everything, take the times, and compare with official images where there are some."""
    ours = speed(render, np.arange(COUNT))
    sample = np.linspace(0, COUNT - 1, SAMPLE).astype(np.int64)
    rival = speed(render_with_pillow, sample)
    seconds = COUNT / ours
    verdict = "met" if seconds < GOAL_SECONDS else "missed"
    click.echo(f"ours    {ours:10,.0f} images/s, {seconds:.1f} s for all {COUNT:,}")
    click.echo(
        f"pillow  {rival:10,.0f} images/s over {SAMPLE:,}; ours is {ours / rival:.1f} times as fast"
    )
    click.echo(f"goal: all in {GOAL_SECONDS:.0f} s: {verdict}")
    folder = os.environ.get("THESIS_REPRO_REAL_DATA")
    if folder:
        compare("ours", render, Path(folder))
        compare("pillow", render_with_pillow, Path(folder))


if __name__ == "__main__":
    main()
