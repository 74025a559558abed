"""What the chapters declare: every figure and table of the thesis once, of what it shows."""

import importlib
import inspect
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from data_prep.prepare import DATASETS
from thesis_repro.models.zoo import MODELS
from thesis_repro.section.registry import CHAPTERS, declared, everything, files, models_of
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import Reading

ROOT = Path(__file__).parents[2]


def test_every_figure_and_table_of_the_thesis_in_its_section():
    shown = {
        (place.declaration.kind, int(place.declaration.name.partition("_")[0])): place.section
        for place in everything()
        if place.declaration.kind != "numbers"
        if Reading.WRITTEN in place.declaration.readings
    }
    captions = load_captions()
    of_the_thesis = {key: section for key, section in shown.items() if key in captions}
    assert of_the_thesis == {key: caption.section for key, caption in captions.items()}


def test_each_file_is_made_by_one_function():
    names = Counter(
        (place.section, name)
        for place in everything()
        for reading in place.declaration.readings
        for name in place.declaration.files(reading)
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_models_are_the_zoos():
    assert {name for place in everything() for name in place.declaration.models} <= set(MODELS)


def test_data_are_known():
    assert {name for place in everything() for name in place.declaration.datasets} <= set(DATASETS)


@pytest.mark.parametrize("section", CHAPTERS)
def test_no_declaration_is_overlooked(section):
    """Inside a function or class, or without its arguments, it would say nothing to anybody."""
    words = re.compile(r"^\s*@(?:declarations\.)?(?:figure|table|numbers)\b", re.MULTILINE)
    written = sum(len(words.findall(file.read_text(encoding="utf-8"))) for file in files(section))
    assert written == len(declared(section))


@pytest.mark.parametrize("section", CHAPTERS)
def test_claims_are_of_models_that_the_section_shows(section):
    claimed = {name for claim in load_claims() if claim.section == section for name in claim.models}
    assert claimed & set(MODELS) <= set(models_of(section, "paper"))


@pytest.mark.parametrize("section", CHAPTERS)
def test_what_is_read_from_the_source_is_what_the_functions_say(section):
    """`declared` reads decorators without importing the script; here it is imported."""
    for file in files(section):
        module = importlib.import_module(f"chapters.{file.stem}")
        functions = [
            one
            for _, one in inspect.getmembers(module, inspect.isfunction)
            if one.__module__ == module.__name__ and hasattr(one, "declarations")
        ]
        places = [place for place in declared(section) if place.path == file]
        for function in functions:
            same = [one for one in places if one.function == function.__name__]
            assert [one.declaration for one in same] == list(function.declarations)
        lines = file.read_text(encoding="utf-8").splitlines()
        assert all(lines[one.line - 1].startswith(f"def {one.function}(") for one in places)
        assert {one.function for one in places} == {one.__name__ for one in functions}


@pytest.mark.parametrize("section", CHAPTERS)
def test_a_part_says_which_script_it_belongs_to(section):
    script, *parts = files(section)
    for part in parts:
        first = part.read_text(encoding="utf-8").split("\n", 1)[0]
        assert first.startswith(f'"""Part of `{script.name}`: ')


def test_a_script_is_the_command(tmp_path):
    """``python chapters/ch3_4.py`` says what ``thesis-repro chapter 3.4`` does, and no more."""
    folders = [f"--{name}={tmp_path}" for name in ("data-dir", "runs-dir", "out")]
    arguments = ["--scale", "smoke", "--stand-in", "--dry-run", *folders]
    script = ROOT / files("3.4")[0].relative_to(ROOT)
    command = [sys.executable, "-c", "from thesis_repro.cli import main; main()"]
    ours, theirs = (
        subprocess.run(
            [*start, *arguments], capture_output=True, text=True, check=True, cwd=tmp_path
        )
        for start in ([sys.executable, str(script)], [*command, "chapter", "3.4"])
    )
    assert (ours.stdout, ours.stderr) == (theirs.stdout, "")
    first, _, job = ours.stdout.splitlines()[:3]
    assert first.startswith("job")
    assert job.startswith("chapter 3.4")


@pytest.mark.parametrize("section", CHAPTERS)
def test_every_script_runs_itself(section):
    script, *parts = files(section)
    assert f'run_section("{section}")' in script.read_text(encoding="utf-8")
    assert not any("__main__" in part.read_text(encoding="utf-8") for part in parts)


def test_workers_of_a_script_do_not_import_it(tmp_path):
    """They would load Keras each: a script's processes are those of the command."""
    probe = tmp_path / "probe.py"
    probe.write_text("import sys\n\n\ndef heavy(_):\n    return 'keras' in sys.modules\n", "utf-8")
    code = (
        "import runpy, sys, click\n"
        "from thesis_repro import cli\n"
        "from data_prep.parallel import ordered\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "import probe\n"
        "cli.main = lambda *a, **k: print(*ordered(probe.heavy, [1, 2, 3], 2))\n"
        f"runpy.run_path({str(files('3.4')[0])!r}, run_name='__main__')\n"
    )
    start = tmp_path / "start.py"
    start.write_text(code, encoding="utf-8")
    done = subprocess.run([sys.executable, str(start)], capture_output=True, text=True)
    assert done.stdout == "False False False\n", done.stderr
