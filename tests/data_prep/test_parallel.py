"""Work in several processes: order, errors, and no more in flight than promised."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data_prep.errors import DataError
from data_prep.parallel import IN_FLIGHT, WorkerKilledError, available_cores, ordered

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # s


def square(number):
    return number * number


def refuse_seven(number):
    if number == 7:
        raise DataError("7.jpg", "it is damaged", "replace it")
    return number


def die_at_seven(number):
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def ignored(_):
    return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)]


def test_ctrl_c_and_the_end_of_a_terminal_are_left_to_who_ends_the_workers():
    """They reach all processes of a terminal; each worker's traceback would be in the way."""
    before = ignored(None)
    assert list(ordered(ignored, range(2), 2)) == [[signal.SIG_IGN] * 2] * 2
    assert ignored(None) == before


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order(workers):
    environment = dict(os.environ)
    assert list(ordered(square, range(50), workers)) == [number**2 for number in range(50)]
    assert dict(os.environ) == environment


@pytest.mark.parametrize("workers", [1, 2])
def test_errors_arrive_as_they_are(workers):
    results = ordered(refuse_seven, range(50), workers)
    assert [next(results) for _ in range(7)] == list(range(7))
    with pytest.raises(DataError, match=r"7\.jpg: it is damaged"):
        next(results)


def test_items_are_read_only_so_far_ahead():
    read = []

    def items():
        for number in range(1_000):
            read.append(number)
            yield number

    results = ordered(square, items(), 2)
    next(results)
    assert len(read) <= 2 * IN_FLIGHT
    results.close()


def test_a_killed_worker_is_said():
    with pytest.raises(WorkerKilledError, match="fewer --workers"):
        list(ordered(die_at_seven, range(50), 2))


WORKING = """
import os, time
from pathlib import Path
from data_prep.parallel import ordered

def work(folder):
    Path(folder, str(os.getpid())).touch()
    time.sleep(0.01)

if __name__ == "__main__":
    list(ordered(work, [{folder!r}] * 100_000, 2))
"""


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc on this system")
def test_no_worker_outlives_a_killed_process(tmp_path):
    pids = tmp_path / "pids"
    pids.mkdir()
    script = tmp_path / "script.py"
    script.write_text(WORKING.format(folder=str(pids)))
    process = subprocess.Popen([sys.executable, script], env=os.environ | {"PYTHONPATH": str(ROOT)})
    try:
        end = time.monotonic() + PATIENCE
        while len(list(pids.iterdir())) < 2 and time.monotonic() < end:
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    workers = [path.name for path in pids.iterdir()]
    assert len(workers) == 2
    end = time.monotonic() + PATIENCE
    while left := [pid for pid in workers if Path("/proc", pid).exists()]:
        assert time.monotonic() < end, f"{left} are left"
        time.sleep(0.01)


SQUARES = """
from data_prep.parallel import ordered

if __name__ == "__main__":
    print(list(ordered(abs, [1, -2, 3], 2)))
"""


def test_files_of_standard_names_in_the_current_folder_are_not_taken(tmp_path):
    script, current = tmp_path / "script.py", tmp_path / "current"
    script.write_text(SQUARES)
    current.mkdir()
    for name in ("random", "struct", "numbers", "typing", "queue", "tempfile"):
        (current / f"{name}.py").write_text(f"raise SystemExit('the wrong {name}')")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run(
        [sys.executable, script],
        cwd=current,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (done.stdout, done.stderr) == ("[1, 2, 3]\n", "")


def test_one_worker_stays_in_this_process():
    assert set(ordered(lambda _: os.getpid(), range(3), 1)) == {os.getpid()}


def test_available_cores():
    assert 1 <= available_cores() <= os.cpu_count()
