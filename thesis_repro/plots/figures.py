"""How figures look and how they are written."""

import textwrap
from contextlib import AbstractContextManager
from pathlib import Path

from matplotlib import style as styles
from matplotlib.figure import Figure

from thesis_repro.files import atomic_path

# Okabe and Ito's palette: told apart with any colour vision, and in print.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

_STYLE = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "svg.hashsalt": "thesis-repro",  # the same figure gives the same bytes
    "svg.fonttype": "none",
}

_CAUTION = COLOURS[1]
_CHARACTERS = 20  # of a figure's origin, in an inch


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches, outside pyplot's global list."""
    with style():
        return Figure(figsize=(width, height), layout="constrained")


def style() -> AbstractContextManager[None]:
    """The package's matplotlib settings, for a with-statement around drawing.

    All others are matplotlib's defaults: the user's ``matplotlibrc`` changes no figure.
    """
    return styles.context(["default", _STYLE])


def origin_line(*parts: str) -> str:
    """The line under a figure, of what is known."""
    return " · ".join(part for part in parts if part)


def save_figure(figure: Figure, stem: Path, origin: str, caution: str = "") -> list[Path]:
    """Write two files, ``<stem>.png`` (150 dpi) and ``<stem>.svg``, with the origin at the bottom.

    The origin is also in the files' metadata. It is drawn as it stands: ``$`` begins no formula.
    A word of caution stands before it, and colours it.
    """
    origin = origin_line(caution, origin)
    metadata = {
        "png": {"Description": origin, "Software": None},
        "svg": {"Description": origin, "Date": None, "Creator": None},
    }
    paths = []
    with style():
        lines = textwrap.fill(origin, int(_CHARACTERS * figure.get_figwidth()))
        look = {"fontsize": 6, "color": _CAUTION if caution else "0.4", "x": 0.01, "ha": "left"}
        figure.supxlabel(lines, parse_math=False, **look)
        for suffix, entries in metadata.items():
            path = stem.with_name(f"{stem.name}.{suffix}")
            with atomic_path(path) as temporary:
                figure.savefig(temporary, dpi=150, metadata=entries)
            figure.set_layout_engine("none")  # it is laid out, once for both files
            paths.append(path)
    return paths
