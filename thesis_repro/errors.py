"""Errors that end a command with a clear message (data errors are ``data_prep.errors``)."""


class SettingsError(Exception):
    """The environment asks for what this package cannot do; the message says what to set."""


class TrainingError(Exception):
    """A model cannot be trained, or its training cannot go on; the message says what to do."""
