"""ImageNet's classes: their numbers, and those of the validation pictures, which name none.

Kaggle's archive has `LOC_synset_mapping.txt` and `LOC_val_solution.csv`, image-net.org's the
development kit, whose `meta.mat` numbers the classes otherwise (torchvision reads it alike).
"""

import hashlib
import io
import re
import tarfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from scipy.io import loadmat

from data_prep.errors import DataError, unreadable
from data_prep.opening import open_file

MAPPING = "LOC_synset_mapping.txt"
SOLUTION = "LOC_val_solution.csv"
DEVKIT = "ILSVRC2012_devkit_t12"
GROUND_TRUTH, META = "data/ILSVRC2012_validation_ground_truth.txt", "data/meta.mat"
CLASSES = 1_000  # Section 3.3.2
VALIDATION_COUNT = 50_000  # Russakovsky et al., Table 2: 50 of each class
# Of the official wnids in ascending order, a line each.
WNIDS_MD5 = "5ef135d00f8768c0f62853cd9dbc563d"
LARGEST_BYTES = 2**25  # of a file that is read whole; Kaggle's table has 2 MB

HEADER = "ImageId,PredictionString"
ROW = re.compile(r"(ILSVRC2012_val_[0-9]{8}),(n[0-9]{8})\b.*")


def read_mapping(path: Path) -> dict[str, int]:
    """Read the label of each class: the line number from 0, in ascending order of the wnids.

    Raises:
        DataError: A line is malformed or out of order, or there are not 1,000.
    """
    fix = f"put Kaggle's {MAPPING} there, unchanged"
    labels: dict[str, int] = {}
    last = ""
    for number, line in enumerate(_lines(path, fix), start=1):
        match = re.match(r"(n[0-9]{8})\b", line)
        if not match:
            cause = f"line {number:,} does not begin with a class like n01440764"
            raise DataError(path, cause, fix)
        if match[1] <= last:
            cause = f"line {number:,}: {match[1]} is there twice or out of the official order"
            raise DataError(path, cause, fix)
        labels[last := match[1]] = number - 1
    if len(labels) != CLASSES:
        raise DataError(path, f"it has {len(labels):,} classes instead of {CLASSES:,}", fix)
    return labels


def official_labels(wnids: Iterable[str]) -> dict[str, int] | None:
    """The labels of these classes without the mapping, if they are all the official ones."""
    ordered = sorted(wnids)
    md5 = hashlib.md5("".join(f"{wnid}\n" for wnid in ordered).encode(), usedforsecurity=False)
    return dict(zip(ordered, range(CLASSES), strict=True)) if md5.hexdigest() == WNIDS_MD5 else None


def read_solution(path: Path, labels: dict[str, int]) -> dict[str, str]:
    """Read Kaggle's table: the class of each validation picture, by its name without an ending.

    Raises:
        DataError: A line is malformed, or there are not 50 pictures of each class.
    """
    fix = f"put Kaggle's {SOLUTION} there, unchanged"
    header, *lines = _lines(path, fix) or [""]
    if header != HEADER:
        raise DataError(path, f"line 1 is not {HEADER!r}", fix)
    wnids = {}
    for number, line in enumerate(lines, start=2):
        match = ROW.fullmatch(line)
        if not match:
            cause = f"line {number:,} does not begin like ILSVRC2012_val_00000001,n01751748"
            raise DataError(path, cause, fix)
        wnids[match[1]] = match[2]
    _check(path, wnids, labels, fix)
    return wnids


def read_devkit(path: Path, labels: dict[str, int]) -> dict[str, str]:
    """Read the same from image-net.org's development kit, packed or as a folder.

    Raises:
        DataError: It is damaged, or there are not 50 pictures of each class.
    """
    fix = f"put image-net.org's {DEVKIT}.tar.gz there, as downloaded"
    try:
        truth, meta = _devkit_files(path)
        synsets = loadmat(io.BytesIO(meta), squeeze_me=True)["synsets"]
        leaves = synsets[synsets["num_children"] == 0]
        numbers, names = leaves["ILSVRC2012_ID"].tolist(), leaves["WNID"].tolist()
        by_number = dict(zip(numbers, names, strict=True))
        wnids = {
            f"ILSVRC2012_val_{position:08}": by_number[int(number)]
            for position, number in enumerate(truth.decode("ascii").split(), start=1)
        }
    except OSError as error:
        raise unreadable(path, error, fix) from error
    except Exception as error:  # tarfile, zlib and SciPy raise nearly anything on damaged bytes
        cause = f"the development kit is damaged ({type(error).__name__}: {error})"
        raise DataError(path, cause, fix) from error
    _check(path, wnids, labels, fix)
    return wnids


def _devkit_files(path: Path) -> list[bytes]:
    if path.is_dir():
        return [_read(path / name) for name in (GROUND_TRUTH, META)]
    with open_file(path) as file, tarfile.open(fileobj=file, mode="r:gz") as opened:
        members = [opened.getmember(f"{DEVKIT}/{name}") for name in (GROUND_TRUTH, META)]
        if any(member.size > LARGEST_BYTES for member in members):
            raise ValueError("a file in it is far too large")
        return [opened.extractfile(member).read() for member in members]


def _check(path: Path, wnids: dict[str, str], labels: dict[str, int], fix: str) -> None:
    counts = Counter(wnids.values())
    each = VALIDATION_COUNT // CLASSES
    for wnid in sorted(labels.keys() | counts.keys()):
        if counts[wnid] != (each if wnid in labels else 0):
            cause = f"it has {counts[wnid]} pictures of {wnid}; of each of {CLASSES:,} classes "
            raise DataError(path, f"{cause}there are {each}", fix)


def _lines(path: Path, fix: str) -> list[str]:
    try:
        content = _read(path)
    except OSError as error:
        raise unreadable(path, error, fix) from error
    return content.decode("utf-8-sig", errors="replace").splitlines()


def _read(path: Path) -> bytes:
    with open_file(path) as file:
        return file.read(LARGEST_BYTES)
