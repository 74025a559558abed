"""What the process that brief jobs are forked from has imported: all but what they compute."""

from contextlib import suppress
from importlib import import_module

from thesis_repro.errors import SettingsError
from thesis_repro.models.keras_settings import import_keras

with suppress(SettingsError):  # each job says it, and how to mend it
    import_keras()
    for name in ("section.chapter", "training.trainer"):
        import_module(f"thesis_repro.{name}")
