"""The sections that stand, and their scripts: the one place that knows of `chapters`."""

import importlib
from types import ModuleType

CHAPTERS = {
    "3.3": "chapters.ch3_3",
    "3.4": "chapters.ch3_4",
    "4.2": "chapters.ch4_2",
    "4.3": "chapters.ch4_3",
    "4.4": "chapters.ch4_4",
    "4.5": "chapters.ch4_5",
    "4.6": "chapters.ch4_6",
    "4.7": "chapters.ch4_7",
    "4.8": "chapters.ch4_8",
}


def script(section: str) -> ModuleType:
    """The script of a section: ``run(chapter)``, and what it needs, ``MODELS`` and ``DATASETS``."""
    return importlib.import_module(CHAPTERS[section])
