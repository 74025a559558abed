"""What is said while work goes on, and of how long it takes."""

import pytest

from thesis_repro.progress import duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "3 s"),
        (89, "89 s"),
        (90, "2 min"),
        (5_399, "90 min"),
        (5_400, "1.5 h"),
        (4e6, "1,111.1 h"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words
