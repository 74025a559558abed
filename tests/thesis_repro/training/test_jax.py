"""The same code under the JAX backend, in a new process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).with_name("jax_worker.py")


@pytest.mark.slow
def test_training_and_weights_under_jax(reference, make_data, tmp_path):
    pytest.importorskip("jax")
    data = make_data(train=32, validation=8)
    np.savez(tmp_path / "images.npz", train=data.train, validation=data.validation)
    weights = reference.run.weights("encoder")
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, str(SCRIPT), str(tmp_path), str(weights)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)

    # Stopped after the first of two epochs, taken up, and once without interruption.
    assert result["first_epochs"] == [[1, 2], [1]]
    assert result["done"] == [True, True]
    assert result["same_weights"]
    assert result["same_history"]
    assert all(np.isfinite(row["val_loss"]) for row in result["history"])
    for row in result["history"]:
        assert row["loss"] == pytest.approx(row["reconstruction"] + row["kl"], rel=1e-5)

    assert result["config"]["backend"] == "jax"
    assert result["run_id"] != result["run_id_as_tensorflow"]

    mu = reference.model.posterior(data.validation.astype("float32") / 255)["mu"]
    for ours, expected in zip(result["mu"], mu, strict=True):
        np.testing.assert_allclose(ours, np.asarray(expected), atol=1e-4)
