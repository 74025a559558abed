"""Where the code of a figure or table is."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from thesis_repro.cli import main
from thesis_repro.section.places import UnknownFigureError, find, render

USAGE = 2


@pytest.mark.parametrize(
    ("name", "stems"),
    [
        ("21", ["figure_21"]),
        ("Figure 21", ["figure_21"]),
        ("figure_21.png", ["figure_21"]),
        ("27", ["figure_27"]),
        ("27_as_run", ["figure_27"]),
        ("Table 3", ["table_3"]),
        ("table_3.csv", ["table_3"]),
        ("3", ["table_3"]),
        ("36", ["figure_36_a", "figure_36_b"]),
        ("36_a", ["figure_36_a"]),
        ("15", ["figure_15", "figure_15"]),  # the figure, and the numbers behind it
        ("kl_divergences", ["kl_divergences"]),
        *((name, ["figure_21"]) for name in ("Figure  21.", "fig. 021", "FIGURE_21.PNG")),
        ("results/4.2/table_3.csv", ["table_3"]),
        ("table 03", ["table_3"]),
        ("figure 27 as run", ["figure_27"]),
    ],
)
def test_names_that_are_understood(name, stems):
    assert [place.declaration.stem() for place in find(name)] == stems


def test_the_function_its_caption_models_and_data():
    text = render(find("21"))
    for part in (
        "chapters/ch4_2.py:",
        "all_feature_maps",
        "thesis-repro chapter 4.2",
        "Figure 21: Feature map activities for MNIST-VLAE-factor-3.",
        "mnist-vlae-factor-3 (MNIST-VLAE-factor-3)",
        "data    mnist",
    ):
        assert part in text


def test_the_line_is_the_functions():
    (place,) = find("21")
    line = place.path.read_text(encoding="utf-8").splitlines()[place.line - 1]
    assert line.startswith(f"def {place.function}(")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("96", "Figures 13 to 95"), ("kl_divergence", "kl_divergences"), ("Table 7", "table")],
)
def test_an_unknown_name_has_a_hint(name, hint):
    with pytest.raises(UnknownFigureError, match=hint):
        find(name)
    result = CliRunner().invoke(main, ["where", name])
    assert result.exit_code == USAGE
    assert hint in result.output


def test_several_words_are_one_name():
    result = CliRunner().invoke(main, ["where", "Table", "3"])
    assert result.exit_code == 0
    assert result.output.startswith("table_3\n")


def test_no_script_is_imported():
    code = (
        "import sys; from thesis_repro.section.places import find; find('41'); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not {"chapters.ch4_4", "keras", "numpy", "tensorflow", "pandas"} & loaded
