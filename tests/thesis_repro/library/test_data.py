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


def test_what_needs_no_file_is_prepared(tmp_path):
    assert len(load_data("mnist", data_dir=tmp_path)) == 10_000
    assert (tmp_path / "mnist").is_dir()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("mnits",), "No data set is called 'mnits'. Did you mean mnist?"),
        (("mnist", "test"), "has the splits train and validation, not 'test'"),
    ],
)
def test_what_is_not_there(asked, said, tmp_path):
    with pytest.raises(UnknownDataError) as error:
        load_data(*asked, data_dir=tmp_path)
    assert said in str(error.value)


def test_what_needs_files_says_how_it_is_prepared(tmp_path):
    with pytest.raises(DataError, match="thesis-repro data prepare celeba"):
        load_data("celeba", data_dir=tmp_path)
