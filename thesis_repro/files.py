"""Files that are written whole or not at all, and the data files that travel with the package."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import msgspec

Kind = TypeVar("Kind")

_NAME_KEPT = 40  # characters of a file's name in its temporary one; file systems allow 255 bytes


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that is moved into place when the block succeeds.

    The temporary name keeps the suffixes of the target, since Keras and matplotlib choose a format
    by them. The file has the permissions that the umask leaves to any new one. If the block fails,
    the temporary file is removed and an existing target is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".writing-{secrets.token_hex(8)}-{path.name[-_NAME_KEPT:]}")
    try:
        temporary.touch(exist_ok=False)
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically, indented, with a closing newline.

    Bytes of a file's name that are no text become JSON's escape of them, and are read back.
    """
    with atomic_path(path) as temporary:
        text = json.dumps(value, indent=2, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


# === Data files of the package ===


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of a data file: what fields it has to have, and of what types."""


class DataFileError(ValueError):
    """A data file is not what it has to be; the message names the file, the entry and the field."""


def read_packaged(room: str, name: str) -> str:
    """The text of a data file beside the modules of ``thesis_repro.<room>``."""
    return resources.files(f"thesis_repro.{room}").joinpath(name).read_text(encoding="utf-8")


def render_packaged(room: str, name: str, **values: Any) -> str:
    """A packaged template of Markdown, filled in.

    Raises:
        jinja2.UndefinedError: it wants a value that is not given.
    """
    from jinja2 import Environment, StrictUndefined  # most commands fill in none

    environment = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return environment.from_string(read_packaged(room, name)).render(values)


def read_entries(room: str, name: str, kind: type[Kind]) -> Kind:
    """The content of a packaged JSON file as a value of this type.

    Raises:
        DataFileError: it is no JSON, or not of this type.
    """
    place = f"thesis_repro/{room}/{name}"
    try:
        content = json.loads(read_packaged(room, name))
    except ValueError as error:
        raise DataFileError(
            f"{place}: it is no JSON ({error}); put it back from a copy."
        ) from error
    return checked(content, kind, place)


def checked(value: Any, kind: type[Kind], place: str) -> Kind:
    """What was read from TOML or JSON as a value of a type; texts on one line.

    Args:
        value: Of plain Python types. Its texts may be broken into lines anywhere.
        kind: An `Entry`, or a container of them.
        place: The file, and where in it the value stands.

    Raises:
        DataFileError: a field is missing, unknown or of another type.
    """
    try:
        return msgspec.convert(_on_one_line(value), kind)
    except msgspec.ValidationError as error:
        raise DataFileError(f"{place}: {error}.") from error


def _on_one_line(value: Any) -> Any:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, dict):
        return {key: _on_one_line(element) for key, element in value.items()}
    return [_on_one_line(element) for element in value] if isinstance(value, list) else value
