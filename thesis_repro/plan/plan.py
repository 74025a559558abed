"""The plan: data sets, models and sections as jobs, derived from what the chapters declare."""

import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from data_prep.checksums import sha256
from data_prep.errors import DataError
from data_prep.folders import (
    AT_HAND,
    RESIZED,
    folder,
    has_official_files,
    is_filled,
    is_made_up,
    prepare_command,
)
from data_prep.manifest import COMPLETE
from data_prep.opening import open_file
from thesis_repro.errors import TrainingError
from thesis_repro.models import zoo
from thesis_repro.models.changed import arguments
from thesis_repro.models.cost import training_memory
from thesis_repro.models.spec import ModelSpec
from thesis_repro.plan.jobs import Job
from thesis_repro.plan.work import training_work
from thesis_repro.section.other_readings import AS_RUN
from thesis_repro.section.registry import datasets_of, looked_at, models_of, shows_seeds
from thesis_repro.section.results_folder import more_than
from thesis_repro.section.workspace import Workspace
from thesis_repro.training.images import resized_dataset
from thesis_repro.training.published import PublishedFolder


def make_plan(
    sections: Iterable[str],
    models: Iterable[str | ModelSpec],
    workspace: Workspace,
    *further: Workspace,
    again: bool = False,
) -> dict[str, Job]:
    """The jobs for these sections and models and all that they need, by name, needs first.

    ``further`` are the workspaces of further seeds. With them, sections without models are not run
    again. ``again`` is whether sections are made whatever is there of them.
    """
    jobs: dict[str, Job] = {}
    first, *others = _planners(jobs, workspace, *further, again=again)
    for model in models:
        for planner in (first, *others):
            planner.add_model(zoo.spec_named(model))
    for section in sections:
        if first.keeps(section):  # results of further seeds would not count with these
            first.add_section(section)
            continue
        first.add_needs(section)
        if models_of(section, workspace.options.scale.name):
            for planner in others:
                planner.add_section(section)
        first.add_section(section, others)
    return jobs


def add_readings(
    jobs: dict[str, Job],
    section: str,
    out: Path,
    workspace: Workspace,
    *further: Workspace,
    again: bool = False,
) -> None:
    """Add a section under the readings of these workspaces, which are one for each seed.

    One job runs it with all of them. ``out`` is the folder of the results as written, ``again``
    whether it is made whatever is there of it.
    """
    planners = _planners(jobs, workspace, *further, again=again)
    is_there = all(planner.has_results(section) for planner in planners)
    needs = [job for planner in planners for job in planner.add_needs(section)]
    name = f"{planners[0].chapter(section)} ({'+'.join(workspace.readings)})"
    readings = (("--reading", f"{reading}={AS_RUN}") for reading in workspace.readings)
    jobs[name] = Job(
        name,
        tuple(dict.fromkeys(needs)),
        (
            *("chapter", section, *chain.from_iterable(readings)),
            *planners[0].run_arguments(*(each.options.seed for each in further)),
            *("--out", str(out)),
        ),
        is_there and not again,
        is_brief=workspace.options.scale.is_brief,
        is_again=is_there and again,
    )


def _planners(
    jobs: dict[str, Job], first: Workspace, *further: Workspace, again: bool
) -> list["_Planner"]:
    """One that adds to the jobs for each seed; the names of further seeds' end in them."""
    suffixes = ("", *(f" (seed {each.options.seed})" for each in further))
    return [
        _Planner(workspace, jobs, suffix, again)
        for workspace, suffix in zip((first, *further), suffixes, strict=True)
    ]


class _Planner:
    """Collects the jobs of one seed; each is added once, after those that it needs.

    ``suffix`` is what their names end in, but for those of data, which are the same for all seeds.
    With ``again``, sections are made whatever is there of them.
    """

    def __init__(self, workspace: Workspace, jobs: dict[str, Job], suffix: str, again: bool):
        self.workspace = workspace
        self.jobs = jobs
        self.suffix = suffix
        self.again = again

    def add_data(self, dataset: str) -> str:
        name = f"data {dataset}"
        if name not in self.jobs:
            data_dir, stand_in = self.workspace.data_dir, self.workspace.stand_in
            is_prepared = is_filled(folder(data_dir, dataset, stand_in))
            made = stand_in or dataset in AT_HAND or dataset in RESIZED
            needs = (self.add_data(RESIZED[dataset].origin),) if dataset in RESIZED else ()
            problem = ""
            if not (is_prepared or made or has_official_files(data_dir, dataset)):
                problem = (
                    f"its official files are missing: {prepare_command(dataset, data_dir, False)}"
                )
            command = ("data", "prepare", dataset, "--data-dir", str(data_dir))
            command += ("--stand-in",) if stand_in else ()
            self.jobs[name] = Job(name, needs, command, is_prepared, problem)
        return name

    def add_model(self, spec: ModelSpec) -> str:
        name = self.training(spec)
        if name not in self.jobs:
            needs = [self.add_data(spec.dataset.value)]
            if spec.generator is not None:
                needs.append(self.add_model(self.workspace.spec(spec.generator.value)))
            limits = self.workspace.schedule(spec)
            train, validation = self.images(spec)
            resized = resized_dataset(spec, train)
            if resized and not self.workspace.stand_in:  # stand-ins are few
                needs.append(self.add_data(resized))
            work = training_work(spec, train or 0, validation or 0, limits.epochs)
            batch = min(spec.batch_size.value, limits.train_images or spec.batch_size.value)
            self.jobs[name] = Job(
                name,
                tuple(needs),
                ("train", *arguments(spec.id), *self.run_arguments()),
                self.is_done(spec),
                family=spec.family,
                image_passes=(train or 0) * limits.epochs,
                steps=work.steps,
                bytes=work.bytes,
                multiply_adds=work.multiply_adds,
                memory=training_memory(spec, batch),
                is_brief=self.workspace.options.of(spec).scale.is_brief,
            )
        return name

    def add_needs(self, section: str) -> list[str]:
        """What a section needs: its data and its models."""
        scale = self.workspace.options.scale.name
        needs = [self.add_data(dataset) for dataset in datasets_of(section, scale)]
        models = map(self.workspace.spec, models_of(section, scale))
        return needs + [self.add_model(spec) for spec in models]

    def add_section(self, section: str, further: Iterable["_Planner"] = ()) -> None:
        """A section; where its figures show ``further`` seeds, after those.

        Results that are more than what is asked for are kept, and need nothing.
        """
        if kept := self.keeps(section):
            name = self.chapter(section)
            command = ("chapter", section)
            self.jobs[name] = Job(name, (), command, is_done=True, kept=kept)
            return
        needs = self.add_needs(section)
        others = [self.training(self.workspace.spec(name)) for name in looked_at(section)]
        needs += [job for job in others if job in self.jobs]
        # Results of a further seed that are kept are of another scale: they are not shown.
        shows = shows_seeds(section)
        shown = [planner for planner in further if shows and not planner.keeps(section)]
        needs += [planner.chapter(section) for planner in shown]
        seeds = {planner.workspace.options.seed for planner in (self, *shown)}
        command = ("chapter", section, *self.run_arguments(), "--out", str(self.workspace.out))
        is_there = self.has_results(section, seeds)
        name = self.chapter(section)
        self.jobs[name] = Job(
            name,
            tuple(needs),
            command,
            is_there and not self.again,
            is_brief=self.workspace.options.scale.is_brief,
            is_again=is_there and self.again,
        )

    # --- What jobs are called ---

    def training(self, spec: ModelSpec) -> str:
        """The job that trains a model; where all seeds measure with the same one, it is theirs."""
        options = self.workspace.options
        return f"train {spec.id}{self.suffix if options.of(spec) == options else ''}"

    def chapter(self, section: str) -> str:
        """The job that runs a section."""
        return f"chapter {section}{self.suffix}"

    # --- What is there ---

    def is_done(self, spec: ModelSpec) -> bool:
        """Whether the model's run has ended here, on these data, or is published."""
        if self.workspace.identity(spec) is not None:
            return self.workspace.finished(spec) is not None
        # Its data, prepared anew, are those that a published run is of; of a run that was trained
        # here, nobody knows.
        with suppress(TrainingError):
            return isinstance(self.workspace.loadable(spec), PublishedFolder)
        return False

    def keeps(self, section: str) -> str:
        """The section's results, in words, where they are more than what is asked for."""
        if self.again:
            return ""
        workspace, options = self.workspace, self.workspace.options
        asked = options.scale.name, options.precision
        return more_than(
            section,
            workspace.out,
            *asked,
            stand_in=workspace.stand_in,
            readings=workspace.readings,
        )

    def images(self, spec: ModelSpec) -> tuple[int | None, int | None]:
        """Training and validation images of an epoch: of what is prepared, else of what will be.

        None where nobody knows, as of stand-ins that are not made yet, without a limit on them.
        """
        identity = self.workspace.identity(spec)
        if identity:
            return identity.train_images, identity.validation_images
        dataset, limits = spec.dataset.value, self.workspace.schedule(spec)
        known = {} if is_made_up(dataset, self.workspace.stand_in) else COMPLETE.get(dataset, {})
        each = 1 if spec.generator is None else 2  # as many generated images beside them
        images = []
        for split, limit in (("train", limits[0]), ("validation", limits[1])):
            counts = [count for count in (known.get(split), limit) if count is not None]
            images.append(each * min(counts) if counts else None)
        return images[0], images[1]

    def models(self, section: str) -> dict[str, ModelSpec]:
        """The models of a section's results, by the names that these have for them.

        Those that the section trains or loads, and those that it looks at which are trained.
        """
        models = models_of(section, self.workspace.options.scale.name)
        trained = {name: self.workspace.spec(name) for name in models}
        others = {name: self.workspace.spec(name) for name in looked_at(section)}
        return trained | {
            name: spec
            for name, spec in others.items()
            if self.training(spec) in self.jobs or self.workspace.finished(spec)
        }

    def has_results(self, section: str, seeds: Collection[int] = ()) -> bool:
        """Whether the section's results are whole, of the runs asked for, and show these seeds."""
        place, options = self.workspace.out / section, self.workspace.options
        datasets = datasets_of(section, options.scale.name)
        try:
            with open_file(place / "manifest.json") as file:
                manifest = json.load(file)
            runs = {name: run["run_id"] for name, run in manifest["runs"].items()}
            models = self.models(section).items()
            expected = {name: self.workspace.config(spec) for name, spec in models}
            data = sorted({self.workspace.manifest(dataset).description for dataset in datasets})
            return (
                {name: config and config.run_id for name, config in expected.items()} == runs
                and manifest["section"] == section
                and manifest["scale"] == options.scale.name
                and manifest["seed"] == options.seed
                and tuple(manifest.get("readings", ())) == self.workspace.readings
                and {options.seed, *manifest.get("seeds", ())}.issuperset(seeds)
                and manifest["data"] == ", ".join(data)
                and all(
                    sha256(place / name) == digest for name, digest in manifest["files"].items()
                )
            )
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
            DataError,
        ):
            return False

    def run_arguments(self, *further: int) -> Iterator[str]:
        """The options of every command that trains, also with ``further`` seeds."""
        workspace, options = self.workspace, self.workspace.options
        yield from ("--scale", options.scale.name, "--seeds" if further else "--seed")
        yield ",".join(map(str, (options.seed, *further)))
        yield from ("--precision", options.precision)
        yield from ("--data-dir", str(workspace.data_dir), "--runs-dir", str(workspace.runs_dir))
        if workspace.stand_in:
            yield "--stand-in"
        if workspace.train:
            yield "--train"
