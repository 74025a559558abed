"""Figures on disk: both formats, the origin in each, the same bytes for the same figure."""

import re
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.image import imread
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from thesis_repro.plots.figures import COLOURS, new_figure, save_figure, style

ORIGIN = "thesis-repro chapter 4.2 · scale smoke · runs 0123456789ab"


def drawn():
    figure = new_figure(4, 3)
    with style():
        axes = figure.subplots()
        axes.plot([1, 2, 3], [3, 1, 2], label="loss")
        axes.set_xlabel("epoch")
        axes.legend()
    return figure


def svg_texts(path):
    root = ElementTree.parse(path).getroot()
    return [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]


def test_png_and_svg_are_written_and_nothing_else(tmp_path):
    paths = save_figure(drawn(), tmp_path / "4.2" / "figure_20", ORIGIN)
    assert [path.name for path in paths] == ["figure_20.png", "figure_20.svg"]
    assert sorted((tmp_path / "4.2").iterdir()) == sorted(paths)


def test_a_stem_with_a_dot_keeps_it(tmp_path):
    names = [path.name for path in save_figure(drawn(), tmp_path / "figure_4.2", ORIGIN)]
    assert names == ["figure_4.2.png", "figure_4.2.svg"]


def test_png_has_150_dots_per_inch(tmp_path):
    png, _ = save_figure(drawn(), tmp_path / "figure_1", ORIGIN)
    assert imread(png).shape[:2] == (3 * 150, 4 * 150)


def test_a_figure_is_laid_out_once_for_both_files(tmp_path, monkeypatch):
    layouts = []
    execute = ConstrainedLayoutEngine.execute

    def counted(engine, figure):
        layouts.append(figure)
        return execute(engine, figure)

    monkeypatch.setattr(ConstrainedLayoutEngine, "execute", counted)
    save_figure(drawn(), tmp_path / "figure_1", ORIGIN)
    assert len(layouts) == 1


def test_origin_is_printed_as_text_in_the_svg(tmp_path):
    _, svg = save_figure(drawn(), tmp_path / "figure_1", ORIGIN)
    assert ORIGIN in svg_texts(svg)
    assert "epoch" in svg_texts(svg)  # text stays text, to be searched and read aloud


def test_a_word_of_caution_comes_first_and_colours_the_line(tmp_path):
    png, svg = save_figure(drawn(), tmp_path / "figure_1", "scale smoke", "untrained")
    assert "untrained · scale smoke" in svg_texts(svg)
    (style,) = re.findall(r'style="([^"]*)"[^>]*>untrained', svg.read_text("utf-8"))
    assert COLOURS[1].lower() in style
    with Image.open(png) as image:
        assert image.text["Description"] == "untrained · scale smoke"
    _, plain = save_figure(drawn(), tmp_path / "figure_2", "scale quick")
    assert COLOURS[1].lower() not in plain.read_text("utf-8")


def test_origin_is_in_the_metadata(tmp_path):
    png, svg = save_figure(drawn(), tmp_path / "figure_1", ORIGIN)
    with Image.open(png) as image:
        assert image.text["Description"] == ORIGIN
    assert re.search(rf"<dc:description>\s*{ORIGIN}\s*</dc:description>", svg.read_text("utf-8"))


def test_a_long_origin_is_broken_to_the_figures_width(tmp_path):
    figure = drawn()
    save_figure(figure, tmp_path / "figure_1", " · ".join([ORIGIN] * 5))
    figure.draw_without_rendering()
    (origin,) = (text for text in figure.texts if text.get_text().startswith(ORIGIN[:20]))
    assert "\n" in origin.get_text()
    assert origin.get_window_extent().x1 <= figure.bbox.x1


def test_same_figure_same_bytes(tmp_path):
    first = save_figure(drawn(), tmp_path / "a" / "figure_1", ORIGIN)
    second = save_figure(drawn(), tmp_path / "b" / "figure_1", ORIGIN)
    other = save_figure(drawn(), tmp_path / "c" / "figure_1", ORIGIN + "!")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert [path.read_bytes() for path in first] != [path.read_bytes() for path in other]


def test_drawing_leaves_global_settings_and_pyplot_alone(tmp_path):
    before = dict(mpl.rcParams)
    save_figure(drawn(), tmp_path / "figure_1", ORIGIN)
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []


HOSTILE = """text.usetex: True
font.size: 31
figure.dpi: 37
savefig.dpi: 37
savefig.bbox: tight
savefig.transparent: True
svg.fonttype: path
axes.facecolor: red
axes.prop_cycle: cycler('color', ['yellow', 'pink'])
axes.spines.left: False
axes.formatter.use_mathtext: True
lines.linewidth: 9
legend.frameon: True
xtick.labelsize: 40
figure.constrained_layout.w_pad: 2
image.cmap: jet
"""


def test_the_users_matplotlibrc_changes_no_figure(tmp_path):
    """Neither where it is made nor where it is drawn and saved."""
    expected = save_figure(drawn(), tmp_path / "a" / "figure_1", ORIGIN)
    (tmp_path / "matplotlibrc").write_text(HOSTILE)
    with mpl.rc_context(fname=tmp_path / "matplotlibrc"):
        assert mpl.rcParams["text.usetex"]
        saved = save_figure(drawn(), tmp_path / "b" / "figure_1", ORIGIN)
        assert mpl.rcParams["font.size"] == 31  # what is the user's is left alone
    assert [path.read_bytes() for path in saved] == [path.read_bytes() for path in expected]


def test_signs_of_formulas_are_drawn_as_they_stand(tmp_path):
    origin = "thesis-repro feature-maps mnist-vae '$unclosed_{$ ^ \\\\alpha #%&.png'"
    _, svg = save_figure(drawn(), tmp_path / "figure_1", origin)
    assert origin in " ".join(svg_texts(svg))


def test_a_figure_that_cannot_be_drawn_leaves_no_file(tmp_path):
    figure = new_figure(4, 3)
    figure.text(0.5, 0.5, "$unclosed_{$")
    with pytest.raises(ValueError, match="unclosed"):
        save_figure(figure, tmp_path / "figure_1", ORIGIN)
    assert list(tmp_path.iterdir()) == []


def test_colours_are_different():
    assert len(set(COLOURS)) == len(COLOURS) == 7
