"""Work on many items in several processes: results in order, few of them in memory."""

import multiprocessing
import multiprocessing.forkserver
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

SAFE_PATH = "PYTHONSAFEPATH"  # has Python leave the current folder off the import path
IN_FLIGHT = 3  # items per worker that are begun before the first of them is asked for


class WorkerKilledError(Exception):
    """A worker process was killed from outside; most often because memory ran out."""


def available_cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux; a container may allow fewer than the machine has
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _end_with_parent() -> None:
    """Keep no worker process once the one that works with it was killed."""

    def wait() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def ensure_fork_server() -> None:
    """Start the server that forks workers, unless it runs.

    Python starts it by ``-c``, which puts the current folder first on the import path: a
    ``random.py`` there would be taken for Python's own. Ctrl-C and the end of a terminal reach all
    processes at once; of these they are ignored by all but the one that ends the others.
    """
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        with _ignored("SIGINT", "SIGHUP"):
            multiprocessing.forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before


@contextmanager
def _ignored(*names: str) -> Iterator[None]:
    """Ignore signals, as will processes that are started in the block; only a main thread may."""
    is_main = threading.current_thread() is threading.main_thread()
    numbers = [getattr(signal, name) for name in names if is_main and hasattr(signal, name)]
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ordered(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[Result]:
    """The value of `function(item)` for each item, in order.

    Args:
        function: Must be picklable where `workers` is more than one.
        items: Read only as far ahead as there is work in flight.
        workers: Number of processes; 1 works in this one.

    Raises:
        WorkerKilledError: A worker process died. What `function` raises is raised here.
    """
    if workers == 1:
        yield from map(function, items)
        return
    # A fresh server process forks the workers: they hold nothing of what this process has loaded.
    context = multiprocessing.get_context("forkserver")
    ensure_fork_server()
    with ProcessPoolExecutor(workers, context, _end_with_parent) as pool:
        waiting = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= IN_FLIGHT * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise WorkerKilledError(
                "a worker process ended before its work was done. Most likely memory ran out: try "
                "again with fewer --workers. (In your script, call this under "
                "`if __name__ == '__main__':`, since workers import the script.)"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
