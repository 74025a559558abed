"""dSprites: the official layout, its split, and what is refused."""

import hashlib
import zipfile

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from data_prep import dsprites
from data_prep.content import ReadOptions
from data_prep.dsprites_renderer import COUNT, FACTOR_SIZES, classes_of, render, values_of
from data_prep.errors import DataError
from data_prep.prepare import prepare, verify
from data_prep.reading import load

OPTIONS = ReadOptions()
ROWS = np.sort(np.random.default_rng(6).permutation(COUNT)[:40])


class Trap:
    """Fails the test if it is ever unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("the pickled metadata were loaded",))


def official() -> dict[str, np.ndarray]:
    classes = classes_of(ROWS)
    return {
        "imgs": render(classes),
        "latents_values": values_of(classes),
        "latents_classes": classes,
        "metadata": np.array(Trap(), object),
    }


def write(folder, arrays):
    path = folder / dsprites.OFFICIAL_NAME
    np.savez_compressed(path, **arrays)
    return path


@pytest.fixture
def source(tmp_path):
    (tmp_path / "official").mkdir()
    return write(tmp_path / "official", official()).parent


def joined(split, name):
    return np.concatenate([batch[name] for batch in split.batches])


def test_the_split_is_scikit_learn_s(source):
    content = dsprites.read_official(source, OPTIONS)
    arrays = official()
    parts = train_test_split(
        arrays["imgs"], arrays["latents_classes"], random_state=42, test_size=0.1
    )
    images = {"train": parts[0], "validation": parts[1]}
    classes = {"train": parts[2], "validation": parts[3]}
    for name, split in content.splits.items():
        batches = list(split.batches)
        found = np.concatenate([batch["image"] for batch in batches])
        np.testing.assert_array_equal(found[..., 0], images[name] * 255)
        found = np.concatenate([batch["classes"] for batch in batches])
        np.testing.assert_array_equal(found, classes[name])
        found = np.concatenate([batch["factors"] for batch in batches])
        np.testing.assert_array_equal(found, values_of(classes[name]))


def test_counts_of_the_whole_split():
    """Original code: 663,552 and 73,728."""
    assert [len(part) for part in dsprites.split(COUNT)] == [663_552, 73_728]


def test_prepared_and_read_again(tmp_path, source):
    manifest = prepare("dsprites", tmp_path, source)
    assert verify("dsprites", tmp_path) == manifest
    assert manifest.description == "dSprites (40 of 737,280 images)"
    assert not manifest.is_stand_in
    assert manifest.features["image"].encoding == "bits"
    data = load("dsprites", tmp_path)
    images = np.asarray(data.train.images)
    assert (images.shape, images.dtype) == ((36, 64, 64, 1), np.uint8)
    expected = render(np.asarray(data.train.known["classes"])) * 255
    np.testing.assert_array_equal(images[..., 0], expected)


def test_blocks_change_nothing(source, monkeypatch):
    whole = joined(dsprites.read_official(source, OPTIONS).splits["train"], "image")
    monkeypatch.setattr(dsprites, "BLOCK", 7)
    split = dsprites.read_official(source, OPTIONS).splits["train"]
    np.testing.assert_array_equal(joined(split, "image"), whole)


@pytest.fixture
def few(monkeypatch):
    """A renderer of the first 40 images only."""
    monkeypatch.setattr(dsprites, "COUNT", 40)
    monkeypatch.setattr(dsprites, "BLOCK", 16)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("stand_in", [False, True])
def test_rendered_images_are_the_data_set(tmp_path, stand_in):
    manifest = prepare("dsprites", tmp_path, stand_in=stand_in)
    assert not manifest.is_stand_in
    assert manifest.description == "dSprites (rendered; equals 55,012 of 55,013 official images)"
    data = load("dsprites", tmp_path, stand_in=stand_in)
    assert (len(data.train), len(data.validation)) == (36, 4)
    order = np.concatenate(dsprites.split(40))
    found = np.concatenate([data.train.images[:], data.validation.images[:]])
    np.testing.assert_array_equal(found[..., 0], render(classes_of(order)) * 255)


def change(name, values):
    return lambda arrays: arrays | {name: values(arrays[name].copy())}


def put(place, value):
    def values(array):
        array[place] = value
        return array

    return values


BAD = {
    "no images": (lambda a: {k: v for k, v in a.items() if k != "imgs"}, "no array 'imgs'"),
    "pickled": (change("imgs", lambda v: v.astype(object)), "is pickled"),
    "type": (change("imgs", lambda v: v.astype(np.float32)), "is float32"),
    "size": (change("imgs", lambda v: v[:, :32]), r"\(40, 32, 64\)"),
    "grey": (change("imgs", put((3, 4, 5), 255)), "a pixel is 255; dSprites has 0 and 1"),
    "fewer images": (change("imgs", lambda v: v[:-1]), "39 images, but factors of 40"),
    "fewer values": (change("latents_values", lambda v: v[:-1]), "classes of 40 images, but"),
    "no such class": (change("latents_classes", put((7, 3), 40)), "the classes of image 7"),
    "below zero": (change("latents_classes", put((7, 3), -1)), "the classes of image 7"),
    "other value": (change("latents_values", put((9, 4), 0.5)), "the factors of image 9"),
    "not a number": (change("latents_values", put((9, 4), np.nan)), "the factors of image 9"),
    "columns": (change("latents_classes", lambda v: v[:, :5]), r"\(40, 5\)"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arrays(tmp_path, case):
    damage, cause = BAD[case]
    path = write(tmp_path, damage(official()))
    with pytest.raises(DataError, match=cause) as caught:
        dsprites.read_official(tmp_path, OPTIONS)
    assert caught.value.path == path


def test_an_image_given_twice(tmp_path):
    arrays = {name: values for name, values in official().items() if name != "metadata"}
    write(tmp_path, {name: values[[*range(40), 5]] for name, values in arrays.items()})
    with pytest.raises(DataError, match="1 images have the same factors as another one"):
        dsprites.read_official(tmp_path, OPTIONS)


def test_one_image_is_no_data_set(tmp_path):
    arrays = {name: values for name, values in official().items() if name != "metadata"}
    write(tmp_path, {name: values[:1] for name, values in arrays.items()})
    with pytest.raises(DataError, match="cannot be split"):
        dsprites.read_official(tmp_path, OPTIONS)


def without_a_shape(classes):
    return classes[:, 1] != 2


def of_one_scale(classes):
    return classes[:, 2] == 5


def of_one_place_across(classes):
    return classes[:, 4] == 7


@pytest.mark.parametrize(
    ("chosen", "cause"),
    [
        (without_a_shape, "it has no heart, and Sections 4.3"),
        (lambda classes: classes[:, 1] == 1, "it has no square"),
        (of_one_scale, "of the same scale, and Section 4.4"),
        (of_one_place_across, "of the same x, and Section 4.4"),
    ],
)
def test_a_part_that_no_section_could_use_is_refused_before_any_training(tmp_path, chosen, cause):
    classes = classes_of(np.arange(0, COUNT, 501))
    classes = classes[chosen(classes)]
    arrays = {"imgs": render(classes), "latents_values": values_of(classes)}
    path = write(tmp_path, arrays | {"latents_classes": classes})
    with pytest.raises(DataError, match=cause) as caught:
        prepare("dsprites", tmp_path / "data", tmp_path)
    assert caught.value.path == path
    assert "`thesis-repro data prepare dsprites --stand-in`" in str(caught.value)


@pytest.mark.parametrize(
    ("names", "cause"),
    [
        ((), r"no \.npz file"),
        (("a.npz", "b.npz"), r"several \.npz files .*a\.npz, b\.npz"),
        (("a.npz", "._a.npz"), r"a\.npz: its array 'latents_classes' cannot be read"),
    ],
)
def test_the_file_must_be_the_only_one(tmp_path, names, cause):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(DataError, match=cause):
        dsprites.read_official(tmp_path, OPTIONS)


def test_missing_source(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        dsprites.read_official(tmp_path / "nowhere", OPTIONS)


def test_a_file_can_be_named_itself(source):
    path = source / dsprites.OFFICIAL_NAME
    assert dsprites.read_official(path, OPTIONS).sources[0].file == path.name


def test_real_part(tmp_path, real_data):
    manifest = prepare("dsprites", tmp_path, real_data / "dsprites")
    assert manifest.description == "dSprites (55,013 of 737,280 images)"
    assert manifest.part == "55,013 of 737,280 images of dSprites"
    assert verify("dsprites", tmp_path) == manifest
    (path,) = (real_data / "dsprites").glob("*.npz")
    with zipfile.ZipFile(path) as archive, archive.open("imgs.npy") as stream:
        header = 8 + 2 + int.from_bytes(stream.read(10)[8:], "little")
        stream.seek(header)
        pixels = np.frombuffer(stream.read(), np.uint8).reshape(-1, 64, 64, 1)
    train, validation = train_test_split(pixels, random_state=42, test_size=0.1)
    for name, expected in {"train": train, "validation": validation}.items():
        digest = hashlib.sha256(expected * 255).hexdigest()
        assert manifest.splits[name].content["image"] == digest


@pytest.mark.slow
def test_everything_rendered(tmp_path):
    manifest = prepare("dsprites", tmp_path, options=ReadOptions(workers=2))
    assert {name: split.count for name, split in manifest.splits.items()} == {
        "train": 663_552,
        "validation": 73_728,
    }
    known = load("dsprites", tmp_path)
    classes = np.concatenate([known.train.known["classes"], known.validation.known["classes"]])
    assert len(np.unique(np.ravel_multi_index(classes.T, FACTOR_SIZES))) == COUNT
