"""Tables of many models' measures: the rows of each task, whoever works on it."""

import numpy as np
import pytest

from thesis_repro.analysis.factor_information import factor_information
from thesis_repro.analysis.factors import Factor, Kind
from thesis_repro.analysis.measuring import (
    Task,
    disentanglement,
    disentanglement_of_the_told,
    information,
    table,
)


@pytest.fixture(scope="module")
def tasks():
    """A code that tells both of two factors, and one that tells nothing."""
    rng = np.random.default_rng(0)
    values = rng.uniform(size=(200, 2))
    factors = {name: Factor(own, Kind.CONTINUOUS) for name, own in zip("ab", values.T, strict=True)}
    return [
        Task("all", {"z": values}, factors, 1),
        Task("none", {"z": rng.normal(size=(200, 2))}, factors, 2),
    ]


def test_the_rows_of_each_task_stand_in_its_order(tasks):
    found = table(information, tasks)
    assert found["model"].tolist() == ["all"] * 6 + ["none"] * 6  # two factors, three measures
    alone = factor_information(*tasks[1][:3], np.random.default_rng(2))
    assert found["value"][6:].tolist() == [row.value for row in alone]
    linear = found[found["measure"] == "R2, linear"].groupby("model")["value"].mean()
    assert linear["all"] > 0.99 > 0.2 > linear["none"]


def test_scores_of_disentanglement(tasks):
    found = table(disentanglement, tasks).set_index(["model", "measure"])["value"]
    assert len(found) == 12
    assert found["all", "SAP"] > 0.9 > 0.2 > found["none", "SAP"]
    all_of_it, nothing = table(disentanglement_of_the_told, tasks)["value"]
    assert all_of_it > 0.7 > 0.3 > nothing


@pytest.mark.slow
def test_several_processes_find_the_same(tasks):
    assert table(information, tasks, workers=2).equals(table(information, tasks))
