"""Figures, tables and numbers declare what they show, at the function that makes them.

    @figure(41, models=("dsprites-vae",), note="drawn for it", readings=Reading)
    def circles(chapter: Chapter, shown: Shown, paths: Mapping[str, Trajectory]) -> Figure: ...

A function that draws several figures has a declaration for each; `Chapter.emit` calls it once for
every declaration and reading. What a section trains, the line under a figure, the report's link and
``thesis-repro where 41`` all follow from the declarations (`thesis_repro.section.registry` reads
them without importing the script).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from thesis_repro.models.zoo import model
from thesis_repro.thesis.readings import Reading
from thesis_repro.training.withheld import WITHHELD

Kind = Literal["figure", "table", "numbers"]


@dataclass(frozen=True)
class Declaration:
    """What one figure, table or file of numbers shows.

    Attributes:
        kind: "figure" and "table" are the thesis's; "numbers" it prints in its text or not at all.
        name: The thesis's number, "41", also with a part of it, "36_a"; of numbers their name.
        models: Ids of the models that it shows.
        data: Ids of the data sets that it shows; None: those of its models.
        note: What else is to be said of the data, "made images".
        readings: Those in which it is made.
        shows_pictures: Of a figure, whether pictures of its data can be made out in it, or such as
            models make after them; None where it does not matter.
    """

    kind: Kind
    name: str
    models: tuple[str, ...] = ()
    data: tuple[str, ...] | None = None
    note: str = ""
    readings: tuple[Reading, ...] = (Reading.WRITTEN,)
    shows_pictures: bool | None = None

    @property
    def withheld(self) -> str:
        """Why the figure may not be passed on; empty where it may be."""
        reasons = [WITHHELD[name] for name in self.datasets if name in WITHHELD]
        return reasons[0] if reasons and self.shows_pictures else ""

    @property
    def datasets(self) -> tuple[str, ...]:
        """Ids of the data sets that it shows."""
        if self.data is not None:
            return self.data
        return tuple(dict.fromkeys(model(name).dataset.value for name in self.models))

    def stem(self, reading: Reading = Reading.WRITTEN) -> str:
        """The file's name without its suffix: "figure_41_as_run", "table_4", "kl_divergences"."""
        prefix = "" if self.kind == "numbers" else f"{self.kind}_"
        return f"{prefix}{self.name}{reading.suffix}"

    def files(self, reading: Reading = Reading.WRITTEN) -> tuple[str, ...]:
        """The names of the files that are written."""
        suffixes = ("png", "svg") if self.kind == "figure" else ("csv",)
        return tuple(f"{self.stem(reading)}.{suffix}" for suffix in suffixes)


class DeclarationError(ValueError):
    """A declaration is not what it has to be; the message names script, line and fix."""


class Shown(NamedTuple):
    """What a function is asked to make: one of its declarations, in one reading."""

    declaration: Declaration
    reading: Reading

    @property
    def models(self) -> tuple[str, ...]:
        """The ids of the models to be shown."""
        return self.declaration.models

    @property
    def model(self) -> str:
        """The id of the only model to be shown.

        Raises:
            ValueError: there are several, or none.
        """
        (only,) = self.declaration.models
        return only


class Declared(Protocol):
    """A function ``(chapter, shown, *what it needs)`` with the declarations of what it makes.

    It returns a matplotlib figure or a DataFrame, or None where this scale has nothing to show.
    """

    declarations: tuple[Declaration, ...]
    __name__: str

    def __call__(self, chapter, shown: Shown, *arguments, **options):
        """Make what is asked for."""


def figure(
    number: int | str,
    *,
    models: str | Iterable[str] = (),
    data: str | Iterable[str] | None = None,
    note: str = "",
    readings: Reading | Iterable[Reading] = Reading.WRITTEN,
    shows_pictures: bool | None = None,
) -> Callable[[Callable], Declared]:
    """Declare a figure of the thesis, or a part of one ("36_a"): see `Declaration`.

    ``data`` names the data sets where they are not those of the models.
    """
    return _declare("figure", str(number), models, data, note, readings, shows_pictures)


def table(number: int, *, models: str | Iterable[str] = ()) -> Callable[[Callable], Declared]:
    """Declare a table of the thesis; its readings are rows of it."""
    return _declare("table", str(number), models)


def numbers(
    name: str,
    *,
    models: str | Iterable[str] = (),
    data: str | Iterable[str] | None = None,
    note: str = "",
) -> Callable[[Callable], Declared]:
    """Declare numbers that the thesis prints in its text, draws ("figure_15") or has not at all."""
    return _declare("numbers", name, models, data, note)


def _declare(
    kind: Kind,
    name: str,
    models: str | Iterable[str],
    data: str | Iterable[str] | None = None,
    note: str = "",
    readings: Reading | Iterable[Reading] = Reading.WRITTEN,
    shows_pictures: bool | None = None,
) -> Callable[[Callable], Declared]:
    ids = (models,) if isinstance(models, str) else tuple(models)
    for model_id in ids:
        model(model_id)  # there is one
    datasets = (data,) if isinstance(data, str) else data and tuple(data)
    which = (readings,) if isinstance(readings, Reading) else tuple(readings)
    declaration = Declaration(kind, name, ids, datasets, note, which, shows_pictures)
    if kind == "figure" and shows_pictures is None and WITHHELD.keys() & {*declaration.datasets}:
        raise ValueError(
            "say shows_pictures=True or False: whether pictures of its data, which may not be "
            "passed on, or such as models make after them, can be made out in it"
        )

    def declared(function: Callable) -> Declared:
        others = getattr(function, "declarations", ())  # decorators apply from below
        function.declarations = (declaration, *others)
        return function

    return declared
