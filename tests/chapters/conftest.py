"""What the tests of sections share."""

from types import SimpleNamespace

import pandas as pd
import pytest

from thesis_repro.thesis.errata import load_errata


@pytest.fixture(scope="session")
def not_shown():
    """What errata say that a section's results show of other readings, and these do not."""

    def missing(section, folder):
        return [
            f"{erratum.id}: {result}"
            for erratum in load_errata().values()
            for result in erratum.shown
            if result.section == section
            and not shows(folder / result.file.partition("/")[2], result)
        ]

    return missing


@pytest.fixture(scope="session")
def under():
    """What stands in for a chapter where its script asks for readings: those given, and no more."""
    return lambda *readings: SimpleNamespace(reads=readings.__contains__)


def shows(path, result):
    if not path.exists():
        return False
    if path.suffix != ".csv":
        return not (result.rows or result.columns)
    table = pd.read_csv(path, dtype=str)
    if result.rows is not None:
        return bool(table.eq(result.rows).any(axis=None))
    return {*result.columns} <= {*table.columns}
