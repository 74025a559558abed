"""Running a plan: each job in a fresh process that writes to the job's log.

What fails stops only what needs it. Jobs run one after another on this machine, or side by side by
Ray (`thesis_repro.plan.gpus`).
"""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol, TextIO

from thesis_repro import interrupts
from thesis_repro.plan.jobs import Job

# This package's command line, in a new process of the same Python. Without -P, Python would look
# for modules in the current folder first: a `random.py` of the user's would break every job.
PROGRAM = (
    sys.executable,
    "-P",
    "-c",
    "from thesis_repro.interrupts import end_with_starter; end_with_starter(); "
    "from thesis_repro.cli import main; main()",
)

NEWS_PAUSE = 10.0  # s between two looks at the logs of running jobs
GRACE = 30.0  # s that a job has to end in when it is stopped; a kill loses no checkpoint
_LINE_AT_MOST = 4_096  # bytes at a log's end, in which its newest line is looked for


class Outcome(NamedTuple):
    """What became of a job: its exit code and its seconds."""

    exit_code: int
    seconds: float


class Workers(Protocol):
    """Where jobs run."""

    def has_room(self, job: Job) -> bool:
        """Whether the job can be handed over now."""

    def start(self, job: Job, log: Path, waiting: int) -> None:
        """Hand a job over; so many trainings are ready, but not started yet."""

    def wait(self, timeout: float) -> tuple[str, Outcome] | None:
        """Name and outcome of a job that has ended; ``None`` if none has after so many seconds."""

    def stop(self) -> None:
        """End all that runs; what they have saved stays."""


@dataclass
class Execution:
    """A plan on its way.

    ``tell`` is called with a line for each job that starts or ends, and now and then with the
    newest line of each running job's log, and ``on_done`` with each job that has been done.
    """

    plan: Mapping[str, Job]
    workers: Workers
    logs: Path
    tell: Callable[[str], None]
    on_done: Callable[[Job], None] = lambda job: None
    done: set[str] = field(default_factory=set)
    failed: dict[str, Outcome] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    news: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Run everything that can be run; see ``failed`` and ``left`` for the rest.

        Whatever ends it early, nothing is left running: Ctrl-C, a signal, an error of `tell`. Jobs
        go on from where they were.

        Raises:
            KeyboardInterrupt: Ctrl-C, or what `thesis_repro.interrupts` makes of other signals.
        """
        self.done |= {name for name, job in self.plan.items() if job.is_done}
        try:
            while self._start_ready() or self.running:
                ended = self.workers.wait(NEWS_PAUSE)
                interrupts.check()
                if ended is None:
                    self._tell_news()
                else:
                    self._ended(*ended)
        except BaseException:
            self.workers.stop()
            raise

    @property
    def has_run(self) -> bool:
        """Whether any job was run, whatever became of it."""
        return bool(self.failed) or any(not self.plan[name].is_done for name in self.done)

    @property
    def left(self) -> dict[str, str]:
        """Jobs that were not run, and why not."""
        return {
            name: job.problem or "needs " + ", ".join(n for n in job.needs if n not in self.done)
            for name, job in self.plan.items()
            if name not in self.done and name not in self.failed
        }

    def log_of(self, name: str) -> Path:
        """The log file of a job."""
        stem = re.sub(r"[^\w.]+", "-", name).strip("-")  # "train-mnist-vae-seed-1"
        return self.logs / f"{stem}.log"

    def _start_ready(self) -> bool:
        """Start jobs while there is room, the longest first; whether any was started."""
        ready = [
            job
            for name, job in self.plan.items()
            if name not in self.done | self.running | self.failed.keys()
            and not job.problem
            and self.done.issuperset(job.needs)
        ]
        waiting = sum(job.is_training for job in ready)
        started = False
        for job in sorted(ready, key=_urgency):
            if not self.workers.has_room(job):
                continue
            self.tell(f"start  {job.name}  (log: {self.log_of(job.name)})")
            waiting -= job.is_training
            # Of an attempt before; on a cluster, a job may begin to write long after its start.
            self.news[job.name] = newest_line(self.log_of(job.name))
            self.workers.start(job, self.log_of(job.name), waiting)
            self.running.add(job.name)
            started = True
        return started

    def _tell_news(self) -> None:
        """Pass on the newest line of each running job's log, where there is a new one."""
        for name in sorted(self.running):
            line = newest_line(self.log_of(name))
            if line and line != self.news.get(name):
                self.news[name] = line
                self.tell(f"       {line}")

    def _ended(self, name: str, outcome: Outcome) -> None:
        self.running.remove(name)
        count = f"{len(self.done) + (outcome.exit_code == 0)} of {len(self.plan)}"
        if outcome.exit_code == 0:
            self.done.add(name)
            self.tell(f"done   {name}  {outcome.seconds:,.0f} s  ({count})")
            self.on_done(self.plan[name])
        else:
            self.failed[name] = outcome
            self.tell(f"FAILED {name}  exit code {outcome.exit_code}  (log: {self.log_of(name)})")


def _urgency(job: Job) -> tuple[bool, float]:
    """Data and sections are short, and let others go on or end; then the longest training first."""
    return job.is_training, -job.multiply_adds


def newest_line(log: Path) -> str:
    """The last whole line that a job has written; "" if there is none since it began."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LINE_AT_MOST))
            *whole, _ = file.read().decode(errors="replace").split("\n")
    except OSError:  # on a cluster, the job's machine may not have made it yet
        return ""
    return "" if not whole or whole[-1].startswith("$ ") else whole[-1].rstrip()


def repeat_command(job: Job) -> str:
    """The command that does a job by hand."""
    return shlex.join(("thesis-repro", *job.command))


# === One after another ===


class InTurn:
    """One job after another, each in a new process: its memory is free when it ends."""

    def __init__(self, program: Sequence[str] = PROGRAM):
        self._program = program
        self._process: subprocess.Popen | None = None
        self._name = ""
        self._began = 0.0

    def has_room(self, job: Job) -> bool:
        """Whether nothing runs."""
        return self._process is None

    def start(self, job: Job, log: Path, waiting: int) -> None:
        """Start the job's process; trainings wait for its end, how many does not matter."""
        with interrupts.held_back():  # a process that is not known yet could not be ended
            self._name, self._began = job.name, time.monotonic()
            self._process = start_process(self._program, job.command, log)

    def wait(self, timeout: float) -> tuple[str, Outcome] | None:
        """Wait for the job to end."""
        try:
            exit_code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        self._process = None
        return self._name, Outcome(exit_code, time.monotonic() - self._began)

    def stop(self) -> None:
        """End the job, which goes on from its last checkpoint another time."""
        if self._process is not None:
            end_process(self._process)


def end_process(process: subprocess.Popen) -> None:
    """End a job's process, and wait until it has ended.

    By SIGTERM, since what a script starts in the background ignores Ctrl-C.
    """
    process.terminate()
    try:
        process.wait(GRACE)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):  # or Ctrl-C was pressed once more
        process.kill()
        process.wait()


def open_log(log: Path, arguments: Sequence[str]) -> TextIO:
    """A job's log, to be written on; it has a line more, which says what is run."""
    log.parent.mkdir(parents=True, exist_ok=True)
    output = log.open("a", encoding="utf-8")
    output.write(f"$ {shlex.join(('thesis-repro', *arguments))}\n")
    output.flush()
    return output


def start_process(
    program: Sequence[str],
    arguments: Sequence[str],
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen:
    """Start a program in this environment, or that of this process; its output is added to the log.

    In a new process group, so that Ctrl-C at the terminal reaches only who started it. Its standard
    input closes when this process ends, be it by SIGKILL (`interrupts.end_with_starter`).
    """
    with open_log(log, arguments) as output:
        return subprocess.Popen(
            [*program, *arguments],
            stdin=_lifeline(),
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )


@cache
def _lifeline() -> int:
    """The end to read from of a pipe; this process holds the other end, and no other does."""
    return os.pipe()[0]
