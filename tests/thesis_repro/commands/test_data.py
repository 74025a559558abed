"""``thesis-repro data`` as its users meet it: names, places, problems, and the next command."""

import errno
import os
import shlex
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from data_prep import fetch, morpho_mnist
from data_prep import prepare as preparation
from data_prep.prepare import DATASETS, prepare
from thesis_repro.cli import main
from thesis_repro.commands import data as commands

DONE, USAGE, DATA = 0, 2, 3  # exit codes of the design


def run(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def damage(folder):
    """Flip a bit that only whoever reads every byte notices."""
    (shard,) = folder.glob("train-*.tfrecord")
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    return shard


# --- Names ---


@pytest.mark.parametrize(
    ("name", "dataset"),
    [
        ("MNIST", "mnist"),
        ("dSprites", "dsprites"),
        ("CelebA", "celeba"),
        ("ImageNet", "imagenet"),
        ("Morpho-MNIST", "morpho-mnist"),
        ("morpho_mnist", "morpho-mnist"),
        ("MorphoMNIST", "morpho-mnist"),
        ("CelebA-224", "celeba-224"),
        ("celeba 224", "celeba-224"),
    ],
)
def test_data_sets_are_known_by_their_titles_too(tmp_path, name, dataset):
    result = run("data", "verify", name, "--data-dir", tmp_path)
    assert result.exit_code == DATA
    assert str(tmp_path / dataset.removesuffix("-224")) in result.stderr  # which comes first


@pytest.mark.parametrize("command", ["fetch", "prepare", "verify"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("minst", "No data set is called 'minst'. Did you mean mnist"),
        ("dsprite", "No data set is called 'dsprite'. Did you mean dsprites"),
        ("CELEB", "No data set is called 'CELEB'. Did you mean celeba"),
        ("cifar-10", "No data set is called 'cifar-10'. Choose from mnist, morpho-mnist,"),
    ],
)
def test_a_typo_is_answered_by_the_nearest_name_in_a_line(command, name, said):
    result = run("data", command, name)
    assert result.exit_code == USAGE
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {said}")


# --- Next commands ---


@pytest.mark.parametrize("folder", ["my data", "it's", "$HOME"])
def test_the_next_command_can_be_copied_into_a_shell(tmp_path, monkeypatch, folder):
    monkeypatch.setattr(fetch, "_is_there", lambda *_: True)
    data_dir = tmp_path / folder
    for to in ([], ["--to", data_dir / "a b"]):
        result = run("data", "fetch", "mnist", "--data-dir", data_dir, *to)
        assert result.exit_code == DONE
        *_, line = result.stdout.splitlines()
        source = ["--source", str(to[1])] if to else []
        expected = ["thesis-repro", "data", "prepare", "mnist", *source]
        command = line.removeprefix("next: `").removesuffix("`")
        assert shlex.split(command) == [*expected, "--data-dir", str(data_dir)]


def test_what_people_must_get_themselves_is_prepared_where_they_wanted_it(tmp_path):
    data_dir = tmp_path / "my data"
    result = run("data", "fetch", "celeba", "--data-dir", data_dir)
    assert result.exit_code == DATA
    assert f"`thesis-repro data prepare celeba --data-dir '{data_dir}'`" in result.stderr


def test_what_is_made_of_another_data_set_is_not_fetched(tmp_path):
    result = run("data", "fetch", "celeba-224", "--data-dir", tmp_path)
    assert result.exit_code == DATA
    assert "celeba-224 is made from the prepared celeba" in result.stderr
    assert f"`thesis-repro data prepare celeba-224 --data-dir {tmp_path}`" in result.stderr


@pytest.mark.parametrize(
    ("dataset", "command"),
    [
        ("mnist", "data prepare mnist --data-dir {0}"),
        ("morpho-mnist", "data prepare morpho-mnist --data-dir {0}"),
        ("dsprites", "data prepare dsprites --data-dir {0}"),
        ("celeba", "data prepare celeba --source DIR --data-dir {0}"),
        ("imagenet", "data prepare imagenet --source DIR --data-dir {0}"),
    ],
)
def test_not_prepared_says_where_it_looked_and_the_shortest_way(tmp_path, dataset, command):
    result = run("data", "verify", dataset, "--data-dir", tmp_path)
    assert result.exit_code == DATA
    assert f"{tmp_path / dataset}: the data set has not been prepared" in result.stderr
    assert f"`thesis-repro {command.format(tmp_path)}" in result.stderr
    (tmp_path / "official" / dataset).mkdir(parents=True)
    (tmp_path / "official" / dataset / ".fetch.lock").touch()
    (tmp_path / "official" / dataset / "half.gz.part").touch()
    assert run("data", "verify", dataset, "--data-dir", tmp_path).stderr == result.stderr
    (tmp_path / "official" / dataset / "file").touch()
    result = run("data", "verify", dataset, "--data-dir", tmp_path)
    assert f"`thesis-repro data prepare {dataset} --data-dir {tmp_path}`" in result.stderr


def test_an_empty_folder_is_not_a_damaged_data_set(tmp_path):
    """As a mounted disk is before it is filled."""
    (tmp_path / "mnist" / "lost+found").mkdir(parents=True)
    result = run("data", "verify", "mnist", "--data-dir", tmp_path)
    assert "has not been prepared" in result.stderr
    assert run("data", "list", "--data-dir", tmp_path).exit_code == DONE


# --- What was written, and what is wrong with it ---


def test_names_are_those_of_all_data_sets():
    assert tuple(DATASETS) == commands.DATASETS
    for command in ("fetch", "prepare", "verify"):
        help_text = run("data", command, "--help").stdout
        assert help_text.endswith(f"Data sets: {', '.join(DATASETS)}.\n")


@pytest.mark.parametrize(
    ("size", "shown"),
    [(700, "0.0007"), (41_000, "0.04"), (960_000, "1"), (1_700_000, "2"), (31e9, "31,000")],
)
def test_prepare_says_the_size_of_tiny_data_sets_too(tmp_path, monkeypatch, size, shown):
    manifest = SimpleNamespace(bytes=size, description="", splits={}, fingerprint="")
    monkeypatch.setattr(preparation, "prepare", lambda *_, **__: manifest)
    result = run("data", "prepare", "mnist", "--stand-in", "--data-dir", tmp_path)
    assert result.stdout.endswith(f", {shown} MB\n")


def test_prepare_outlives_whoever_reads_its_progress(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", "from thesis_repro.cli import main; main()"]
    command += ["data", "prepare", "mnist", "--stand-in", "--data-dir", tmp_path]
    done = subprocess.run(command, stdout=writer, stderr=writer, check=False)
    os.close(writer)
    assert done.returncode == DONE
    assert run("data", "verify", "mnist", "--stand-in", "--data-dir", tmp_path).exit_code == DONE


def test_prepare_ends_with_where_it_wrote(tmp_path):
    result = run("data", "prepare", "MNIST", "--stand-in", "--data-dir", tmp_path)
    assert result.exit_code == DONE
    *_, last = result.stdout.splitlines()
    assert last == f"written to {tmp_path / 'mnist'}, 59 MB"


def test_verify_of_stand_ins_alone_looks_at_no_other_data(tmp_path):
    for folder in ("mnist", "celeba-stand-in"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "manifest.json").write_text("{}")
    result = run("data", "verify", "--stand-in", "--data-dir", tmp_path)
    assert result.exit_code == DATA
    (line,) = result.stdout.splitlines()
    assert line.startswith(f"{tmp_path / 'celeba-stand-in'}: PROBLEM ")
    assert len(run("data", "verify", "--data-dir", tmp_path).stdout.splitlines()) == 2


def test_verify_without_a_name_verifies_all_and_goes_on_after_a_problem(tmp_path, monkeypatch):
    monkeypatch.setattr(morpho_mnist, "measure", lambda images: np.zeros((len(images), 6)))
    for dataset in ("mnist", "morpho-mnist"):
        prepare(dataset, tmp_path)
    result = run("data", "verify", "--data-dir", tmp_path)
    assert result.exit_code == DONE
    first, second = (tmp_path / name for name in ("mnist", "morpho-mnist"))
    lines = result.stdout.splitlines()
    assert [line.partition(": verified: ")[0] for line in lines] == [str(first), str(second)]

    shard = damage(first)
    result = run("data", "verify", "--data-dir", tmp_path)
    assert result.exit_code == DATA
    broken, whole = result.stdout.splitlines()
    assert broken.startswith(f"{first}: PROBLEM {shard}: its bytes have changed")
    assert whole.startswith(f"{second}: verified: ")

    result = run("data", "list", "--data-dir", tmp_path)
    assert result.exit_code == DONE  # it does not look at every byte, and says so
    assert "PROBLEM" not in result.stdout
    assert f"`thesis-repro data verify --data-dir {tmp_path}` reads every byte" in result.stderr
    shard.unlink()
    result = run("data", "list", "--data-dir", tmp_path)
    assert result.exit_code == DATA
    assert f"{first}: PROBLEM " in result.stdout


@pytest.mark.parametrize("place", ["/proc", "/dev/null/data", "{tmp}/file", "{tmp}/file/data"])
@pytest.mark.parametrize("command", ["prepare", "fetch"])
def test_a_place_that_cannot_be_written_is_said_before_any_work(tmp_path, command, place):
    (tmp_path / "file").touch()
    place = place.format(tmp=tmp_path)
    arguments = {"prepare": ["--stand-in", "--data-dir"], "fetch": ["--to"]}[command]
    result = run("data", command, "mnist", *arguments, place)
    assert result.exit_code in (USAGE, DATA)  # click itself refuses a file for a folder
    assert place.removesuffix("/data") in result.stderr
    assert ".trial" not in result.stderr
    assert "another process" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("data", "prepare", "mnist", "--stand-in", "--data-dir", ""),
        ("data", "prepare", "mnist", "--source", ""),
        ("data", "fetch", "mnist", "--to", ""),
        ("report", "--out", ""),
        ("doctor", "--runs-dir", ""),
    ],
)
def test_a_variable_that_is_not_set_does_not_name_this_folder(tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == USAGE
    assert "It is empty; name a path" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_place_is_tried_before_the_source_is_read(tmp_path):
    (tmp_path / "file").touch()
    result = run("data", "prepare", "mnist", "--source", tmp_path, "--data-dir", "/dev/null/data")
    assert result.exit_code == DATA
    assert "cannot be written" in result.stderr


def test_a_full_disk_is_noticed_before_the_source_is_read(tmp_path, monkeypatch):
    """Though it takes the names of files."""

    def full(number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    result = run("data", "prepare", "mnist", "--source", tmp_path, "--data-dir", tmp_path / "new")
    assert result.exit_code == DATA
    assert f"{tmp_path / 'new'}: it cannot be written (No space left" in result.stderr


def test_verify_without_a_name_where_nothing_is_prepared(tmp_path):
    result = run("data", "verify", "--data-dir", tmp_path)
    assert result.exit_code == DATA
    assert f"{tmp_path}: nothing is prepared here" in result.stderr


def test_a_link_to_a_disk_that_is_away_is_a_problem(tmp_path):
    (tmp_path / "mnist").symlink_to(tmp_path / "away")
    result = run("data", "list", "--data-dir", tmp_path)
    assert result.exit_code == DATA
    assert f"{tmp_path / 'mnist'}: PROBLEM " in result.stdout
