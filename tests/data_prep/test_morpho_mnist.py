"""Morpho-MNIST: official measures where there are any, our own elsewhere."""

from functools import partial

import numpy as np
import pytest

from data_prep import morpho_mnist
from data_prep.content import ReadOptions
from data_prep.errors import DataError
from data_prep.idx import read_idx
from data_prep.morphometry import COLUMNS, measure


@pytest.fixture
def read(small):
    return partial(morpho_mnist.read_official, options=ReadOptions(), files=small.files)


def joined(split, name):
    return np.concatenate([batch[name] for batch in split.batches])


def write_csv(path, values):
    lines = [",".join(("index", *COLUMNS))]
    lines += [",".join(map(repr, (index, *row))) for index, row in enumerate(values.tolist())]
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def official():
    return np.random.default_rng(2).normal(size=(12, len(COLUMNS)))


def test_measured_where_no_table_is_given(small, read):
    content = read(small.folder)
    assert content.description == "Morpho-MNIST (official MNIST, measured here)"
    assert len(content.sources) == 4
    images = small.arrays["train-images-idx3-ubyte.gz"]
    np.testing.assert_array_equal(joined(content.splits["train"], "morphometrics"), measure(images))


def test_images_and_labels_are_mnist_s(small, read):
    split = read(small.folder).splits["validation"]
    (batch,) = split.batches
    images, labels = (
        small.arrays[f"t10k-{kind}-ubyte.gz"] for kind in ("images-idx3", "labels-idx1")
    )
    np.testing.assert_array_equal(batch["image"][..., 0], images)
    np.testing.assert_array_equal(batch["label"], labels)


def test_the_official_table_is_taken(small, read, official):
    write_csv(small.folder / "t10k-morpho.csv", official)
    content = read(small.folder)
    assert content.description == "Morpho-MNIST (official files; train images measured here)"
    assert [source.file for source in content.sources][-1] == "t10k-morpho.csv"
    found = joined(content.splits["validation"], "morphometrics")
    np.testing.assert_array_equal(found, official, strict=True)


def test_both_tables(small, read, official):
    for name, rows in {"train": 30, "t10k": 12}.items():
        write_csv(small.folder / f"{name}-morpho.csv", np.resize(official, (rows, len(COLUMNS))))
    assert read(small.folder).description == "Morpho-MNIST (official files)"


@pytest.mark.parametrize("folder", ["morpho_mnist", "t10k-morpho.csv"])
def test_files_in_folders_of_the_source(tmp_path, small, read, official, folder):
    small.folder.rename(small.folder.with_name("mnist"))
    (tmp_path / folder).mkdir()
    write_csv(tmp_path / folder / "t10k-morpho.csv", official)
    assert "train images measured" in read(tmp_path).description


def test_a_table_given_twice(small, read, official):
    (small.folder / "again").mkdir()
    for folder in (small.folder, small.folder / "again"):
        write_csv(folder / "t10k-morpho.csv", official)
    with pytest.raises(DataError, match=r"t10k-morpho\.csv is there 2 times"):
        read(small.folder)


def test_a_table_of_another_length(small, read, official):
    write_csv(small.folder / "t10k-morpho.csv", official[:-1])
    with pytest.raises(DataError) as caught:
        read(small.folder)
    assert caught.value.path == small.folder / "t10k-morpho.csv"


def test_missing_images_are_named(small, read):
    (small.folder / "train-images-idx3-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz"):
        read(small.folder)


def test_a_source_that_is_not_there_is_named(tmp_path, read):
    with pytest.raises(DataError, match="does not exist"):
        read(tmp_path / "nowhere")


def test_workers_change_nothing(small, monkeypatch):
    monkeypatch.setattr(morpho_mnist, "BLOCK", 5)
    one, two = (
        morpho_mnist.read_official(small.folder, ReadOptions(workers), small.files)
        for workers in (1, 2)
    )
    np.testing.assert_array_equal(
        joined(one.splits["train"], "morphometrics"), joined(two.splits["train"], "morphometrics")
    )


def test_a_source_of_a_table_alone_has_the_images_of_the_package(tmp_path):
    """As whoever has Morpho-MNIST's tables, and nothing else, prepares it."""
    values = np.random.default_rng(2).normal(size=(10_000, len(COLUMNS)))
    write_csv(tmp_path / "t10k-morpho.csv", values)
    content = morpho_mnist.read_official(tmp_path, ReadOptions())
    assert content.description == "Morpho-MNIST (official files; train images measured here)"
    assert [file.file for file in content.sources][-1] == "t10k-morpho.csv"
    validation = content.splits["validation"]
    np.testing.assert_array_equal(joined(validation, "morphometrics"), values)


def test_without_a_source_the_digits_of_the_package_are_measured():
    content = morpho_mnist.read_packaged(ReadOptions())
    assert content.description == "Morpho-MNIST (official MNIST, measured here)"
    split = content.splits["validation"]
    batch = next(iter(split.batches))
    assert split.count == 10_000
    np.testing.assert_array_equal(batch["morphometrics"][:20], measure(batch["image"][:20, ..., 0]))
    area = dict(zip(COLUMNS, batch["morphometrics"].T, strict=True))["area"]
    assert ((area > 20) & (area < 400)).all()  # px^2 of 784: strokes, not specks or blots


def test_real_table_belongs_to_the_real_images(real_data):
    """The measures of the first test images, read from the file, are those of their pixels."""
    content = morpho_mnist.read_official(real_data, ReadOptions())
    assert content.description == "Morpho-MNIST (official files; train images measured here)"
    batch = next(iter(content.splits["validation"].batches))
    images = read_idx(real_data / "mnist" / "t10k-images-idx3-ubyte.gz")[:50]
    np.testing.assert_array_equal(batch["image"][:50, ..., 0], images)
    np.testing.assert_allclose(measure(images), batch["morphometrics"][:50], rtol=0, atol=1e-6)
