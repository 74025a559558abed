"""Images that a model takes in another size than its data set has (erratum E73)."""

import numpy as np
import pytest
from PIL import Image

from data_prep import celeba, dsprites, imagenet
from data_prep.content import Content, SplitContent
from data_prep.errors import DataError
from data_prep.folders import resized_id
from data_prep.manifest import Feature
from data_prep.prepare import Dataset, prepare
from data_prep.reading import load
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.images import Identity, load_images, resized_dataset
from thesis_repro.training.schedule import Schedule

SPEC = MODELS["alexnet-vae-celeba"]
WHOLE, FEW = Schedule(None, None, 1), Schedule(9, 5, 1)
COUNTS = {"train": 30, "validation": 7}
IMAGE_BYTES = 224 * 224 * 3
FEATURES = {"image": Feature("uint8", (128, 128, 3), "raw"), "label": Feature("int64", (), "raw")}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """CelebA in small, as it was prepared."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    splits = {}
    for name, count in COUNTS.items():
        images = rng.integers(0, 256, (count, 128, 128, 3), dtype=np.uint8)
        splits[name] = SplitContent(count, [{"image": images, "label": np.arange(count)}])
    content = Content("CelebA (small)", FEATURES, splits, ())
    made = Dataset("CelebA", lambda *_: content, lambda _: content)
    prepare("celeba", folder, folder, datasets={"celeba": made})
    return folder


@pytest.fixture
def on_disk(monkeypatch):
    """Memory for 7 images: training images are too many, validation images are not."""
    monkeypatch.setattr("thesis_repro.training.images.IN_MEMORY_BYTES", 7 * IMAGE_BYTES)


def lanczos(images) -> np.ndarray:
    """By Pillow, which the thesis resized with."""
    size, how = (224, 224), Image.Resampling.LANCZOS
    return np.stack([np.asarray(Image.fromarray(image).resize(size, how)) for image in images])


@pytest.mark.parametrize("amount", [WHOLE, FEW])
def test_few_images_are_resized_in_memory(data_dir, amount):
    data = load_images(SPEC, data_dir, amount, stand_in=False)
    plain = load_images(MODELS["celeba-vae"], data_dir, amount, stand_in=False)
    for resized, images in ((data.train, plain.train), (data.validation, plain.validation)):
        assert isinstance(resized, np.ndarray)
        np.testing.assert_array_equal(resized, lanczos(images), strict=True)
    np.testing.assert_array_equal(data.train_known["label"], plain.train_known["label"])
    assert data.identity() == plain.identity()
    assert data.description == "CelebA (small)"


def test_many_images_are_read_from_a_set_of_that_size(data_dir, on_disk):
    prepare("celeba-224", data_dir)
    data = load_images(SPEC, data_dir, WHOLE, stand_in=False)
    prepared = load("celeba", data_dir)
    assert not isinstance(data.train, np.ndarray)
    assert isinstance(data.validation, np.ndarray)
    np.testing.assert_array_equal(data.train, lanczos(prepared.train.images[:]), strict=True)
    np.testing.assert_array_equal(data.validation, lanczos(prepared.validation.images[:]))
    np.testing.assert_array_equal(data.train_known["label"], np.arange(COUNTS["train"]))
    # A run on them is the same run, and its results are of the same data.
    assert data.identity() == Identity.of(prepared.manifest, WHOLE)
    assert (data.description, data.is_stand_in) == ("CelebA (small)", False)


def test_many_images_without_such_a_set_are_named(data_dir, on_disk, tmp_path):
    (tmp_path / "celeba").symlink_to(data_dir / "celeba")
    with pytest.raises(DataError, match="not been prepared in this size") as caught:
        load_images(SPEC, tmp_path, WHOLE, stand_in=False)
    assert "data prepare celeba-224 --data-dir" in caught.value.fix


def test_which_images_are_read_from_a_set_of_that_size():
    most = 2**31 // IMAGE_BYTES
    assert resized_dataset(SPEC, most) is None
    assert resized_dataset(SPEC, most + 1) == "celeba-224"
    assert resized_dataset(SPEC, None) == "celeba-224"  # nobody knows how many there are
    assert resized_dataset(MODELS["celeba-vae"], 10**6) is None
    assert resized_dataset(MODELS["alexnet-vae"], 10**6) is None


def test_every_model_finds_its_data_in_its_size():
    """The models of a new size need an entry in `data_prep.folders.RESIZED`."""
    sizes = {
        "mnist": (28, 28),
        "dsprites": (dsprites.SIZE, dsprites.SIZE),
        "celeba": celeba.SIZE[:2],
        "imagenet": imagenet.SIZE[:2],
    }
    for spec in MODELS.values():
        dataset, size = spec.dataset.value, spec.input_shape.value[:2]
        assert size == sizes[dataset] or resized_id(dataset, size), spec.id
