"""What comes into the folder of published runs and its index, and what does not."""

import json
import shutil

import pytest

from data_prep.checksums import sha256
from data_prep.errors import DataError
from thesis_repro.models.zoo import MODELS
from thesis_repro.training import publishing
from thesis_repro.training.images import Identity
from thesis_repro.training.published import published_runs
from thesis_repro.training.publishing import WITHHELD, datasets_behind, runs_in, write_index
from thesis_repro.training.run_folder import RunConfig

KEPT = {
    *("config.json", "provenance.json", "history.csv", "first_kernels.npy", "DONE"),
    "encoder.weights.h5",
}


def test_a_run_is_copied_without_what_only_a_training_needs(finished_run, publish, tmp_path):
    run = finished_run(tmp_path / "trained")
    folder = publish(run)
    copied = folder / run.parent.name / run.name
    assert {path.name for path in copied.iterdir()} == KEPT
    assert all((copied / name).read_bytes() == (run / name).read_bytes() for name in KEPT)
    (entry,) = published_runs().index.runs
    assert entry.files.keys() == KEPT
    assert (entry.model, entry.run_id) == ("mnist-vlae-factor-3", run.name)
    assert entry.values == json.loads((run / "config.json").read_text())
    assert entry.data == "MNIST (official files)"
    assert entry.bytes == sum((run / name).stat().st_size for name in KEPT)


def test_runs_stand_in_an_order_that_does_not_change(finished_run, publish, tmp_path):
    asked = [("mnist-vlae-factor-3", "smoke", 0), ("mnist-vlae-factor-3", "paper", 1)]
    asked += [("mnist-vlae-factor-3", "paper", 0), ("mnist-vae", "quick", 0)]
    runs = [finished_run(tmp_path / "trained", *each) for each in asked]
    folder = publish(*runs, address="https://example.org")
    expected = [asked[3], asked[2], asked[1], asked[0]]
    index = published_runs().index
    assert [(r.model, r.values["scale"], r.values["seed"]) for r in index.runs] == expected
    assert write_index(folder, folder.parent / "index.json") == index  # its address, too
    publish(runs[0], address="https://example.org")  # again
    assert published_runs().index == index


def test_a_run_that_is_taken_away_leaves_the_index(finished_run, publish, tmp_path):
    runs = [finished_run(tmp_path / "trained", seed=seed) for seed in (0, 1)]
    folder = publish(*runs)
    shutil.rmtree(folder / runs[0].parent.name / runs[0].name)
    (left,) = write_index(folder, folder.parent / "index.json").runs
    assert left.run_id == runs[1].name


def refused(publish, run):
    """What is said of a run that is not published; nothing is left of it."""
    with pytest.raises(DataError) as caught:
        publish(run)
    folder = publish()
    assert runs_in(folder) == list(published_runs().index.runs) == []
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    return str(caught.value)


@pytest.mark.parametrize("name", [name for name in MODELS if name.startswith(("celeba", "alex"))])
def test_nothing_of_people_or_of_others_photos_is_published(finished_run, publish, tmp_path, name):
    message = refused(publish, finished_run(tmp_path / "trained", name))
    assert "of which nothing is published" in message


def test_a_helper_has_seen_what_its_generator_has():
    seen = {name: datasets_behind(spec) for name, spec in MODELS.items()}
    assert seen["sample-discriminator"] == {"mnist"}
    assert seen["celeba-vlae-gan"] == {"celeba"}
    withheld = {name for name, datasets in seen.items() if datasets & WITHHELD.keys()}
    assert withheld >= {name for name in MODELS if "celeba" in name or "alexnet" in name}


def unfinished(run):
    (run / "DONE").unlink()


def changed_weights(run):
    (run / "encoder.weights.h5").write_bytes(b"Weights")


def without_kernels(run):
    (run / "first_kernels.npy").unlink()


def broken_configuration(run):
    (run / "config.json").write_text("{")


def other_configuration(run):
    values = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(values | {"seed": 7}))


def without_provenance(run):
    (run / "provenance.json").unlink()


def a_file_elsewhere(run):
    (run / "DONE").write_text(json.dumps({"../config.json": "0" * 64}))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (a_file_elsewhere, "DONE: it names a file elsewhere: ../config.json"),
        (unfinished, "it is no finished run: DONE is missing"),
        (changed_weights, "encoder.weights.h5: it has changed since the run ended"),
        (without_kernels, "first_kernels.npy: it cannot be read"),
        (broken_configuration, "config.json: it is damaged"),
        (other_configuration, "its config.json is that of run"),
        (without_provenance, "provenance.json: it cannot be read"),
    ],
)
def test_what_is_damaged_is_not_published(finished_run, publish, tmp_path, harm, words):
    run = finished_run(tmp_path / "trained")
    harm(run)
    assert words in refused(publish, run)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"commit": "0123456789ab-dirty"}, "its source code was 0123456789ab-dirty"),
        ({"commit": None}, "its source code was of no commit"),
        ({"data": "stand-in: parametric digits"}, "the run is of stand-ins"),
        ({"data": None}, "the run is of data that are not named"),
        ({"training_version": 1}, "would never load it"),
        ({"epochs": 9_999}, "would never load it"),
        ({"precision": "float8"}, "would never load it"),
        ({"backend": "torch"}, "would never load it"),
        ({"seed": "x"}, "would never load it"),
        ({"data": "MNIST (official files)", "more": 1}, "would never load it"),
        ({"scale": "paper", "spec": {"model": "mnist-vlae-factor-3"}}, "would never load it"),
    ],
)
def test_what_others_could_not_load_or_know_is_not_published(
    finished_run, publish, tmp_path, changed, words
):
    assert words in refused(publish, finished_run(tmp_path / "trained", **changed))


def test_a_run_partly_of_no_commit_is_not_published(finished_run, publish, tmp_path):
    """As of an installed package first, of a clone later."""
    run = finished_run(tmp_path / "trained")
    path = run / "provenance.json"
    known = json.loads(path.read_text())
    path.write_text(
        json.dumps({"sessions": [known["sessions"][0] | {"commit": None}, *known["sessions"]]})
    )
    assert "its source code was of no commit, 0123456789ab" in refused(publish, run)


def test_a_configuration_that_lacks_something_is_not_published(finished_run, publish, tmp_path):
    run = finished_run(tmp_path / "trained")
    values = json.loads((run / "config.json").read_text())
    del values["seed"]
    (run / "config.json").write_text(json.dumps(values))
    renamed = run.rename(run.parent / RunConfig(run.parent.name, values).run_id)
    assert "would never load it" in refused(publish, renamed)


def test_a_history_of_other_epochs_is_not_published(finished_run, publish, tmp_path):
    """As of a smoke run whose configuration was edited to say "paper"."""
    run = finished_run(tmp_path / "trained")
    lines = (run / "history.csv").read_text().splitlines()
    (run / "history.csv").write_text("\n".join(lines[:3]) + "\n")
    digests = json.loads((run / "DONE").read_text())
    digests["history.csv"] = sha256(run / "history.csv")
    (run / "DONE").write_text(json.dumps(digests))
    assert "its history has 2 epochs, its configuration 200" in refused(publish, run)


def test_a_damaged_index_is_named(finished_run, publish, tmp_path):
    folder = publish(finished_run(tmp_path / "trained"))
    (tmp_path / "index.json").write_text("{")
    with pytest.raises(DataError, match=r"index\.json: it is damaged"):
        publishing.write_index(folder, tmp_path / "index.json")


def test_a_run_lies_under_its_models_own_name(finished_run, publish, tmp_path):
    run = finished_run(tmp_path / "trained", "dsprites-vae")
    other = run.parent.rename(run.parent.with_name("10000-vae"))
    assert "would never load it" in refused(publish, other / run.name)


def test_limits(finished_run, publish, tmp_path, monkeypatch):
    run = finished_run(tmp_path / "trained", weights=bytes(9_000))
    monkeypatch.setattr(publishing, "LARGEST_FILE", 8_999)
    assert "encoder.weights.h5: 9,000 bytes are more than the 8,999" in refused(publish, run)
    monkeypatch.setattr(publishing, "LARGEST_FILE", 9_000)
    monkeypatch.setattr(publishing, "LARGEST_IN_ALL", 20_000)
    publish(run)
    other = finished_run(tmp_path / "trained", seed=1, weights=bytes(9_000))
    sizes = [sum((run / name).stat().st_size for name in KEPT) for run in (run, other)]
    monkeypatch.setattr(publishing, "LARGEST_IN_ALL", sum(sizes) - 1)
    with pytest.raises(DataError, match=f"all runs would have {sum(sizes):,} bytes"):
        publish(other)
    monkeypatch.setattr(publishing, "LARGEST_IN_ALL", sum(sizes))
    publish(other)


def test_another_training_of_a_published_run_does_not_replace_it(finished_run, publish, tmp_path):
    folder = publish(finished_run(tmp_path / "trained"))
    other = finished_run(tmp_path / "again", weights=b"others")
    with pytest.raises(DataError, match="published with other bytes"):
        publish(other)
    assert (folder / other.parent.name / other.name / "encoder.weights.h5").read_bytes() == (
        b"weights"
    )


def test_a_run_whose_folder_has_another_name(finished_run, publish, tmp_path):
    run = finished_run(tmp_path / "trained", identity=Identity("e" * 64, 1, 1))
    assert "its config.json is that of run" in refused(publish, run.rename(run.parent / "mine"))
