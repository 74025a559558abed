"""The significance tests that claims rest on, as data (`significance_tests.toml`)."""

import tomllib
from functools import cache
from typing import Annotated, Literal

from msgspec import Meta

from thesis_repro.files import DataFileError, Entry, checked, read_packaged
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.errata import load_errata

Kind = Literal["rank-sum", "U", "signed-rank", "correlation", "permutation", "chi-square", "share"]

OURS = "ours"  # the reading of tests that the thesis does not name

_FILE = "thesis_repro/thesis/significance_tests.toml"
_OF_TWO_SAMPLES = ("rank-sum", "U")

Text = Annotated[str, Meta(min_length=1)]
Count = Annotated[int, Meta(ge=1)]


class SignificanceTest(Entry):
    """One test; the fields are those of ``significance_tests.toml``."""

    id: Text
    section: Text
    source: Text
    reading: Literal["as written", "as run", "ours"]
    kind: Kind
    sizes: Annotated[tuple[Count, ...], Meta(min_length=1, max_length=2)]
    compares: Text
    unit: Text
    pairing: Text
    tests: Count
    correction: Text
    sides: Literal[1, 2]
    distribution: Text
    tells: Text
    claims: tuple[Text, ...]
    errata: tuple[Text, ...]

    def __post_init__(self):
        if len(self.sizes) != (2 if self.kind in _OF_TWO_SAMPLES else 1):
            raise ValueError(f"{self.id}: {self.kind} is not of {len(self.sizes)} sizes")

    @property
    def is_corrected(self) -> bool:
        """Whether its p-values are corrected for the number of tests."""
        return not self.correction.startswith("none")


@cache
def load_significance_tests() -> tuple[SignificanceTest, ...]:
    """All tests, in the order of the file.

    Raises:
        DataFileError: the packaged file is damaged.
    """
    return parse(read_packaged("thesis", "significance_tests.toml"))


def parse(text: str) -> tuple[SignificanceTest, ...]:
    """Tests from the text of a TOML file.

    Raises:
        DataFileError: not TOML, a field is missing, unknown or wrong, an id stands twice, or a
            claim or erratum is named that there is not.
    """
    try:
        entries = tomllib.loads(text).get("test", [])
    except tomllib.TOMLDecodeError as error:
        raise DataFileError(f"{_FILE} is not valid TOML: {error}. Mend that line.") from error
    tests = checked(entries, tuple[SignificanceTest, ...], _FILE)
    ids = [test.id for test in tests]
    if twice := {name for name in ids if ids.count(name) > 1}:
        raise DataFileError(f"{_FILE}: two tests have the id {min(twice)}. Rename one.")
    known = {claim.id: claim.section for claim in load_claims()}
    for test in tests:
        for name in test.claims:
            if known.get(name) != test.section:
                raise DataFileError(f"{_FILE}, {test.id}: Section {test.section} has no {name}.")
        if strangers := {*test.errata} - load_errata().keys():
            raise DataFileError(f"{_FILE}, {test.id}: there is no erratum {min(strangers)}.")
    return tests
