"""A researcher's script that uses every public name: a type checker reads it, nobody runs it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

import thesis_repro
from thesis_repro import (
    MODELS,
    DataError,
    ModelError,
    ModelSpec,
    Posterior,
    SectionResults,
    SettingsError,
    Sourced,
    TrainedModel,
    TrainingError,
    UnknownDataError,
    UnknownModelError,
    UnknownRunError,
    UnknownSectionError,
)

version: str = thesis_repro.__version__
models: pd.DataFrame = thesis_repro.list_models()
model: TrainedModel = thesis_repro.load_model("mnist-vlae-factor-3", seed=0, scale="paper")
same: TrainedModel = thesis_repro.load_model(Path("published") / "mnist-vlae-factor-3")
by_id: TrainedModel = thesis_repro.load_model("mnist-vlae-factor-3", "23d9e652cfd6", runs_dir="r")

changed: ModelSpec = replace(
    MODELS["mnist-vae"], id="mnist-vae+slow", learning_rate=Sourced(1e-4, "mine")
)
trained: TrainedModel = thesis_repro.train(changed, scale="smoke", seed=1, runs_dir=Path("runs"))

split = thesis_repro.load_data("mnist", "validation", data_dir=Path("data"))
images = split.images[:100]
picture = Image.new("L", (28, 28))
posteriors: list[Posterior] = model.encode(images)
mu: NDArray[np.float32] = posteriors[0].mu
sd: NDArray[np.float32] = posteriors[0].sd
threes: NDArray[np.uint8] = split.images[np.asarray(split.known["label"]) == 3]
rng = np.random.default_rng(0)
z: list[NDArray[np.float32]] = model.sample(picture, rng)
z = model.sample([picture, picture], rng)
for made in (
    model.decode(z),
    model.decode(z[0], batch_size=10),
    model.reconstruct(split.images),
    model.generate(4, rng),
    model.classify([images[0], images[1]]),
):
    height: int = made.shape[1]
decoded: NDArray[np.float32] = model.decode([*model.sample_prior(3, rng)])
decoded = model.generate(3, 0)
for batch in model.decode_in_batches(z):
    height = batch.shape[1]
losses: dict[str, NDArray[np.float32]] = model.losses(images, rng)
card: str = model.card()
last: float = model.history[-1]["val_loss"]
parts = [*model.networks]

results: SectionResults = thesis_repro.load_results("4.2", out="results")
table: pd.DataFrame = results.tables["table_3"]
claims: pd.DataFrame = results.claims

figures: list[Figure] = [
    thesis_repro.explore(model, same, points=20, rng=rng),
    thesis_repro.traverse(model, z, z, labels=["a", "b"]),
    thesis_repro.plot_latent_space(model, images, {"digit": split.known["label"][:100]}),
    thesis_repro.plot_losses(model, loss="loss", title="losses"),
]
errors: tuple[type[Exception], ...] = (
    *(DataError, ModelError, SettingsError, TrainingError, UnknownDataError),
    *(UnknownModelError, UnknownRunError, UnknownSectionError),
)
