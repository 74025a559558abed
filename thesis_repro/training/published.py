"""Published runs: what they are, where they lie, and what brings one here.

``published.json`` is the index: what each run is, and the digest of each of its files. The run
folders lie in ``published/`` of the repository, and under the index's address if it has one, as
``<model>/<run-id>/<file>``; what is downloaded from there is kept in ``<runs-dir>/published/``.
They are only read. `thesis_repro.training.publishing` adds one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from data_prep.checksums import sha256
from data_prep.downloads import Download
from data_prep.errors import DataError, os_errors
from data_prep.folders import replacing
from thesis_repro.files import Entry, read_entries
from thesis_repro.progress import DataProgress
from thesis_repro.training import published_places
from thesis_repro.training.run_folder import RunConfig, RunFolder

# They become parts of paths and addresses.
_FileName = Annotated[str, Meta(pattern=r"^\w[\w.-]*$")]

_TRAIN = "or train the model here with --train"
_WRITE_FIX = "free some space, mend the permissions, or name another folder with --runs-dir"


class PublishedFile(Entry):
    """What a file has to be."""

    sha256: str
    bytes: int


class PublishedRun(Entry):
    """One finished run: its configuration as it stands in ``config.json``, data and files."""

    model: _FileName
    run_id: _FileName
    data: str  # in words
    values: dict[str, Any]
    files: dict[_FileName, PublishedFile]

    @property
    def config(self) -> RunConfig:
        """What the run is."""
        return RunConfig(self.model, self.values)

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(file.bytes for file in self.files.values())


class Index(Entry):
    """All that is published; ``address`` is where the runs lie besides in the repository."""

    address: str | None
    runs: tuple[PublishedRun, ...]


class PublishedFolder(RunFolder):
    """A published run on disk, or where it will be once it is downloaded (`is_here`)."""

    def __init__(self, place: Path, run: PublishedRun, *, is_download: bool):
        super().__init__(place, run.config)
        self.published = run
        self.is_download = is_download

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, whole or damaged: it is never half-trained."""
        return self.path.exists()

    @property
    def mending(self) -> str:
        """What to do where a file of it is damaged."""
        if self.is_download:
            return f"Delete the folder {self.path}, and the run is downloaded again; {_TRAIN}."
        return f"`git checkout -- {self.path}` puts it back; {_TRAIN}."

    def recorded(self, what: str) -> list[Any]:
        """What its sessions recorded; before it is downloaded, its data alone are known."""
        if what == "data" and not self.is_here:
            return [self.published.data]
        return super().recorded(what)

    def _noted(self) -> dict[str, str]:
        """The index's digests: what notes them beside the files could be of another run."""
        return {name: file.sha256 for name, file in self.published.files.items()}

    def _copy_or_again(self, name: str) -> str:
        return self.mending

    def check(self) -> None:
        """See that every byte is what was published.

        Raises:
            DataError: a file is missing or another one.
        """
        for damage in self.damage():
            cause = f"it is not as it was published: {damage}"
            raise DataError(self.path, cause, self.mending.removesuffix("."))

    def damage(self) -> Iterator[str]:
        """What is not as the index has it, file by file."""
        for name, expected in self.published.files.items():
            path = self.path / name
            try:
                size, digest = path.stat().st_size, sha256(path)
            except OSError as error:
                yield f"{path}: it cannot be read ({error.strerror or error})"
                continue
            if size != expected.bytes:
                yield f"{path}: {size:,} bytes instead of {expected.bytes:,}"
            elif digest != expected.sha256:
                yield f"{path}: sha256:{digest} instead of sha256:{expected.sha256}"


@dataclass(frozen=True)
class Published:
    """The published runs, and where they lie."""

    index: Index
    clone: Path

    def run(self, config: RunConfig) -> PublishedRun | None:
        """The published run of a configuration."""
        key = (config.model, config.run_id)
        return next((run for run in self.index.runs if (run.model, run.run_id) == key), None)

    def folders(self, run: PublishedRun, runs_dir: Path) -> tuple[PublishedFolder, ...]:
        """The places of a run on this machine: in the repository, and for what is downloaded."""
        return (
            PublishedFolder(self.clone, run, is_download=False),
            PublishedFolder(published_places.downloads(runs_dir), run, is_download=True),
        )

    def folder(self, run: PublishedRun, runs_dir: Path) -> PublishedFolder | None:
        """Where a run lies, or will once it is downloaded; None where it is not to be had."""
        folders = self.folders(run, runs_dir)
        here = next((folder for folder in folders if folder.is_here), None)
        return here or (folders[-1] if self.index.address else None)

    def ready(self, folder: PublishedFolder, *, quiet: bool = False) -> None:
        """See that a run is on this machine, whole: it is downloaded if need be.

        Raises:
            DataError: as of `fetch`, or what is here is not what was published.
        """
        if folder.is_here:
            folder.check()
            return
        with DataProgress(quiet=quiet, unit="B") as progress:
            self.fetch(folder, progress)

    def fetch(
        self, folder: PublishedFolder, progress: Callable[[str, int, int | None], None]
    ) -> None:
        """Download a run into its folder, which is there as a whole or not at all.

        Args:
            folder: That of `folder`.
            progress: Called with a file's name, the bytes there so far, and all of its bytes.

        Raises:
            DataError: a file cannot be had or is another than the index has, or the folder cannot
                be written.
        """
        from data_prep.fetch import download  # with the network's libraries

        run, target = folder.published, folder.path
        address = f"{self.index.address.rstrip('/')}/{run.model}/{run.run_id}"
        files = [
            Download(name, f"sha256:{file.sha256}", (f"{address}/{name}",), file.bytes)
            for name, file in run.files.items()
        ]
        try:
            with (
                os_errors(target, "it cannot be kept there", _WRITE_FIX),
                replacing(target, _refuse_whole) as place,
            ):
                try:
                    download(files, place, progress, f"check the network and its proxy, {_TRAIN}")
                except DataError as error:  # it names a folder that passes
                    name = error.path.name if error.path.name in run.files else ""
                    raise DataError(target / name, error.cause, error.fix) from error
        except _ArrivedError:
            return


class _ArrivedError(Exception):
    """Another process has downloaded the run meanwhile."""


def _refuse_whole(target: Path) -> None:
    """Never replace what is in the place of a run that is downloaded."""
    if (target / "DONE").exists():
        raise _ArrivedError
    if target.exists():
        fix = "move it away, then run the command again"
        raise DataError(target, "something that is no whole run is in the place of one", fix)


def published_runs() -> Published:
    """What this version of the package has published.

    Raises:
        thesis_repro.files.DataFileError: the index is damaged.
    """
    return Published(read_entries("training", "published.json", Index), published_places.CLONE)
