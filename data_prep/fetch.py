"""Fetch official files: mirrors in order, broken-off downloads continued, checksums checked.

Built on requests rather than on pooch, which neither continues downloads nor knows mirrors, and
which replaces a file that the user put there when its checksum differs.
"""

import hashlib
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path

import requests
from urllib3.exceptions import HTTPError as TransportError

from data_prep.downloads import DOWNLOADS, RESTRICTED, Download
from data_prep.errors import DataError, os_errors
from data_prep.folders import RESIZED
from data_prep.locks import alone
from data_prep.opening import open_file
from data_prep.writable import try_writing

# Told file name, bytes there so far, and bytes in all where the server says so.
Progress = Callable[[str, int, int | None], None]

TIMEOUT = 30.0  # s without a connection or a byte
PAUSES = (1.0, 3.0)  # s before the second and the third try at the same mirror
CHUNK = 1 << 16  # bytes
# Refusals after which another try makes sense.
PASSING = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    HTTPStatus.TOO_MANY_REQUESTS,
)

FOLDER_FIX = "free some space, mend the permissions, or choose another folder"


class _FailedError(Exception):
    """One try at one mirror failed; `again` says whether another try there makes sense."""

    def __init__(self, cause: str, again: bool):
        super().__init__(cause)
        self.again = again


def fetch(
    dataset: str,
    folder: Path,
    progress: Progress,
    *,
    then: str,
    downloads: Mapping[str, Sequence[Download]] = DOWNLOADS,
) -> list[Path]:
    """Put the official files of a data set into a folder, and return their paths.

    A file gets its name only once its checksum is right; until then it is `<name>.part`, which the
    next call continues. Files that are there already are checked, and left alone.

    Args:
        dataset: Id of the data set.
        folder: Where the files go; made if needed.
        progress: Called while bytes come in; the count goes back where a server starts again.
        then: The command that prepares what lies there, for what people must get themselves.
        downloads: What can be fetched; tests give their own.

    Raises:
        DataError: The terms forbid it (the error tells what to do instead), the data set is
            unknown, no mirror gives the right bytes, a file of that name is there with other bytes,
            or the folder cannot be written to.
    """
    fix = (
        f"check the network and its proxy and run `thesis-repro data fetch {dataset}` again, "
        "which goes on where it stopped; or get the file by other means and put it there"
    )
    return download(_files(dataset, folder, then, downloads), folder, progress, fix)


def download(files: Sequence[Download], folder: Path, progress: Progress, fix: str) -> list[Path]:
    """Put files into a folder as `fetch` does, whatever they are.

    Args:
        files: What they are called, and where they lie.
        folder: Where they go; made if needed.
        progress: As of `fetch`.
        fix: What the user is to do where no mirror gives a file.

    Raises:
        DataError: No mirror gives the right bytes, a file of that name is there with other bytes,
            or the folder cannot be written to.
    """
    with os_errors(folder, "the files cannot be kept there", FOLDER_FIX):
        missing = [file for file in files if not _is_there(folder / file.name, file, progress)]
        if missing:
            try_writing(folder)
            folder.mkdir(parents=True, exist_ok=True)
            busy = partial(_busy, folder)
            with alone(folder / ".fetch.lock", busy), requests.Session() as session:
                # Bytes as they lie on the server: a range of a compressed answer is another range.
                session.headers["Accept-Encoding"] = "identity"
                for file in missing:
                    _fetch_file(session, file, folder / file.name, progress, fix)
    return [folder / file.name for file in files]


def _files(
    dataset: str, folder: Path, then: str, downloads: Mapping[str, Sequence[Download]]
) -> Sequence[Download]:
    if dataset in downloads:
        return downloads[dataset]
    if dataset in RESTRICTED:
        cause, steps = RESTRICTED[dataset]
        place = shlex.quote(str(folder))
        raise DataError(folder, cause, steps.format(folder=place, prepare=then))
    if dataset in RESIZED:
        origin = RESIZED[dataset].origin
        cause = f"there is nothing to fetch: {dataset} is made from the prepared {origin}"
        raise DataError(folder, cause, f"run `{then}`")
    known = ", ".join([*downloads, *RESTRICTED])
    raise DataError(folder, f"there is no data set {dataset!r} to fetch", f"choose one of: {known}")


def _is_there(target: Path, file: Download, progress: Progress) -> bool:
    _refuse_what_is_no_file(target)
    if not target.exists():
        return False
    found = _checksum(target, file)
    if found != file.checksum:
        cause = f"a file of this name is there, but not the official one ({_differ(found, file)})"
        raise DataError(target, cause, "move it away, then run the command again")
    size = target.stat().st_size
    progress(file.name, size, size)
    return True


def _refuse_what_is_no_file(path: Path) -> None:
    if path.exists() and not path.is_file():
        fix = "move it away, then run the command again"
        raise DataError(path, "no file, but something else is in this place", fix)


def _busy(folder: Path) -> None:
    """Say that another process would write into the same `.part`."""
    fix = "wait for it to end, then try again"
    raise DataError(folder, "another process is fetching into this folder", fix)


def _fetch_file(
    session: requests.Session, file: Download, target: Path, progress: Progress, fix: str
) -> None:
    part = target.with_name(f"{target.name}.part")
    _refuse_what_is_no_file(part)
    failures = []
    for url in file.urls:
        try:
            _from_mirror(session, url, part, file, progress)
        except _FailedError as failure:
            failures.append(f"{url} ({failure})")
        else:
            part.rename(target)
            return
    raise DataError(target, f"no mirror gave the file: {'; '.join(failures)}", fix)


def _from_mirror(
    session: requests.Session, url: str, part: Path, file: Download, progress: Progress
) -> None:
    for pause in (*PAUSES, None):
        try:
            return _try(session, url, part, file, progress)
        except _FailedError as failure:
            if pause is None or not failure.again:
                raise
        time.sleep(pause)


def _try(
    session: requests.Session, url: str, part: Path, file: Download, progress: Progress
) -> None:
    if part.exists() and _checksum(part, file) == file.checksum:
        return  # stopped after the last byte
    try:
        start = _receive(session, url, part, file, progress)
    except (requests.RequestException, TransportError, ValueError) as error:
        raise _FailedError(_reason(error), _passes(error)) from error
    found = _checksum(part, file)
    if found != file.checksum:
        part.unlink()
        # Where bytes from an earlier try (perhaps from another mirror) were continued, those may
        # be the wrong ones. This is stricter than asking for the same version by `If-Range`.
        raise _FailedError(_differ(found, file), again=start > 0)


def _receive(
    session: requests.Session, url: str, part: Path, file: Download, progress: Progress
) -> int:
    """Append to `part` what is missing, or write it anew; return where the answer began."""
    start = part.stat().st_size if part.exists() else 0
    asked = {"Range": f"bytes={start}-"} if start else {}
    with _asked(session, url, asked) as response:
        if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)  # it is longer than the file
        response.raise_for_status()
        if response.status_code != HTTPStatus.PARTIAL_CONTENT:  # it does not know ranges
            start = 0
        done, rest = start, response.raw.length_remaining
        total = None if rest is None else start + rest
        if total not in (None, file.bytes or total):
            raise _FailedError(f"{total:,} bytes instead of {file.bytes:,}", again=False)
        with part.open("ab" if start else "wb") as stream:
            progress(file.name, done, total)
            # The raw stream: some servers call a .gz file a compressed answer; it stays packed.
            for chunk in response.raw.stream(CHUNK, decode_content=False):
                stream.write(chunk)
                done += len(chunk)
                progress(file.name, done, total)
                if file.bytes and done > file.bytes:
                    part.unlink()
                    raise _FailedError(f"more than {file.bytes:,} bytes", again=False)
    return start


def _asked(session: requests.Session, url: str, headers: Mapping[str, str]) -> requests.Response:
    try:
        return session.get(url, headers=headers, stream=True, timeout=TIMEOUT)
    except requests.RequestException:
        raise
    except OSError as error:  # of REQUESTS_CA_BUNDLE, not of the folder
        raise _FailedError(str(error), again=False) from error


def _passes(error: Exception) -> bool:
    """Whether the trouble may be over soon: the network's or the server's, not ours."""
    if isinstance(error, requests.HTTPError):
        return error.response.status_code in PASSING or error.response.status_code >= 500
    return not isinstance(error, requests.TooManyRedirects | ValueError)  # ValueError: a bad URL


def _reason(error: BaseException) -> str:
    """The innermost words, e.g. the system's "Connection refused"."""
    if isinstance(error, requests.HTTPError):
        return f"{error.response.status_code} {error.response.reason}"
    while error.__context__ is not None:
        error = error.__context__
    return str(error).rstrip(".") or type(error).__name__


def _checksum(path: Path, file: Download) -> str:
    algorithm = file.checksum.partition(":")[0]
    with open_file(path) as stream:
        return f"{algorithm}:{hashlib.file_digest(stream, algorithm).hexdigest()}"


def _differ(found: str, file: Download) -> str:
    return f"{found} instead of {file.checksum}"
