"""The manifest of a prepared data set: a frozen dataclass, and `manifest.json`."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from data_prep.checksums import SourceFile
from data_prep.errors import DataError, unreadable
from data_prep.opening import open_file

MANIFEST_NAME = "manifest.json"
SCHEMA_VERSION = 2

# Images of the complete data sets, by split: Sections 3.3.1 to 3.3.5 and what the readers hold out.
_MNIST = {"train": 60_000, "validation": 10_000}
_CELEBA = {"train": 182_340, "validation": 20_259}
COMPLETE = {
    "mnist": _MNIST,
    "morpho-mnist": _MNIST,
    "dsprites": {"train": 663_552, "validation": 73_728},
    "celeba": _CELEBA,
    "celeba-224": _CELEBA,
    "imagenet": {"train": 1_281_167, "validation": 50_000},
}


@dataclass(frozen=True)
class Feature:
    """One value per image: numpy data type, shape, and how a TFRecord stores it.

    Attributes:
        dtype: Numpy name of the type, e.g. "uint8".
        shape: Height, width, channels for an image; empty for a single number.
        encoding: "raw" (little-endian bytes, row by row) or "bits" (one bit per value of 0 or 255).
    """

    dtype: str
    shape: tuple[int, ...]
    encoding: str


@dataclass(frozen=True)
class Shard:
    """One TFRecord file: name, number of records, size in bytes, sha256 (hex)."""

    file: str
    count: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class SplitEntry:
    """One split: number of images, its files, and what is in them whatever the files look like.

    Attributes:
        count: Number of images.
        content: Per feature the sha256 (hex) of all values in order, as little-endian bytes.
        shards: The files, in order.
        left_out: Names of the damaged images that were left out on request.
    """

    count: int
    content: Mapping[str, str]
    shards: tuple[Shard, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """Everything known about a prepared data set.

    Attributes:
        dataset: Id, e.g. "mnist".
        title: Name for people, e.g. "MNIST".
        description: The words that tables and figures carry; says so where it is a stand-in.
        is_stand_in: Whether the images are not those of the data set itself.
        features: Per feature its type, shape and encoding.
        splits: "train" and "validation".
        sources: The files that it was made from.
        tools: Versions of what wrote it; for people, in no checksum of the content.
        resized_from: Fingerprint of the prepared data set whose images these are in another size;
            empty if of none.
    """

    dataset: str
    title: str
    description: str
    is_stand_in: bool
    features: Mapping[str, Feature]
    splits: Mapping[str, SplitEntry]
    sources: tuple[SourceFile, ...]
    tools: Mapping[str, str]
    resized_from: str = ""

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Height, width and channels of an image (px)."""
        return self.features["image"].shape

    @property
    def part(self) -> str:
        """How much of its data set this is, "55,013 of 737,280 images of dSprites".

        Empty if it is complete, and of a stand-in, which is none of it. It goes by the counts: the
        description need not say so, as where damaged pictures were left out.
        """
        complete = COMPLETE.get(self.dataset, {})
        counts = {name: self.splits[name].count for name in complete}
        if self.is_stand_in or all(counts[name] >= complete[name] for name in complete):
            return ""
        there, all_of_it = sum(counts.values()), sum(complete.values())
        return f"{there:,} of {all_of_it:,} images of {self.title}"

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(shard.bytes for split in self.splits.values() for shard in split.shards)

    @property
    def fingerprint(self) -> str:
        """The sha256 (hex) over everything that a model can see of the data set.

        It stays the same when the same images are prepared at another time, by other versions of
        the tools, or in other shards and encodings.
        """
        seen = {
            "dataset": self.dataset,
            "is_stand_in": self.is_stand_in,
            "features": {name: [f.dtype, list(f.shape)] for name, f in self.features.items()},
            "splits": {
                name: [split.count, dict(split.content)] for name, split in self.splits.items()
            },
        }
        return _sha256_of_json(seen)


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write `manifest.json` into a folder that nobody reads yet."""
    document = {"schema_version": SCHEMA_VERSION, **asdict(manifest)}
    document["fingerprint"] = manifest.fingerprint
    document["manifest_sha256"] = _sha256_of_json(document)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST_NAME).write_text(text, encoding="utf-8")


def read_manifest(folder: Path, fix: str) -> Manifest:
    """Read and check `manifest.json`.

    Args:
        folder: The prepared data set.
        fix: What the error tells the user to do, e.g. the command that prepares it again.

    Raises:
        DataError: The file is missing, no JSON, of another version, or was changed by hand.
    """
    path = folder / MANIFEST_NAME
    document = _read_json(path, fix)
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        cause = f"schema_version is {version!r}, this version of the package reads {SCHEMA_VERSION}"
        raise DataError(path, cause, fix)
    stated = document.pop("manifest_sha256", None)
    if stated != _sha256_of_json(document):
        raise DataError(path, "it was changed after it was written (manifest_sha256 differs)", fix)
    try:
        manifest = _from_document(document)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(path, f"an entry is missing or malformed ({error!r})", fix) from error
    if document.get("fingerprint") != manifest.fingerprint:
        raise DataError(path, "the fingerprint does not belong to the entries", fix)
    return manifest


def _read_json(path: Path, fix: str) -> dict[str, Any]:
    try:
        with open_file(path) as file:
            document = json.loads(file.read().decode("utf-8"))
    except FileNotFoundError as error:
        raise DataError(
            path, "there is no manifest, so this is no prepared data set", fix
        ) from error
    except OSError as error:
        raise unreadable(path, error, fix) from error
    except (ValueError, RecursionError) as error:
        raise DataError(path, f"it is not JSON ({error})", fix) from error
    if not isinstance(document, dict):
        raise DataError(path, "it is JSON, but no manifest", fix)
    return document


def _from_document(document: dict[str, Any]) -> Manifest:
    return Manifest(
        dataset=_text(document["dataset"]),
        title=_text(document["title"]),
        description=_text(document["description"]),
        is_stand_in=document["is_stand_in"],
        features={_text(name): _feature(entry) for name, entry in document["features"].items()},
        splits={_text(name): _split(entry) for name, entry in document["splits"].items()},
        sources=tuple(_source(**entry) for entry in document["sources"]),
        tools=_texts(document["tools"]),
        resized_from=_text(document.get("resized_from", "")),  # earlier manifests have none
    )


def _feature(entry: dict[str, Any]) -> Feature:
    shape = tuple(map(_number, entry["shape"]))
    return Feature(_text(entry["dtype"]), shape, _text(entry["encoding"]))


def _split(entry: dict[str, Any]) -> SplitEntry:
    shards = tuple(_shard(**shard) for shard in entry["shards"])
    left_out = tuple(map(_text, entry["left_out"]))
    return SplitEntry(_number(entry["count"]), _texts(entry["content"]), shards, left_out)


def _shard(file: Any, count: Any, bytes: Any, sha256: Any) -> Shard:
    if Path(_text(file)).name != file:  # a name, never a way out of the folder
        raise ValueError(f"{file!r} is no plain file name")
    return Shard(file, _number(count), _number(bytes), _text(sha256))


def _source(file: Any, bytes: Any, md5: Any, sha256: Any) -> SourceFile:
    return SourceFile(_text(file), _number(bytes), _text(md5), _text(sha256))


def _texts(values: Any) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    value.encode()  # JSON can hold halves of characters, which no file and no terminal takes
    return value


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:  # True is an int
        raise TypeError(f"{value!r} is no number of anything")
    return value


def _sha256_of_json(document: Mapping[str, Any]) -> str:
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
