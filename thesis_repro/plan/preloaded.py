"""What the process that brief jobs are forked from has imported: all but what they compute."""

from thesis_repro.models.keras_settings import import_keras

import_keras()

import thesis_repro.section.chapter  # noqa: E402
import thesis_repro.training.trainer  # noqa: E402, F401
