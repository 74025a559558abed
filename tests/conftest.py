"""What every test may use."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

import thesis_repro  # noqa: F401 - before TensorFlow, whose kernels it settles

# The same examples in every run, and a busy machine is no failure.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.load_profile("repeatable")

# Before TensorFlow is imported: its start-up notices are not ours to test.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real samples of the five data sets in their official formats."""
    folder = os.environ.get("THESIS_REPRO_REAL_DATA")
    if not folder:
        pytest.skip("THESIS_REPRO_REAL_DATA is not set: no official data at hand")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def stand_in_dir(tmp_path_factory) -> Path:
    """A data folder with the stand-in for MNIST, to read from."""
    from data_prep.prepare import prepare

    folder = tmp_path_factory.mktemp("data")
    prepare("mnist", folder, stand_in=True)
    return folder
