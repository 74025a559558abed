"""The plan: data sets, models and sections as jobs, derived from what the chapters declare."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from data_prep.errors import DataError
from data_prep.folders import MADE_EXACTLY, folder, official_folder, prepare_command
from data_prep.manifest import Manifest, read_manifest
from thesis_repro.files import sha256
from thesis_repro.models import zoo
from thesis_repro.models.cost import training_memory, training_multiply_adds
from thesis_repro.models.spec import ModelSpec
from thesis_repro.plan.jobs import Job
from thesis_repro.section.registry import models_of, script
from thesis_repro.training.images import Identity
from thesis_repro.training.real_and_generated import judged_identity
from thesis_repro.training.run_folder import RunConfig, RunFolder
from thesis_repro.training.schedule import schedule
from thesis_repro.training.train import TrainingOptions, run_config


@dataclass(frozen=True)
class Settings:
    """What a plan is made for: folders, and what every training is asked for."""

    data_dir: Path
    runs_dir: Path
    out: Path
    options: TrainingOptions
    stand_in: bool


def make_plan(sections: Iterable[str], models: Iterable[str], settings: Settings) -> dict[str, Job]:
    """The jobs for these sections and models and all that they need, by name, needs first."""
    planner = _Planner(settings)
    for model in models:
        planner.add_model(zoo.model(model))
    for section in sections:
        planner.add_section(section)
    return planner.jobs


class _Planner:
    """Collects jobs; each is added once, after those that it needs."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.jobs: dict[str, Job] = {}

    def add_data(self, dataset: str) -> str:
        name = f"data {dataset}"
        if name not in self.jobs:
            data_dir, stand_in = self.settings.data_dir, self.settings.stand_in
            place = folder(data_dir, dataset, stand_in)
            made = stand_in or dataset in MADE_EXACTLY
            problem = ""
            if not (place.exists() or made or official_folder(data_dir, dataset).exists()):
                problem = (
                    f"its official files are missing: {prepare_command(dataset, data_dir, False)}"
                )
            command = ("data", "prepare", dataset, "--data-dir", str(data_dir))
            command += ("--stand-in",) if stand_in else ()
            self.jobs[name] = Job(name, (), command, place.exists(), problem)
        return name

    def add_model(self, spec: ModelSpec) -> str:
        name = f"train {spec.id}"
        if name not in self.jobs:
            needs = [self.add_data(spec.dataset.value)]
            if spec.generator is not None:
                needs.append(self.add_model(zoo.model(spec.generator.value)))
            amount = schedule(spec, self.settings.options.scale)
            passes = (self.images(spec) or amount.train_images or 0) * amount.epochs
            batch = min(spec.batch_size.value, amount.train_images or spec.batch_size.value)
            self.jobs[name] = Job(
                name,
                tuple(needs),
                ("train", spec.id, *self.run_arguments()),
                self.is_done(spec),
                image_passes=passes,
                multiply_adds=passes * training_multiply_adds(spec),
                memory=training_memory(spec, batch),
            )
        return name

    def add_section(self, section: str) -> str:
        name = f"chapter {section}"
        found = script(section)
        specs = [zoo.model(name) for name in models_of(found, self.settings.options.scale.name)]
        needs = [self.add_data(dataset) for dataset in found.DATASETS]
        needs += [self.add_model(spec) for spec in specs]
        datasets = {*found.DATASETS, *(spec.dataset.value for spec in specs)}
        others = [zoo.model(name) for name in getattr(found, "IF_TRAINED", ())]
        needs += [job for spec in others if (job := f"train {spec.id}") in self.jobs]
        specs += [spec for spec in others if f"train {spec.id}" in self.jobs or self.is_done(spec)]
        command = ("chapter", section, *self.run_arguments(), "--out", str(self.settings.out))
        self.jobs[name] = Job(
            name, tuple(needs), command, self.has_results(section, specs, datasets)
        )
        return name

    # --- What is there ---

    def config(self, spec: ModelSpec) -> RunConfig | None:
        """The model's run, if its data are prepared."""
        identity = self.identity(spec)
        return identity and run_config(spec, identity, self.settings.options)

    def is_done(self, spec: ModelSpec) -> bool:
        """Whether the model's run has ended."""
        config = self.config(spec)
        return config is not None and RunFolder(self.settings.runs_dir, config).is_done

    def identity(self, spec: ModelSpec) -> Identity | None:
        """The identity of the data that the model is trained on, if they are prepared."""
        manifest = self.manifest(spec.dataset.value)
        if manifest is None:
            return None
        options = self.settings.options
        identity = Identity.of(manifest, schedule(spec, options.scale))
        if spec.generator is None:
            return identity
        generator = self.config(zoo.model(spec.generator.value))
        return judged_identity(identity, generator, options.seed)

    def manifest(self, dataset: str) -> Manifest | None:
        """The manifest of a data set, if it is prepared."""
        place = folder(self.settings.data_dir, dataset, self.settings.stand_in)
        try:
            return read_manifest(place, "")
        except DataError:
            return None

    def images(self, spec: ModelSpec) -> int | None:
        """Training images of an epoch, if the data are prepared."""
        identity = self.identity(spec)
        return identity and identity.train_images

    def has_results(self, section: str, specs: list[ModelSpec], datasets: set[str]) -> bool:
        """Whether the section's results are whole, and those of these runs and data."""
        place, options = self.settings.out / section, self.settings.options
        try:
            manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
            runs = {name: run["run_id"] for name, run in manifest["runs"].items()}
            expected = {spec.id: self.config(spec) for spec in specs}
            data = sorted({self.manifest(dataset).description for dataset in datasets})
            return (
                {name: config and config.run_id for name, config in expected.items()} == runs
                and manifest["scale"] == options.scale.name
                and manifest["seed"] == options.seed
                and manifest["data"] == ", ".join(data)
                and all(
                    sha256(place / name) == digest for name, digest in manifest["files"].items()
                )
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False

    def run_arguments(self) -> Iterator[str]:
        """What every command that trains is told."""
        settings, options = self.settings, self.settings.options
        yield from ("--scale", options.scale.name, "--seed", str(options.seed))
        yield from ("--precision", options.precision)
        yield from ("--data-dir", str(settings.data_dir), "--runs-dir", str(settings.runs_dir))
        if settings.stand_in:
            yield "--stand-in"
