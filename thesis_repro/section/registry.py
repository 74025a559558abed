"""The sections, and what their scripts declare: the one place that knows of `chapters`.

Declarations are read from the scripts' source. Importing a script takes Keras and seconds;
``thesis-repro where``, the plan and the report need only what it says of itself.
"""

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from thesis_repro.models import zoo
from thesis_repro.section import declarations
from thesis_repro.section.declarations import Declaration
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
    """Where a declaration stands: its function, and the file (from the root) and line of that."""

    section: str
    file: str
    line: int
    function: str
    declaration: Declaration


def script(section: str) -> ModuleType:
    """The script of a section; it has ``run(chapter)``."""
    return importlib.import_module(CHAPTERS[section])


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
    return tuple(
        dict.fromkeys(name for own in declared(section) for name in own.declaration.models)
    )


def looked_at(section: str) -> tuple[str, ...]:
    """The models that a section looks at where they are finished, and does not train.

    Its script's ``IF_TRAINED``.
    """
    return _constants(files(section)[0]).get("IF_TRAINED", ())


def datasets_of(section: str, scale: str) -> tuple[str, ...]:
    """The data sets that a section shows or trains on at a scale."""
    shown = [name for own in declared(section) for name in own.declaration.data or ()]
    trained_on = [zoo.model(name).dataset.value for name in models_of(section, scale)]
    return tuple(dict.fromkeys([*shown, *trained_on]))


def _declared_in(section: str, file: Path) -> Iterator[Place]:
    constants = _constants(file)
    for node in _tree(file).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and decorator.func.id in _DECORATORS:
                function = _value(decorator, {**vars(declarations), **constants})(lambda: None)
                (declaration,) = function.declarations
                place = f"{file.parent.name}/{file.name}"
                yield Place(section, place, node.lineno, node.name, declaration)


@cache
def _constants(file: Path) -> dict[str, Any]:
    """The constants of a script that are literals, or made of the zoo's names and each other."""
    found: dict[str, Any] = {}
    for node in _tree(file).body:
        if isinstance(node, ast.ImportFrom) and node.module in _IMPORTABLE:
            module = _IMPORTABLE[node.module]
            found |= {own.asname or own.name: getattr(module, own.name) for own in node.names}
        elif isinstance(node, ast.Assign):
            try:
                value = _value(node.value, found)
            except (NameError, TypeError, AttributeError):
                continue  # of what the declarations do not need
            for target in node.targets:
                found |= _bound(target, value)
    return found


def _bound(target: ast.expr, value: Any) -> dict[str, Any]:
    """The names of an assignment, and their values."""
    if isinstance(target, ast.Tuple):
        return dict(zip((own.id for own in target.elts), value, strict=True))
    return {target.id: value}


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    """An expression's value; only scripts of this package are evaluated."""
    return eval(compile(ast.Expression(node), "<declaration>", "eval"), _BUILTINS | names)


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))
