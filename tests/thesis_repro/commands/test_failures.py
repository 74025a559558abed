"""Errors that no part of the package explains end in one line as well: what, why, what to do."""

import errno
import os
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from thesis_repro.cli import main
from thesis_repro.files import DataFileError


@pytest.fixture
def fail(monkeypatch):
    """Runs a command that raises an error; its result."""

    def run(error):
        @click.command()
        def command():
            raise error

        monkeypatch.setitem(main.commands, "fail", command)
        return CliRunner().invoke(main, ["fail"])

    return run


class ResourceExhaustedError(Exception):
    """As TensorFlow's, which has no class of Python's above it that says so."""


def os_error(number, *names):
    return OSError(number, os.strerror(number), *names)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (os_error(errno.ENOSPC, "/disk/a b.h5"), "/disk/a b.h5: No space left on device. To fix "),
        (os_error(errno.EACCES, b"/out"), "/out: Permission denied. To fix it: mend its permissi"),
        (os_error(errno.EROFS, "/o/.writing-1", None, "/o/a.csv"), "/o/a.csv: Read-only file sys"),
        (os_error(errno.ENOTDIR, Path("/out/x")), "/out/x: Not a directory. To fix it: move the"),
        (
            os_error(errno.ENOENT),
            "the current folder: No such file or directory. To fix it: change",
        ),
        (
            os_error(errno.EBADF, 7),
            "the output, or a file that Python does not name: Bad file desc",
        ),
        (
            OSError("Unable to open"),
            "the output, or a file that Python does not name: OSError: Una",
        ),
        (TimeoutError(), "the output, or a file that Python does not name: TimeoutError."),
        (MemoryError("Unable to allocate 2 GiB"), "There is not enough memory (MemoryError: Un"),
        (ResourceExhaustedError("OOM when\nallocating"), "There is not enough memory (ResourceE"),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of"), "There is not enough memory (RuntimeError"),
        (ModuleNotFoundError("No module named 'jax'", name="jax"), "jax cannot be imported ("),
        (RuntimeError("Symlink loop from '/a'"), "RuntimeError: Symlink loop from '/a'. To fix it"),
        (DataFileError("claims.json: no field."), "claims.json: no field."),
    ],
    ids=str,
)
def test_an_error_is_one_line_with_its_cause(fail, error, said):
    result = fail(error)
    assert result.exit_code == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {said}")


@pytest.mark.parametrize(
    ("module", "command"),
    [("jax", "pip install -e '.[jax]'"), ("jaxlib.xla", "pip install -e '.[jax]'")]
    + [(name, "pip install -e .") for name in ("tensorflow", "jaxon", None)],
)
def test_what_is_missing_comes_with_the_command_that_installs_it(fail, module, command):
    result = fail(ModuleNotFoundError("none of this name", name=module))
    assert f"Install what is missing with `{command}`, and" in result.stderr


def test_a_fault_of_the_package_leaves_its_traceback_in_a_file(fail, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result = fail(KeyError("no\nsuch"))
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: KeyError: 'no\\nsuch'. This is a fault of thesis-repro: please")
    (log,) = tmp_path.iterdir()
    assert line.endswith(f"with {log}.")
    text = log.read_text(encoding="utf-8")
    assert re.search(r"^\$ thesis-repro.*\npython 3\.", text)
    assert "Traceback (most recent call last)" in text


def test_where_no_file_can_be_written_the_variable_is_named(fail, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not there"))
    result = fail(KeyError("x"))
    assert result.stderr.endswith("please report what THESIS_REPRO_DEBUG=1 shows of it.\n")


def test_the_variable_shows_the_traceback(fail, monkeypatch):
    monkeypatch.setenv("THESIS_REPRO_DEBUG", "1")
    assert isinstance(fail(KeyError("x")).exception, KeyError)
