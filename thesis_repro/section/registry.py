"""The sections that stand, and their scripts: the one place that knows of `chapters`."""

import importlib
from types import ModuleType

CHAPTERS = {
    "3.3": "chapters.ch3_3",
    "3.4": "chapters.ch3_4",
    "4.1": "chapters.ch4_1",
    "4.2": "chapters.ch4_2",
    "4.3": "chapters.ch4_3",
    "4.4": "chapters.ch4_4",
    "4.5": "chapters.ch4_5",
    "4.6": "chapters.ch4_6",
    "4.7": "chapters.ch4_7",
    "4.8": "chapters.ch4_8",
}


def script(section: str) -> ModuleType:
    """The script of a section: ``run(chapter)``, and what it needs, ``MODELS`` and ``DATASETS``.

    Some also say ``SMOKE_MODELS``, fewer of them, and ``IF_TRAINED``: models that a section looks
    at where they are finished, and does not train.
    """
    return importlib.import_module(CHAPTERS[section])


def models_of(found: ModuleType, scale: str) -> tuple[str, ...]:
    """The models that a section's script trains or loads at a scale."""
    return getattr(found, "SMOKE_MODELS", found.MODELS) if scale == "smoke" else found.MODELS
