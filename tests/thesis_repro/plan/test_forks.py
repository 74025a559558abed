"""Brief jobs side by side, in forks of one process: overlap, memory, logs, failures, signals."""

import os
import signal
import subprocess
import sys
import time
from multiprocessing import forkserver
from pathlib import Path

import pytest

from thesis_repro import interrupts
from thesis_repro.plan import forks
from thesis_repro.plan.execution import Execution
from thesis_repro.plan.forks import SideBySide, can_fork
from thesis_repro.plan.jobs import Job

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="jobs are forked on Linux alone")

GIB = 2**30


@pytest.fixture(autouse=True)
def program(monkeypatch):
    """The code of jobs runs in processes without Keras; its module is known to them by this path.

    Two cores and 24 GiB, wherever the tests run.
    """
    monkeypatch.syspath_prepend(Path(__file__).parent)
    monkeypatch.setattr(forks, "_PRELOADED", [])
    monkeypatch.setattr(forks, "available_cores", lambda: 2)
    monkeypatch.setattr(
        os, "sysconf", {"SC_PHYS_PAGES": 24 * GIB // 4096, "SC_PAGE_SIZE": 4096}.get
    )
    import fork_program

    return fork_program.run


def job(name, code="", memory=GIB, brief=True, needs=()):
    command = (code,) if brief else ("--version",)
    return Job(name, tuple(needs), command, False, memory=memory, is_brief=brief)


def execute(program, tmp_path, *jobs, tell=lambda line: None):
    execution = Execution(
        {one.name: one for one in jobs}, SideBySide(program), tmp_path / "logs", tell
    )
    execution.run()
    return execution


def note(tmp_path, name):
    """Code that writes down when it begins and ends, half a second later."""
    return (
        "import pathlib, time; began = time.monotonic(); time.sleep(0.5); "
        f"pathlib.Path({str(tmp_path / name)!r}).write_text(f'{{began}} {{time.monotonic()}}')"
    )


def most_at_once(tmp_path, names):
    spans = [tuple(map(float, (tmp_path / name).read_text().split())) for name in names]
    return max(sum(start <= began < end for start, end in spans) for began, _ in spans)


@pytest.mark.parametrize(
    ("memory", "expected"),
    [(GIB, 2), (10 * GIB, 1), (100 * GIB, 1)],  # of 24 GiB, three quarters
)
def test_brief_jobs_run_two_on_two_cores_where_memory_allows(program, tmp_path, memory, expected):
    jobs = [job(f"train {name}", note(tmp_path, name), memory) for name in "abcd"]
    execution = execute(program, tmp_path, *jobs)
    assert execution.done == {"train a", "train b", "train c", "train d"}
    assert most_at_once(tmp_path, "abcd") == expected


def test_a_section_counts_as_eight_gib(program, tmp_path):
    jobs = [job(f"chapter {name}", note(tmp_path, name), 0.0) for name in "ab"]
    jobs.append(job("train c", note(tmp_path, "c"), 11 * GIB))
    execute(program, tmp_path, *jobs)
    assert most_at_once(tmp_path, "ab") == 2
    assert most_at_once(tmp_path, "ac") == most_at_once(tmp_path, "bc") == 1


def test_a_job_that_is_not_brief_runs_alone_in_a_process_of_its_own(program, tmp_path):
    running = []

    def tell(line):
        word, _, rest = line.partition(" ")
        name = rest.strip().partition("  ")[0]
        if word == "start":
            running.append(name)
            assert running == [name] or "data long" not in running
        elif word == "done":
            running.remove(name)

    jobs = [job(f"train {name}", note(tmp_path, name)) for name in "ab"]
    jobs.insert(1, job("data long", brief=False))
    execution = execute(program, tmp_path, *jobs, tell=tell)
    assert execution.done == {"train a", "train b", "data long"}
    assert "version" in execution.log_of("data long").read_text()


def test_exit_codes_and_output_are_those_of_a_fresh_process(program, tmp_path):
    execution = execute(
        program,
        tmp_path,
        job(
            "train fails", "import os; print('said'); os.system('echo below'); raise SystemExit(3)"
        ),
        job("train crashes", "1 / 0"),
        job("train dies", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"),
        job("train ends", "print('whole')"),
        job("chapter needs", needs=["train fails"]),
    )
    codes = {name: outcome.exit_code for name, outcome in execution.failed.items()}
    assert codes == {"train fails": 3, "train crashes": 1, "train dies": -signal.SIGKILL}
    assert execution.done == {"train ends"}
    assert set(execution.left) == {"chapter needs"}
    lines = execution.log_of("train fails").read_text().splitlines()
    assert lines[0].startswith("$ thesis-repro ")
    assert sorted(lines[1:]) == ["below", "said"]
    assert "ZeroDivisionError" in execution.log_of("train crashes").read_text()


def test_the_program_is_the_command_line(tmp_path):
    jobs = (
        Job("train a", (), ("--version",), False, is_brief=True),
        Job("train b", (), ("train", "no-model"), False, is_brief=True),
    )
    execution = Execution({one.name: one for one in jobs}, SideBySide(), tmp_path, print)
    execution.run()
    assert execution.done == {"train a"}
    assert execution.failed["train b"].exit_code == 2
    assert "version" in execution.log_of("train a").read_text()
    assert "No model is called 'no-model'" in execution.log_of("train b").read_text()


ENDS_TIDILY = (
    "import pathlib, signal, sys, time; "
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(pathlib.Path({path!r}).touch())); "
    "print('began', flush=True); time.sleep(60)"
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_that_runs_and_waits_for_it(program, tmp_path, monkeypatch, number):
    monkeypatch.setattr("thesis_repro.plan.execution.NEWS_PAUSE", 0.05)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    began = []

    def tell(line):
        began.extend([line] * (line.strip() == "began"))
        if len(began) == 2:
            os.kill(os.getpid(), number)

    saved = [tmp_path / name for name in "ab"]
    jobs = [job(f"train {path.name}", ENDS_TIDILY.format(path=str(path))) for path in saved]
    with pytest.raises(KeyboardInterrupt), interrupts.as_exceptions():
        execute(program, tmp_path, *jobs, tell=tell)
    assert all(path.exists() for path in saved)


def test_a_job_that_does_not_end_is_killed(program, tmp_path, monkeypatch):
    monkeypatch.setattr("thesis_repro.plan.execution.NEWS_PAUSE", 0.05)
    monkeypatch.setattr(forks, "GRACE", 0.1)
    stays = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    stays += "print(os.getpid(), flush=True); time.sleep(60)"
    pids = []

    def tell(line):
        if line.strip().isdecimal():
            pids.append(int(line))
            raise OSError("no space left")

    began = time.monotonic()
    with pytest.raises(OSError, match="no space left"):
        execute(program, tmp_path, job("train a", stays), tell=tell)
    assert time.monotonic() - began < 30
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_when_the_server_is_killed_others_go_on(program, tmp_path, monkeypatch):
    """Whoever it has forked is ended, and named; the jobs that wait are forked from another."""
    monkeypatch.setattr("thesis_repro.plan.execution.NEWS_PAUSE", 0.05)
    saved, killed = tmp_path / "saved", []

    def tell(line):
        if line.strip() == "began" and not killed:
            killed.append(forkserver._forkserver._forkserver_pid)
            os.kill(killed[0], signal.SIGKILL)

    lost = job("train lost", ENDS_TIDILY.format(path=str(saved)), memory=9 * GIB)
    later = [job(f"train {name}", note(tmp_path, name), memory=10 * GIB) for name in "ab"]
    execution = execute(program, tmp_path, lost, *later, tell=tell)
    assert {name: ended.exit_code for name, ended in execution.failed.items()} == {
        "train lost": forks._LOST
    }
    assert execution.done == {"train a", "train b"}
    deadline = time.monotonic() + 30
    while not saved.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


STARTS = """
import os, signal, sys
from pathlib import Path
from thesis_repro.plan import execution, forks
from thesis_repro.plan.jobs import Job

def tell(line):
    if line.strip() == "began":
        os.kill(os.getpid(), signal.SIGKILL)

sys.path.insert(0, sys.argv[3])
import fork_program

forks._PRELOADED, execution.NEWS_PAUSE = [], 0.05
job = Job("train a", (), (sys.argv[2],), False, is_brief=True)
workers = forks.SideBySide(fork_program.run)
execution.Execution({job.name: job}, workers, Path(sys.argv[1]), tell).run()
"""


def test_no_job_is_left_when_who_started_it_is_killed(tmp_path):
    saved = tmp_path / "saved"
    code = ENDS_TIDILY.format(path=str(saved))
    command = [sys.executable, "-c", STARTS, str(tmp_path), code, str(Path(__file__).parent)]
    done = subprocess.run(command, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 30
    while not saved.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(("threads", "imported"), [("x", False), ("1", True)])
def test_a_setting_that_is_none_ends_jobs_and_not_their_server(threads, imported):
    code = (
        "import sys, thesis_repro.plan.preloaded; "
        "print('thesis_repro.training.trainer' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"TF_NUM_INTRAOP_THREADS": threads},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == str(imported)


@pytest.mark.parametrize(
    ("platform", "backend", "gpu", "expected"),
    [
        ("linux", "tensorflow", False, True),
        ("darwin", "tensorflow", False, False),
        ("linux", "jax", False, False),
        ("linux", "tensorflow", True, False),
    ],
)
def test_forking_wants_linux_tensorflow_and_no_gpu(monkeypatch, platform, backend, gpu, expected):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(forks, "backend", lambda: backend)
    monkeypatch.setattr(forks, "may_have_gpu", lambda: gpu)
    assert can_fork() == expected
