"""The significance tests as data: those of all claims that print or rest on a p-value."""

import pytest

from thesis_repro.files import DataFileError, read_packaged
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import Reading
from thesis_repro.thesis.significance_tests import OURS, load_significance_tests, parse
from thesis_repro.verdicts.rules import load_rules

TEXT = read_packaged("thesis", "significance_tests.toml")
TESTS = load_significance_tests()


def has_p(claim):
    """Whether the thesis prints a p-value for it, or its rule judges one."""
    checks = load_rules().get(claim.id, ())
    printed = any(claim.least_p(name) for name in claim.reported or {})
    return printed or any(check.type == "significance" for check in checks)


def test_every_claim_with_a_p_value_rests_on_a_test():
    covered = {name for test in TESTS for name in test.claims}
    with_p = {claim.id for claim in load_claims() if has_p(claim)}
    assert len(with_p) > 15
    assert with_p <= covered


def test_numbers_of_values_are_the_theses_and_its_codes():
    by_id = {test.id: test for test in TESTS}
    assert by_id["table-3"].sizes == (24, 24)  # Section 4.2
    assert by_id["table-4"].sizes == (50, 50)  # Section 4.3
    assert by_id["table-4-as-run"].sizes == (200,)  # E17
    assert by_id["figure-46"].sizes == (100,)  # numSamples, Section 4.5.1
    assert by_id["table-5"].sizes == (10_000, 10_000)  # its caption
    assert by_id["table-6"].sizes == (1_000, 1_000)
    assert (by_id["figure-46"].tests, by_id["figure-47"].tests) == (28 * 28, 64 * 64)


def test_every_reading_is_one():
    assert {test.reading for test in TESTS} == {*map(str, Reading), OURS}
    corrected = {test.id for test in TESTS if test.is_corrected}
    assert corrected == {"table-3", "table-4", "figure-46", "figure-47"}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("sizes = [24, 24]", "sizes = [24]", "table-3: rank-sum is not of 1 sizes"),
        ("sizes = [24, 24]", "sizes = [24, 0]", "Expected `int` >= 1"),
        ('kind = "rank-sum"', 'kind = "t"', "Invalid enum value 't'"),
        ('claims = ["4.3-ppl-p"]', 'claims = ["4.2-ppl-p"]', "Section 4.3 has no 4.2-ppl-p"),
        ('errata = ["E07", "E08", "E50"]', 'errata = ["E00"]', "there is no erratum E00"),
        ('id = "table-4"', 'id = "table-3"', "two tests have the id table-3"),
        ('section = "4.2"', "section =", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_named(old, new, problem):
    assert old in TEXT
    with pytest.raises(DataFileError, match="significance_tests") as error:
        parse(TEXT.replace(old, new, 1))
    assert problem in str(error.value)
