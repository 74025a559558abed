"""Plans: derived from what chapters declare, aware of what is done and of what is missing."""

import json
import os
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from data_prep.checksums import sha256
from data_prep.reading import load
from thesis_repro.models import zoo
from thesis_repro.plan import plan as module
from thesis_repro.plan.plan import add_readings, make_plan
from thesis_repro.plan.rates import Rates
from thesis_repro.plan.table import render
from thesis_repro.plan.timings import Timing
from thesis_repro.plan.work import training_work
from thesis_repro.progress import TrainingProgress
from thesis_repro.section import workspace as workspaces
from thesis_repro.section.other_readings import chosen_models
from thesis_repro.section.registry import CHAPTERS, models_of
from thesis_repro.section.workspace import Workspace
from thesis_repro.training.configuration import TrainingOptions, run_config
from thesis_repro.training.images import Identity, load_images
from thesis_repro.training.published import published_runs
from thesis_repro.training.run_folder import RunFolder
from thesis_repro.training.scale import SCALES
from thesis_repro.training.schedule import Schedule, schedule

SMOKE = SCALES["smoke"]


@pytest.fixture
def workspace(data_dir, tmp_path):
    return Workspace(
        data_dir=data_dir,
        runs_dir=tmp_path / "runs",
        out=tmp_path / "out",
        options=TrainingOptions(SMOKE),
        stand_in=True,
        progress=TrainingProgress(quiet=True),
    )


def config_of(model, workspace):
    spec = zoo.spec_named(model)
    data = load_images(spec, workspace.data_dir, schedule(spec, SMOKE), stand_in=True)
    return run_config(spec, data.identity(), workspace.options)


def finish(model, workspace):
    """A finished run as a training leaves it, as far as the plan looks."""
    run = RunFolder(workspace.runs_dir, config_of(model, workspace))
    run.path.mkdir(parents=True, exist_ok=True)
    (run.path / "DONE").write_text("{}")
    return run.config.run_id


def test_a_section_needs_its_data_and_models_and_they_their_data(workspace):
    jobs = make_plan(["4.2"], [], workspace)
    models = [f"train {name}" for name in models_of("4.2", "smoke")]
    assert list(jobs) == ["data mnist", *models, "chapter 4.2"]
    assert jobs["chapter 4.2"].needs == ("data mnist", *models)
    assert all(jobs[name].needs == ("data mnist",) for name in models)
    assert [job.is_done for job in jobs.values()] == [True, False, False, False, False]
    assert jobs["chapter 4.2"].command[:2] == ("chapter", "4.2")
    assert jobs[models[0]].command[:2] == ("train", "mnist-vlae-factor-1")


def test_everything_is_in_the_plan_once_and_after_what_it_needs(workspace):
    jobs = make_plan(CHAPTERS, zoo.MODELS, workspace)
    assert {f"train {name}" for name in zoo.MODELS} | {f"chapter {n}" for n in CHAPTERS} < set(jobs)
    seen = set()
    for name, job in jobs.items():
        assert name == job.name
        assert seen.issuperset(job.needs)
        seen.add(name)


def test_a_helper_needs_its_generator(workspace):
    jobs = make_plan([], ["sample-discriminator"], workspace)
    assert jobs["train sample-discriminator"].needs == ("data mnist", "train mnist-vae")


def test_many_images_of_another_size_are_a_job(tmp_path, workspace):
    """CelebA in AlexNet-VAE's size, for paper scale; fewer images are resized in memory."""
    model, paper = ["alexnet-vae-celeba"], TrainingOptions(SCALES["paper"])
    official = replace(workspace, data_dir=tmp_path, stand_in=False, options=paper)
    jobs = make_plan([], model, official)
    assert list(jobs) == ["data celeba", "data celeba-224", "train alexnet-vae-celeba"]
    assert jobs["data celeba-224"].needs == ("data celeba",)
    assert jobs["data celeba-224"].problem == ""
    assert jobs["data celeba-224"].command[:3] == ("data", "prepare", "celeba-224")
    assert jobs["train alexnet-vae-celeba"].needs == ("data celeba", "data celeba-224")
    for less in (replace(official, options=workspace.options), replace(official, stand_in=True)):
        assert "data celeba-224" not in make_plan([], model, less)


def test_finished_runs_are_done_and_others_are_not(workspace):
    finish("mnist-vlae-factor-3", workspace)
    models = ["mnist-vlae-factor-3", "mnist-vlae-factor-2"]
    done = [job.is_done for job in make_plan([], models, workspace).values() if job.is_training]
    assert done == [True, False]
    seed = replace(workspace, options=replace(workspace.options, seed=1))
    assert not make_plan([], models[:1], seed)["train mnist-vlae-factor-3"].is_done


def test_published_runs_are_done_unless_all_is_to_be_trained(
    workspace, finished_run, publish, tmp_path
):
    """Before their data are prepared, too, and wherever they lie."""
    name = "mnist-vlae-factor-3"
    identity = workspace.identity(zoo.model(name))
    run = finished_run(tmp_path / "trained", name, "smoke", identity=identity)
    folder = publish(run, address="https://example.org")
    there = replace(workspace, published=published_runs())
    for move in (lambda: None, lambda: folder.rename(tmp_path / "away")):
        move()
        for place in (there, replace(there, data_dir=tmp_path / "empty")):
            assert make_plan([], [name], place)[f"train {name}"].is_done
            job = make_plan([], [name], replace(place, train=True))[f"train {name}"]
            assert not job.is_done
            assert job.command[-1] == "--train"


def test_a_section_waits_for_models_that_it_only_looks_at(workspace, monkeypatch):
    """If the plan has them; they need not be there, and results name those that are."""
    monkeypatch.setattr(module, "models_of", lambda section, scale: ("mnist-vlae-factor-3",))
    monkeypatch.setattr(module, "datasets_of", lambda section, scale: ("mnist",))
    monkeypatch.setattr(module, "looked_at", lambda section: ("mnist-vae", "mnist-vae-gan"))
    alone = make_plan(["4.1"], [], workspace)
    assert list(alone) == ["data mnist", "train mnist-vlae-factor-3", "chapter 4.1"]
    together = make_plan(["4.1"], ["mnist-vae"], workspace)
    models = ("train mnist-vlae-factor-3", "train mnist-vae")
    assert together["chapter 4.1"].needs == ("data mnist", *models)
    runs = {n: {"run_id": finish(n, workspace)} for n in ("mnist-vlae-factor-3", "mnist-vae-gan")}
    data = load("mnist", workspace.data_dir, stand_in=True).description
    manifest = {"section": "4.1", "scale": "smoke", "seed": 0, "data": data, "files": {}}
    manifest["runs"] = runs
    (workspace.out / "4.1").mkdir(parents=True)
    (workspace.out / "4.1" / "manifest.json").write_text(json.dumps(manifest))
    assert make_plan(["4.1"], [], workspace)["chapter 4.1"].is_done
    assert not make_plan(["4.1"], ["mnist-vae"], workspace)["chapter 4.1"].is_done


def test_results_are_done_if_they_are_whole_and_of_these_runs(workspace):
    runs = {name: {"run_id": finish(name, workspace)} for name in models_of("4.2", "smoke")}
    folder = workspace.out / "4.2"
    folder.mkdir(parents=True)
    (folder / "table_3.csv").write_text("a\n1\n")
    manifest = {
        "section": "4.2", "scale": "smoke", "seed": 0, "runs": runs,
        "data": load("mnist", workspace.data_dir, stand_in=True).description,
        "files": {"table_3.csv": sha256(folder / "table_3.csv")},
    }  # fmt: skip

    def is_done(**changes):
        (folder / "manifest.json").write_text(json.dumps(manifest | changes))
        return make_plan(["4.2"], [], workspace)["chapter 4.2"].is_done

    assert is_done()
    assert not is_done(section="4.5")
    assert not is_done(scale="quick")
    assert not is_done(seed=1)
    assert not is_done(readings=["E10"])
    assert not is_done(data="MNIST (another)")
    assert not is_done(runs=runs | {"mnist-vlae-factor-1": {"run_id": "0" * 12}})
    assert not is_done(files={"table_3.csv": "0" * 64})
    assert not is_done(files={"table_4.csv": "0" * 64})
    (folder / "manifest.json").write_text("{")
    assert not make_plan(["4.2"], [], workspace)["chapter 4.2"].is_done
    (folder / "manifest.json").unlink()
    os.mkfifo(folder / "manifest.json")  # which is not waited for
    assert not make_plan(["4.2"], [], workspace)["chapter 4.2"].is_done


def test_a_universe_is_done_if_its_results_are_of_its_readings_and_runs(workspace):
    universe = replace(workspace, readings=("E04",), out=workspace.out / "multiverse" / "E04")
    changed = chosen_models(["mnist-vlae-factor-1"], ["E04"])[0]
    models = {name: name for name in models_of("4.2", "smoke")} | {"mnist-vlae-factor-1": changed}
    folder = universe.out / "4.2"
    folder.mkdir(parents=True)
    manifest = {
        "section": "4.2", "scale": "smoke", "seed": 0, "files": {}, "readings": ["E04"],
        "runs": {name: {"run_id": finish(spec, workspace)} for name, spec in models.items()},
        "data": load("mnist", workspace.data_dir, stand_in=True).description,
    }  # fmt: skip

    def is_done(**changes):
        (folder / "manifest.json").write_text(json.dumps(manifest | changes))
        jobs = {}
        add_readings(jobs, "4.2", workspace.out, universe)
        return jobs["chapter 4.2 (E04)"].is_done

    assert is_done()
    jobs = {}
    add_readings(jobs, "4.2", workspace.out, universe, again=True)
    assert column("state", jobs)[0]["chapter 4.2 (E04)"] == "made again"
    assert not is_done(readings=[])
    assert not is_done(readings=["E10"])
    written = {name: {"run_id": finish(name, workspace)} for name in models_of("4.2", "smoke")}
    assert not is_done(runs=written)


def test_results_that_are_more_than_what_is_asked_for_are_kept_and_need_nothing(workspace):
    """So the demo has Section 4.2 at paper scale beside the others at smoke scale."""
    manifest = {
        "section": "4.2", "scale": "paper", "seed": 0, "runs": {}, "data": "MNIST", "files": {},
        "created": "", "commit": None, "stand_in": False, "precision": "float32", "versions": {},
    }  # fmt: skip
    (workspace.out / "4.2").mkdir(parents=True)
    (workspace.out / "4.2" / "manifest.json").write_text(json.dumps(manifest))
    jobs = make_plan(["4.2"], ["mnist-vae"], workspace, of_seed(workspace, 1))
    trainings = {"train mnist-vae", "train mnist-vae (seed 1)"}  # asked for by themselves
    assert jobs.keys() == {"data mnist", *trainings, "chapter 4.2"}
    assert jobs["chapter 4.2"].is_done
    states, lines = column("state", jobs)
    assert states["chapter 4.2"] == "kept"
    why = "what is there is more than what is asked for (scale paper, MNIST)"
    assert f"chapter 4.2 is kept: {why}." in lines
    of_paper = replace(workspace, options=TrainingOptions(SCALES["paper"]))
    assert not make_plan(["4.2"], [], of_paper)["chapter 4.2"].kept


# --- Further seeds ---


def of_seed(workspace, seed):
    options = replace(workspace.options, seed=seed)
    return replace(workspace, options=options, out=workspace.out / f"seed-{seed}")


def test_jobs_are_per_seed_and_those_of_the_first_are_named_as_ever(workspace):
    first = make_plan(["4.2"], ["mnist-vae"], workspace)
    jobs = make_plan(["4.2"], ["mnist-vae"], workspace, of_seed(workspace, 3))
    assert {name for name in jobs if "seed" not in name} == set(first)
    further = {name for name in first if not name.startswith("data ")}
    assert set(jobs) - set(first) == {f"{name} (seed 3)" for name in further}
    second = jobs["chapter 4.2 (seed 3)"]
    models = [f"train {name} (seed 3)" for name in models_of("4.2", "smoke")]
    assert second.needs == ("data mnist", *models)
    assert second.command[second.command.index("--seed") + 1] == "3"
    assert second.command[-2:] == ("--out", str(workspace.out / "seed-3"))
    assert jobs["train mnist-vae (seed 3)"].is_training
    assert sum(job.image_passes for job in jobs.values()) == 2 * sum(
        job.image_passes for job in first.values()
    )


def test_what_all_seeds_measure_with_is_trained_once(workspace):
    """Of controls: the classifier has learned, and is the same for networks of any seed."""
    untrained = replace(workspace, options=TrainingOptions(SCALES["untrained"]))
    jobs = make_plan(["4.7"], [], untrained, of_seed(untrained, 1))
    assert "train digit-classifier (seed 1)" not in jobs
    assert "train digit-classifier" in jobs["chapter 4.7 (seed 1)"].needs
    assert "train mnist-vae (seed 1)" in jobs["chapter 4.7 (seed 1)"].needs


def test_needs_come_first_with_further_seeds_too(workspace):
    jobs = make_plan(CHAPTERS, zoo.MODELS, workspace, of_seed(workspace, 1), of_seed(workspace, 2))
    seen = set()
    for name, job in jobs.items():
        assert name == job.name
        assert seen.issuperset(job.needs)
        seen.add(name)
    # Made from data alone, they are the same with each seed.
    assert [name for name in jobs if name.startswith("chapter 3")] == ["chapter 3.3", "chapter 3.4"]
    assert "chapter 4.8 (seed 2)" in jobs


def test_a_section_that_shows_further_seeds_waits_for_them(workspace):
    jobs = make_plan(["4.2", "4.3"], [], workspace, of_seed(workspace, 1))
    assert "chapter 4.2 (seed 1)" in jobs["chapter 4.2"].needs
    assert not [name for name in jobs["chapter 4.3"].needs if "seed" in name]


def test_results_are_done_if_they_show_the_seeds_of_the_plan(workspace):
    runs = {name: {"run_id": finish(name, workspace)} for name in models_of("4.2", "smoke")}
    folder = workspace.out / "4.2"
    folder.mkdir(parents=True)
    data = load("mnist", workspace.data_dir, stand_in=True).description
    manifest = {
        "section": "4.2", "scale": "smoke", "seed": 0, "runs": runs, "data": data, "files": {}
    }  # fmt: skip

    def is_done(further_seeds, **changes):
        (folder / "manifest.json").write_text(json.dumps(manifest | changes))
        further = [of_seed(workspace, seed) for seed in further_seeds]
        return make_plan(["4.2"], [], workspace, *further)["chapter 4.2"].is_done

    assert is_done([])
    assert is_done([], seeds=[0, 1, 2])
    assert is_done([1, 2], seeds=[0, 1, 2])
    assert not is_done([1])
    assert not is_done([1, 3], seeds=[0, 1, 2])


def test_results_of_a_further_seed_that_are_kept_are_not_waited_for_to_be_shown(workspace):
    """They are of a larger scale, and never count with these: the plan would never end."""
    runs = {name: {"run_id": finish(name, workspace)} for name in models_of("4.2", "smoke")}
    manifest = {
        "section": "4.2", "scale": "smoke", "seed": 0, "runs": runs, "files": {}, "created": "",
        "data": load("mnist", workspace.data_dir, stand_in=True).description, "commit": None,
        "stand_in": False, "precision": "float32", "versions": {}, "seeds": [0],
    }  # fmt: skip
    of_larger_scale = manifest | {"scale": "quick", "seed": 1, "runs": {}}
    for folder, content in (("4.2", manifest), ("seed-1/4.2", of_larger_scale)):
        (workspace.out / folder).mkdir(parents=True)
        (workspace.out / folder / "manifest.json").write_text(json.dumps(content))
    jobs = make_plan(["4.2"], [], workspace, of_seed(workspace, 1))
    assert jobs["chapter 4.2 (seed 1)"].kept
    assert jobs["chapter 4.2"].is_done


def test_a_section_is_named_once_however_many_seeds_need_a_job(workspace):
    jobs = make_plan(["4.2"], [], workspace, of_seed(workspace, 1))
    states, _ = column("for", jobs)
    assert states["data mnist"] == "4.2"
    assert states["train mnist-vlae-factor-1 (seed 1)"] == "4.2"


def test_official_files_that_are_missing_are_named_with_the_fix(tmp_path, workspace):
    official = replace(workspace, data_dir=tmp_path / "empty", stand_in=False)
    jobs = make_plan(["3.3", "4.3"], [], official)
    assert "data prepare celeba --source DIR" in jobs["data celeba"].problem
    assert jobs["data dsprites"].problem == ""  # rendered
    (tmp_path / "empty" / "official" / "celeba").mkdir(parents=True)
    assert make_plan(["3.3"], [], official)["data celeba"].problem
    (tmp_path / "empty" / "official" / "celeba" / "img_align_celeba.zip").touch()  # fetched
    assert make_plan(["3.3"], [], official)["data celeba"].problem == ""


def test_the_work_of_a_job_is_that_of_its_schedule(workspace):
    jobs = make_plan([], ["mnist-vae", "celeba-vlae-gan"], workspace)
    job, work = jobs["train mnist-vae"], training_work(zoo.model("mnist-vae"), 256, 96, epochs=2)
    assert job.image_passes == 256 * 2
    assert (job.steps, job.bytes, job.multiply_adds) == (work.steps, work.bytes, work.multiply_adds)
    assert jobs["train celeba-vlae-gan"].image_passes == 32  # not prepared, but limited


def test_identity_of_judged_data_is_known_before_the_generator_is(workspace, monkeypatch):
    """The same run id as `judged_images` leads to, whose generator is trained."""
    from thesis_repro.training.real_and_generated import judged_images
    from thesis_repro.training.trained_model import TrainedModel

    spec = zoo.model("sample-discriminator")
    few = Schedule(20, 10, 1)
    monkeypatch.setattr(workspaces, "schedule", lambda spec, scale: few)
    real = load_images(spec, workspace.data_dir, few, stand_in=True)
    generator_spec = zoo.model("mnist-vae")
    config = run_config(generator_spec, Identity(real.fingerprint, 20, 10), workspace.options)
    decoder = SimpleNamespace(predict_on_batch=lambda z: np.zeros((len(z), 28, 28, 3)))
    run, model = SimpleNamespace(config=config), SimpleNamespace(decoder=decoder)
    generator = TrainedModel(generator_spec, run, [], model)
    judged = judged_images(real, generator, 0)
    assert workspace.identity(spec) == judged.identity()


# --- As a table ---

A_STEP = Timing(Rates(start=10.0, step=3.0, byte=0.0, multiply_add=0.0), "2 finished runs")


def test_the_table_sums_up_what_is_left(workspace):
    finish("mnist-vlae-factor-3", workspace)
    lines = render(make_plan(["4.2"], [], workspace), {"vlae": A_STEP}, "a CPU").splitlines()
    rows = {line.split("  ")[0]: line for line in lines}
    assert rows["train mnist-vlae-factor-3"].split("  ")[1] == "done"
    assert " s" not in rows["train mnist-vlae-factor-3"].partition("done")[2]  # nothing is left
    assert rows["chapter 4.2"].split()[2:] == ["after", "2", "trainings", "asked", "for"]
    assert rows["train mnist-vlae-factor-1"].endswith("  24 s")
    assert "3 of 5 jobs to do: about 48 s of training one after another, 1.0 GiB" in lines[-2]
    assert lines[-1].startswith("Times are for a CPU")
    assert lines[-1].endswith("Known from: VLAE 2 finished runs.")


def test_the_sum_says_that_it_is_of_training_alone(workspace):
    several = render(make_plan(["4.2", "4.5"], [], workspace), {"vlae": A_STEP}, "a CPU")
    assert "; that of 2 sections is not in it." in several
    assert "is not in it" not in render(make_plan(["4.2"], [], workspace), {"vlae": A_STEP}, "")


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_fits_the_terminal(width, workspace):
    jobs = make_plan(["4.2", "4.8"], [], workspace)
    for line in render(jobs, {"vlae": A_STEP}, "a CPU", width=width).splitlines():
        assert len(line) <= width


def test_side_by_side_a_plan_takes_as_long_as_its_longest_path(workspace):
    jobs = make_plan(["4.2"], [], workspace)
    assert "about 72 s of training one after another" in render(jobs, {"vlae": A_STEP}, "")
    assert "about 48 s of training 2 at a time" in render(jobs, {"vlae": A_STEP}, "", 2)
    assert "about 24 s of training 4 at a time" in render(jobs, {"vlae": A_STEP}, "", 4)


def test_trainings_without_a_time_are_named(workspace):
    paper = replace(workspace, options=TrainingOptions(SCALES["paper"]), train=True)
    jobs = make_plan([], ["celeba-vae", "mnist-vae", "mnist-vlae-factor-3"], paper)
    text = render(jobs, {"vae": A_STEP}, "a CPU")  # faces are not made yet, VLAEs are not timed
    assert "Without a time, and not in the sum: 2 trainings, whose" in text
    text = render(make_plan([], ["celeba-vae"], paper), {}, "a CPU")
    assert "2 of 2 jobs to do.\n" in text  # and not that they take 0 s


def column(name, jobs):
    """A column of the table by job, and all lines."""
    lines = render(jobs, {}, "a CPU").splitlines()
    start = lines[0].index(name)
    width = re.match(rf"{name} +", lines[0][start:]).end()
    rows = lines[2 : len(jobs) + 2]
    names = [row[: lines[0].index("state")].rstrip() for row in rows]
    cells = [row[start : start + width].rstrip() for row in rows]
    return dict(zip(names, cells, strict=True)), lines


def test_states_are_short_and_say_what_is_waited_for(workspace, tmp_path):
    """Longer words stand below; and what can be prepared is not called ready."""
    finish("mnist-vlae-factor-3", workspace)
    states, _ = column("state", make_plan(["4.2"], ["sample-discriminator"], workspace))
    assert states["train mnist-vlae-factor-3"] == "done"
    assert states["train mnist-vae"] == "can start"
    assert states["train sample-discriminator"] == "after 1 training"
    official = replace(workspace, data_dir=tmp_path, stand_in=False)
    jobs = make_plan(["3.3", "4.3"], ["celeba-vae"], official)
    states, lines = column("state", jobs)
    assert max(map(len, states.values())) <= 30
    assert states["data dsprites"] == "can start"
    assert states["train dsprites-vae"] == "after data dsprites"
    celeba = states["data celeba"]
    assert celeba.startswith("files missing [")
    assert states["train celeba-vae"] == celeba
    note = celeba.removeprefix("files missing ")
    (line,) = [line for line in lines if line.startswith(f"{note} data celeba: ")]
    assert line.endswith(jobs["data celeba"].problem)


def test_every_job_has_its_reason(workspace):
    jobs = make_plan(["4.2", "4.6", "4.7"], ["feature-extraction"], workspace)
    reasons, _ = column("for", jobs)
    assert reasons["train mnist-vlae-factor-2"] == "4.2"
    assert reasons["data mnist"] == "4.2, 4.6, 4.7"
    assert reasons["chapter 4.2"] == "asked for"
    assert reasons["train feature-extraction"] == "asked for"
    alone, _ = column("for", make_plan([], ["sample-discriminator"], workspace))
    assert alone["train mnist-vae"] == "train sample-discriminator"


def test_counts_of_official_data_are_known_before_they_are_prepared(workspace, tmp_path):
    """By hand: all of MNIST, 200 epochs; twice as many where generated images are beside them."""
    paper = TrainingOptions(SCALES["paper"])
    official = replace(workspace, data_dir=tmp_path, stand_in=False, options=paper)
    spec = zoo.model("mnist-vae")
    job = make_plan([], [spec.id], official)["train mnist-vae"]
    assert job.image_passes == 60_000 * spec.epochs.value
    epochs = spec.epochs.value
    assert job.bytes == epochs * 70_000 * 28 * 28 * 3
    judge = make_plan([], ["sample-discriminator"], official)["train sample-discriminator"]
    assert judge.image_passes == 120_000 * zoo.model("sample-discriminator").epochs.value
    quick = replace(official, options=TrainingOptions(SCALES["quick"]))
    factor_3 = make_plan([], ["mnist-vlae-factor-3"], quick)["train mnist-vlae-factor-3"]
    assert factor_3.image_passes == 3_000 * 60
