"""The sections, and what their scripts declare: the one place that knows of `chapters`.

Declarations are read from the scripts' source. Importing a script takes Keras and seconds;
``thesis-repro where``, the plan and the report need only what it says of itself.
"""

import ast
import importlib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from thesis_repro.models import zoo
from thesis_repro.report.results import Maker, Script
from thesis_repro.section import declarations
from thesis_repro.section.declarations import Declaration, DeclarationError
from thesis_repro.thesis import readings

CHAPTERS = {
    "3.3": "chapters.ch3_3",
    "3.4": "chapters.ch3_4",
    "4.1": "chapters.ch4_1",
    "4.2": "chapters.ch4_2",
    "4.3": "chapters.ch4_3",
    "4.4": "chapters.ch4_4",
    "4.5": "chapters.ch4_5",
    "4.6": "chapters.ch4_6",
    "4.7": "chapters.ch4_7",
    "4.8": "chapters.ch4_8",
}

_DECORATORS = {"figure", "table", "numbers"}
# What a declaration and the constants that it names may be made of, besides literals.
_IMPORTABLE = {module.__name__: module for module in (zoo, readings)}
_BUILTINS = {"__builtins__": {"dict": dict, "tuple": tuple}}


class Place(NamedTuple):
    """Where a declaration stands: its function, and the file and line of that."""

    section: str
    path: Path
    line: int
    function: str
    declaration: Declaration

    @property
    def file(self) -> str:
        """The file in the source tree, "chapters/ch4_2.py"."""
        return _name(self.path)


def script(section: str) -> ModuleType:
    """The script of a section; it has ``run(chapter)``."""
    return importlib.import_module(CHAPTERS[section])


def scripts() -> dict[str, Script]:
    """What the report says of each section's script: who makes which file, and what it shows."""
    return {section: Script(_name(files(section)[0]), _makers(section)) for section in CHAPTERS}


def _makers(section: str) -> dict[str, Maker]:
    makers = {}
    for place in declared(section):
        shown = place.declaration
        data = ", ".join([*shown.datasets, *([shown.note] if shown.note else [])])
        where = place.path, place.file, place.line, place.function
        maker = Maker(*where, shown.models, data, shown.withheld)
        makers |= {name: maker for reading in shown.readings for name in shown.files(reading)}
    return makers


@cache
def declared(section: str) -> tuple[Place, ...]:
    """All that a section's script and its parts declare, in the order of their lines."""
    return tuple(place for file in files(section) for place in _declared_in(section, file))


def everything() -> Iterator[Place]:
    """What all sections declare."""
    for section in CHAPTERS:
        yield from declared(section)


def files(section: str) -> list[Path]:
    """A section's script, then its parts: ``ch4_4_explorations.py`` is one of ``ch4_4.py``."""
    package, name = CHAPTERS[section].rsplit(".", 1)
    (folder,) = find_spec(package).submodule_search_locations
    return [Path(folder, f"{name}.py"), *sorted(Path(folder).glob(f"{name}_*.py"))]


def models_of(section: str, scale: str) -> tuple[str, ...]:
    """The models that a section trains or loads at a scale: those that it shows.

    A script may say ``SMOKE_MODELS``, fewer of them, all that smoke scale trains.
    """
    fewer = _constants(files(section)[0]).get("SMOKE_MODELS")
    if fewer and scale == "smoke":
        return fewer
    shown = (name for place in declared(section) for name in place.declaration.models)
    return tuple(dict.fromkeys(name for name in shown if name not in looked_at(section)))


def looked_at(section: str) -> tuple[str, ...]:
    """The models that a section looks at where they are finished, and does not train.

    Its script's ``IF_TRAINED``.
    """
    return _constants(files(section)[0]).get("IF_TRAINED", ())


def shows_seeds(section: str) -> bool:
    """Whether figures of a section show further seeds whose results are there.

    Its script's ``SHOWS_SEEDS``.
    """
    return _constants(files(section)[0]).get("SHOWS_SEEDS", False)


def checks_of(section: str) -> dict[str, str]:
    """What a section asks of a part of a data set before any training, by data set.

    Its script's ``CHECKS``: the name of a module, whose ``check`` raises a `DataError` where the
    part does not do.
    """
    return _constants(files(section)[0]).get("CHECKS", {})


def datasets_of(section: str, scale: str) -> tuple[str, ...]:
    """The data sets that a section shows or trains on at a scale."""
    shown = [name for place in declared(section) for name in place.declaration.data or ()]
    trained_on = [zoo.model(name).dataset.value for name in models_of(section, scale)]
    return tuple(dict.fromkeys([*shown, *trained_on]))


def _declared_in(section: str, file: Path) -> Iterator[Place]:
    for node in _tree(file).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and _name_of(decorator.func) in _DECORATORS:
                declaration = _evaluated(decorator, file, node.name)
                yield Place(section, file, node.lineno, node.name, declaration)


def _name_of(decorator: ast.expr) -> str:
    """Its name, as it stands or as an attribute of its module; empty of anything else."""
    return getattr(decorator, "id", getattr(decorator, "attr", ""))


def _evaluated(decorator: ast.Call, file: Path, function: str) -> Declaration:
    """What a decorator declares.

    Raises:
        DeclarationError: it cannot be told without running the script.
    """
    names = {**vars(declarations), "declarations": declarations, **_constants(file)}
    try:
        made = eval(compile(ast.Expression(decorator), str(file), "eval"), names)(lambda: None)
    except Exception as error:  # whatever a contributor may write there
        raise DeclarationError(
            f"{_name(file)}, line {decorator.lineno}, {function}: the declaration cannot be read "
            f"({type(error).__name__}: {error}). Its arguments may be literals, constants of this "
            "script or of its parts made of such, and names of thesis_repro.models.zoo and "
            "thesis_repro.thesis.readings."
        ) from error
    return made.declarations[0]


@cache
def _constants(file: Path) -> dict[str, Any]:
    """The constants of a script that are literals, or made of the zoo's names and each other.

    Those that it imports from another part are that part's.
    """
    constants = dict(_BUILTINS)
    for node in _tree(file).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            known = _importable(node.module, file)
            names = {name.asname or name.name: name.name for name in node.names}
            constants |= {here: known[there] for here, there in names.items() if there in known}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            with suppress(Exception):  # of what a declaration does not need, or will miss
                exec(compile(ast.Module([node], []), str(file), "exec"), constants)
    return constants


def _importable(module: str, file: Path) -> dict[str, Any]:
    """What a script may import from a module and use in declarations, by name."""
    if module in _IMPORTABLE:
        return vars(_IMPORTABLE[module])
    package, _, name = module.rpartition(".")
    part = file.with_name(f"{name}.py")
    return _constants(part) if package == file.parent.name and part.exists() else {}


def _name(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_bytes(), str(file))
