"""The command `explore`: what it refuses, and the page of a published run."""

import pytest
from click.testing import CliRunner

from thesis_repro.cli import main
from thesis_repro.training.published_places import PAGES

RUN = "mnist-vlae-factor-3"


def explore(tmp_path, *arguments, **places):
    folders = {"data-dir": tmp_path / "data", "runs-dir": tmp_path / "runs", "out": tmp_path}
    options = [f"--{name}={places.get(name.partition('-')[0], folders[name])}" for name in folders]
    result = CliRunner().invoke(main, ["explore", *arguments, *options])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing argument"),
        (["mnist-vlea"], "No model is called 'mnist-vlea'. Did you mean mnist-vlae"),
        (["digit-classifier"], "digit-classifier is a classifier: it has no decoder to explore."),
        (["alexnet-vae"], "alexnet-vae has 2,000 latent dimensions"),
        ([RUN] * 3, "one model or two, not 3"),
        ([RUN, "mnist-vae"], f"{RUN} has 2 + 2 + 2, mnist-vae 2."),
        ([RUN, "celeba-vlae"], f"the same data: {RUN} has mnist, celeba-vlae celeba."),
        ([RUN, "--run=23d9", "--run=23d9"], "one --run for each of 1 models"),
        ([RUN, "--run=ffff"], "No finished run is called 'ffff'."),
        ([RUN, "--run="], "No finished run is called ''."),
        (["mnist-vae"], "no finished run of mnist-vae: `thesis-repro train mnist-vae`"),
        (["mnist-vae", "--run=23d9"], "no finished run of mnist-vae: `thesis-repro train"),
    ],
    ids=" ".join,
)
def test_what_is_refused(arguments, words, tmp_path):
    result = explore(tmp_path, *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unfinished_run_is_none(finished_run, tmp_path):
    run = finished_run(tmp_path / "runs", seed=7)
    (run / "DONE").unlink()
    result = explore(tmp_path, RUN, f"--run={run.name}")
    assert result.exit_code == 2
    assert f"No finished run is called '{run.name}'" in result.stderr


def test_several_runs_want_a_name(finished_run, tmp_path):
    run = finished_run(tmp_path / "runs", seed=7)
    result = explore(tmp_path, RUN)
    assert result.exit_code == 2
    assert "has several finished runs; name one" in result.stderr
    assert run.name in result.stderr


def test_a_place_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").touch()
    result = explore(tmp_path, RUN, out=tmp_path / "file" / "below")
    assert result.exit_code == 3
    assert f"{tmp_path / 'file' / 'below'}" in result.stderr


def test_pictures_of_people_have_to_be_ones_own(finished_run, tmp_path):
    finished_run(tmp_path / "runs", name="celeba-vae")
    result = explore(tmp_path, "celeba-vae")
    assert result.exit_code == 3
    assert "the data set has not been prepared" in result.stderr


def test_pictures_of_people_are_not_published(finished_run, tmp_path):
    finished_run(tmp_path / "runs", name="celeba-vae")
    result = explore(tmp_path, "celeba-vae", out=PAGES.parent)
    assert result.exit_code == 2
    assert "no page of celeba is published (its pictures show people" in result.stderr


def test_a_published_run(data_dir, tmp_path):
    result = explore(tmp_path, RUN, "--run=23d9", data=data_dir)
    assert result.exit_code == 0, result.output
    path = tmp_path / "explore" / f"{RUN}_23d9e652cfd6.html"
    assert result.stdout == f"{path}: {path.stat().st_size / 1e6:.1f} MB\n"
    assert path.stat().st_size < 5e6
    assert "200 epochs at paper scale, seed 0, float32, run 23d9e652cfd6" in path.read_text()
    assert [each.name for each in tmp_path.iterdir()] == ["explore"]
