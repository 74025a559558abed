"""The public surface: light, quiet, typed, documented, and as its pages print it."""

import doctest
import importlib.util
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import thesis_repro

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "python.md"


def python(*arguments, cwd):
    """What a fresh Python says, which is not to fail."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_importing_it_loads_nothing(tmp_path):
    """So it takes no time: `benchmarks/cold_start.py` says how much."""
    code = (
        "import sys, thesis_repro; print(*(each for each in sys.modules if each in "
        "('numpy', 'keras', 'pandas', 'click', 'matplotlib', 'msgspec')))"
    )
    ended = python("-c", code, cwd=tmp_path)
    assert (ended.stdout, ended.stderr) == ("\n", "")


def test_no_name_imports_keras(tmp_path):
    """Which `load_model` does without a word; in `explore(load_model(...))`, it comes second."""
    code = (
        "import sys, thesis_repro as t; [getattr(t, name) for name in t.__all__];"
        "print(*({'keras', 'tensorflow', 'jax'} & {*sys.modules}))"
    )
    ended = python("-c", code, cwd=tmp_path)
    assert (ended.stdout, ended.stderr) == ("\n", "")


def test_it_exports_what_its_page_names():
    page = PAGE.read_text(encoding="utf-8")
    assert {*dir(thesis_repro)} == {*thesis_repro.__all__}
    for name in thesis_repro.__all__:
        assert re.search(rf"\b{name}\b", page), f"{PAGE.name} does not speak of {name}"
        assert getattr(thesis_repro, name)
    members = [name for name in vars(thesis_repro.TrainedModel) if not name.startswith("_")]
    for name in members:
        assert re.search(rf"`{name}\b", page), f"{PAGE.name} does not speak of {name}"


def test_each_public_name_has_a_docstring_with_its_errors():
    for name in thesis_repro.__all__[1:]:
        assert len(getattr(thesis_repro, name).__doc__) > 40
    for name in ("load_model", "train", "load_data", "load_results", "explore", "traverse"):
        assert "Raises:" in getattr(thesis_repro, name).__doc__


def test_a_name_that_it_has_not():
    with pytest.raises(AttributeError, match="has no attribute 'load_modle'"):
        _ = thesis_repro.load_modle


def test_the_version_is_the_packages(tmp_path):
    assert thesis_repro.__version__ == version("thesis-repro")
    shown = python("-m", "thesis_repro", "--version", cwd=tmp_path)
    assert shown.stdout.strip() == f"thesis-repro, version {thesis_repro.__version__}"
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {thesis_repro.__version__}\n" in citation


def test_examples_of_the_page(results, data_dir, monkeypatch):
    """As printed, in a folder with MNIST prepared and results of Section 4.2."""
    (results.parent / "data").symlink_to(data_dir)
    monkeypatch.chdir(results.parent)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failed, tried = doctest.testfile(
        str(PAGE), module_relative=False, optionflags=flags, encoding="utf-8"
    )
    assert (failed, tried > 20) == (0, True)


@pytest.mark.slow
def test_the_lines_of_the_readme(tmp_path):
    """From a cold start and an empty folder: not a word is said, nor of batches of many sizes."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"## In Python\n```python\n(.*?)```", text, re.DOTALL)
    further = (
        "print(z_1.mu.shape, z_3.log_var.shape, images.shape)\n"
        "for n in range(1, 12):\n"
        "    model.encode(images[:n])\n"
    )
    ended = python("-W", "error::UserWarning", "-c", f"{lines}\n{further}", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "(1000, 2) (1000, 2) (16, 28, 28, 1)\n"
    assert {path.name for path in tmp_path.iterdir()} == {"codes.npy", "data", "grids.png"}


# --- Types ---


def mypy(*arguments, cwd=ROOT, cache):
    if importlib.util.find_spec("mypy") is None:
        pytest.fail("mypy is not installed, which checks the types: pip install -e '.[dev]'")
    checked = ("-m", "mypy", f"--cache-dir={cache}", "--config-file", ROOT / "pyproject.toml")
    return python(*map(str, (*checked, *arguments)), cwd=cwd)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.slow
def test_types_of_the_public_surface(cache):
    """Of its modules, and of a script that uses every public name: `typed_use.py`."""
    checked = mypy(cache=cache)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    script = Path(__file__).with_name("typed_use.py").read_text(encoding="utf-8")
    for name in thesis_repro.__all__:
        assert re.search(rf"\b{name}\b", script), name
    assert (ROOT / "thesis_repro" / "py.typed").exists()


@pytest.mark.slow
def test_wrong_use_is_noticed_by_a_type_checker(cache, tmp_path):
    script = tmp_path / "wrong.py"
    script.write_text(
        "import thesis_repro\n"
        "model = thesis_repro.load_model('mnist-vae', seeed=3)\n"
        "model.encode(3)\n"
        "thesis_repro.load_modle\n"
        "model.decode('z')\n",
        encoding="utf-8",
    )
    checked = mypy(script, cache=cache)
    lines = [line.rpartition("wrong.py:")[2] for line in checked.stdout.splitlines()]
    wrong = [line.partition(":")[0] for line in lines if ": error:" in line]
    assert wrong == ["2", "3", "4", "5"]
