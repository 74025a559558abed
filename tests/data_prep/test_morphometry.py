"""Morphometrics against closed forms, the official tables and the authors' toolbox."""

import importlib
import warnings

import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.idx import read_idx
from data_prep.mnist import read_packaged
from data_prep.morphometry import COLUMNS, measure, measure_all, read_csv

SUB = 16  # places per pixel and axis that drawings are sampled at
AREA, LENGTH, THICKNESS, SLANT, WIDTH, HEIGHT = range(6)


def coordinates(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Of the samples from the centre, px: y as a column, x as a row."""
    y, x = ((np.arange(length * SUB) + 0.5) / SUB - length / 2 for length in size)
    return y[:, np.newaxis], x


def picture(inside: np.ndarray) -> np.ndarray:
    """Samples to pixels, each the share of its samples inside."""
    height, width = np.array(inside.shape) // SUB
    return inside.reshape(height, SUB, width, SUB).mean(axis=(1, 3))


def bar(width: float, height: float, shear: float = 0.0, size=(28, 28)) -> np.ndarray:
    y, x = coordinates(size)
    return picture((np.abs(y) < height / 2) & (np.abs(x - shear * y) < width / 2))


def stroke(length: float, radius: float) -> np.ndarray:
    """A line, upright, of this length, drawn with a round pen."""
    y, x = coordinates((28, 28))
    return picture(np.hypot(x, np.maximum(np.abs(y) - length / 2, 0)) < radius)


def one(image: np.ndarray) -> np.ndarray:
    return measure(image[np.newaxis])[0]


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    (batch,) = read_packaged().splits["validation"].batches
    return batch["image"][:300, ..., 0]


@pytest.mark.parametrize("size", [(28, 28), (40, 32), (64, 25)])
@pytest.mark.parametrize(("width", "height"), [(4, 20), (6, 16), (16, 6), (2, 22)])
def test_bar(width, height, size):
    area, _, _, slant, *extent = one(bar(width, height, size=size))
    # The smoothing rounds the corners off; the parallelogram holds 98 % of what it spreads.
    assert area == pytest.approx(width * height, abs=1)
    assert slant == pytest.approx(0, abs=1e-12)
    assert extent == pytest.approx([width, height], abs=1.8)
    assert (np.array(extent) > [0.98 * width, 0.98 * height]).all()


@pytest.mark.parametrize("shear", [-0.6, -0.3, 0.1, 0.5])
def test_sheared_bar(shear):
    area, _, _, slant, width, height = one(bar(4, 20, shear))
    assert area == pytest.approx(80, abs=1)
    assert slant == pytest.approx(np.arctan(-shear), abs=0.005)  # y points down, x to the right
    assert height == pytest.approx(20, abs=0.2)
    assert width == pytest.approx(4, abs=2)  # along the row, not the 24 * shear that it covers


def test_leaning_right_is_positive():
    assert one(np.eye(20)[::-1])[SLANT] > 0.7 > -0.7 > one(np.eye(20))[SLANT]


@pytest.mark.parametrize(("length", "radius"), [(14, 2), (16, 1.5), (12, 3)])
def test_stroke_of_a_round_pen(length, radius):
    values = one(stroke(length, radius))
    assert values[AREA] == pytest.approx(2 * radius * length + np.pi * radius**2, rel=0.03)
    assert values[THICKNESS] == pytest.approx(
        2 * radius, abs=0.25
    )  # a pixel at four times the size
    assert length - 0.5 < values[LENGTH] < length + 2 * radius
    assert values[HEIGHT] == pytest.approx(length + 2 * radius, abs=0.6)


def test_turned_by_a_quarter(digits):
    upright = measure(digits[:50])
    turned = measure(np.rot90(digits[:50], axes=(1, 2)))
    np.testing.assert_array_equal(upright[:, AREA], turned[:, AREA])
    # The order of equally deep pixels turns too, which moves side branches.
    assert upright[:, THICKNESS] == pytest.approx(turned[:, THICKNESS], abs=0.4)


@pytest.mark.parametrize(
    "change",
    [
        lambda images: images.astype(np.int64),
        lambda images: images / 255,
        lambda images: images.astype(np.float32) / 255,
        lambda images: images.astype(np.float16),
        lambda images: images / 127.5 - 1,
        lambda images: images * 1e-30 + 1e-32,
        lambda images: images * 1e280,
        lambda images: images.astype(">f4")[:, :, ::-1].copy()[:, :, ::-1],
    ],
)
def test_scale_offset_and_type_do_not_matter(digits, change):
    images = digits[(digits.max(axis=(1, 2)) == 255) & (digits.min(axis=(1, 2)) == 0)][:40]
    assert len(images) == 40
    np.testing.assert_allclose(measure(change(images)), measure(images), rtol=1e-6, atol=1e-6)


def test_masks():
    mask = bar(4, 20) > 0.5
    np.testing.assert_array_equal(one(mask), one(mask * np.uint8(255)))


def test_offset_of_levels_does_not_matter(digits):
    dim = digits[:20] // 2
    np.testing.assert_array_equal(measure(dim + np.uint8(100)), measure(dim))


@pytest.mark.parametrize(
    "blank",
    [
        np.zeros((28, 28)),
        np.full((9, 7), 0.3),
        np.full((28, 28), 255, np.uint8),
        np.eye(28, dtype=np.uint8),  # less than one level once smoothed
        np.zeros((4, 4), bool),
    ],
)
def test_image_without_form(blank):
    form = np.zeros_like(blank)
    form[1:3, 1:3] = np.array(200).astype(blank.dtype)
    values = measure(np.stack([form, blank, form]))
    assert np.isnan(values[1]).all()
    assert np.isfinite(values[[0, 2]]).all()


def test_single_row_of_the_faintest_level():
    """All mass in one row has no spread to work a slant out of."""
    levels = np.zeros((28, 28), np.uint8)
    for level in range(1, 6):
        levels[14, 8:20] = level
        assert not np.isinf(one(levels)).any()


def test_smallest_and_odd_sizes():
    rng = np.random.default_rng(7)
    for size in [(4, 4), (4, 9), (5, 4), (31, 6)]:
        assert np.isfinite(one(rng.random(size))).all()


def test_large_images_are_measured_one_by_one():
    images = [bar(width, 150, size=(330, 310)) for width in (20, 10)]
    assert measure(np.stack(images))[:, AREA] == pytest.approx([3000, 1500], abs=1)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((28, 28)), "shape"),
        (np.zeros((2, 28, 28, 1)), "shape"),
        (np.zeros((2, 3, 28)), "at least 4 x 4"),
        (np.zeros((1, 28, 28), complex), "complex"),
        (np.full((1, 28, 28), "1"), "not of type <U1"),
        (np.full((1, 28, 28), None), "not of type object"),
        (np.full((1, 28, 28), np.nan), "no number"),
        (np.full((1, 28, 28), -np.inf), "no number"),
        (np.full((1, 28, 28), np.inf, np.float16), "no number"),
        (1.7e308 * np.eye(28)[np.newaxis], "1e\\+300"),
    ],
)
@pytest.mark.parametrize("function", [measure, lambda images: measure_all(images, 1)])
def test_bad_input(function, images, message):
    with pytest.raises(ValueError, match=message):
        function(images)


@pytest.mark.parametrize("workers", [1, 2])
def test_all_workers_and_progress(digits, workers):
    images = digits[:280]
    seen = []
    values = measure_all(images, workers, seen.append)
    np.testing.assert_array_equal(values, measure(images))
    assert sum(seen) == 280
    assert len(seen) > 1


def test_no_images():
    assert measure(np.zeros((0, 28, 28))).shape == (0, 6)
    assert measure_all(np.zeros((0, 28, 28)), 1).shape == (0, 6)


def official(folder) -> tuple[np.ndarray, np.ndarray]:
    images = read_idx(folder / "mnist" / "t10k-images-idx3-ubyte.gz")
    return images, read_csv(folder / "morpho_mnist" / "t10k-morpho.csv", 10_000)


def test_official_values(real_data):
    images, values = official(real_data)
    np.testing.assert_allclose(measure(images[:300]), values[:300], rtol=0, atol=1e-12)


@pytest.mark.slow
def test_all_official_values(real_data):
    images, values = official(real_data)
    np.testing.assert_allclose(measure_all(images, 2), values, rtol=0, atol=1e-12)


def test_authors_toolbox(digits, monkeypatch):
    """The toolbox itself, given the upsampling and the order of ties that it was published with."""
    transform = pytest.importorskip("skimage.transform", reason="scikit-image is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports from places that SciPy has moved
        pytest.importorskip("morphomnist", reason="not installed: pip install .[morpho]")
        toolbox = importlib.import_module("morphomnist.measure")
    from scipy import ndimage

    def pyramid_expand(image, **_):
        places = transform.AffineTransform(scale=1 / 4, translation=(-0.375, -0.375))
        size = tuple(4 * length for length in image.shape)
        large = transform.warp(image / 255, places, output_shape=size, order=3, mode="reflect")
        return ndimage.gaussian_filter(large, 8 / 6, mode="reflect")

    monkeypatch.setattr(transform, "pyramid_expand", pyramid_expand)
    monkeypatch.setattr(np.random, "default_rng", lambda _: np.random.RandomState(0))
    expected = [toolbox.measure_image(image, verbose=False) for image in digits[:50]]
    np.testing.assert_allclose(measure(digits[:50]), expected, rtol=0, atol=1e-9)


HEADER = "index,area,length,thickness,slant,width,height"
ROWS = ["0,71.1875,36.25,2.11,0.0709,15.1,19.6", "1,113.0625,43.5,2.65,-0.1738,17.5,19.8"]


def test_reads_the_official_layout(tmp_path):
    path = tmp_path / "morpho.csv"
    path.write_text("\n".join([HEADER, *ROWS, ""]))
    values = read_csv(path, 2)
    assert values.dtype == np.float64
    assert values.shape == (2, len(COLUMNS))
    assert values[1].tolist() == [113.0625, 43.5, 2.65, -0.1738, 17.5, 19.8]


def table(*lines: str) -> bytes:
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "first line is 'nothing'"),
        (table(*ROWS), "first line is '0,71.1875"),
        (table(HEADER.replace("slant,width", "width,slant"), *ROWS), "first line"),
        (table("<html>404</html>"), "first line is '<html>"),
        (table(HEADER), "0 rows for 2 images"),
        (table(HEADER, ROWS[0]), "1 rows for 2 images"),
        (table(HEADER, *ROWS, ROWS[1].replace("1,", "2,", 1)), "3 rows for 2 images"),
        (table(HEADER, ROWS[0], ROWS[0]), "line 3 has the index '0' where 1 follows"),
        (table(HEADER, *ROWS[::-1]), "line 2 has the index '1' where 0 follows"),
        (
            table(HEADER, ROWS[0], ROWS[1].replace("1,", "2,", 1)),
            "missing, doubled or out of order",
        ),
        (table(HEADER, ROWS[0], "", ""), "line 3 has the index ''"),
        (table(HEADER, ROWS[0], ROWS[1][:-5]), "line 3 has 5 measures instead of 6"),
        (table(HEADER, ROWS[0], ROWS[1] + ",1"), "line 3 has 7 measures"),
        (
            table(HEADER, ROWS[0], ROWS[1].replace("2.65", "thick")),
            "line 3 holds what is no number",
        ),
        (table(HEADER, ROWS[0], ROWS[1].replace("2.65", "")), "no number"),
        (table(HEADER, ROWS[0], ROWS[1].replace("2.65", "nan")), "not finite"),
        (table(HEADER, ROWS[0], ROWS[1].replace("2.65", "1e999")), "not finite"),
        (table(HEADER, *ROWS) + b"\xff", "no plain text (byte"),
        (b"\x1f\x8b\x08\x00", "no plain text (byte 1)"),
    ],
)
def test_bad_tables(tmp_path, content, cause):
    path = tmp_path / "t10k-morpho.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_csv(path, 2)
    assert caught.value.path == path
    assert cause in caught.value.cause
    assert "official Morpho-MNIST table" in caught.value.fix


def test_missing_table(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_csv(tmp_path / "none.csv", 2)
