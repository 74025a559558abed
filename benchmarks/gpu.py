"""What to run on the day a GPU is at hand: a folder to carry, and all first measurements in it.

    python benchmarks/gpu.py pack KIT [--python 3.12]
    python KIT/benchmarks/gpu.py run --out OUT [--minutes 9]

``pack`` makes a folder of less than 60 MB: the sources, MNIST's official files, and wheels of what
machines for JAX or PyTorch seldom have (Keras and four that it and we need). Nothing is installed
or downloaded by ``run``, and no TensorFlow is needed. Its parts, in processes of their own:

- devices: what is computed on in a job with a GPU, in one without, and in one that misses its own;
- digests: training steps of each family in three processes, the second with the first one's
  compiled programs, the third with its own; their variables must be equal bit for bit;
- transfers: the copies between host and device in an epoch that JAX was not told to make;
- table: milliseconds a step, images/s, FLOP/s and memory by model and precision, in each backend
  that is there and in PyTorch (`torch_rival.py`, `torch_gan.py`);
- training: MNIST-VLAE-factor-3 to its end at paper scale, and its rows of Table 3.

Each has its share of the time, and what one leaves goes to those that follow. Results are in
``OUT/rows.jsonl`` (one at a time) and ``OUT/gpu.md`` (after each process), the output of all that
ran in ``OUT/log.txt``, the run folder in ``OUT/runs.tar.gz``. A part that fails is named, and the
next one runs. A training that was cut goes on where it was if ``run`` is called again with the same
``--work``; ``--parts training`` does just that.
"""

import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import NamedTuple

import click
from gpu_report import Report

ROOT = Path(__file__).resolve().parents[1]
BACKENDS = ("jax", "tensorflow")

# --- Packing ---

SOURCES = ("appendix_architectures", "benchmarks", "chapters", "data_prep", "thesis_repro")
WHEELS = ("keras", "namex", "optree", "msgspec", "google-crc32c")
PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux_2_5", "manylinux1")
MOST_BYTES = 60e6

# --- Running ---

# Of the time; where not all parts are asked for, in the same proportions.
SHARES = {"devices": 0.06, "digests": 0.18, "transfers": 0.06, "table": 0.3, "training": 0.4}
TABLE_3_SECONDS = 40.0  # kept for it at the end of the training
LEAST_SECONDS = 5.0  # no process is started with less
RUNS = ("first", "its programs", "anew")  # of the digests

MODEL = "mnist-vlae-factor-3"
SMALLEST = ("mnist-vae", MODEL, "mnist-vae-gan", "mnist-vlae-gan", "digit-classifier")
SIZES = (  # where time runs out, the last ones are left out
    MODEL,
    "dsprites-vae",
    "mnist-vae-gan",
    "dsprites-vlae",
    "celeba-vlae-gan",
    "alexnet-vae",
    "mnist-vae",
    "mnist-vlae-gan",
    "dsprites-vlae-gan",
    "celeba-vlae",
    "alexnet-classifier",
)

PROGRAM = (sys.executable, "-c", "from thesis_repro.cli import main; main()")
PART = (sys.executable, str(Path(__file__).with_name("gpu_parts.py")))


@click.group(help=__doc__.splitlines()[0])
def main() -> None:
    """Pack the folder, or run what it is for."""


@main.command()
@click.argument("kit", type=click.Path(path_type=Path))
@click.option(
    "--python", "python_version", default="3.12", show_default=True, help="Its version there."
)
def pack(kit: Path, python_version: str) -> None:
    """Make the folder KIT; it must not exist yet."""
    if kit.exists():
        raise click.ClickException(f"{kit} exists; delete it, or name another folder")
    for name in SOURCES:
        shutil.copytree(ROOT / name, kit / name, ignore=shutil.ignore_patterns("__pycache__"))
    download(kit / "wheels", python_version)
    size = sum(path.stat().st_size for path in kit.rglob("*") if path.is_file())
    if size > MOST_BYTES:
        raise click.ClickException(f"{kit} has {size / 1e6:.0f} MB, more than can be carried")
    click.echo(f"{kit}: {size / 1e6:.1f} MB; there: python {kit}/benchmarks/gpu.py run --out OUT")


def download(folder: Path, python_version: str) -> None:
    """Fetch wheels of the versions that are here, for Linux on x86-64."""
    platforms = [f"--platform={name}_x86_64" for name in PLATFORMS]
    options = ["--no-deps", "--only-binary=:all:", "--implementation=cp", *platforms]
    wanted = [f"{name}=={version(name)}" for name in WHEELS]
    command = [sys.executable, "-m", "pip", "download", "--quiet", f"--dest={folder}", *options]
    command += [f"--python-version={python_version}", *wanted]
    if subprocess.run(command, check=False).returncode:
        raise click.ClickException(f"pip could not fetch {', '.join(wanted)}; its words are above")


@main.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Results.")
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=ROOT / "gpu-work",
    help="Prepared data, compiled programs and run folders.  [default: KIT/gpu-work]",
)
@click.option("--minutes", default=9.0, show_default=True, help="That all parts may take.")
@click.option("--parts", default=",".join(SHARES), show_default=True)
@click.option("--backends", help="[default: jax, and tensorflow where it is]")
@click.option("--models", help="Of digests and table.  [default: one a family, all sizes]")
@click.option("--steps", default=50, show_default=True, help="Of the digests.")
@click.option("--scale", default="paper", show_default=True, help="Of the training.")
def run(
    out: Path,
    work: Path,
    minutes: float,
    parts: str,
    backends: str | None,
    models: str | None,
    steps: int,
    scale: str,
) -> None:
    """Run all parts, one after another."""
    chosen = parts.split(",")
    if unknown := [name for name in chosen if name not in SHARES]:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(SHARES)}")
    out.mkdir(parents=True, exist_ok=True)
    kit = Kit(
        Report(out),
        work,
        paths(),
        Clock(chosen, time.monotonic(), 60 * minutes),
        backends.split(",") if backends else [name for name in BACKENDS if find_spec(name)],
        models.split(",") if models else None,
        steps,
        scale,
    )
    for name in chosen:
        getattr(kit, name)()
    click.echo(kit.report.markdown())


def paths() -> str:
    """PYTHONPATH for all that is started from here: our sources, and what the wheels hold."""
    site, wheels = ROOT / "site", sorted((ROOT / "wheels").glob("*.whl"))
    if not site.exists():
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(site)
    before = os.environ.get("PYTHONPATH")
    return os.pathsep.join(
        [str(ROOT), *([str(site)] if wheels else []), *([before] if before else [])]
    )


class Clock(NamedTuple):
    """The parts that are run, when they began (by `time.monotonic`), and seconds for all."""

    parts: Sequence[str]
    began: float
    seconds: float

    @property
    def end(self) -> float:
        """When all must have ended."""
        return self.began + self.seconds

    def deadline(self, part: str) -> float:
        """When a part must have ended, so that those behind it have their time."""
        shares = [SHARES[name] for name in self.parts]
        behind = shares[self.parts.index(part) + 1 :]
        return self.end - self.seconds * sum(behind) / sum(shares)


class Kit(NamedTuple):
    """The parts, and what they were asked for."""

    report: Report
    work: Path
    paths: str
    clock: Clock
    backends: Sequence[str]
    models: Sequence[str] | None
    steps: int
    scale: str

    def devices(self) -> None:
        """What a job sees, in the three environments that `thesis-repro all --gpus` gives jobs."""
        promise = {"THESIS_REPRO_DEVICE": "gpu"}
        nothing = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
        jobs = {"with a GPU": promise, "without": nothing, "missing its GPU": promise | nothing}
        every = list(product(self.backends, jobs))
        for (backend, job), end in zip(every, self._ends("devices", len(every)), strict=True):
            self._part("devices", end, backend, [f"--label={job}"], jobs[job])

    def digests(self) -> None:
        """The variables after some steps, in three processes."""
        folders = {run: self.work / f"programs-{index // 2}" for index, run in enumerate(RUNS)}
        models = f"--models={','.join(self.models or SMALLEST)}"
        for folder in folders.values():
            shutil.rmtree(folder, ignore_errors=True)
        every = list(product(self.backends, folders))
        for (backend, label), end in zip(every, self._ends("digests", len(every)), strict=True):
            options = [models, f"--steps={self.steps}", f"--label={label}"]
            options.append(f"--programs={folders[label] / backend}")
            self._part("digests", end, backend, options)

    def transfers(self) -> None:
        """What JAX copies unasked."""
        if "jax" in self.backends:
            self._part("transfers", self.clock.deadline("transfers"), "jax")

    def table(self) -> None:
        """Ours in each backend, and PyTorch's."""
        models = f"--models={','.join(self.models or SIZES)}"
        engines = [*self.backends, *(["torch"] if find_spec("torch") else [])]
        for engine, end in zip(engines, self._ends("table", len(engines)), strict=True):
            if engine == "torch":  # Keras only builds what is translated; the GPU is PyTorch's
                keras = next(iter(self.backends))
                self._part("torch_table", end, keras, [models], {"JAX_PLATFORMS": "cpu"})
            else:
                self._part("table", end, engine, [models])

    def training(self) -> None:
        """A whole training by the command line, and Table 3."""
        runs, backend = self.work / "runs", next(iter(self.backends))
        data = f"--data-dir={self.work / 'data'}"
        options = [data, f"--runs-dir={runs}", f"--scale={self.scale}"]
        end = self.clock.end - TABLE_3_SECONDS
        self._command("training", end, backend, ["train", MODEL, *options])
        self._part("table_3", self.clock.end, backend, options)
        if runs.exists():
            shutil.make_archive(str(self.report.folder / "runs"), "gztar", runs)

    def _ends(self, part: str, count: int) -> Iterator[float]:
        """When each of so many processes must have ended; each has its share of what is left."""
        for index in range(count):
            now, end = time.monotonic(), self.clock.deadline(part)
            yield now + (end - now) / (count - index)

    def _part(
        self,
        name: str,
        end: float,
        backend: str,
        options: Sequence[str] = (),
        environment: dict[str, str] | None = None,
    ) -> None:
        """A part of `gpu_parts.py`, which writes its own rows."""
        seconds = end - time.monotonic()
        options = [f"--rows={self.report.rows_file}", f"--seconds={seconds:.0f}", *options]
        self._start(name, [*PART, name, *options], end, backend, environment or {})

    def _command(self, name: str, end: float, backend: str, arguments: Sequence[str]) -> None:
        """A command of `thesis-repro`."""
        began = time.monotonic()
        last = self._start(name, [*PROGRAM, *arguments], end, backend, {})
        if last is not None:
            seconds = round(time.monotonic() - began, 1)
            command = f"thesis-repro {' '.join(arguments[:2])}"
            self.report.add(name, command=command, seconds=seconds, last=last)

    def _start(
        self,
        name: str,
        command: Sequence[str],
        end: float,
        backend: str,
        environment: dict[str, str],
    ) -> str | None:
        """Run a process until then; its last line, or None and a row that says why it failed."""
        seconds = end - time.monotonic()
        if seconds < LEAST_SECONDS:
            self.report.fail(name, f"{backend}: no time is left")
            return None
        log = self.report.folder / "log.txt"
        with log.open("ab") as stream:
            stream.write(f"\n== {name}, {backend}: {' '.join(command[1:])}\n".encode())
            stream.flush()
            begin = stream.tell()
            settings = {
                "PYTHONPATH": self.paths,
                "KERAS_BACKEND": backend,
                "TF_CPP_MIN_LOG_LEVEL": "2",
            }
            process = subprocess.Popen(
                command, stdout=stream, stderr=stream, env=os.environ | settings | environment
            )
            try:
                code = process.wait(seconds)
                why = f"it ended with {code}"
            except subprocess.TimeoutExpired:
                process.kill()
                code, why = process.wait(), f"stopped after {seconds:.0f} s"
        lines = log.read_bytes()[begin:].decode(errors="replace").strip().splitlines()
        last = lines[-1] if lines else ""
        if code:
            self.report.fail(name, f"{backend}: {why}: {last}")
        self.report.write()
        return None if code else last


if __name__ == "__main__":
    main()
