"""Brief jobs side by side, each forked from a server that has imported Keras already.

A job of a few updates takes less time than the imports before them, and little of it on more than
one core. All else about a job is as in `thesis_repro.plan.execution`: a process of its own, whose
memory is free when it ends, and a log.
"""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import wait as wait_for
from pathlib import Path

from data_prep.parallel import available_cores, ensure_fork_server
from thesis_repro import interrupts
from thesis_repro.models.keras_settings import backend, leave_file_unread
from thesis_repro.plan.execution import GRACE, InTurn, Outcome, open_log
from thesis_repro.plan.jobs import Job
from thesis_repro.training.devices import may_have_gpu

_PRELOADED = ["thesis_repro.plan.preloaded"]
_SECTION = 8 * 2**30  # bytes: Section 4.4, the largest, takes 7 at smoke scale
_LOST = 255  # the exit code of a job whose server was killed; whether it still runs is not known
_PAUSE = 0.1  # s
_USED = 0.75  # of the machine's memory, at most


def can_fork() -> bool:
    """Whether processes may be forked after the backend's import.

    JAX warns of it, macOS forbids it, and a GPU has no memory for two that take all of it.
    """
    return sys.platform == "linux" and backend() == "tensorflow" and not may_have_gpu()


def _program(arguments: list[str]) -> None:
    """This package's command line, as `PROGRAM` of `thesis_repro.plan.execution`."""
    import_module("thesis_repro.cli").main(arguments, prog_name="thesis-repro")


class SideBySide:
    """Brief jobs on as many cores as there are, where memory allows; others alone, in turn.

    Args:
        program: What runs the arguments of a brief job, in a process forked for it.
    """

    def __init__(self, program: Callable[[list[str]], None] = _program):
        self._program = program
        self._context = multiprocessing.get_context("forkserver")
        self._alone = InTurn()
        self._running: dict[int, tuple[Job, multiprocessing.Process, float]] = {}  # by sentinel
        self._memory = _USED * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")

    def has_room(self, job: Job) -> bool:
        """Whether nothing runs, or brief jobs alone, with a core and the memory for another."""
        if not self._alone.has_room(job):
            return False
        if not self._running:
            return True
        running = [other for other, _, _ in self._running.values()]
        taken = sum(each.memory or _SECTION for each in (*running, job))
        return job.is_brief and len(running) < available_cores() and taken <= self._memory

    def start(self, job: Job, log: Path, waiting: int) -> None:
        """Start the job's process."""
        if not job.is_brief:
            self._alone.start(job, log, waiting)
            return
        leave_file_unread()
        self._context.set_forkserver_preload(_PRELOADED)
        with interrupts.held_back():  # a process that is not known yet could not be ended
            process = self._forked(job, log)
            self._running[process.sentinel] = job, process, time.monotonic()

    def _forked(self, job: Job, log: Path) -> multiprocessing.Process:
        deadline = time.monotonic() + GRACE
        while True:
            ensure_fork_server()
            process = self._context.Process(target=_run, args=(self._program, job.command, log))
            try:
                process.start()
            except (EOFError, ConnectionError):
                # The server was killed, as where memory runs out. Another is started as soon as the
                # system says so.
                if time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE)
            else:
                return process

    def wait(self, timeout: float) -> tuple[str, Outcome] | None:
        """Wait for any job to end."""
        if not self._running:
            return self._alone.wait(timeout)
        ended = wait_for(list(self._running), timeout)
        if not ended:
            return None
        job, process, began = self._running.pop(ended[0])
        process.join()
        if process.exitcode == _LOST:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
        outcome = Outcome(process.exitcode, time.monotonic() - began)
        process.close()
        return job.name, outcome

    def stop(self) -> None:
        """End all jobs; trainings go on from their last checkpoints another time."""
        self._alone.stop()
        processes = [process for _, process, _ in self._running.values()]
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + GRACE
        for process in processes:
            try:
                process.join(max(0.0, deadline - time.monotonic()))
            except KeyboardInterrupt:  # Ctrl-C was pressed once more
                deadline = 0.0
            if process.is_alive():
                process.kill()
                process.join()


def _run(program: Callable[[list[str]], None], arguments: Sequence[str], log: Path) -> None:
    """Run a job in this process, which was forked for it.

    In a session of its own, so that Ctrl-C at the terminal reaches only who started it.
    """
    os.setsid()
    with open_log(log, arguments) as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    interrupts.end_with_starter(multiprocessing.parent_process().join)
    program(list(arguments))
