"""What a run is, before Keras is imported: what a user chooses, and all that determines the run."""

import hashlib
import json
from dataclasses import dataclass, replace

from thesis_repro.models import keras_settings
from thesis_repro.models.spec import ModelSpec
from thesis_repro.training.images import Identity
from thesis_repro.training.precision import FLOAT32
from thesis_repro.training.run_folder import RunConfig
from thesis_repro.training.scale import SCALES, Scale
from thesis_repro.training.schedule import schedule

# Part of every run's id. Raise it whenever a change in how a run is trained, in the losses or in
# the networks makes the same configuration end with other weights.
TRAINING_VERSION = 4


@dataclass(frozen=True)
class TrainingOptions:
    """What a user chooses about a run, besides the model and its data."""

    scale: Scale
    seed: int = 0
    precision: str = FLOAT32

    def of(self, spec: ModelSpec) -> "TrainingOptions":
        """A model's: classifiers that measure are trained, even at a scale that learns nothing.

        There, always from the same seed: what is measured varies, not what it is measured with.
        """
        if self.scale.learns or not spec.measures:
            return self
        return replace(self, scale=SCALES[self.scale.amounts], seed=0)


def run_config(spec: ModelSpec, data: Identity, options: TrainingOptions) -> RunConfig:
    """What the run is; equal configurations are the same run.

    Raises:
        thesis_repro.errors.SettingsError: Keras is set to a backend that networks do not run on.
    """
    values = {
        "spec": spec.values(),
        "scale": options.scale.name,
        "epochs": schedule(spec, options.scale).epochs,
        "data": data._asdict(),
        "seed": options.seed,
        "precision": options.precision,
        "backend": keras_settings.backend(),
        "training_version": TRAINING_VERSION,
    }
    return RunConfig(spec.id, json.loads(json.dumps(values)))


def judged_identity(real: Identity, generator: RunConfig, seed: int) -> Identity:
    """The identity of real images with as many generated ones, before the generator is trained."""
    content = f"{real.fingerprint} {generator.model} {generator.run_id} prior {seed}"
    fingerprint = hashlib.sha256(content.encode()).hexdigest()
    return Identity(fingerprint, 2 * real.train_images, 2 * real.validation_images)
