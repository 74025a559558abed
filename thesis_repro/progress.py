"""Progress of a training: a live bar on a terminal, a line an epoch elsewhere."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_log = logging.getLogger(__name__)


class RunReport:
    """What a training tells while it goes on."""

    def __init__(self, bar: Progress, title: str, epochs: int, steps: int, done: int):
        self.bar = bar
        self.title = title
        self.epochs = epochs
        self.task = bar.add_task(
            title, total=epochs * steps, completed=done * steps, epoch=done, loss=float("nan")
        )

    def batch(self, loss: float) -> None:
        """One update done; ``loss`` is the epoch's mean so far."""
        self.bar.update(self.task, advance=1, loss=loss)

    def epoch(self, epoch: int, row: dict[str, float]) -> None:
        """One epoch done, with its row of the history."""
        self.bar.update(self.task, epoch=epoch)
        if not self.bar.console.is_terminal:
            _log.info(
                "%s epoch %d/%d: loss %.2f, validation loss %.2f (reconstruction %.2f, KL %.2f), "
                "%.1f s", self.title, epoch, self.epochs, row["loss"], row["val_loss"],
                row["val_reconstruction"], row["val_kl"], row["seconds"],
            )  # fmt: skip


class TrainingProgress:
    """Makes one report per training; ``quiet`` shows nothing."""

    def __init__(self, quiet: bool = False):
        self.quiet = quiet

    @contextmanager
    def run(self, title: str, epochs: int, steps: int, done: int) -> Iterator[RunReport]:
        """Report one training of ``epochs`` times ``steps`` updates, ``done`` epochs already."""
        console = Console(stderr=True, quiet=self.quiet)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn(f"epoch {{task.fields[epoch]}}/{epochs}"),
            TextColumn("loss {task.fields[loss]:.2f}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        disable = self.quiet or not console.is_terminal
        with Progress(*columns, console=console, disable=disable) as bar:
            yield RunReport(bar, title, epochs, steps, done)
