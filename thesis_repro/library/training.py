"""Training of the thesis's models, and of what others make of them."""

from pathlib import Path
from typing import TYPE_CHECKING

from thesis_repro.library.data import make_ready
from thesis_repro.library.keras_process import keras_imported
from thesis_repro.library.models import scale_called
from thesis_repro.models import zoo
from thesis_repro.models.changed import checked
from thesis_repro.models.spec import ModelSpec
from thesis_repro.models.zoo import UnknownModelError
from thesis_repro.progress import TrainingProgress
from thesis_repro.section.workspace import Workspace
from thesis_repro.training.configuration import TrainingOptions
from thesis_repro.training.given_codes import as_count

if TYPE_CHECKING:
    from thesis_repro.training.trained_model import TrainedModel


def train(
    model: str | ModelSpec,
    scale: str = "quick",
    seed: int = 0,
    *,
    runs_dir: str | Path = "runs",
    data_dir: str | Path = "data",
    stand_in: bool = False,
) -> "TrainedModel":
    """Train a model to the end of its run, as ``thesis-repro train`` does, and give it.

    A finished run is loaded, a published one among them; an interrupted one goes on. A model of
    yours is a spec of `MODELS` with other settings and, after a "+", a mark in its id::

        replace(MODELS["mnist-vae"], id="mnist-vae+slow", learning_rate=Sourced(1e-4, "mine"))

    The mark is in its name, its card and the path of its run, so that nothing takes it for the
    thesis's. On a terminal a bar shows how far it is; elsewhere there is a line of the log for each
    epoch (``logging.basicConfig(level=logging.INFO)`` shows it).

    Args:
        model: One of the thesis's by its id or name in any case, or a spec.
        scale: How much of the thesis's training: "paper", "quick" (minutes on a CPU), "smoke" or
            "untrained".
        seed: Of weights, order of images and noise; with another one it is another run.
        runs_dir: Where the folder of its run is or comes to be.
        data_dir: Where prepared data sets lie, and those that need no file are prepared.
        stand_in: Whether it is trained on the stand-in for CelebA or ImageNet.

    Raises:
        UnknownModelError: no model is called so.
        UnknownRunError: no scale is called so.
        ModelError: the spec differs from the thesis's and has no mark, or in what cannot be
            changed; or the seed is no whole number from 0 on.
        DataError: the data set needs files, or is damaged.
        TrainingError: a loss is not finite, or the run's folder cannot be written or is damaged.
    """
    spec = _spec(model)
    workspace = Workspace(
        data_dir=Path(data_dir),
        runs_dir=Path(runs_dir),
        out=Path(),
        options=TrainingOptions(scale_called(scale), as_count(seed, "seed", 0)),
        stand_in=stand_in,
        progress=TrainingProgress(),
    )
    if workspace.loadable(spec) is None:
        make_ready(spec.dataset.value, workspace.data_dir, stand_in=stand_in)
    with keras_imported():
        return workspace.trained(spec)


def _spec(model: str | ModelSpec) -> ModelSpec:
    if isinstance(model, ModelSpec):
        return checked(model)
    if not isinstance(model, str):
        raise UnknownModelError(
            f"Models are named by text, or given as a spec of `thesis_repro.MODELS`, not {model!r}."
        )
    return zoo.model(model)
