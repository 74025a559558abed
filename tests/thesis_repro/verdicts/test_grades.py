"""What evidence is worth, case by case."""

import pytest

from thesis_repro.verdicts.grades import Grade, graded

OFFICIAL = {"stand_in": False, "data": "MNIST (official files)"}


@pytest.mark.parametrize(
    ("scale", "precision", "changes", "grade", "obstacles"),
    [
        ("paper", "float32", {}, Grade.PAPER, 0),
        ("paper", "mixed_bfloat16", {}, Grade.REDUCED, 1),
        ("quick", "float32", {}, Grade.REDUCED, 1),
        ("quick", "tensorfloat32", {}, Grade.REDUCED, 2),
        ("smoke", "float32", {}, Grade.PATH, 1),
        ("untrained", "float32", {}, Grade.PATH, 1),
        ("no such scale", "float32", {}, Grade.PATH, 1),
        ("paper", "float32", {"stand_in": True}, Grade.PATH, 1),
        ("paper", "float32", {"parts": ["9 of 10 images"]}, Grade.PATH, 1),
        ("paper", "float32", {"data": ""}, Grade.PATH, 1),
        ("smoke", "mixed_bfloat16", {"stand_in": True, "parts": ["a", "b"]}, Grade.PATH, 4),
    ],
)
def test_the_grade_is_that_of_the_weakest_part(scale, precision, changes, grade, obstacles):
    evidence = graded(scale, precision, **OFFICIAL | changes)
    assert evidence.grade is grade
    assert len(evidence.obstacles) == obstacles
