"""Figures of network structures: a box per block, an arrow per connection, from top to bottom."""

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from thesis_repro.plots.figures import COLOURS, new_figure, style
from thesis_repro.plots.structure import Block, Structure, places

FONT = 6.5  # pt
LINE = 1.3 * FONT / 72  # in, from one line of text to the next
PADDING = 0.06  # in, between a box and its text
GAP = 0.2  # in, between boxes
WRAP = 29  # characters of a line, unless one part is longer
MARGINS = (0.5, 1.0)  # in; for paddings between panels, and for titles and the origin's line


class Box(NamedTuple):
    """A box on the page: its lines of text, the first in bold; corner, width and height (in)."""

    lines: tuple[str, ...]
    left: float
    bottom: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Where lines enter at the top and leave at the bottom (in)."""
        return self.left + self.width / 2

    @property
    def top(self) -> float:
        """Upper edge (in)."""
        return self.bottom + self.height


def boxes(structure: Structure) -> list[Box]:
    """All blocks on the page, between 0 and the width to the right, and from 0 downwards."""
    texts = [_lines(block) for block in structure.blocks]
    stand = places(structure)
    row_heights = _largest([place.row for place in stand], map(_height, texts))
    widths = _largest([place.column for place in stand], map(_width, texts))
    tops = [-top for top in _starts(row_heights)]
    lefts = _starts(widths[::-1])[::-1]  # columns count from the right
    placed = []
    for text, (row, column) in zip(texts, stand, strict=True):
        width, height = _width(text), _height(text)
        left = lefts[column] + (widths[column] - width) / 2
        placed.append(Box(text, left, tops[row] - height, width, height))
    return placed


def structure_figure(panels: Mapping[str, Structure], title: str) -> Figure:
    """A figure with a panel per network, at a size at which its text fits its boxes."""
    drawn = {name: boxes(structure) for name, structure in panels.items()}
    widths = [max(box.left + box.width for box in placed) for placed in drawn.values()]
    depth = max(-box.bottom for placed in drawn.values() for box in placed)
    width = sum(widths) + 2 * GAP * (len(widths) - 1)
    figure = new_figure(width + MARGINS[0], depth + MARGINS[1])
    with style():
        row = figure.subplots(1, len(drawn), width_ratios=widths, squeeze=False)[0]
        for axes, panel_width, name in zip(row, widths, panels, strict=True):
            _draw(axes, panels[name], drawn[name])
            axes.set(xlim=(0, panel_width), ylim=(-depth, 0), title=name)
        figure.suptitle(title)
    return figure


def _draw(axes: Axes, structure: Structure, drawn: list[Box]) -> None:
    axes.set_axis_off()
    axes.set_aspect("equal", anchor="N")
    for source, target in structure.edges:
        _draw_arrow(axes, drawn[source], drawn[target])
    for block, box in zip(structure.blocks, drawn, strict=True):
        _draw_box(axes, box, COLOURS[1] if block.is_embedding else COLOURS[0])


def _draw_box(axes: Axes, box: Box, colour: str) -> None:
    fill = to_rgba(colour, 0.12)
    axes.add_patch(
        Rectangle((box.left, box.bottom), box.width, box.height, fc=fill, ec=colour, clip_on=False)
    )
    for number, line in enumerate(box.lines):
        weight = "normal" if number else "bold"
        height = box.top - PADDING - (number + 0.5) * LINE
        axes.text(box.middle, height, line, size=FONT, weight=weight, ha="center", va="center")


def _draw_arrow(axes: Axes, source: Box, target: Box) -> None:
    """Down from the source, across just above the target, and down into it."""
    across = target.top + GAP / 2
    corners = (
        (source.middle, source.bottom),
        (source.middle, across),
        (target.middle, across),
        (target.middle, target.top),
    )
    axes.add_patch(
        FancyArrowPatch(
            path=Path(corners), arrowstyle="-|>", mutation_scale=6, lw=0.7, color="0.3", zorder=0.5
        )
    )


def _lines(block: Block) -> tuple[str, ...]:
    """The text of a box: its name, what is in it, and the shape of what leaves it."""
    lines = [""]
    for part in block.parts:
        joined = f"{lines[-1]}, {part}" if lines[-1] else part
        if len(joined) > WRAP and lines[-1]:
            lines.append(part)
        else:
            lines[-1] = joined
    return (block.title, *lines, " × ".join(f"{size:,}" for size in block.shape))


def _height(lines: tuple[str, ...]) -> float:
    return len(lines) * LINE + 2 * PADDING


def _width(lines: tuple[str, ...]) -> float:
    first, *others = lines
    longest = max(_text_width(first, "bold"), *(_text_width(line, "normal") for line in others))
    return longest + 2 * PADDING


@cache
def _text_width(text: str, weight: str) -> float:
    """Width of a line of text (in)."""
    return TextPath((0, 0), text, size=FONT, prop={"weight": weight}).get_extents().width / 72


def _largest(groups: list[int], values: Iterable[float]) -> list[float]:
    """The largest value of each group, groups being numbered from 0."""
    largest = [0.0] * (max(groups) + 1)
    for group, value in zip(groups, values, strict=True):
        largest[group] = max(largest[group], value)
    return largest


def _starts(sizes: list[float]) -> list[float]:
    """Where each of several boxes in a line begins."""
    return list(accumulate((size + GAP for size in sizes[:-1]), initial=0.0))
