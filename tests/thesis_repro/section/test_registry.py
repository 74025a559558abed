"""Declarations, read from a script's source without importing it."""

from pathlib import Path

import pytest

from thesis_repro.section import registry
from thesis_repro.section.declarations import (
    Declaration,
    DeclarationError,
    Shown,
    figure,
    numbers,
    table,
)
from thesis_repro.thesis.readings import Reading

SCRIPT = '''\
"""A section."""

import tensorflow_that_is_not_there
import numpy as np
from thesis_repro.models.zoo import MODELS as ZOO
from thesis_repro.thesis.readings import Reading

FIRST, *_ = PAIR = ("mnist-vae", "mnist-vae-gan")
VAE, GAN = BOTH = ("mnist-vae", "mnist-vae-gan")
ALL = tuple(name for name, spec in ZOO.items() if spec.family == "vlae-gan" and spec.in_table_2)
EDGE = 8 / np.pi**2
SMOKE_MODELS = (VAE,)
CHECKS = {"mnist": "somewhere.else"}


@figure(96, models=BOTH, readings=Reading)
@other
def both(chapter, shown):
    pass


@figure("97_a", models=(GAN,), data="morpho-mnist", note="drawn")
@figure(98, models=ALL, shows_pictures=True)
def several(chapter, shown): ...


@table(7, models=BOTH)
@numbers("sizes", data=("celeba", "mnist"))
def sizes(chapter, shown): ...


def plain(): ...
'''


@pytest.fixture
def section(tmp_path, monkeypatch):
    """A package of one script and a part of it, as section 9.9."""
    package = tmp_path / "made_chapters"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "ch9_9.py").write_text(SCRIPT, encoding="utf-8")
    part = "@figure(99, models=('dsprites-vae',))\ndef part(chapter, shown): ...\n"
    (package / "ch9_9_part.py").write_text(part, encoding="utf-8")
    (package / "ch9_90.py").write_text("1 / 0", encoding="utf-8")  # another section's
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(registry, "CHAPTERS", {"9.9": "made_chapters.ch9_9"})
    registry.declared.cache_clear()
    yield "9.9"
    registry.declared.cache_clear()


def test_declarations_in_the_order_of_the_source(section):
    places = registry.declared(section)
    assert [(own.function, own.declaration.stem()) for own in places] == [
        ("both", "figure_96"),
        ("several", "figure_97_a"),
        ("several", "figure_98"),
        ("sizes", "table_7"),
        ("sizes", "sizes"),
        ("part", "figure_99"),
    ]
    lines = SCRIPT.splitlines()
    assert [lines[own.line - 1].split("(")[0] for own in places[:3]] == [
        "def both",
        "def several",
        "def several",
    ]
    assert {own.file for own in places} == {"made_chapters/ch9_9.py", "made_chapters/ch9_9_part.py"}


def test_names_are_those_of_the_script_and_the_zoo(section):
    both, part_a, whole, table_7, sizes, _ = (own.declaration for own in registry.declared(section))
    assert both.models == ("mnist-vae", "mnist-vae-gan")
    assert both.readings == (Reading.WRITTEN, Reading.RUN)
    assert both.datasets == ("mnist",)
    assert (part_a.models, part_a.datasets, part_a.note) == (
        ("mnist-vae-gan",),
        ("morpho-mnist",),
        "drawn",
    )
    assert whole.models == ("mnist-vlae-gan", "dsprites-vlae-gan", "celeba-vlae-gan")
    assert whole.datasets == ("mnist", "dsprites", "celeba")
    assert (table_7.models, table_7.datasets) == (both.models, ("mnist",))
    assert (sizes.models, sizes.datasets) == ((), ("celeba", "mnist"))


def test_a_part_may_use_the_constants_of_another(section):
    (part,) = [file for file in registry.files(section) if "part" in file.name]
    part.with_name("ch9_9_names.py").write_text("GAN = 'mnist-vae-gan'\n", "utf-8")
    text = "from made_chapters.ch9_9_names import GAN, figure\n\n\n@figure(99, models=(GAN,))\n"
    part.write_text(f"{text}def f(chapter, shown): ...\n", encoding="utf-8")
    registry._tree.cache_clear()
    assert registry.declared(section)[-1].declaration.models == ("mnist-vae-gan",)


def test_models_and_data_of_the_section_follow(section):
    assert registry.models_of(section, "paper") == (
        *("mnist-vae", "mnist-vae-gan", "mnist-vlae-gan", "dsprites-vlae-gan", "celeba-vlae-gan"),
        "dsprites-vae",
    )
    assert registry.models_of(section, "smoke") == ("mnist-vae",)
    shown = ("morpho-mnist", "celeba", "mnist")  # by name, not by a model
    assert registry.datasets_of(section, "paper") == (*shown, "dsprites")
    assert registry.datasets_of(section, "smoke") == shown
    assert registry.looked_at(section) == ()
    assert registry.checks_of(section) == {"mnist": "somewhere.else"}


def test_the_report_is_told_who_makes_which_file(section):
    script = registry.scripts()[section]
    assert script.name == "made_chapters/ch9_9.py"
    figures = ("figure_96", "figure_96_as_run", "figure_97_a", "figure_98", "figure_99")
    assert set(script.makers) == {
        *(f"{name}.{suffix}" for name in figures for suffix in ("png", "svg")),
        *("table_7.csv", "sizes.csv"),
    }
    maker = script.makers["figure_97_a.png"]
    assert (maker.function, maker.models, maker.data) == (
        "several",
        ("mnist-vae-gan",),
        "morpho-mnist, drawn",
    )
    assert Path(maker.path).read_text(encoding="utf-8") == SCRIPT


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("@figure(99, models=('mnist-vea',))", "mnist-vae"),
        ("@figure(99, model='mnist-vae')", "unexpected keyword argument 'model'"),
        ("@figure(99, models=SOMEWHERE_ELSE)", "'SOMEWHERE_ELSE' is not defined"),
        ("@declarations.table()", "number"),
        ("@figure(99, data='celeba')", "say shows_pictures=True or False"),
    ],
)
def test_a_wrong_declaration_names_script_line_and_fix(section, line, cause):
    (part,) = [file for file in registry.files(section) if "part" in file.name]
    part.write_text(f"import functools\n\n\n{line}\ndef f(chapter, shown): ...\n", "utf-8")
    registry._tree.cache_clear()
    with pytest.raises(DeclarationError, match=f"ch9_9_part.py, line 4, f: .*{cause}.*literals"):
        registry.declared(section)


def test_other_decorators_are_none_of_its_business(section):
    (part,) = [file for file in registry.files(section) if "part" in file.name]
    text = "@functools.lru_cache(maxsize=None)\n@declarations.figure(99, models='mnist-vae')\n"
    part.write_text(f"{text}def f(chapter, shown): ...\n", encoding="utf-8")
    registry._tree.cache_clear()
    declaration = registry.declared(section)[-1].declaration
    assert (declaration.name, declaration.models) == ("99", ("mnist-vae",))


def test_one_reading_and_one_model_need_no_brackets():
    @figure(27, models="mnist-vae", readings=Reading.RUN)
    def made(chapter, shown): ...

    assert made.declarations == (
        Declaration("figure", "27", ("mnist-vae",), readings=(Reading.RUN,)),
    )


def test_the_decorators_collect_what_a_function_makes():
    @figure(41, models=["dsprites-vae"], readings=Reading)
    @table(4, models=("dsprites-vae",))
    @numbers("figure_15", data="celeba")
    def made(chapter, shown): ...

    assert made.declarations == (
        Declaration("figure", "41", ("dsprites-vae",), None, "", tuple(Reading)),
        Declaration("table", "4", ("dsprites-vae",)),
        Declaration("numbers", "figure_15", (), ("celeba",)),
    )
    assert [own.stem(Reading.RUN) for own in made.declarations[:2]] == [
        "figure_41_as_run",
        "table_4_as_run",
    ]


def test_what_is_shown_names_its_only_model():
    one = Shown(Declaration("figure", "41", ("dsprites-vae",)), Reading.RUN)
    assert (one.model, one.models, one.reading) == ("dsprites-vae", ("dsprites-vae",), Reading.RUN)
    with pytest.raises(ValueError, match="too many"):
        _ = one._replace(declaration=Declaration("figure", "41", ("a", "b"))).model
