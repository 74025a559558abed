"""The stand-in for CelebA."""

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from data_prep import faces
from data_prep.content import ReadOptions
from data_prep.faces import Face

# Columns of the official list_attr_celeba.txt, from 0.
COLUMNS = {
    "Bald": 4,
    "Black_Hair": 8,
    "Blond_Hair": 9,
    "Brown_Hair": 11,
    "Eyeglasses": 15,
    "Gray_Hair": 17,
    "Male": 20,
    "Mustache": 22,
    "Pale_Skin": 26,
    "Smiling": 31,
    "Wearing_Hat": 35,
}
NO_BEARD = 24
HAIR = ["Bald", "Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair"]


@pytest.fixture(scope="module")
def drawn():
    """900 pictures and their attributes."""
    people = [faces.sample(index) for index in range(900)]
    labels = np.stack([faces.attributes(person) for person in people])
    return [faces.draw(person) for person in people], labels


@pytest.fixture(scope="module")
def labels():
    return np.stack([faces.attributes(faces.sample(index)) for index in range(faces.FACES)])


def person(index=0, **changes) -> Face:
    """A plain face in the style of a sampled one."""
    plain = Face(
        male=False,
        smiling=False,
        hair="Black_Hair",
        eyeglasses=False,
        hat=False,
        pale=False,
        mustache=False,
        style=faces.sample(index).style,
    )
    return plain._replace(**changes)


def changed(first: Face, second: Face) -> np.ndarray:
    """Where two pictures differ, bool (218, 178)."""
    pair = [np.asarray(faces.draw(face), int) for face in (first, second)]
    return np.abs(pair[0] - pair[1]).max(axis=-1) > 0


def test_schema_and_counts():
    content = faces.read_stand_in(ReadOptions())
    assert content.description == "stand-in: parametric faces"
    assert {name: split.count for name, split in content.splits.items()} == {
        "train": 5_400,
        "validation": 600,
    }
    for split in content.splits.values():
        first = next(iter(split.batches))
        assert set(first) == set(content.features) == {"image", "attributes"}
        for name, feature in content.features.items():
            assert first[name].dtype == feature.dtype
            assert first[name].shape == (64, *feature.shape)


def test_the_first_tenth_is_held_out(monkeypatch):
    monkeypatch.setattr(faces, "FACES", 150)
    splits = faces.read_stand_in(ReadOptions()).splits
    whole = faces.batch(range(150))
    for name, rows in {"validation": slice(15), "train": slice(15, 150)}.items():
        batches = list(splits[name].batches)
        for key, expected in whole.items():
            got = np.concatenate([batch[key] for batch in batches])
            np.testing.assert_array_equal(got, expected[rows], strict=True)


def test_same_faces_whatever_the_batches_and_workers(monkeypatch):
    monkeypatch.setattr(faces, "FACES", 150)
    alone, pair = (faces.read_stand_in(ReadOptions(workers=count)).splits for count in (1, 2))
    for one, other in zip(alone["train"].batches, pair["train"].batches, strict=True):
        np.testing.assert_array_equal(one["image"], other["image"], strict=True)
    last = faces.batch([149])
    np.testing.assert_array_equal(last["image"][0], one["image"][-1], strict=True)
    assert not np.array_equal(one["image"][-1], one["image"][-2])


def test_resized_as_the_official_pictures():
    picture = faces.draw(faces.sample(3))
    assert (picture.size, picture.mode) == ((178, 218), "RGB")
    expected = picture.resize((128, 128), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(faces.batch([3])["image"][0], np.asarray(expected))


def test_label_rules(labels):
    assert labels[:, [COLUMNS[name] for name in HAIR]].sum(axis=1).max() == 1
    assert not (labels[:, COLUMNS["Mustache"]] & ~labels[:, COLUMNS["Male"]]).any()
    np.testing.assert_array_equal(labels[:, NO_BEARD], ~labels[:, COLUMNS["Mustache"]])
    constant = np.delete(labels, [*COLUMNS.values(), NO_BEARD], axis=1)
    assert constant.shape[1] == 28
    assert not constant.any()


def test_every_attribute_in_a_useful_number_of_faces(labels):
    share = labels[:, list(COLUMNS.values())].mean(axis=0)
    assert share.min() > 0.08
    assert share.max() < 0.5


def test_attributes_are_independent_but_for_the_rules(labels):
    free = ["Male", "Smiling", "Black_Hair", "Eyeglasses", "Wearing_Hat", "Pale_Skin"]
    correlation = np.corrcoef(labels[:, [COLUMNS[name] for name in free]].T)
    assert np.abs(correlation - np.eye(len(free))).max() < 0.06  # more than 4 standard errors


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"male": True}, "Male"),
        ({"smiling": True}, "Smiling"),
        ({"eyeglasses": True}, "Eyeglasses"),
        ({"hat": True}, "Wearing_Hat"),
        ({"pale": True}, "Pale_Skin"),
        ({"male": True, "mustache": True}, "Mustache"),
        *(({"hair": name}, name) for name in HAIR),
    ],
)
def test_what_is_drawn_stands_in_the_official_column(change, column):
    plain, other = faces.attributes(person(hair="red")), faces.attributes(person(**change))
    assert other[COLUMNS[column]]
    assert np.flatnonzero(plain).tolist() == [NO_BEARD]


# Left, top, right, bottom (px); eyes at y = 111, tip of the nose about 135, mouth at 152.
@pytest.mark.parametrize(
    ("base", "change", "box", "least"),
    [
        ({}, {"eyeglasses": True}, (36, 90, 141, 134), 500),
        ({}, {"smiling": True}, (58, 126, 119, 172), 500),
        ({"male": True}, {"mustache": True}, (60, 134, 117, 160), 150),
        ({}, {"hat": True}, (0, 5, 178, 102), 3_000),
    ],
)
@pytest.mark.parametrize("index", range(12))
def test_an_attribute_changes_its_own_region_and_nothing_else(index, base, change, box, least):
    where = changed(person(index, **base), person(index, **base, **change))
    left, top, right, bottom = box
    assert where.sum() > least
    where[top:bottom, left:right] = False
    assert not where.any()


@pytest.mark.parametrize("name", ["Bald", "Blond_Hair", "Brown_Hair", "Gray_Hair", "red"])
@pytest.mark.parametrize("index", range(6))
@pytest.mark.parametrize("male", [False, True])
def test_hair_changes_around_the_face_and_the_brows(name, index, male):
    where = changed(person(index, male=male), person(index, male=male, hair=name))
    assert where[:80].sum() > 1_000
    assert not where[122:160, 72:105].any()  # nose and mouth
    assert not where[:20].any()


@pytest.mark.parametrize("index", range(6))
def test_pale_skin_is_lighter_and_leaves_background_hair_and_clothes_alone(index):
    bald = person(index, hair="Bald")
    where = changed(bald, bald._replace(pale=True))
    assert where[70:160, 62:115].mean() > 0.85
    assert not where[:40].any()
    assert not where[:, :30].any()
    assert not where[:, 148:].any()
    tone, pale = (np.asarray(faces.draw(face)) for face in (bald, bald._replace(pale=True)))
    assert pale[70:90, 75:102].mean() > tone[70:90, 75:102].mean() + 15


@pytest.mark.parametrize("index", range(6))
def test_men_have_a_wider_jaw_and_leave_the_background_alone(index):
    woman, man = (person(index, hair="Bald", male=male) for male in (False, True))
    where = changed(woman, man)
    assert where[160:185, 45:132].sum() > 300  # jaw
    assert where[90:110].sum() > 200  # brows and lids
    assert not where[:40].any()


def test_centres_of_change_lie_where_celeba_has_eyes_and_mouth():
    for change, x, y in (({"eyeglasses": True}, 88.5, 111), ({"smiling": True}, 88.5, 152)):
        spots = [
            np.argwhere(changed(person(index), person(index, **change))).mean(axis=0)
            for index in range(40)
        ]
        np.testing.assert_allclose(np.mean(spots, axis=0), (y, x), atol=4)


def test_mean_face_resembles_the_mean_of_real_faces(drawn, real_data):
    paths = sorted((real_data / "celeba" / "img_align_celeba").glob("*.jpg"))[:300]
    real, ours = (
        np.mean([np.asarray(picture.convert("L"), float) for picture in pictures], axis=0)
        for pictures in ([Image.open(path) for path in paths], drawn[0])
    )
    middle = np.s_[60:180, 45:133]  # forehead to chin
    assert np.corrcoef(real[middle].ravel(), ours[middle].ravel())[0, 1] > 0.7


@pytest.mark.parametrize("name", COLUMNS)
def test_each_attribute_can_be_learned(drawn, name):
    """By a linear classifier on 16 x 16 thumbnails of 600 faces; chance is an area of 0.5."""
    pictures, labels = drawn
    thumbnails = [picture.resize((16, 16), Image.Resampling.BOX) for picture in pictures]
    pixels = np.stack([np.asarray(thumbnail, float).ravel() for thumbnail in thumbnails])
    wanted = labels[:, COLUMNS[name]]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1_000))
    scores = model.fit(pixels[:600], wanted[:600]).decision_function(pixels[600:])
    bound = 0.65 if name == "Brown_Hair" else 0.9  # brown lies between black and blond
    assert roc_auc_score(wanted[600:], scores) > bound
