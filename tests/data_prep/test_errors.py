"""The message of the one error: a line that any terminal prints, whatever a file holds."""

import pytest

from data_prep.errors import LONGEST_CAUSE, DataError


@pytest.mark.parametrize("sign", ["\n", "\0", "\x1b", "\x85", "\u2028", "\udcff"])
def test_control_characters_are_spelled_out(sign):
    text = str(DataError(f"a{sign}b.jpg", f"no entry {sign}", "copy it again"))
    assert text.isprintable()
    assert text.encode()
    assert text.startswith("a\\")
    assert text.endswith(". To fix it: copy it again.")


def test_what_people_read_stays_as_it_is():
    assert (
        str(DataError("Bücher/a b.jpg", "0 – 9", "x\ny"))
        == "Bücher/a b.jpg: 0 – 9. To fix it: x\ny."
    )


def test_a_cause_without_end_is_cut():
    error = DataError("a", "9" * 10**6, "fix")
    assert str(error) == f"a: {'9' * LONGEST_CAUSE} .... To fix it: fix."
    assert len(error.cause) == 10**6
