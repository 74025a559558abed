"""Prepared data, damaged in every way that Hypothesis thinks of: what was there, or a DataError.

Checksums notice nearly all of it. So that the checks behind them are reached as well, manifests are
also sealed again after the damage, as somebody would who forges them.
"""

import contextlib
import hashlib
import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.content import Content, SplitContent
from data_prep.errors import DataError
from data_prep.layout import Layout
from data_prep.manifest import MANIFEST_NAME, Feature
from data_prep.prepare import Dataset, listing, prepare, verify
from data_prep.reading import load

sys.path.insert(0, str(Path(__file__).parent))
damage = importlib.import_module("damage")
examples, value_or_refusal = damage.examples, damage.value_or_refusal

FEATURES = {
    "image": Feature("uint8", (9, 8, 3), "raw"),
    "mask": Feature("uint8", (3, 3), "bits"),
    "factors": Feature("float64", (2,), "raw"),
    "label": Feature("int64", (), "raw"),
}
COUNTS = {"train": 11, "validation": 4}


def batch(count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "image": rng.integers(0, 256, (count, 9, 8, 3), dtype=np.uint8),
        "mask": rng.choice(np.array([0, 255], np.uint8), (count, 3, 3)),
        "factors": rng.normal(size=(count, 2)),
        "label": rng.integers(0, 10, count),
    }


class Prepared:
    """A data set in a folder of its own, and what was in it when it was whole."""

    # No dataclass: Hypothesis prints those with a failure, and refuses to print so much.
    def __init__(self, data_dir: Path, values: dict[str, np.ndarray]):
        self.data_dir = data_dir
        self.values = values
        self.damaged: set[str] = set()
        self.files = {path.name: path.read_bytes() for path in self.folder.iterdir()}

    @property
    def folder(self) -> Path:
        return self.data_dir / "mnist"

    def damage(self, **changed: bytes) -> None:
        """Give some files other bytes, and all others their own."""
        for name in self.damaged | set(changed):
            (self.folder / name).write_bytes(changed.get(name, self.files[name]))
        self.damaged = set(changed)

    def load(self):
        return value_or_refusal(lambda: read_all(self.data_dir), self.data_dir)

    def verify(self):
        return value_or_refusal(lambda: verify("mnist", self.data_dir), self.data_dir)

    def check(self, found: dict[str, np.ndarray] | DataError) -> None:
        if not isinstance(found, DataError):
            for name, values in self.values.items():
                np.testing.assert_array_equal(found[name], values, strict=True)


def read_all(data_dir: Path) -> dict[str, np.ndarray]:
    data = load("mnist", data_dir)
    found = {}
    for name, split in (("train", data.train), ("validation", data.validation)):
        for feature, column in {"image": split.images, **split.known}.items():
            found[f"{name} {feature}"] = column[:]
            assert len(column) == len(split)
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Prepared:
    rng = np.random.default_rng(9)
    batches = {name: batch(count, rng) for name, count in COUNTS.items()}
    splits = {name: SplitContent(COUNTS[name], [batches[name]]) for name in COUNTS}
    content = Content("MNIST (small)", FEATURES, splits, ())
    data_dir = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("data_prep.records.SHARD_BYTES", 5 * Layout(FEATURES).stride)
        datasets = {"mnist": Dataset("MNIST", lambda *_: content, lambda _: content)}
        manifest = prepare("mnist", data_dir, data_dir, datasets=datasets)
    assert [len(split.shards) for split in manifest.splits.values()] == [3, 1]
    values = {f"{name} {key}": v for name, values in batches.items() for key, v in values.items()}
    result = Prepared(data_dir, values)
    result.check(result.load())
    return result


def sealed(document: dict) -> bytes:
    """The manifest with the checksums that belong to it, as far as they can be computed."""
    with contextlib.suppress(Exception):
        seen = {
            "dataset": document["dataset"],
            "is_stand_in": document["is_stand_in"],
            "features": {k: [f["dtype"], f["shape"]] for k, f in document["features"].items()},
            "splits": {k: [s["count"], s["content"]] for k, s in document["splits"].items()},
        }
        document["fingerprint"] = checksum(seen)
    document.pop("manifest_sha256", None)
    document["manifest_sha256"] = checksum(document)
    return json.dumps(document).encode()


def checksum(document: dict) -> str:
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def shards(document: dict) -> list[dict]:
    return [shard for split in document["splits"].values() for shard in split["shards"]]


@examples(400)
@given(data=st.data())
def test_any_change_of_a_manifest(whole, data):
    manifest = whole.files[MANIFEST_NAME]
    damaged = damage.damaged_bytes(manifest) | damage.damaged_text(manifest)
    whole.damage(**{MANIFEST_NAME: data.draw(damaged)})
    whole.check(whole.load())
    whole.verify()
    assert len(listing(whole.data_dir)) == 1


@examples(800)
@given(data=st.data())
def test_forged_manifests(whole, data):
    document = data.draw(damage.damaged_json(json.loads(whole.files[MANIFEST_NAME])))
    whole.damage(**{MANIFEST_NAME: sealed(document)})
    whole.load()
    whole.verify()
    (listed,) = listing(whole.data_dir)
    f"{listed.problem} {listed.manifest}".encode()  # it can be printed


@examples(300)
@given(data=st.data())
def test_any_change_of_a_file_of_records_is_noticed(whole, data):
    name = data.draw(st.sampled_from(sorted(set(whole.files) - {MANIFEST_NAME})))
    whole.damage(**{name: data.draw(damage.damaged_bytes(whole.files[name]))})
    for found in (whole.load(), whole.verify()):
        assert isinstance(found, DataError)
        assert found.path == whole.folder / name


@examples(300)
@given(data=st.data())
def test_files_of_records_too_large_to_be_checked_at_each_start(whole, data):
    """Their images are still held against the CRC of each record."""
    name = data.draw(st.sampled_from(sorted(set(whole.files) - {MANIFEST_NAME})))
    size = len(whole.files[name])
    damaged = data.draw(damage.damaged_bytes(whole.files[name])) + whole.files[name]
    whole.damage(**{name: damaged[:size]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("data_prep.reading.CHECKED_BYTES", 0)
        found = whole.load()
    if not isinstance(found, DataError):
        for key in ("train image", "validation image"):
            np.testing.assert_array_equal(found[key], whole.values[key])


@examples(400)
@given(data=st.data())
def test_forged_files_of_records(whole, data):
    document = json.loads(whole.files[MANIFEST_NAME])
    shard = data.draw(st.sampled_from(shards(document)))
    damaged = data.draw(damage.damaged_bytes(whole.files[shard["file"]]))
    shard |= {"bytes": len(damaged), "sha256": hashlib.sha256(damaged).hexdigest()}
    whole.damage(**{shard["file"]: damaged, MANIFEST_NAME: sealed(document)})
    whole.load()
    if not isinstance(whole.verify(), DataError):  # the damage was to the CRCs alone
        layout = Layout(FEATURES)
        rows, were = (
            np.frombuffer(content, np.uint8).reshape(-1, layout.stride)
            for content in (damaged, whole.files[shard["file"]])
        )
        for feature in FEATURES:
            np.testing.assert_array_equal(
                layout.decode(rows, feature), layout.decode(were, feature)
            )
