"""Where a command reads and writes, and the models and images that it finds or makes there."""

from dataclasses import dataclass
from pathlib import Path

from data_prep.errors import DataError
from data_prep.reading import PreparedData, load, open_manifest
from thesis_repro.models.zoo import model
from thesis_repro.progress import TrainingProgress
from thesis_repro.training.images import Identity, ImageData, load_images
from thesis_repro.training.real_and_generated import judged_images
from thesis_repro.training.run_folder import RunFolder
from thesis_repro.training.schedule import schedule
from thesis_repro.training.train import TrainedModel, TrainingOptions, run_config, train_or_load


@dataclass(frozen=True)
class Workspace:
    """Where a command reads and writes, and what it was asked for."""

    data_dir: Path
    runs_dir: Path
    out: Path
    options: TrainingOptions
    stand_in: bool
    progress: TrainingProgress

    def images(self, model_id: str) -> ImageData:
        """The images that a model is trained on, at the scale asked for.

        Those of its data set and, if it tells generated images from them, its generator's, which
        is trained or loaded for it.

        Raises:
            data_prep.errors.DataError: they are missing or damaged.
            thesis_repro.errors.TrainingError: the generator cannot be trained.
        """
        spec = model(model_id)
        amount = schedule(spec, self.options.scale)
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

    def finished(self, model_id: str) -> RunFolder | None:
        """The run of a model at the scale asked for, if it has ended; no image is read for this."""
        spec = model(model_id)
        try:
            manifest = open_manifest(spec.dataset.value, self.data_dir, self.stand_in)
        except DataError:
            return None
        identity = Identity.of(manifest, schedule(spec, self.options.scale))
        run = RunFolder(self.runs_dir, run_config(spec, identity, self.options))
        return run if run.is_done else None

    def trained(self, model_id: str, data: ImageData) -> TrainedModel:
        """A model with its weights, trained now unless a finished run is there.

        Raises:
            thesis_repro.errors.TrainingError: it cannot be trained.
        """
        return train_or_load(model(model_id), data, self.options, self.runs_dir, self.progress)
