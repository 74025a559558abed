"""Each model of Table 2 and each helper, trained from the command line at smoke scale on stand-ins.

One model of each family under JAX and in bfloat16, too. The networks are the thesis's, the largest
with 309 million weights: a quarter of an hour in all, and up to 8 GiB of memory. Run by
`make test-long`.
"""

import json
import math
import os
import shutil
import subprocess
import sys

import pytest

from appendix_architectures.shapes import build_shapes
from thesis_repro.models.building import builders
from thesis_repro.models.families import FAMILIES
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.run_folder import RunConfig, RunFolder
from thesis_repro.training.scale import SCALES
from thesis_repro.training.schedule import schedule

pytestmark = pytest.mark.long
TIMEOUT = 1_800  # s, for one model on a busy machine

SMALLEST = (
    "mnist-vae",
    "mnist-vlae-factor-3",
    "mnist-vae-gan",
    "mnist-vlae-gan",
    "digit-classifier",
)
OTHERWISE = [("jax", "float32"), ("tensorflow", "mixed_bfloat16")]  # backend, precision


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("stand-ins")


def test_one_model_of_each_family_is_trained_otherwise():
    assert sorted(MODELS[name].family for name in SMALLEST) == sorted(FAMILIES)


@pytest.mark.parametrize(
    ("model", "backend", "precision"),
    [
        *((name, "tensorflow", "float32") for name in MODELS),
        *((name, *other) for other in OTHERWISE for name in SMALLEST),
    ],
)
def test_trains_at_smoke_scale(model, backend, precision, data_dir, tmp_path):
    spec = MODELS[model]
    command = [
        sys.executable, "-c", "from thesis_repro.cli import main; main()",
        "train", spec.id, "--scale", "smoke", "--stand-in", "--precision", precision,
        "--data-dir", str(data_dir), "--runs-dir", str(tmp_path),
    ]  # fmt: skip
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": backend}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    epochs = schedule(spec, SCALES["smoke"]).epochs
    line = done.stdout.splitlines()[-1]
    assert line.startswith(f"{spec.id}: {epochs} epochs, ")

    (folder,) = (tmp_path / spec.id).iterdir()
    assert str(folder) in line
    run = RunFolder(tmp_path, RunConfig(spec.id, json.loads((folder / "config.json").read_text())))
    assert run.path == folder
    assert run.is_done
    assert (run.config.values["backend"], run.config.values["precision"]) == (backend, precision)
    for part, builder in builders(spec).items():
        parameters = build_shapes(builder).count_params()
        assert run.verified_weights(part).stat().st_size > 4 * parameters  # float32
    history = run.read_history()
    assert [row["epoch"] for row in history] == list(range(1, epochs + 1))
    assert all(math.isfinite(value) for row in history for value in row.values())
    assert any(name.startswith("val_") for name in history[0])
    shutil.rmtree(tmp_path / spec.id)  # AlexNet-VAE's weights take 1.2 GB
