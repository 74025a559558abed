"""Keras's settings of the user's, in `keras.json` and variables: the backend holds, no other does.

A run's id tells nothing of them, so that they may change no number. The module itself needs no
Keras.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from thesis_repro import interrupts
from thesis_repro.errors import SettingsError

BACKENDS = ("tensorflow", "jax")

_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def use_defaults() -> None:
    """Give Keras the settings of its documentation, whatever the user's file says.

    For the whole process, and before a network is built.

    Raises:
        SettingsError: Keras runs on a backend that this package does not know.
    """
    from keras import config

    _check(config.backend(), "Keras's backend")
    config.set_floatx("float32")
    config.set_epsilon(1e-7)
    config.set_image_data_format("channels_last")
    config.set_max_epochs(None)
    config.set_max_steps_per_epoch(None)


def backend() -> str:
    """The backend that Keras has, or takes when it is imported: "tensorflow" or "jax".

    Raises:
        SettingsError: it is another one, which this package does not know.
    """
    if keras := sys.modules.get("keras"):
        return _check(keras.backend.backend(), "Keras's backend")
    if named := os.environ.get("KERAS_BACKEND"):
        return _check(named, "KERAS_BACKEND")
    values = _file()
    if "backend" in values:
        return _check(values["backend"], f"backend in {_path()}")
    return "tensorflow"


def import_keras() -> None:
    """Import Keras and its backend alone, without the notices that TensorFlow writes past Python.

    Signals wait for its end: amid the import, libraries lose them or crash.

    Raises:
        SettingsError: Keras is set to a backend that networks do not run on, or TensorFlow to a
            number of threads that is none, at which it would abort.
    """
    leave_file_unread()
    if backend() == "tensorflow":
        _check_threads()
    stderr = os.dup(2)
    with interrupts.held_back(), Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            importlib.import_module("keras")
            if backend() == "jax":
                from keras.src.utils import module_utils

                module_utils.tensorflow._available = False  # else it is imported to be seeded
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def leave_file_unread() -> None:
    """Have Keras, which is still to be imported, not read the user's file, but for the backend.

    A file that is damaged would end the import. For processes that are started from here as well.

    Raises:
        SettingsError: the backend is one that this package does not know.
    """
    os.environ["KERAS_BACKEND"] = backend()
    os.environ["KERAS_HOME"] = os.devnull  # nor does it write one


def _check_threads() -> None:
    for name in _THREADS:
        value = os.environ.get(name)
        if value and not (value.isdecimal() and value.isascii()):
            raise SettingsError(
                f"{name} is {value!r}, which is no number of threads. Set it to one, 0 for as many "
                "as there are cores, or unset it."
            )


def _check(name: Any, where: str) -> str:
    if name not in BACKENDS:
        raise SettingsError(
            f"{where} is {name!r}, but networks run on {' or '.join(BACKENDS)} here. Set "
            f"KERAS_BACKEND={BACKENDS[0]}, which goes before keras.json."
        )
    return name


def _path() -> Path:
    """Where Keras looks for the file (keras/src/backend/config.py)."""
    if "KERAS_HOME" in os.environ:
        return Path(os.environ["KERAS_HOME"], "keras.json").expanduser()
    home = Path.home()
    return Path(home if os.access(home, os.W_OK) else "/tmp", ".keras", "keras.json")


def _file() -> dict[str, Any]:
    """What is in the file; nothing where it cannot be read."""
    try:
        values = json.loads(_path().read_text(encoding="utf-8"))
    except (OSError, ValueError, RuntimeError):  # the last: there is no home
        return {}
    return values if isinstance(values, dict) else {}
