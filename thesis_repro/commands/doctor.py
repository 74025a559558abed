"""What a user should know before a long run: versions, backend, devices, memory, data, disk."""

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import click

from data_prep.folders import prepare_command
from thesis_repro import provenance
from thesis_repro.commands.options import data_dir_option, runs_dir_option
from thesis_repro.errors import SettingsError, command_for
from thesis_repro.models import keras_settings
from thesis_repro.models.keras_settings import import_keras
from thesis_repro.training import devices


@click.command()
@data_dir_option
@runs_dir_option
def doctor(data_dir: Path, runs_dir: Path) -> None:
    """Versions, backend, devices, prepared data, free disk; what stands in the way, and the fix."""
    click.echo(render(examine(data_dir, runs_dir)))


class Finding(NamedTuple):
    """One line of the report; ``problem`` says what to do, and is empty where all is well."""

    topic: str
    state: str
    problem: str = ""


def examine(data_dir: Path, runs_dir: Path) -> list[Finding]:
    """Look at everything; nothing is changed.

    Raises:
        data_prep.errors.DataError: ``data_dir`` cannot be looked into.
    """
    from data_prep.parallel import available_cores

    return [
        *(Finding(name, version) for name, version in provenance.versions().items()),
        _constraints(),
        *_devices(),
        Finding("cores", str(available_cores())),
        _memory(),
        *_data(data_dir),
        *_disks({"data": data_dir, "runs": runs_dir}),
    ]


def _constraints() -> Finding:
    """Whether the installed versions are those behind the published results."""
    found = provenance.constraints()
    if found is None:
        return Finding("constraints", "not known: an installed package has no constraints.txt")
    digest = f"constraints.txt {found['sha256'][:12]}"
    if not found["otherwise"]:
        return Finding("constraints", f"as in {digest}")
    others = "; ".join(f"{name} {words}" for name, words in found["otherwise"].items())
    fix = "other versions can change last digits: `pip install --require-hashes -r constraints.txt`"
    return Finding("constraints", f"not as in {digest}: {others}", fix)


def _devices() -> Iterator[Finding]:
    """The backend, and what it computes on; asked itself only where it may see a GPU: it is slow.

    Raises:
        thesis_repro.errors.TrainingError: a GPU was promised to this process, and none is seen.
    """
    try:
        backend = keras_settings.backend()
    except SettingsError as error:
        yield Finding("backend", "unknown", str(error))
        return
    missing = [package for package in ("keras", backend) if find_spec(package) is None]
    if missing:
        state = f"{backend}; {' and '.join(missing)} not installed"
        yield Finding("backend", state, command_for(backend))
        return
    yield Finding("backend", backend)
    if on_gpu := devices.may_have_gpu():
        import_keras()
        from thesis_repro.training.backend import make_deterministic

        make_deterministic()
        devices.prepare_devices()  # else the backend would take all memory of all GPUs
        on_gpu = devices.computes_on_gpu()
    yield Finding("device", devices.device_name() if on_gpu else provenance.processor())
    if not on_gpu:
        yield Finding(
            "accelerator",
            "none",
            "Section 4.2 takes hours on CPUs at paper scale, what else is trained wants a GPU; "
            "`--scale quick` is for CPUs. On a machine with an NVIDIA GPU: "
            f"{devices.gpu_command()}",
        )


def _memory() -> Finding:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return Finding("memory", "unknown on this system")
    size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Finding("memory", f"{size / 1e9:.0f} GB")


def _data(data_dir: Path) -> Iterator[Finding]:
    from data_prep.prepare import DATASETS, listing

    listed = listing(data_dir)
    for dataset in DATASETS:
        prepared = [entry for entry in listed if entry.dataset == dataset]
        for entry in prepared:
            if entry.problem:
                yield Finding(entry.folder.name, "damaged", str(entry.problem))
            else:
                yield Finding(entry.folder.name, entry.manifest.description)
        if not prepared:
            commands = {prepare_command(dataset, data_dir, flag) for flag in (False, True)}
            yield Finding(dataset, "not prepared", " or ".join(sorted(commands)))


def _disks(folders: dict[str, Path]) -> Iterator[Finding]:
    for name, folder in folders.items():
        there = next(path for path in (folder, *folder.resolve().parents) if path.exists())
        free = shutil.disk_usage(there).free
        yield Finding(f"disk for {name}", f"{free / 1e9:,.0f} GB free at {folder}")


def render(findings: list[Finding]) -> str:
    """The report as aligned lines, problems under what they are about."""
    from tabulate import tabulate

    rows = []
    for finding in findings:
        mark = "!" if finding.problem else " "
        rows.append((f"{mark} {finding.topic}", finding.state))
        if finding.problem:
            rows.append(("", f"-> {finding.problem}"))
    return tabulate(rows, tablefmt="plain", disable_numparse=True, preserve_whitespace=True)
