"""Where the code of a figure, table or file of numbers is: ``thesis-repro where 41``."""

import re
import textwrap
from collections.abc import Iterable

from thesis_repro.models.zoo import model
from thesis_repro.names import did_you_mean
from thesis_repro.section.registry import Place, everything
from thesis_repro.thesis.captions import Caption, load_captions

_WIDTH = 96


class UnknownFigureError(LookupError):
    """No figure, table or file of numbers has the name asked for; the message names the nearest."""


def find(name: str) -> list[Place]:
    """The places of a figure or table: "41", "Figure 41", "Table 4", "27_as_run", "36_a".

    A number alone means figure and table; a figure's number also its parts and what goes with it.
    Numbers are asked for by the name of their file, "kl_divergences.csv".

    Raises:
        UnknownFigureError: there is none.
    """
    wanted = _normal(name)
    places = list(everything())
    meant = [place for place in places if wanted in _names(place)]
    if not meant:
        raise UnknownFigureError(_unknown(name, wanted, places))
    return meant


def known_names() -> dict[str, str]:
    """Numbers, and names of files without their suffix, each with the section that it is of."""
    names: dict[str, str] = {}
    for place in everything():
        declaration = place.declaration
        numbers = [] if declaration.kind == "numbers" else [declaration.name.partition("_")[0]]
        for name in (*numbers, *map(declaration.stem, declaration.readings)):
            names.setdefault(name, f"Section {place.section}")
    return names


def known_numbers(kind: str) -> dict[str, str]:
    """The numbers of what is reproduced of a kind, "figure" or "table", each with its section."""
    declared = ((place.declaration, place.section) for place in everything())
    return {
        declaration.name.partition("_")[0]: f"Section {section}"
        for declaration, section in declared
        if declaration.kind == kind
    }


def _normal(name: str) -> str:
    """One spelling of all: figure_41 for "Figure  41.", "fig. 041", "results/4.4/figure_41.png"."""
    stem = re.sub(r"\.(csv|png|svg)$", "", name.strip().lower().rsplit("/", 1)[-1])
    words = re.findall(r"[^\W\d_]+|\d+", stem)
    kinds = {"fig": "figure", "figures": "figure", "tab": "table", "tables": "table"}
    return "_".join(kinds.get(word, word.lstrip("0") or word) for word in words)


def _names(place: Place) -> set[str]:
    """What a place may be asked for by."""
    declaration = place.declaration
    stems = {declaration.stem(reading) for reading in declaration.readings}
    short = {stem.removeprefix(f"{declaration.kind}_") for stem in stems}
    number = declaration.name.partition("_")[0]
    if declaration.kind == "numbers":
        number = declaration.name.removeprefix("figure_")
        names = stems | ({number} if number.isdigit() else set())
    else:
        names = stems | short | {number, f"{declaration.kind}_{number}"}
    return set(map(_normal, names))


def _unknown(name: str, wanted: str, places: Iterable[Place]) -> str:
    known = {name for place in places for name in _names(place)}
    return (
        f"Nothing has the name {textwrap.shorten(name, 40)!r}.{did_you_mean(wanted, known)} "
        'Figures 13 to 95 and Tables 2 to 6 are reproduced; ask for "41", "Table 4", "27_as_run" '
        "or a CSV file's name."
    )


def caption_of(place: Place) -> Caption | None:
    """The thesis's caption of a figure or table, or of the figure whose numbers these are."""
    kind, name = place.declaration.kind, place.declaration.name
    if kind == "numbers":
        kind, name = "figure", name.removeprefix("figure_")
    number = name.partition("_")[0]
    return load_captions().get((kind, int(number))) if number.isdigit() else None


def render(places: Iterable[Place]) -> str:
    """The places as text: a paragraph each."""
    return "\n\n".join(map(_render, places))


def _render(place: Place) -> str:
    declaration = place.declaration
    files = [declaration.stem(reading) for reading in declaration.readings]
    models = [f"{name} ({model(name).name})" for name in declaration.models]
    caption = caption_of(place)
    data = [*declaration.datasets, *([declaration.note] if declaration.note else [])]
    entries = {
        "code": f"{place.file}:{place.line} {place.function}",
        "section": f"{place.section}: thesis-repro chapter {place.section}",
        "caption": f"{caption.name}: {caption.caption} (p. {caption.page})" if caption else "",
        "models": ", ".join(models) or "none",
        "data": ", ".join(data) or "none",
    }
    lines = [", ".join(files)]
    for label, text in entries.items():
        if text:
            indent = " " * 10
            lines += textwrap.wrap(
                text,
                _WIDTH,
                initial_indent=f"  {label:<8}",
                subsequent_indent=indent,
                break_on_hyphens=False,
            )
    return "\n".join(lines)
