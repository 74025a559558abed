"""The notebooks: they run from top to bottom and say what they find; no output is kept."""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from thesis_repro import load_model

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def code_of(notebook):
    """Its cells of code, one after the other."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_outputs_are_kept(notebook):
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)


@pytest.mark.slow
@pytest.mark.usefixtures("quiet_plots")
def test_look_into_a_ladder(tmp_path, data_dir, monkeypatch, capsys):
    """As printed; what its text says of the slant is so."""
    (tmp_path / "data").symlink_to(data_dir)
    monkeypatch.chdir(tmp_path)
    names = {}
    for number, code in enumerate(code_of(FOLDER / "look_into_a_ladder.ipynb")):
        exec(compile(code, f"cell {number}", "exec"), names)
    assert max(names["told"], key=names["told"].get) == "z_2"
    assert names["told"]["z_2"] > 0.5
    turned = [line for line in capsys.readouterr().out.splitlines() if " turns a digit by " in line]
    degrees = {line.split()[0]: float(line.split()[5]) for line in turned}
    assert max(degrees, key=degrees.get) == "z_2"


@pytest.mark.slow
@pytest.mark.usefixtures("quiet_plots")
def test_your_own_model(tmp_path, data_dir, monkeypatch):
    """At smoke scale; the numbers beside are the published run's and the thesis's."""
    (tmp_path / "data").symlink_to(data_dir)
    monkeypatch.chdir(tmp_path)
    names, quick = {}, 'SCALE = "quick"'
    cells = code_of(FOLDER / "your_own_model.ipynb")
    assert sum(quick in code for code in cells) == 1
    for number, code in enumerate(cells):
        code = code.replace(quick, 'SCALE = "smoke"')
        exec(compile(code, f"cell {number}", "exec"), names)
    assert names["slow"].spec.name == "MNIST-VLAE-factor-3+slow"
    assert names["slow"].run.path.parent == Path("runs/mnist-vlae-factor-3+slow")
    table = names["table"]
    assert [*table.columns][:2] == ["half the rate (smoke)", "as in the thesis (smoke)"]
    assert table.loc["epochs"].tolist() == [2, 2, 200, 200]
    losses = [row["val_loss"] for row in load_model("mnist-vlae-factor-3").history]
    best = "epoch of the lowest validation loss"
    assert table.loc[best, "published run (paper)"] == losses.index(min(losses)) + 1
    assert table.loc[best, "the thesis"] == 52  # Section 4.2, after 26 and 39 of the larger ones
    assert table.loc["reconstruction loss", "the thesis"] == 200.258  # Table 3
    shares = table.loc["share of active feature maps"].dropna()
    assert ((shares > 0) & (shares <= 1)).all()


@pytest.fixture
def quiet_plots(monkeypatch):
    """Figures that are shown are closed; no window is opened."""
    plt.switch_backend("agg")
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))
    yield
    plt.close("all")
