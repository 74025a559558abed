"""The rooms of `thesis_repro`: each floor imports from those below, nothing runs in a circle."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "thesis_repro"

# From the top. Rooms of one floor do not know each other; docs/architecture.md draws it.
FLOORS = (
    ("__main__",),
    ("cli",),
    ("commands",),
    ("library", "plan"),
    ("explorer", "section"),
    ("plots",),
    ("analysis", "report"),
    ("training", "verdicts"),
    ("models", "thesis"),
    ("progress",),
    ("columns", "errors", "files", "interrupts", "names", "provenance", "seeds", "words"),
)
HEIGHT = {room: -number for number, rooms in enumerate(FLOORS) for room in rooms}

# Computing knows no run folder either; what it takes of training/ is how images are read, and
# float32.
UNKNOWN_TO_ANALYSIS = ("training.run_folder", "training.train", "training.trained_model")

Imports = dict[str, set[str]]  # by module, "thesis_repro.analysis.gabor", the modules it imports


def imports_of(root: Path, package: str) -> Imports:
    """What each module of a package imports, also inside functions and for annotations alone."""
    files = {module_name(root, path): path for path in (root / package).rglob("*.py")}
    return {name: set(imported(path, files)) for name, path in files.items()}


def module_name(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path, modules: dict[str, Path]) -> Iterator[str]:
    """``from a.b import c`` imports a.b.c where that is a module, else a.b."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (own.name for own in node.names)
        elif isinstance(node, ast.ImportFrom):
            for own in node.names:
                whole = f"{node.module}.{own.name}"
                yield whole if whole in modules else node.module


def room(module: str) -> str:
    """The room of a module, or its name where it stands in none; "" of other packages."""
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] if package == PACKAGE else ""


def wrong_ways(imports: Imports) -> list[str]:
    """Imports from a lower floor to a higher one, or between rooms of one floor."""
    return [
        f"{module} imports {other}"
        for module, others in imports.items()
        for other in others
        if room(module)
        and room(other)
        and room(module) != room(other)
        and HEIGHT[room(module)] <= HEIGHT[room(other)]
    ]


@pytest.fixture(scope="module")
def imports() -> Imports:
    return imports_of(ROOT, PACKAGE)


def plant(folder: Path, module: str, line: str) -> Imports:
    """The imports of a package of one module in its room, and one that it may import."""
    for name, text in ((module, line), ("chapter", ""), ("stripes", "")):
        path = folder / PACKAGE / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    return imports_of(folder, PACKAGE)


def test_every_room_has_its_floor(imports):
    assert {room(module) for module in imports} - {""} == set(HEIGHT)


def test_imports_point_down(imports):
    assert wrong_ways(imports) == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("analysis.gabor", "from thesis_repro.section.chapter import Chapter"),
        ("analysis.gabor", "def fit():\n    from thesis_repro.section import chapter"),
        ("analysis.gabor", "import thesis_repro.report.page"),
        ("models.zoo", "from thesis_repro.training.train import train_or_load"),
        ("seeds", "from thesis_repro.files import sha256"),
    ],
)
def test_an_import_the_wrong_way_is_noticed(tmp_path, module, line):
    (wrong,) = wrong_ways(plant(tmp_path, module, line))
    assert wrong.startswith(f"{PACKAGE}.{module} imports {PACKAGE}.")


def test_an_import_down_is_none(tmp_path):
    line = "from thesis_repro.analysis.stripes import shares"
    assert wrong_ways(plant(tmp_path, "section.chapter", line)) == []


def test_nothing_runs_in_a_circle(imports):
    TopologicalSorter(imports).prepare()


def test_a_circle_is_noticed(tmp_path):
    plant(tmp_path, "analysis.a", "from thesis_repro.analysis.b import b")
    imports = plant(tmp_path, "analysis.b", "from thesis_repro.analysis import a")
    with pytest.raises(CycleError):
        TopologicalSorter(imports).prepare()


def test_analysis_knows_no_chapter_run_folder_or_verdict(imports):
    """Not by way of others either."""
    reached = [module for module in imports if room(module) == "analysis"]
    for module in reached:  # which grows
        reached += [own for own in imports.get(module, ()) if own not in reached]
    assert f"{PACKAGE}.training.images" in reached  # the search goes on beyond the room
    assert not {f"{PACKAGE}.{name}" for name in UNKNOWN_TO_ANALYSIS} & set(reached)
    assert not [own for own in reached if room(own) in ("section", "verdicts", "report")]


@pytest.mark.parametrize("package", ["data_prep", "appendix_architectures"])
def test_what_stands_below_does_not_know_the_library(package):
    others = set().union(*imports_of(ROOT, package).values())
    assert not [own for own in others if own.startswith((PACKAGE, "chapters"))]


def test_chapters_do_not_import_each_other():
    """Parts of one section may; `section.registry` alone knows all of them, by name."""
    for module, others in imports_of(ROOT, "chapters").items():
        section = module.split(".")[-1].split("_")[:2]
        chapters = [own for own in others if own.startswith("chapters.")]
        assert all(own.split(".")[-1].split("_")[:2] == section for own in chapters), module
    library = set().union(*imports_of(ROOT, PACKAGE).values())
    assert not [own for own in library if own.startswith("chapters")]


def test_packages_stay_light():
    """An ``__init__.py`` that imports makes each module of its room as slow as the slowest."""
    light = {"import importlib", "import os", "from typing import TYPE_CHECKING, Any"}
    for path in (ROOT / PACKAGE).rglob("__init__.py"):
        run = [
            own
            for own in ast.parse(path.read_text(encoding="utf-8")).body
            if not (isinstance(own, ast.If) and ast.unparse(own.test) == "TYPE_CHECKING")
        ]
        nodes = [node for own in run for node in ast.walk(own)]
        imports = [own for own in nodes if isinstance(own, ast.Import | ast.ImportFrom)]
        assert {ast.unparse(own) for own in imports} <= light, path


def test_docstrings_name_what_is_returned():
    """ "The share of ...", not "Return the share of ...": ruff has rules for other moods alone."""
    packages = (PACKAGE, "chapters", "data_prep", "appendix_architectures")
    first_words = {
        (path.name, node.name): (ast.get_docstring(node) or "").partition(" ")[0]
        for package in packages
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert len(first_words) > 1_000
    assert not [where for where, word in first_words.items() if word in ("Return", "Returns")]
