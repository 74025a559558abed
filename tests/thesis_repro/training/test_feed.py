"""From images to batches on the device: all at once, or chunk by chunk from the disk."""

import threading

import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.prepare import prepare
from data_prep.reading import load
from thesis_repro.training.feed import Feed
from thesis_repro.training.images import with_channels

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 3, 3, 1), dtype=np.uint8)
NUMBERS = np.arange(40, dtype="int32")
TIMEOUT = 60  # s


def rows_of(steps, batch):
    return np.random.default_rng(1).permutation(40)[: steps * batch].reshape(steps, batch)


@pytest.fixture
def chunked(monkeypatch):
    """Nothing fits on the device, and a chunk has so many bytes."""

    def set_bytes(count):
        monkeypatch.setattr("thesis_repro.training.feed.resident_bytes", lambda: 0)
        monkeypatch.setattr("thesis_repro.training.feed.CHUNK_BYTES", count)

    return set_bytes


def batches(feed, rows):
    """Every step's batch of each array, by NumPy."""
    return [
        [np.asarray(array)[step] for array in arrays]
        for arrays, here in feed.pieces(rows)
        for step in here
    ]


def assert_batches(feed, rows, *sources):
    shown = batches(feed, rows)
    assert len(shown) == len(rows)
    for batch, step in zip(shown, rows, strict=True):
        for array, source in zip(batch, sources, strict=True):
            np.testing.assert_array_equal(array, source[step], strict=True)


# --- All at once ---


def test_what_fits_is_brought_to_the_device_once(monkeypatch):
    brought = []
    monkeypatch.setattr(
        "thesis_repro.training.feed.on_device", lambda array: brought.append(array) or array
    )
    feed = Feed([IMAGES, NUMBERS])
    assert brought == []  # only when it is used
    for rows in (rows_of(9, 4), rows_of(1, 3)):
        ((_, here),) = feed.pieces(rows)
        assert here is rows
    assert [array.dtype for array in brought] == ["uint8", "int32"]
    np.testing.assert_array_equal(brought[0], IMAGES)
    assert_batches(feed, rows_of(9, 4), IMAGES, NUMBERS)


@pytest.mark.parametrize(("room", "pieces"), [(40 * 13, 1), (40 * 13 - 1, 3)])
def test_what_fits_is_a_matter_of_all_arrays_bytes(monkeypatch, room, pieces):
    """An image of 9 bytes and a number of 4."""
    monkeypatch.setattr("thesis_repro.training.feed.resident_bytes", lambda: room)
    monkeypatch.setattr("thesis_repro.training.feed.CHUNK_BYTES", 13 * 4 * 3)
    assert len(list(Feed([IMAGES, NUMBERS]).pieces(rows_of(9, 4)))) == pieces


# --- Chunk by chunk ---


@pytest.mark.parametrize(
    ("chunk_bytes", "steps"),
    [
        (0, [1] * 8),  # always a step at least
        (13 * 4 * 3, [3, 3, 2]),
        (13 * 4 * 4 - 1, [3, 3, 2]),
        (13 * 4 * 4, [4, 4]),
        (2**28, [8]),
    ],
)
def test_chunks_are_of_one_size_and_show_every_row_once(chunked, chunk_bytes, steps):
    """What fills up the last one is never shown."""
    chunked(chunk_bytes)
    feed, rows = Feed([IMAGES, NUMBERS]), rows_of(8, 4)
    pieces = list(feed.pieces(rows))
    assert [len(here) for _, here in pieces] == steps
    for arrays, here in pieces:
        assert [len(array) for array in arrays] == [max(steps) * 4] * 2
        assert sorted(here.ravel()) == list(range(here.size))
    assert_batches(feed, rows, IMAGES, NUMBERS)
    assert_batches(feed, rows_of(1, 3), IMAGES, NUMBERS)


def test_a_chunk_is_of_64_steps_at_most(chunked):
    chunked(2**28)
    rows = np.arange(40)[np.arange(130) % 40].reshape(130, 1)
    pieces = Feed([IMAGES]).pieces(rows)
    assert [len(here) for _, here in pieces] == [64, 64, 2]


class Source:
    """Images that tell when they are read, and cannot be from a time on."""

    def __init__(self, images, good=10**6):
        self.images, self.good = images, good
        self.shape, self.dtype, self.nbytes = images.shape, images.dtype, images.nbytes
        self.reads, self.second = [], threading.Event()

    def __len__(self):
        return len(self.images)

    def __getitem__(self, rows):
        self.reads.append(threading.current_thread())
        if len(self.reads) == 2:
            self.second.set()
        if len(self.reads) > self.good:
            raise DataError("train-00001.tfrecord", "it is damaged", "prepare it again")
        return self.images[rows]


def test_one_chunk_is_read_ahead_by_another_thread(chunked):
    chunked(9 * 4 * 2)
    source = Source(IMAGES)
    pieces = Feed([source]).pieces(rows_of(8, 4))
    next(pieces)
    assert source.second.wait(TIMEOUT)  # though nobody has asked for it
    assert len(source.reads) == 2
    assert threading.main_thread() not in source.reads
    assert len(list(pieces)) == 3
    assert len(source.reads) == 4


def readers():
    return [thread for thread in threading.enumerate() if "ThreadPool" in thread.name]


@pytest.mark.parametrize("good", [0, 1, 3])
def test_an_error_of_reading_is_raised_as_it_is(chunked, good):
    """After the pieces before it; no thread is left."""
    chunked(9 * 4 * 2)
    before, seen = readers(), []
    with pytest.raises(DataError, match=r"train-00001\.tfrecord: it is damaged\. To fix it: "):
        seen.extend(Feed([Source(IMAGES, good)]).pieces(rows_of(8, 4)))
    assert readers() == before


def test_pieces_before_a_chunk_that_cannot_be_read_are_shown(chunked):
    chunked(9 * 4 * 2)
    pieces = Feed([Source(IMAGES, good=2)]).pieces(rows_of(8, 4))
    assert len([next(pieces), next(pieces)]) == 2
    with pytest.raises(DataError):
        next(pieces)


def test_no_thread_is_left_of_pieces_that_nobody_wants_any_more(chunked):
    chunked(9 * 4 * 2)
    before = readers()
    pieces = Feed([IMAGES]).pieces(rows_of(8, 4))
    next(pieces)
    assert len(readers()) == len(before) + 1
    pieces.close()
    assert readers() == before


# --- Grey images in several channels ---


@pytest.mark.parametrize("is_resident", [True, False])
def test_repeated_grey_images_lie_on_the_device_with_one_channel(chunked, is_resident):
    if not is_resident:
        chunked(9 * 4 * 3)  # three steps of one channel
    feed, rows = Feed([with_channels(IMAGES, 3)]), rows_of(9, 4)
    assert [len(here) for _, here in feed.pieces(rows)] == ([9] if is_resident else [3, 3, 3])
    assert_batches(feed, rows, IMAGES)


def test_colour_images_keep_their_channels():
    coloured = np.random.default_rng(2).integers(0, 256, (40, 3, 3, 3), dtype=np.uint8)
    assert_batches(Feed([coloured]), rows_of(9, 4), coloured)


# --- Prepared data ---


@pytest.fixture
def prepared(tmp_path, _few_digits):
    prepare("mnist", tmp_path)
    split = load("mnist", tmp_path).train
    return tmp_path / "mnist" / "train-00000.tfrecord", split


def test_prepared_images_are_read_from_the_disk(prepared, chunked):
    chunked(788 * 128 * 3)
    _, split = prepared
    labels = np.asarray(split.known["label"])
    feed = Feed([split.images, labels.astype("int32")])
    order = np.random.default_rng(1).permutation(len(split))[: 128 * 11].reshape(11, 128)
    assert [len(here) for _, here in feed.pieces(order)] == [3, 3, 3, 2]
    assert_batches(feed, order, split.images[:], labels.astype("int32"))


def test_a_file_that_is_damaged_between_two_chunks_is_named(prepared, chunked):
    """Its record and the fix too; the reader had it open."""
    chunked(784 * 128)
    path, split = prepared
    order, before = np.arange(128 * 11).reshape(11, 128), readers()
    pieces = Feed([split.images]).pieces(order)
    next(pieces)
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
    with pytest.raises(DataError, match=r"train-00000\.tfrecord: record .*data prepare mnist"):
        list(pieces)
    assert readers() == before
