"""Errors that end a command with a clear message, and what installs what is missing.

Data errors are ``data_prep.errors``; `pyproject.toml` has the extras.
"""


class SettingsError(Exception):
    """The environment asks for what this package cannot do; the message says what to set."""


class TrainingError(Exception):
    """A model cannot be trained, or its training cannot go on; the message says what to do."""


class ModelError(ValueError):
    """A model cannot do what is asked of it, or not with this; the message says what it takes."""


class UnknownRunError(LookupError):
    """No run is what was asked for, or several are; the message says which there are."""


def install_command(extra: str = "") -> str:
    """What installs this package and all that it needs, with an extra's packages where one is."""
    return f"pip install -e '.[{extra}]'" if extra else "pip install -e ."


def command_for(module: str | None) -> str:
    """What brings the package that a module is of."""
    package = (module or "").partition(".")[0]
    return install_command("jax" if package in ("jax", "jaxlib") else "")
