"""Data sets by name."""

import numpy as np
import pytest

from data_prep.errors import DataError
from thesis_repro import UnknownDataError, load_data


def test_the_images_of_a_split_and_what_is_known(data_dir):
    split = load_data("MNIST", data_dir=data_dir)
    assert split.images.shape == (10_000, 28, 28, 1)
    assert split.images[:3].dtype == np.uint8
    assert split.known["label"][:5].tolist() == [7, 2, 1, 0, 4]  # the official test labels
    assert len(load_data("mnist", "train", data_dir=str(data_dir))) == 60_000


def test_what_is_known_is_in_memory_unless_the_data_are_large(data_dir, monkeypatch):
    known = load_data("mnist", data_dir=data_dir).known["label"]
    assert isinstance(known, np.ndarray)
    assert (known == 3).sum() == 1_010  # of the official test images
    monkeypatch.setattr("thesis_repro.library.data.CHECKED_BYTES", 1_000)
    with pytest.raises(TypeError, match=r"compare column\[:\]"):
        _ = load_data("mnist", data_dir=data_dir).known["label"] == 3


def test_what_needs_no_file_is_prepared(tmp_path):
    assert len(load_data("mnist", data_dir=tmp_path)) == 10_000
    assert (tmp_path / "mnist").is_dir()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("mnits",), "No data set is called 'mnits'. Did you mean mnist?"),
        ((3,), 'Data sets are named by text, as in "mnist", not 3.'),
        (("mnist", "test"), "has the splits train and validation, not 'test'"),
    ],
)
def test_what_is_not_there(asked, said, tmp_path):
    with pytest.raises(UnknownDataError) as error:
        load_data(*asked, data_dir=tmp_path)
    assert said in str(error.value)


@pytest.mark.parametrize("dataset", ["celeba", "celeba-224", "imagenet"])
def test_what_needs_files_says_how_it_is_prepared(dataset, tmp_path):
    needed = dataset.removesuffix("-224")
    with pytest.raises(DataError, match=f"thesis-repro data prepare {needed}") as error:
        load_data(dataset, data_dir=tmp_path)
    assert "or pass stand_in=True" in str(error.value)
    assert "this command" not in str(error.value)
