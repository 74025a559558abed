"""Where a command reads and writes, and the models and images that it finds or makes there.

Keras waits inside what trains or loads: plans, and whoever asks what is there, need none.
"""

import dataclasses
import importlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.errors import DataError
from data_prep.folders import is_made_up
from data_prep.manifest import Manifest
from data_prep.reading import PreparedData, load, open_manifest
from thesis_repro.errors import TrainingError
from thesis_repro.models.spec import ModelSpec
from thesis_repro.progress import TrainingProgress
from thesis_repro.section.other_readings import model_under
from thesis_repro.section.registry import checks_of
from thesis_repro.seeds import derive_seed
from thesis_repro.training.configuration import TrainingOptions, judged_identity, run_config
from thesis_repro.training.images import Identity, ImageData, load_images
from thesis_repro.training.published import Published, PublishedFolder, published_runs
from thesis_repro.training.run_folder import RunConfig, RunFolder, finished_runs
from thesis_repro.training.schedule import Schedule, schedule

if TYPE_CHECKING:
    import keras

    from thesis_repro.training.trained_model import TrainedModel


@dataclass(frozen=True)
class Workspace:
    """Where a command reads and writes, and what it was asked for.

    With ``train``, what is published is trained all the same. ``readings`` are the ids of errata
    that are read the other way: a model that they concern is then another one.
    """

    data_dir: Path
    runs_dir: Path
    out: Path
    options: TrainingOptions
    stand_in: bool
    progress: TrainingProgress
    train: bool = False
    readings: tuple[str, ...] = ()
    published: Published = field(default_factory=published_runs)

    # --- What is there: nothing is trained, no image read ---

    def spec(self, model_id: str | ModelSpec) -> ModelSpec:
        """The model that is meant by an id under these readings; a spec is itself."""
        if isinstance(model_id, ModelSpec):
            return model_id
        return model_under(model_id, self.readings)

    def manifest(self, dataset: str) -> Manifest:
        """What a prepared data set is.

        Raises:
            data_prep.errors.DataError: it is missing or damaged.
        """
        return open_manifest(dataset, self.data_dir, self.stand_in)

    def check(self, section: str) -> None:
        """See, before any training, that parts of data sets that are prepared do for a section.

        Raises:
            data_prep.errors.DataError: one does not, or it is damaged.
        """
        for dataset, module in checks_of(section).items():
            try:
                is_part = bool(self.manifest(dataset).part)
            except DataError:
                continue  # it is prepared later, or missed elsewhere
            if is_part:
                importlib.import_module(module).check(self.prepared(dataset))

    def config(self, spec: ModelSpec) -> RunConfig | None:
        """What the run of a model at the scale asked for is; None where its data are missing."""
        identity = self.identity(spec)
        return identity and run_config(spec, identity, self.options.of(spec))

    def identity(self, spec: ModelSpec) -> Identity | None:
        """What of its data determines a model's run; None where they are missing."""
        try:
            manifest = self.manifest(spec.dataset.value)
        except DataError:
            return None
        identity = Identity.of(manifest, self.schedule(spec))
        if spec.generator is None:
            return identity
        generator = self.config(self.spec(spec.generator.value))
        return judged_identity(identity, generator, self.options.seed)

    def schedule(self, spec: ModelSpec) -> Schedule:
        """How many images a model is trained on, how often, at the scale asked for."""
        return schedule(spec, self.options.of(spec).scale)

    def finished(self, model_id: str | ModelSpec) -> RunFolder | None:
        """The run of a model at the scale asked for, if it has ended; None without its data.

        One that was trained here, else one that is published: it may still have to be `fetched`.
        """
        config = self.config(self.spec(model_id))
        return config and self._finished(config)

    def _finished(self, config: RunConfig) -> RunFolder | None:
        run = RunFolder(self.runs_dir, config)
        if run.is_done:
            return run
        entry = None if self.train else self.published.run(config)
        return entry and self.published.folder(entry, self.runs_dir)

    def loadable(self, model_id: str | ModelSpec) -> RunFolder | None:
        """The run of a model at the scale asked for, if it has ended, with its data or without.

        Where these are prepared, it is the run on them; else the one that differs from what is
        asked for in nothing but what the data determine. One that is published may still have to be
        `fetched`.

        Raises:
            thesis_repro.errors.TrainingError: there are several of these.
        """
        spec = self.spec(model_id)
        if (config := self.config(spec)) is not None:
            return self._finished(config)
        wanted = run_config(spec, Identity("", 0, 0), self.options.of(spec)).values
        made_up = is_made_up(spec.dataset.value, self.stand_in)

        def fits(run: RunFolder) -> bool:
            return run.config.values | {"data": wanted["data"]} == wanted

        runs = [
            run
            for run in finished_runs(self.runs_dir, spec.id)
            if fits(run) and run.of_stand_ins == made_up
        ]
        if not (runs or made_up):  # stand-ins are never published
            runs = [run for run in self._published(spec.id) if fits(run)]
        if len(runs) > 1:
            raise TrainingError(_which(spec, runs))
        return runs[0] if runs else None

    def _published(self, model_id: str) -> list[PublishedFolder]:
        """The published runs of a model that are to be had."""
        entries = () if self.train else self.published.index.runs
        folders = (
            self.published.folder(entry, self.runs_dir)
            for entry in entries
            if entry.model == model_id
        )
        return [folder for folder in folders if folder]

    # --- What is read or trained ---

    def images(self, model_id: str | ModelSpec) -> ImageData:
        """The images that a model is trained on, at the scale asked for.

        Those of its data set and, if it tells generated images from them, its generator's, which
        is trained or loaded for it.

        Raises:
            data_prep.errors.DataError: they are missing or damaged.
            thesis_repro.errors.TrainingError: the generator cannot be trained.
        """
        spec = self.spec(model_id)
        amount = self.schedule(spec)
        data = load_images(spec, self.data_dir, amount, stand_in=self.stand_in)
        if spec.generator is None:
            return data
        from thesis_repro.training.real_and_generated import judged_images

        generator = self.trained(spec.generator.value)
        return judged_images(data, generator, self.options.seed)

    def prepared(self, dataset: str) -> PreparedData:
        """A whole prepared data set, whatever the scale.

        Raises:
            data_prep.errors.DataError: it is missing or damaged.
        """
        return load(dataset, self.data_dir, self.stand_in)

    def fetched(self, run: RunFolder) -> RunFolder:
        """A finished run; a published one is downloaded now if need be, and every byte checked.

        Raises:
            data_prep.errors.DataError: it cannot be had, is not what was published, or the folder
                of runs cannot be written to.
        """
        if isinstance(run, PublishedFolder):
            self.published.ready(run, quiet=self.progress.quiet)
        return run

    def trained(self, model_id: str | ModelSpec, data: ImageData | None = None) -> "TrainedModel":
        """A model with its weights, trained now unless a finished run is there or published.

        Args:
            model_id: Which; a changed one, which the zoo has not, by its spec.
            data: The images that it is trained on, where they have been read; else they are read
                if it has to be trained.

        Raises:
            data_prep.errors.DataError: the images are missing or damaged.
            thesis_repro.errors.TrainingError: it cannot be trained or loaded.
        """
        from thesis_repro.training.train import load_run, train_or_load

        spec = self.spec(model_id)
        if data is None:
            run = self.loadable(spec)
        else:
            run = self._finished(run_config(spec, data.identity(), self.options.of(spec)))
        if run:
            return load_run(spec, self.fetched(run))
        images = data or self.images(spec)
        return train_or_load(spec, images, self.options.of(spec), self.runs_dir, self.progress)

    def untrained(self, model_id: str, data: ImageData, number: int = 1) -> "keras.Model":
        """The network that takes a model's images, as its run begins: the control of its training.

        From number 2 on, as runs with other seeds would begin.

        Raises:
            data_prep.errors.DataError: images can no longer be read.
        """
        from thesis_repro.training.untrained import untrained

        spec = self.spec(model_id)
        options = self.options.of(spec)
        if number > 1:
            seed = derive_seed(options.seed, "untrained", number)
            options = dataclasses.replace(options, seed=seed)
        return untrained(spec, data, options)


def _which(spec: ModelSpec, runs: Iterable[RunFolder]) -> str:
    """That several runs of a model are what is asked for, and how one is chosen."""
    lines = [
        f"  {run.path}: on {', '.join(run.recorded('data')) or 'unknown data'}" for run in runs
    ]
    return "\n".join(
        (
            f"{spec.id}: several finished runs fit, and its data are not prepared, which would say "
            "which one is meant:",
            *lines,
            f"Prepare the data ({spec.dataset.value}), or name with --runs-dir a folder that holds "
            "one of these runs alone.",
        )
    )
