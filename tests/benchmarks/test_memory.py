"""The memory benchmark sees what a training takes."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))  # scripts, not a package
memory = importlib.import_module("memory")


@pytest.mark.long  # a process that imports the backend, and one update of 37 million parameters
def test_peak_holds_weights_gradients_and_optimiser():
    """Four float32 numbers for each parameter of MNIST-VLAE-GAN (Table 2: 37,280,850).

    A small process drives, as from the command line: a child inherits the peak of its parent.
    """
    code = "import memory; print(*memory.measured('mnist-vlae-gan', 'float32', batch_size=2))"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=BENCHMARKS, capture_output=True, text=True, check=True
    )
    start, end = map(int, answer.stdout.split())
    least = 4 * 4 * 37_280_850
    assert least < end - start < 3 * least


def test_unknown_model_is_refused():
    answer = CliRunner().invoke(memory.main, ["--models", "mnist-vae,vgg"])
    assert answer.exit_code == 2
    assert "'vgg' is none of mnist-vae, " in answer.output
