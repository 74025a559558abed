"""What is said of a run in a few numbers and words: on its model card, and in a terminal."""

from collections.abc import Iterator
from typing import Any


def milestones(history: list[dict[str, float]]) -> dict[str, int]:
    """The rows of a history that are shown, by what they are called; it has one at least."""
    rows = {"first epoch": 0}
    if "val_loss" in history[0]:
        rows["lowest validation loss"] = min(
            range(len(history)), key=lambda row: history[row]["val_loss"]
        )
    return rows | {"last epoch": len(history) - 1}


def losses(history: list[dict[str, float]]) -> Iterator[tuple[str, list[str]]]:
    """Each quantity of a history at these epochs."""
    rows = [history[row] for row in milestones(history).values()]
    for name in history[0]:
        if name not in ("epoch", "seconds"):
            words = name.replace("val_", "validation ").replace("_", " ")
            yield words, [f"{row[name]:.5g}" for row in rows]


def versions_of(session: dict[str, Any]) -> str:
    """The versions of a session in a line, without the platform: it names a builder's machine."""
    versions = session.get("versions") or {}
    return ", ".join(f"{name} {each}" for name, each in versions.items() if name != "platform")
