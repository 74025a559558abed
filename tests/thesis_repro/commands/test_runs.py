"""The command `runs`: what is here, what one run is, and what goes when somebody asks for it."""

import errno
import json
import logging
import re
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from thesis_repro.cli import main
from thesis_repro.commands import runs as commands
from thesis_repro.files import write_json
from thesis_repro.training import run_folder
from thesis_repro.training.configuration import TRAINING_VERSION
from thesis_repro.training.publishing import checked_files
from thesis_repro.training.run_folder import RunConfig, described_run

MODEL = "mnist-vlae-factor-3"
DONE, USAGE, DATA = 0, 2, 3


@pytest.fixture(autouse=True)
def _nothing_is_published(publish):
    publish()


@pytest.fixture
def runs_dir(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "results"


@pytest.fixture
def called(runs_dir, out):
    def call(command, *arguments, **settings):
        folders = (f"--runs-dir={runs_dir}", f"--out={out}")
        line = ["runs", command, *map(str, arguments), *folders]
        result = CliRunner().invoke(main, line, **settings)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    return call


def unfinished(run: Path, epochs=3):
    """Make of a finished run one that has trained for so many epochs."""
    for path in (run / "DONE", run / "encoder.weights.h5", run / "first_kernels.npy"):
        path.unlink()
    lines = (run / "history.csv").read_text().splitlines()[: epochs + 1]
    (run / "history.csv").write_text("\n".join(lines) + "\n")
    (run / "checkpoint").mkdir()
    (run / "checkpoint" / f"epoch-{epochs:05d}.npz").write_bytes(b"x" * 1_000)
    return run


def named_in(out, section, **runs):
    folder = out / section
    folder.mkdir(parents=True)
    entries = {model: {"run_id": run.name, "epochs": 2} for model, run in runs.items()}
    write_json(folder / "manifest.json", {"runs": entries})


def rows(result):
    """The cells of a table's rows, by run id."""
    lines = result.stdout.splitlines()
    rule = next(number for number, line in enumerate(lines) if line.startswith("---"))
    starts = [match.start() for match in re.finditer("-+", lines[rule])]
    body = lines[rule + 1 : -1]
    cells = [
        [line[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)]
        for line in body
    ]
    return {row[3]: row for row in cells if len(row) > 3 and re.fullmatch("[0-9a-f]{12}", row[3])}


# --- list ---


def test_nothing_is_here(called, runs_dir):
    for make in (lambda: None, runs_dir.mkdir):
        make()
        result = called("list")
        assert result.exit_code == DONE
        assert result.stdout == f"No run is in {runs_dir}: `thesis-repro train MODEL` trains one.\n"
        result = called("list", "celeba-vae")
        assert "No run of celeba-vae is in " in result.stdout
        assert "`thesis-repro train celeba-vae` trains one" in result.stdout


def test_every_run_in_a_row(called, finished_run, publish, runs_dir, out, tmp_path):
    here = finished_run(runs_dir, weights=b"x" * 2_500_000)
    begun = unfinished(finished_run(runs_dir, "celeba-vae", "quick", seed=7))
    other = finished_run(runs_dir, precision="mixed_bfloat16", backend="jax", training_version=1)
    published = finished_run(tmp_path / "trained", seed=5)
    publish(published)
    named_in(out, "4.2", **{MODEL: here})
    named_in(out, "seed-1/4.2", **{MODEL: here})
    result = called("list")
    assert result.exit_code == DONE
    assert result.stderr == ""
    table = rows(result)
    assert {*table} == {here.name, begun.name, other.name, published.name}
    columns = (0, 1, 2, 4, 6, 7)
    assert [table[here.name][i] for i in columns] == [
        *(MODEL, "paper", "0", "finished", "2.5", "4.2 seed-1/4.2")
    ]
    epochs = described_run(begun).config.values["epochs"]
    assert [table[begun.name][i] for i in columns] == [
        *("celeba-vae", "quick", "7", f"epoch 3 of {epochs}", "0.0", "")
    ]
    assert table[other.name][1] == "paper, mixed_bfloat16, jax, version 1"
    assert table[published.name][4] == "published"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", table[here.name][5])
    assert result.stdout.splitlines()[-1] == "4 runs, 3 of them finished: 2.5 MB"


def test_runs_of_some_models(called, finished_run, runs_dir):
    finished_run(runs_dir, "celeba-vae")
    sprites = finished_run(runs_dir, "dsprites-vae")
    assert {*rows(called("list", "10000-VAE"))} == {sprites.name}
    assert len(rows(called("list", "dsprites-vae", "CelebA-VAE"))) == 2
    assert called("list", "mnist-vea").exit_code == USAGE


def test_what_is_damaged_or_foreign_is_named_and_stops_nothing(called, finished_run, runs_dir, out):
    whole, cut_off = (finished_run(runs_dir, seed=seed) for seed in (0, 1))
    text = (cut_off / "config.json").read_text()
    (cut_off / "config.json").write_text(text[: len(text) // 2])
    (runs_dir / MODEL / "thesis figures").mkdir()
    (runs_dir / MODEL / ".deleting-0").mkdir()
    out.mkdir()
    (out / "4.2").mkdir()
    (out / "4.2" / "manifest.json").write_text("{")
    result = called("list")
    assert result.exit_code == DONE
    assert {*rows(result)} == {whole.name}
    for words in (
        f"{out / '4.2' / 'manifest.json'}: it is no whole JSON file",
        f"{cut_off}: its config.json cannot be read: mend it, or put it back from a copy.",
        f"{runs_dir / MODEL / 'thesis figures'}: no config.json is in it: no run, or",
        f"{runs_dir / MODEL / '.deleting-0'}: half deleted: `thesis-repro runs prune` clears it",
    ):
        assert words in result.stderr


def test_a_damaged_history_or_provenance_keeps_its_row(called, finished_run, runs_dir):
    one, two = (finished_run(runs_dir, seed=seed) for seed in (0, 1))
    (one / "history.csv").write_text("epoch,\n1")
    (two / "provenance.json").write_text("{")
    result = called("list")
    assert result.exit_code == DONE
    assert {*rows(result)} == {one.name, two.name}


def test_published_runs_that_are_listed_from_their_own_folder(called, finished_run, publish,
                                                              tmp_path):  # fmt: skip
    folder = publish(finished_run(tmp_path / "trained"))
    result = CliRunner().invoke(main, ["runs", "list", "--runs-dir", str(folder)])
    assert len(rows(result)) == 1  # not twice


def test_a_folder_of_runs_that_is_a_file(called, runs_dir):
    runs_dir.touch()
    for command in (["list"], ["show", MODEL], ["prune", "--unfinished"]):
        assert called(*command).exit_code in (USAGE, DATA)


def test_thirty_runs_are_listed_within_two_seconds(called, finished_run, runs_dir):
    for seed in range(30):
        finished_run(runs_dir, seed=seed)
    began = time.process_time()
    assert len(rows(called("list"))) == 30
    assert time.process_time() - began < 2


# --- show ---


def test_all_of_one_run(called, finished_run, runs_dir, out):
    run = finished_run(runs_dir, weights=b"x" * 1_234)
    session = {"data": "MNIST (official files)", "device": "a CPU", "commit": "0123456789ab"}
    sessions = [
        {"started": "2026-01-01T00:00:00+00:00", "first_epoch": 1, "versions": {"keras": "3.15.1",
         "platform": "Linux-of-mine"}, **session},
        {"started": "2026-01-02T00:00:00+00:00", "first_epoch": 3, **session, "device": "a GPU"},
    ]  # fmt: skip
    write_json(run / "provenance.json", {"sessions": sessions})
    named_in(out, "4.2", **{MODEL: run})
    result = called("show", run.name)
    assert result.exit_code == DONE
    text = result.stdout
    for words in (
        "mnist-vlae-factor-3 (MNIST-VLAE-factor-3)\n",
        f"  folder     {run}\n",
        "  state      finished\n",
        "  scale      paper: 200 epochs\n",
        "  data       MNIST (official files)\n",
        "  images     60,000 for training, 10,000 for validation\n",
        "  seed       0\n",
        "  precision  float32\n",
        "  backend    tensorflow\n",
        f"  version    {TRAINING_VERSION}\n",
        "  code       0123456789ab\n",
        "  used by    4.2\n",
        f"  command    thesis-repro train {MODEL} --scale paper --runs-dir {runs_dir}\n",
        "keras 3.15.1\n",
    ):
        assert words in text
    assert "Linux-of-mine" not in text
    lines = [line.split() for line in text.splitlines()]
    assert [
        "2026-01-01T00:00:00+00:00",
        "1",
        "2",
        *["14", "s", "a", "CPU", "0123456789ab"],
    ] in lines
    assert ["2026-01-02T00:00:00+00:00", "3", "198", *["99", "s"]] not in lines
    assert [
        "2026-01-02T00:00:00+00:00",
        "3",
        "198",
        *["2", "min", "a", "GPU", "0123456789ab"],
    ] in lines
    assert ["validation", "loss", "280", "210.25", "230"] in lines
    assert "lowest validation loss (2)" in text
    assert ["encoder.weights.h5", "1,234"] in lines


@pytest.mark.parametrize("by", ["id", "capitals", "beginning", "model", "name"])
def test_a_run_is_found_by(called, finished_run, runs_dir, by):
    run = finished_run(runs_dir)
    finished_run(runs_dir, "celeba-vae")
    asked = {
        **{"id": run.name, "capitals": run.name.upper(), "beginning": run.name[:5]},
        **{"model": MODEL, "name": "MNIST-VLAE-factor-3"},
    }[by]
    assert f"  run        {run.name}\n" in called("show", asked).stdout


def test_several_runs_of_a_model(called, finished_run, runs_dir):
    runs = [finished_run(runs_dir, seed=seed) for seed in (0, 1)]
    result = called("show", MODEL)
    assert result.exit_code == USAGE
    assert f"{MODEL} has several runs; name one:" in result.stderr
    for seed, run in enumerate(runs):
        line = f"  {run.name}: {MODEL}, scale paper, seed {seed}, float32, tensorflow"
        assert line in result.stderr


def test_a_beginning_of_several_ids(called, finished_run, runs_dir):
    runs = [finished_run(runs_dir, seed=seed) for seed in range(17)]  # of 16 first digits
    digits = [run.name[0] for run in runs]
    several = next(digit for digit in digits if digits.count(digit) > 1)
    result = called("show", several)
    assert result.exit_code == USAGE
    assert f"Several runs begin with '{several}'; name one:" in result.stderr
    assert result.stderr.count(f"  {several}") == digits.count(several)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("nothing", "No run is called 'nothing'. `thesis-repro runs list` shows"),
        ("", "No run is called ''."),
        ("celeba-vae", "There is no run of celeba-vae: `thesis-repro train celeba-vae`"),
        ("mnist-vlae-factor-33", "Did you mean mnist-vlae-factor-3"),
    ],
)
def test_a_run_that_is_not_here(called, finished_run, runs_dir, name, answer):
    finished_run(runs_dir)
    result = called("show", name)
    assert result.exit_code == USAGE
    assert answer in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_unfinished_run_and_what_goes_on_with_it(called, finished_run, runs_dir):
    run = unfinished(finished_run(runs_dir, scale="quick", seed=2, data="stand-in: made"))
    text = called("show", run.name).stdout
    assert "  state      epoch 3 of 60\n" in text
    assert f"train {MODEL} --scale quick --seed 2 --stand-in --runs-dir {runs_dir}\n" in text
    assert "last epoch (3)" in text
    (run / "history.csv").unlink()
    result = called("show", run.name)
    assert result.exit_code == DONE
    assert "last epoch" not in result.stdout


def test_the_command_of_a_run_on_jax(called, finished_run, runs_dir):
    run = finished_run(runs_dir, precision="mixed_bfloat16", backend="jax")
    words = f"KERAS_BACKEND=jax thesis-repro train {MODEL} --scale paper --precision mixed_bfloat16"
    assert words in called("show", run.name).stdout


@pytest.mark.parametrize("changed", [{"training_version": 1}, {"seed": "one"}, {"epochs": 3}])
def test_a_run_that_this_version_would_not_make(called, finished_run, runs_dir, changed):
    run = finished_run(runs_dir, **changed)
    result = called("show", run.name)
    assert result.exit_code == DONE
    assert "  command    none: this version of the package would train it" in result.stdout


@pytest.mark.parametrize(
    ("model", "what", "command"),
    [
        ("my-own-model", "no model of this version", "this version of the package would train"),
        (
            f"{MODEL}+slow",
            "changed, no model of the thesis",
            "`thesis_repro.train(spec)` in Python",
        ),
        (
            f"{MODEL}+epochs=3",
            "changed, no model of the thesis",
            "this version of the package would train it otherwise",
        ),
    ],
)
def test_a_run_of_no_model_of_the_thesis(called, runs_dir, model, what, command):
    """Of a version, besides, that said nothing of itself."""
    config = RunConfig(model, {})
    folder = runs_dir / config.model / config.run_id
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    result = called("list")
    assert result.exit_code == DONE
    row = rows(result)[config.run_id]
    assert row[2:5] == ["unknown", config.run_id, "epoch 0 of unknown"]
    result = called("show", model)
    assert result.exit_code == DONE
    assert f"{model}: {what}" in result.stdout
    assert "  images     not known" in result.stdout
    assert f"  command    none: {command}" in result.stdout


def test_a_damaged_history_is_named_under_all_else(called, finished_run, runs_dir):
    run = finished_run(runs_dir)
    (run / "history.csv").write_text("epoch,\n1")
    result = called("show", run.name)
    assert result.exit_code == DATA
    assert "encoder.weights.h5" in result.stdout
    assert f"PROBLEM {run / 'history.csv'}: the history of this run" in result.stderr
    unfinished(run)
    (run / "history.csv").write_text("epoch,loss,seconds\n1,two,3\n")
    result = called("show", run.name)
    assert result.exit_code == DATA
    assert f"PROBLEM {run / 'history.csv'}: it is damaged (ValueError" in result.stderr


def test_damaged_provenance_is_said_once(called, finished_run, runs_dir, caplog):
    run = finished_run(runs_dir)
    (run / "provenance.json").write_text("{")
    run_folder._warn_of_damage.cache_clear()
    with caplog.at_level(logging.WARNING):
        result = called("show", run.name)
    assert result.exit_code == DONE
    assert "not known: its provenance does not say it" in result.stdout
    assert "Its provenance names no session." in result.stdout
    assert len([line for line in caplog.messages if "provenance.json is damaged" in line]) == 1


# --- prune ---


def test_without_naming_anything_nothing_goes(called, finished_run, runs_dir):
    run = finished_run(runs_dir)
    result = called("prune", "--yes")
    assert result.exit_code == USAGE
    assert (
        "Say what can go: RUNs, --scale, --unfinished, --unused or --checkpoints" in result.stderr
    )
    assert called("prune", "--checkpoints", "--unfinished", "--yes").exit_code == USAGE
    assert checked_files(run)


def test_without_a_terminal_and_yes_it_only_shows(called, finished_run, runs_dir):
    run = finished_run(runs_dir, scale="smoke", weights=b"x" * 5_000)
    result = called("prune", "--scale", "smoke")
    assert result.exit_code == DONE
    assert {*rows(result)} == {run.name}
    size = sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
    assert f"To delete: 1 run, {size:,} bytes" in result.stdout
    assert result.stdout.endswith("Nothing is deleted; --yes deletes it.\n")
    assert checked_files(run)


@pytest.mark.parametrize(("answer", "stays"), [("y\n", False), ("n\n", True), ("", True)])
def test_at_a_terminal_it_is_asked(called, finished_run, runs_dir, monkeypatch, answer, stays):
    run = finished_run(runs_dir)

    class Terminal:
        def __init__(self, stream):
            self._stream = stream

        def __getattr__(self, name):
            return getattr(self._stream, name)

        def isatty(self):
            return True

    class Streams:
        def __getattr__(self, name):
            import sys

            return Terminal(getattr(sys, name))

    monkeypatch.setattr(commands, "sys", Streams())
    result = called("prune", run.name, input=answer)
    assert result.exit_code == DONE
    assert "Delete it?" in result.stdout
    assert run.exists() == stays


def test_a_run_that_ends_while_the_question_waits(called, finished_run, runs_dir, monkeypatch):
    run = finished_run(runs_dir)
    note = (run / "DONE").read_bytes()
    (run / "DONE").unlink()

    def answered():
        (run / "DONE").write_bytes(note)
        return True

    monkeypatch.setattr(commands, "_is_confirmed", answered)
    result = called("prune", "--unfinished")
    assert f"{run}: it has been trained since it was chosen: left alone." in result.stderr
    assert checked_files(run)


@pytest.fixture
def four(finished_run, runs_dir, out):
    """Runs by whether they are finished and used, and another scale."""
    used, unused = (finished_run(runs_dir, scale="smoke", seed=seed) for seed in (0, 1))
    begun = unfinished(finished_run(runs_dir, scale="smoke", seed=2), 1)
    paper = finished_run(runs_dir)
    named_in(out, "seed-1/4.2", **{MODEL: used})
    return {"used": used, "unused": unused, "begun": begun, "paper": paper}


@pytest.mark.parametrize(
    ("arguments", "gone"),
    [
        (["--scale", "smoke"], {"used", "unused", "begun"}),
        (["--scale", "quick"], set()),
        (["--unfinished"], {"begun"}),
        (["--unused"], {"unused", "begun", "paper"}),
        (["--unused", "--scale", "smoke"], {"unused", "begun"}),
        (["--unused", "--scale", "smoke", "--unfinished"], {"begun"}),
        (["--unfinished", "--scale", "paper"], set()),
        (["--checkpoints"], set()),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(len(value)),
)
def test_what_goes_is_all_of_what_is_named(called, four, arguments, gone):
    result = called("prune", *arguments, "--yes")
    assert result.exit_code == DONE
    assert {name for name, run in four.items() if not run.exists()} == gone


def test_runs_by_their_names(called, four):
    assert called("prune", four["paper"].name, four["unused"].name[:8], "--yes").exit_code == DONE
    assert {name for name, run in four.items() if not run.exists()} == {"paper", "unused"}
    result = called("prune", MODEL, "--yes")  # of which there are two
    assert result.exit_code == USAGE
    assert called("prune", four["used"].name, "--scale", "paper", "--yes").exit_code == DONE
    assert four["used"].exists()


def test_checkpoints_and_compiled_programs_of_finished_runs(called, four):
    for name in ("used", "paper"):
        (four[name] / "compiled" / "program").write_bytes(b"x" * 700)
    (four["unused"] / "compiled" / "program").unlink()
    (four["unused"] / "compiled").rmdir()
    before = {name: checked_files(run) for name, run in four.items() if name != "begun"}
    result = called("prune", "--checkpoints", "--yes")
    assert result.exit_code == DONE
    assert "checkpoints and compiled programs of 2 runs, 1,400 bytes" in result.stdout
    assert {name: checked_files(run) for name, run in four.items() if name != "begun"} == before
    assert not (four["used"] / "compiled").exists()
    assert (four["begun"] / "checkpoint" / "epoch-00001.npz").exists()
    assert (four["begun"] / "compiled").exists()
    assert "is to be deleted" in called("prune", "--checkpoints", "--yes").stdout


@pytest.mark.parametrize("damage", ["no results", "damaged manifest", "out is a file"])
def test_unused_runs_stay_where_nobody_knows_what_is_used(called, four, out, damage):
    manifest = out / "seed-1" / "4.2" / "manifest.json"
    if damage == "damaged manifest":
        manifest.write_text(manifest.read_text()[:30])
    else:
        out.rename(out.with_name("other results"))
        if damage == "out is a file":
            out.write_text("a file")
    result = called("prune", "--unused", "--yes")
    assert result.exit_code in (DATA, USAGE)
    assert all(run.exists() for run in four.values())
    if damage == "no results":
        assert "it holds no results, so that every run would be unused" in result.stderr
    if damage == "damaged manifest":
        assert f"Error: {manifest}: it is no whole JSON file" in result.stderr
        assert called("prune", "--unfinished", "--yes").exit_code == DONE  # needs no manifest
        assert not four["begun"].exists()


def test_a_run_under_way_is_left_alone_and_others_go(called, four):
    with described_run(four["begun"]).lock():
        result = called("prune", "--scale", "smoke", "--yes")
    assert result.exit_code == DONE
    assert f"{four['begun']}: a training is under way in it: left alone." in result.stderr
    assert {name for name, run in four.items() if run.exists()} == {"begun", "paper"}


def test_what_is_no_run_is_left_alone(called, four, runs_dir):
    (four["used"] / "config.json").write_text("{")
    (four["unused"] / "notes.txt").touch()
    (runs_dir / MODEL / "pictures").mkdir()
    result = called("prune", "--scale", "smoke", "--yes")
    assert result.exit_code == DONE
    assert f"{four['unused']}: it holds notes.txt, which is no file of a run" in result.stderr
    assert f"{four['used']}: its config.json cannot be read" in result.stderr
    assert (runs_dir / MODEL / "pictures").exists()
    assert {name for name, run in four.items() if run.exists()} == {"used", "unused", "paper"}


def test_the_repositorys_runs_are_left_alone(finished_run, publish, tmp_path):
    folder = publish(finished_run(tmp_path / "trained"))
    for arguments in (["--scale", "paper"], [MODEL], ["--checkpoints"]):
        line = ["runs", "prune", *arguments, "--yes", "--runs-dir", str(folder)]
        result = CliRunner().invoke(main, line)
        assert result.exit_code == DONE
    assert len(checked_files(next(folder.glob("*/*")))) == 6


def test_a_folder_that_is_read_only(called, four, monkeypatch):
    rename = Path.rename

    def refuse(self, target):
        if self == four["used"]:
            raise OSError(errno.EROFS, "Read-only file system", str(self), None, str(target))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    result = called("prune", "--scale", "smoke", "--yes")
    assert result.exit_code == DATA
    assert f"{four['used']}: it cannot be deleted (Read-only file system)" in result.stderr
    assert result.stdout.endswith("Deleted: 2 of 3.\n")
    assert checked_files(four["used"])


def test_what_was_half_deleted_goes_the_next_time(called, four, runs_dir):
    leftover = runs_dir / MODEL / ".deleting-0123-ab"
    four["unused"].rename(leftover)
    result = called("prune", "--scale", "quick")
    assert f"{leftover}: left of a deletion that was interrupted" in result.stdout
    assert leftover.exists()
    assert called("prune", "--scale", "quick", "--yes").exit_code == DONE
    assert not leftover.exists()
    assert four["used"].exists()


def test_what_is_deleted_is_trained_again_and_no_longer_listed(called, four):
    assert called("prune", "--scale", "smoke", "--yes").exit_code == DONE
    assert {*rows(called("list"))} == {four["paper"].name}
    assert json.loads((four["paper"] / "DONE").read_text())
