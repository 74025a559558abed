"""Progress of long work: a live bar on a terminal, a line now and then elsewhere."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from thesis_repro import interrupts
from thesis_repro.words import counted, duration

_log = logging.getLogger(__name__)


class RunReport:
    """What a training tells while it goes on."""

    PAUSE = 30.0  # s between two lines of an epoch where there is no terminal

    def __init__(
        self,
        bar: Progress,
        title: str,
        epochs: int,
        steps: int,
        done: int,
        headline: tuple[str, ...],
    ):
        self.bar = bar
        self.headline = headline
        self.title = title
        self.epochs = epochs
        self.steps = steps
        self.task = bar.add_task(
            title, total=epochs * steps, completed=done * steps, epoch=done, loss=""
        )
        self._done = done * steps
        self._first: tuple[float, int] | None = None  # when the first updates ended: they compile
        self._last_line = time.monotonic()
        begins = f"goes on after epoch {done} of {epochs}" if done else counted(epochs, "epoch")
        self._tell(f"{title}: {begins}, {counted(steps, 'update')} each")

    def updates(self, count: int, loss: float) -> None:
        """So many updates done; ``loss`` is the epoch's mean so far.

        Raises:
            KeyboardInterrupt: a signal asked for the end, and its exception was lost.
        """
        interrupts.check()
        self._done += count
        self._first = self._first or (time.monotonic(), self._done)
        self.bar.update(self.task, advance=count, loss=f"loss {loss:.2f}")
        if time.monotonic() - self._last_line >= self.PAUSE:
            epoch, update = divmod(self._done - 1, self.steps)
            self._tell(
                f"{self.title} epoch {epoch + 1}/{self.epochs}: update {update + 1:,} of "
                f"{self.steps:,}, loss {loss:.2f}{self._left()}"
            )

    def epoch(self, epoch: int, row: dict[str, float]) -> None:
        """One epoch done, with its row of the history."""
        self.bar.update(self.task, epoch=epoch)
        self._tell(
            f"{self.title} epoch {epoch}/{self.epochs}: {describe(row, self.headline)}, "
            f"{row['seconds']:.1f} s{self._left()}"
        )

    def _left(self) -> str:
        """How long the rest takes, by the updates since the first ones; "" if there were none."""
        began, before = self._first or (0.0, self._done)
        left = self.epochs * self.steps - self._done
        if self._done == before or not left:
            return ""
        rate = (time.monotonic() - began) / (self._done - before)
        return f", about {duration(rate * left)} to go"

    def _tell(self, line: str) -> None:
        """Write a line where there is no terminal."""
        if not self.bar.console.is_terminal and not self.bar.console.quiet:
            self._last_line = time.monotonic()
            _log.info("%s", line)


def describe(row: dict[str, float], headline: tuple[str, ...]) -> str:
    """Some entries of an epoch's row in words, e.g. "loss 270.91, validation loss 265.30"."""
    return ", ".join(
        f"{name.replace('val_', 'validation ').replace('_', ' ')} {row[name]:.2f}"
        for name in headline
    )


class TrainingProgress:
    """Makes one report per training; ``quiet`` shows nothing."""

    def __init__(self, quiet: bool = False):
        self.quiet = quiet

    @contextmanager
    def run(
        self, title: str, epochs: int, steps: int, done: int, headline: tuple[str, ...]
    ) -> Iterator[RunReport]:
        """Report one training of ``epochs`` times ``steps`` updates, ``done`` epochs already.

        ``headline`` names the entries of an epoch's row that its line shows.
        """
        console = Console(stderr=True, quiet=self.quiet)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn(f"epoch {{task.fields[epoch]}}/{epochs}"),
            TextColumn("{task.fields[loss]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        disable = self.quiet or not console.is_terminal
        with Progress(*columns, console=console, disable=disable) as bar:
            yield RunReport(bar, title, epochs, steps, done, headline)


class DataProgress:
    """What preparing or fetching data tells: what is going on, how much is done, and of how much.

    A context, in which it is called with these three. ``unit`` is "" for images, "B" for bytes.
    """

    PAUSE = 30.0  # s between two lines where there is no terminal

    def __init__(self, quiet: bool = False, unit: str = ""):
        self.console = Console(stderr=True, quiet=quiet)
        self.quiet = quiet
        count = DownloadColumn() if unit == "B" else MofNCompleteColumn()
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            count,
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            disable=quiet or not self.console.is_terminal,
        )
        self.tasks: dict[str, int] = {}
        self.last_line = time.monotonic()
        self._line = ""  # the newest state
        self._is_told = True  # where there is no terminal

    def __enter__(self) -> "DataProgress":
        self.bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.bar.stop()
        self._tell()

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """So much of so much is done; ``total`` is None where nobody knows.

        Raises:
            KeyboardInterrupt: a signal asked for the end, and its exception was lost.
        """
        interrupts.check()
        is_new = what not in self.tasks
        if is_new:
            self.tasks[what] = self.bar.add_task(what)
        self.bar.update(self.tasks[what], completed=done, total=total)
        if self.console.is_terminal:
            return
        line = f"{what}: {done:,} of {'?' if total is None else f'{total:,}'}"
        if line == self._line:
            return
        if is_new:
            self._tell()  # how far what came before it got
        self._line, self._is_told = line, False
        if is_new or done == total or time.monotonic() - self.last_line > self.PAUSE:
            self._tell()

    def _tell(self) -> None:
        """Write the newest state where there is no terminal, unless it has been."""
        if not self._is_told:
            self.last_line, self._is_told = time.monotonic(), True
            self.console.print(self._line, markup=False, highlight=False, soft_wrap=True)
