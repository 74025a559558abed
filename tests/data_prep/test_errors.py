"""The message of the one error: a line that any terminal prints, whatever a file holds."""

import pytest

from data_prep.errors import LONGEST_CAUSE, DataError, os_errors


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


@pytest.mark.parametrize(
    ("files", "named"), [((), "folder"), (("one",), "one"), (("one", None, "other"), "other")]
)
def test_of_two_files_the_one_to_be_made_is_named(files, named):
    with pytest.raises(DataError) as caught, os_errors("folder", "it cannot be written", "fix"):
        raise OSError(28, "No space left on device", *files)
    assert str(caught.value) == (
        f"{named}: it cannot be written (No space left on device). To fix it: fix."
    )
