"""Prepared data sets by their names."""

from pathlib import Path

from data_prep.errors import DataError
from data_prep.folders import AT_HAND, RESIZED, folder, is_filled, ways_to_prepare
from data_prep.prepare import DATASETS, prepare
from data_prep.reading import CHECKED_BYTES, Split, load
from thesis_repro.names import did_you_mean, named

SPLITS = ("train", "validation")


class UnknownDataError(LookupError):
    """No data set or split is called so; the message names those that there are."""


def load_data(
    dataset: str,
    split: str = "validation",
    *,
    data_dir: str | Path = "data",
    stand_in: bool = False,
) -> Split:
    """A split of a data set: its images, uint8 (n, height, width, channels), and what is known.

    Images are a column that is read when it is indexed: ``load_data("mnist").images[:100]``. What
    is known is in memory, as arrays, where the data set has up to 1 GiB (MNIST, Morpho-MNIST,
    dSprites); of larger ones it is columns, too: ``[:]`` reads one.
    "validation" is the data sets' official test or validation images, where they have such.
    MNIST, Morpho-MNIST and dSprites need no file: they are prepared in ``data_dir`` when they are
    first asked for, in seconds (Morpho-MNIST: a minute); MNIST takes 58 MB there.

    Args:
        dataset: "mnist", "morpho-mnist", "dsprites", "celeba", "imagenet", or one of these resized,
            "celeba-224".
        split: "train" or "validation".
        data_dir: Where prepared data sets lie.
        stand_in: Whether the stand-in for CelebA or ImageNet is meant, which is made if need be.

    Raises:
        UnknownDataError: there is no such data set or split.
        DataError: it has not been prepared, and needs files; or it is damaged.
    """
    if not isinstance(dataset, str):
        raise UnknownDataError(f'Data sets are named by text, as in "mnist", not {dataset!r}.')
    if named(dataset, DATASETS) is None:
        raise UnknownDataError(
            f"No data set is called {dataset!r}.{did_you_mean(dataset, DATASETS)} There are "
            f"{', '.join(DATASETS)}."
        )
    chosen = dataset.strip().casefold()
    if split not in SPLITS:
        raise UnknownDataError(f"A data set has the splits {' and '.join(SPLITS)}, not {split!r}.")
    place = Path(data_dir)
    make_ready(chosen, place, stand_in=stand_in)
    prepared = load(chosen, place, stand_in)
    part = prepared.train if split == "train" else prepared.validation
    if prepared.manifest.bytes > CHECKED_BYTES:  # a column is read record by record, with images
        return part
    return Split(part.images, {name: column[:] for name, column in part.known.items()})


def make_ready(dataset: str, data_dir: Path, *, stand_in: bool) -> None:
    """Prepare what needs no file, if it is not there; see that all else is.

    Raises:
        DataError: it has not been prepared, and needs files.
    """
    if dataset not in AT_HAND and not stand_in:
        _need_prepared(dataset, data_dir)
    elif not is_filled(folder(data_dir, dataset, stand_in)):
        prepare(dataset, data_dir, None, stand_in)


def _need_prepared(dataset: str, data_dir: Path) -> None:
    """See that official images are there, or what they are resized from."""
    origin = RESIZED[dataset].origin if dataset in RESIZED else dataset
    for needed in (origin, dataset):
        location = folder(data_dir, needed, stand_in=False)
        if not is_filled(location):
            fix = (
                f"run {ways_to_prepare(needed, data_dir)}, or pass stand_in=True, which makes "
                "images in their place"
            )
            raise DataError(location, "the data set has not been prepared", fix)
