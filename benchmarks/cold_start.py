"""From a cold start to a picture: ours against what Keras alone takes to be imported.

Each is a fresh process; they take turns, and the best of each counts. The picture is the grid over
each layer of the published MNIST-VLAE-factor-3.

    python benchmarks/cold_start.py [--rounds 3]
"""

import subprocess
import sys
import time

import click

RIVAL = "import Keras alone"
LOADED = (
    "import thesis_repro\n"
    "thesis_repro.explore(thesis_repro.load_model('mnist-vlae-factor-3')).savefig('/dev/null', "
    "format='png')"
)
SCRIPTS = {
    "import thesis_repro": "import thesis_repro",
    RIVAL: "import os; os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'; import keras",
    "load a published model, draw its grids": LOADED,
}


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
def main(rounds: int) -> None:
    """Print the seconds of each, without those of Python itself, and as a share of the rival's."""
    best = dict.fromkeys(("", *SCRIPTS.values()), float("inf"))
    for _ in range(rounds):
        for code in best:
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            best[code] = min(best[code], time.perf_counter() - began)
    rival = best[SCRIPTS[RIVAL]] - best[""]
    for name, code in SCRIPTS.items():
        seconds = best[code] - best[""]
        click.echo(f"{name}: {seconds:.3f} s, {seconds / rival:.2f} of {RIVAL}")


if __name__ == "__main__":
    main()
