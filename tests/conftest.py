"""What every test may use."""

import os
import signal
from dataclasses import replace
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
# A test runs a few steps of what JAX compiles: optimising that costs more than it brings.
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)


@pytest.hookimpl(trylast=True)  # when those that are left out are gone
def pytest_collection_modifyitems(items):
    """Files with slow tests first: at the end of a run, no worker waits long for another's."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real samples of the five data sets in their official formats."""
    folder = os.environ.get("THESIS_REPRO_REAL_DATA")
    if not folder:
        pytest.skip("THESIS_REPRO_REAL_DATA is not set: no official data at hand")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory) -> Path:
    """A data folder with MNIST, to read from."""
    from data_prep.prepare import prepare

    folder = tmp_path_factory.mktemp("data")
    prepare("mnist", folder)
    return folder


@pytest.fixture
def _ordinary_signals():
    """Handlers of an ordinary program: in the background Ctrl-C is ignored, by nohup SIGHUP."""
    ordinary = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in ordinary.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def _few_digits(monkeypatch):
    """Of MNIST, the first 1,500 and 297 digits: whoever trains on all of them or measures them."""
    from data_prep import mnist
    from data_prep.content import SplitContent

    counts, read = {"train": 1_500, "validation": 297}, mnist.read_official

    def few(*arguments):
        content = read(*arguments)
        splits = {}
        for name, split in content.splits.items():
            (batch,) = split.batches
            cut = {feature: values[: counts[name]] for feature, values in batch.items()}
            splits[name] = SplitContent(counts[name], (cut,))
        return replace(content, splits=splits)

    monkeypatch.setattr(mnist, "read_official", few)
