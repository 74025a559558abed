"""Where a command reads and writes, and the models and images that it finds or makes there."""

from dataclasses import dataclass
from pathlib import Path

import keras

from data_prep.errors import DataError
from data_prep.manifest import Manifest
from data_prep.reading import PreparedData, load, open_manifest
from thesis_repro.models.spec import ModelSpec
from thesis_repro.models.zoo import model
from thesis_repro.progress import TrainingProgress
from thesis_repro.training.images import Identity, ImageData, load_images
from thesis_repro.training.real_and_generated import judged_identity, judged_images
from thesis_repro.training.run_folder import RunConfig, RunFolder
from thesis_repro.training.schedule import Schedule, schedule
from thesis_repro.training.train import TrainedModel, TrainingOptions, run_config, train_or_load
from thesis_repro.training.untrained import untrained


@dataclass(frozen=True)
class Workspace:
    """Where a command reads and writes, and what it was asked for."""

    data_dir: Path
    runs_dir: Path
    out: Path
    options: TrainingOptions
    stand_in: bool
    progress: TrainingProgress

    # --- What is there: nothing is trained, no image read ---

    def manifest(self, dataset: str) -> Manifest:
        """What a prepared data set is.

        Raises:
            data_prep.errors.DataError: it is missing or damaged.
        """
        return open_manifest(dataset, self.data_dir, self.stand_in)

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
        generator = self.config(model(spec.generator.value))
        return judged_identity(identity, generator, self.options.seed)

    def schedule(self, spec: ModelSpec) -> Schedule:
        """How many images a model is trained on, how often, at the scale asked for."""
        return schedule(spec, self.options.of(spec).scale)

    def finished(self, model_id: str) -> RunFolder | None:
        """The run of a model at the scale asked for, if it has ended."""
        config = self.config(model(model_id))
        run = config and RunFolder(self.runs_dir, config)
        return run if run and run.is_done else None

    # --- What is read or trained ---

    def images(self, model_id: str) -> ImageData:
        """The images that a model is trained on, at the scale asked for.

        Those of its data set and, if it tells generated images from them, its generator's, which
        is trained or loaded for it.

        Raises:
            data_prep.errors.DataError: they are missing or damaged.
            thesis_repro.errors.TrainingError: the generator cannot be trained.
        """
        spec = model(model_id)
        amount = self.schedule(spec)
        data = load_images(spec, self.data_dir, amount, stand_in=self.stand_in)
        if spec.generator is None:
            return data
        name = spec.generator.value
        return judged_images(data, self.trained(name, self.images(name)), self.options.seed)

    def prepared(self, dataset: str) -> PreparedData:
        """A whole prepared data set, whatever the scale.

        Raises:
            data_prep.errors.DataError: it is missing or damaged.
        """
        return load(dataset, self.data_dir, self.stand_in)

    def trained(self, model_id: str, data: ImageData) -> TrainedModel:
        """A model with its weights, trained now unless a finished run is there.

        Raises:
            thesis_repro.errors.TrainingError: it cannot be trained.
        """
        spec = model(model_id)
        options = self.options.of(spec)
        return train_or_load(spec, data, options, self.runs_dir, self.progress)

    def untrained(self, model_id: str, data: ImageData) -> keras.Model:
        """The network that takes a model's images, as its run begins: the control of its training.

        Raises:
            data_prep.errors.DataError: images can no longer be read.
        """
        spec = model(model_id)
        return untrained(spec, data, self.options.of(spec))
