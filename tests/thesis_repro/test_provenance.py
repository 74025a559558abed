"""What made a result: the source tree's own commit, and how its environment differs."""

import os
import re
import shutil
import subprocess
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from data_prep.checksums import sha256
from thesis_repro import provenance

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

MODULE = "thesis_repro/provenance.py"


def git(folder, *arguments):
    names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
    others = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = others | dict.fromkeys(names, "a@b")
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True)


def repository(folder, *files):
    """A repository with one commit of these files; gives the commit."""
    git(folder, "init", "-q")
    for name in files:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(str(folder), encoding="utf-8")  # so that no two commits are alike
    git(folder, "add", "--", *files)
    git(folder, "commit", "-q", "-m", "all", "--", *files)
    return git(folder, "rev-parse", "--short=12", "HEAD").stdout.strip()


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """The folder that the package is imported from, a user's repository around it."""
    repository(tmp_path, "notes.txt")
    folder = tmp_path / "tree"
    (folder / "thesis_repro").mkdir(parents=True)
    (folder / MODULE).write_text("", encoding="utf-8")
    monkeypatch.setattr(provenance, "__file__", str(folder / MODULE))
    return folder


def test_a_source_tree_has_its_commit(tree):
    made = repository(tree, MODULE)
    assert provenance.commit() == made
    git(tree, "tag", "-a", "v1.0", "-m", "a release")
    assert provenance.commit() == made
    (tree / MODULE).write_text("changed", encoding="utf-8")
    assert provenance.commit() == f"{made}-dirty"


@pytest.mark.parametrize(
    "variables",
    [
        ("GIT_DIR",),
        ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"),  # a hook's
        ("GIT_INDEX_FILE",),
        ("GIT_OBJECT_DIRECTORY",),
        ("GIT_COMMON_DIR",),
        ("GIT_CEILING_DIRECTORIES",),
    ],
    ids=" ".join,
)
def test_variables_of_another_repository_change_nothing(tree, monkeypatch, variables):
    made, other = repository(tree, MODULE), tree.parent / ".git"
    values = {
        "GIT_WORK_TREE": tree.parent,
        "GIT_INDEX_FILE": other / "index",
        "GIT_OBJECT_DIRECTORY": other / "objects",
    }
    for name in variables:
        monkeypatch.setenv(name, str(values.get(name, other)))
    assert provenance.commit() == made


def test_what_is_installed_under_a_users_repository_has_no_commit(tree):
    assert provenance.commit() is None


def test_a_repository_that_does_not_track_the_package_is_not_its_own(tree):
    """As after `pip install --target .` in a user's repository."""
    repository(tree, "analysis.py")
    assert provenance.commit() is None


def test_a_damaged_repository_is_not_taken_for_the_one_around_it(tree):
    git(tree.parent, "add", "-f", f"tree/{MODULE}")
    git(tree.parent, "commit", "-q", "-m", "the package", "--", f"tree/{MODULE}")
    (tree / ".git").mkdir()
    assert provenance.commit() is None


def test_a_linked_work_tree_has_its_commit(tree, tmp_path, monkeypatch):
    made = repository(tree, MODULE)
    git(tree, "worktree", "add", "-q", str(tmp_path / "linked"))
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "linked" / MODULE))
    assert provenance.commit() == made


def test_without_git_there_is_no_commit(tree, monkeypatch):
    repository(tree, MODULE)
    monkeypatch.setenv("PATH", "")
    assert provenance.commit() is None


def test_the_environment_of_what_computes_is_recorded(monkeypatch):
    theirs = {"XLA_FLAGS": "--a=1", "ONEDNN_MAX_CPU_ISA": "AVX2", "OMP_NUM_THREADS": "3"}
    secrets = dict.fromkeys(("TF_VAR_password", "TF_TOKEN_app", "NVIDIA_API_KEY"), "secret")
    for name, value in (theirs | secrets).items():
        monkeypatch.setenv(name, value)
    found = provenance.settings()
    assert found.items() >= theirs.items()
    assert {*secrets, "PATH"}.isdisjoint(found)


def test_the_time_is_in_utc():
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", provenance.now())


def test_the_environment_is_held_against_the_constraints(tree):
    """What is installed otherwise is named; other platforms' lines and absent packages are not."""
    numpy = version("numpy")
    lines = [
        "# a comment",
        f"numpy=={numpy} \\",
        "    --hash=sha256:00 \\",
        "    --hash=sha256:11",
        "click==0.0.1 ; python_full_version >= '3' \\",
        "    --hash=sha256:22",
        "keras==0.0.1 ; python_full_version < '3' \\",
        "    --hash=sha256:33",
        "no-such-package==1 \\",
        "    --hash=sha256:44",
    ]
    (tree / "constraints.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert provenance.constraints() == {
        "sha256": sha256(tree / "constraints.txt"),
        "otherwise": {"click": f"{version('click')}, not 0.0.1"},
    }


def test_an_installed_package_has_no_constraints(tree):
    assert provenance.constraints() is None


def test_the_constraints_name_all_that_is_required():
    """Every requirement of `setup.py` has one version in them, and that within its range."""
    root = Path(provenance.__file__).resolve().parents[1]
    text = (root / "constraints.txt").read_text(encoding="utf-8")
    pins = [Requirement(line.rstrip(" \\")) for line in text.splitlines() if line[0] not in " #"]
    here = {pin.name: pin for pin in pins if pin.marker is None or pin.marker.evaluate()}
    wanted = [Requirement(line) for line in requires("thesis-repro")]
    wanted = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": "dev"})]
    assert len(wanted) > 20
    for one in wanted:
        (pinned,) = here[one.name].specifier
        assert pinned.operator == "=="
        assert one.specifier.contains(pinned.version), one.name
    assert text.count("--hash=sha256:") > len(pins)
