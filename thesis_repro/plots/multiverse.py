"""The specification curve of a section: its claims under every reading in dispute."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from thesis_repro.plots.figures import COLOURS, new_figure, style
from thesis_repro.thesis.errata import get
from thesis_repro.verdicts.judgements import Finding
from thesis_repro.verdicts.multiverse import AS_RUN, AS_WRITTEN, Change, Judged, Multiverse

_BLUE, _ORANGE = COLOURS[:2]
_MARKS = {  # told apart without colour, too
    Finding.HOLDS: ("o", _BLUE, _BLUE),
    Finding.FAILS: ("o", "white", _ORANGE),
    Finding.UNDECIDED: ("_", "0.5", "0.5"),
}
_TITLE = 64  # signs of an erratum's title
_SIZE, _SAME = 6, 3  # of marks, and where no number is another one than as written
_ROW, _COLUMN = 0.19, 0.3  # inches
_LABELLED = 24  # columns that are named below


def specification_curve(multiverse: Multiverse) -> Figure:
    """Three panels over one column for each universe, ordered by the number of claims that hold.

    How many claims hold; which errata are read the other way; each claim's verdict, framed where it
    is another one than as written and small where no number is. At path scale, where verdicts mean
    nothing, no claim has one.
    """
    columns, errata = _columns(multiverse), multiverse.errata
    claims = [*multiverse.written]
    heights = [4, max(len(errata), 1), max(len(claims), 1)]
    width = 6 + _COLUMN * max(len(columns), 6)
    figure = new_figure(width, 1.6 + _ROW * sum(heights))
    with style():
        curve, readings, verdicts = figure.subplots(3, sharex=True, height_ratios=heights)
        _draw_curve(curve, columns, len(claims))
        _draw_readings(readings, columns, errata)
        _draw_verdicts(verdicts, columns, claims)
        names = [name for name, _ in columns]
        few = len(names) <= _LABELLED
        verdicts.set_xticks(range(len(names)) if few else [], names if few else [], rotation=90)
        verdicts.set_xlim(-0.6, len(names) - 0.4)
        curve.set_title(
            f"Section {multiverse.section}: its claims under the readings in dispute", loc="left"
        )
        figure.legend(handles=_legend(), loc="outside upper right", ncols=5, fontsize=8)
    return figure


def _columns(multiverse: Multiverse) -> list[tuple[str, dict[str, Judged]]]:
    """Name and claims of each universe; as run, a claim that does not differ is as written."""
    columns = [
        (each.name, multiverse.written | each.claims if each.name == AS_RUN else each.claims)
        for each in multiverse.columns
    ]
    return sorted(columns, key=lambda column: -_holding(column[1]))


def _holding(claims: dict[str, Judged]) -> int:
    return sum(judged.verdict.finding is Finding.HOLDS for judged in claims.values())


def _draw_curve(axes: Axes, columns: Sequence[tuple[str, dict[str, Judged]]], total: int) -> None:
    """How many claims hold in each universe."""
    holding = [_holding(claims) for _, claims in columns]
    axes.plot(holding, "-", color="0.8", linewidth=1)
    for at, ((name, _), count) in enumerate(zip(columns, holding, strict=True)):
        is_ours = name == AS_WRITTEN
        axes.plot(at, count, "D" if is_ours else "o", color="black" if is_ours else _BLUE, ms=4)
    axes.set(ylabel=f"hold\n(of {total})", ylim=(-0.5, max(*holding, 1) + 0.8))
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.tick_params(bottom=False)


def _draw_readings(
    axes: Axes, columns: Sequence[tuple[str, dict[str, Judged]]], errata: Sequence[str]
) -> None:
    """Which errata are read the other way in each universe."""
    for row, erratum in enumerate(errata):
        read = [at for at, (name, _) in enumerate(columns) if erratum in name.split(" + ")]
        axes.plot(read, [row] * len(read), "s", color="black", markersize=4)
    _rows(axes, [f"{name}  {_short(get(name).title)}" for name in errata])


def _draw_verdicts(
    axes: Axes, columns: Sequence[tuple[str, dict[str, Judged]]], claims: Sequence[str]
) -> None:
    """Each claim's verdict in each universe."""
    for row, claim in enumerate(claims):
        for at, (name, claimed) in enumerate(columns):
            if (judged := claimed.get(claim)) is None:
                continue  # not measured there
            finding = judged.verdict.finding
            if finding:
                marker, inside, edge = _MARKS[finding]
                size = _SAME if _is_same(name, judged) else _SIZE
                axes.plot(at, row, marker, mfc=inside, mec=edge, markersize=size)
            if judged.change is Change.VERDICT:
                axes.plot(at, row, "s", mfc="none", mec="black", markersize=9)
    _rows(axes, claims)


def _is_same(universe: str, judged: Judged) -> bool:
    return universe != AS_WRITTEN and judged.change is Change.NOTHING


def _rows(axes: Axes, names: Sequence[str]) -> None:
    """Names beside the rows, from the top, with a faint line at each."""
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.hlines(np.arange(len(names)), -0.6, 1_000, color="0.92", linewidth=0.6, zorder=0)
    axes.tick_params(bottom=False, left=False)
    axes.spines[["left", "bottom"]].set_visible(False)


def _short(title: str) -> str:
    return title if len(title) <= _TITLE else f"{title[: _TITLE - 1].rstrip()}…"


def _legend() -> list[Line2D]:
    marks = [
        Line2D([], [], ls="", marker=marker, mfc=inside, mec=edge, label=finding.value)
        for finding, (marker, inside, edge) in _MARKS.items()
    ]
    same = {"marker": "o", "mfc": "0.5", "mec": "0.5", "markersize": _SAME}
    marks.append(Line2D([], [], ls="", label="small: same numbers", **same))
    frame = {"marker": "s", "mfc": "none", "mec": "black", "markersize": 9}
    return [*marks, Line2D([], [], ls="", label="other than as written", **frame)]
