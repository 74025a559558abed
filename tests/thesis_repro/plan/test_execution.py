"""Running plans of toy jobs: order, failures, interruptions; with Ray on faked GPUs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from thesis_repro import interrupts
from thesis_repro.plan.execution import (
    PROGRAM,
    Execution,
    InTurn,
    Outcome,
    newest_line,
    repeat_command,
)
from thesis_repro.plan.jobs import Job

PYTHON = (sys.executable, "-c")


def job(name, code="", needs=(), done=False, problem="", cost=0.0):
    return Job(name, tuple(needs), (code,), done, problem, multiply_adds=cost)


def plan(*jobs):
    return {one.name: one for one in jobs}


def execute(jobs, tmp_path, workers=None):
    lines = []
    execution = Execution(jobs, workers or InTurn(PYTHON), tmp_path / "logs", lines.append)
    execution.run()
    return execution, lines


def test_needs_come_first_then_the_longest_training(tmp_path):
    jobs = plan(
        job("train short", needs=["data a"], cost=1),
        job("train long", needs=["data a"], cost=5),
        job("data a"),
        job("chapter 1", needs=["train short", "train long"]),
        job("chapter 2", needs=["train long"]),
    )
    execution, lines = execute(jobs, tmp_path)
    started = [line.split("  ")[1] for line in lines if line.startswith("start")]
    assert started == ["data a", "train long", "chapter 2", "train short", "chapter 1"]
    assert execution.done == set(jobs)
    assert lines[-1].endswith("(5 of 5)")


def test_what_is_done_is_not_run_again(tmp_path):
    jobs = plan(job("data a", "raise SystemExit(9)", done=True), job("train b", needs=["data a"]))
    execution, lines = execute(jobs, tmp_path)
    assert execution.done == set(jobs)
    assert len(lines) == 2
    assert execute(plan(job("data a", done=True)), tmp_path)[1] == []


def test_a_failure_stops_only_what_needs_it(tmp_path):
    jobs = plan(
        job("train bad", "print('because'); raise SystemExit(4)"),
        job("train good"),
        job("chapter bad", needs=["train bad", "train good"]),
        job("chapter worse", needs=["chapter bad"]),
        job("chapter good", needs=["train good"]),
    )
    execution, lines = execute(jobs, tmp_path)
    assert execution.done == {"train good", "chapter good"}
    assert execution.failed["train bad"].exit_code == 4
    assert execution.left == {
        "chapter bad": "needs train bad",
        "chapter worse": "needs chapter bad",
    }
    log = execution.log_of("train bad").read_text()
    assert "because" in log
    assert log.startswith("$ thesis-repro ")
    assert any(line.startswith("FAILED train bad  exit code 4") for line in lines)


def test_what_follows_a_job_is_done_after_each_that_has_ended_well(tmp_path):
    jobs = plan(job("data a", done=True), job("train b"), job("train c", "1 / 0"), job("chapter d"))
    seen = []
    Execution(jobs, InTurn(PYTHON), tmp_path, lambda line: None, seen.append).run()
    assert seen == [jobs["chapter d"], jobs["train b"]]


def test_what_cannot_be_run_is_left_with_its_reason(tmp_path):
    jobs = plan(job("data a", problem="files are missing"), job("train b", needs=["data a"]))
    execution, lines = execute(jobs, tmp_path)
    assert (execution.done, lines) == (set(), [])
    assert execution.left == {"data a": "files are missing", "train b": "needs data a"}


def test_logs_have_names_without_blanks_and_brackets(tmp_path):
    execution = Execution({}, InTurn(), tmp_path, print)
    for name, log in (
        ("train mnist-vae", "train-mnist-vae.log"),
        ("chapter 4.2", "chapter-4.2.log"),
        ("train mnist-vae (seed 1)", "train-mnist-vae-seed-1.log"),
        ("chapter 4.2 (seed 12)", "chapter-4.2-seed-12.log"),
    ):
        assert execution.log_of(name) == tmp_path / log


def test_logs_of_two_attempts_are_both_kept(tmp_path):
    for word in ("one", "two"):
        execution, _ = execute(plan(job("train a", f"print('{word}')")), tmp_path)
    log = execution.log_of("train a").read_text()
    assert [line for line in log.splitlines() if not line.startswith("$")] == ["one", "two"]


def test_what_a_running_job_says_is_told_as_it_comes(tmp_path, monkeypatch):
    monkeypatch.setattr("thesis_repro.plan.execution.NEWS_PAUSE", 0.1)
    seen = tmp_path / "seen"
    code = (  # in one line, as the command stands in the log before what it says
        "import pathlib, time; print('epoch 1', flush=True); "
        f"[time.sleep(0.01) for _ in iter(pathlib.Path({str(seen)!r}).exists, True)]; "
        "print('epoch 2', flush=True)"
    )
    lines = []

    def tell(line):
        lines.append(line.strip())
        if line.strip() == "epoch 1":
            seen.touch()

    Execution(plan(job("train a", code)), InTurn(PYTHON), tmp_path / "logs", tell).run()
    assert lines[1] == "epoch 1"  # once, although it stays the newest line for a while
    assert lines.count("epoch 1") == 1
    assert lines[-1].startswith("done   train a")


def test_what_an_attempt_before_has_said_is_no_news(tmp_path):
    """On a cluster, a job waits for its machine, and writes nothing meanwhile."""

    class Waiting:
        def __init__(self):
            self.waits = 3

        def has_room(self, job):
            return True

        def start(self, job, log, waiting):
            self.name = job.name

        def wait(self, timeout):
            self.waits -= 1
            return None if self.waits else (self.name, Outcome(0, 1.0))

        def stop(self): ...

    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "train-a.log").write_text("$ thesis-repro train a\nepoch 7\n")
    _, lines = execute(plan(job("train a")), tmp_path, Waiting())
    assert [line.split()[0] for line in lines] == ["start", "done"]


@pytest.mark.parametrize(
    ("log", "line"),
    [
        (b"$ thesis-repro train a\n", ""),  # it has only begun
        (b"$ thesis-repro train a\nepoch 1\nepo", "epoch 1"),  # one that is not whole yet
        (b"x" * 5_000 + b"\nepoch 2\n", "epoch 2"),
        (b"", ""),
    ],
)
def test_the_newest_line_is_the_last_whole_one(tmp_path, log, line):
    path = tmp_path / "log"
    path.write_bytes(log)
    assert newest_line(path) == line
    assert newest_line(tmp_path / "none") == ""


def test_the_command_can_be_repeated():
    one = Job("train a", (), ("train", "a", "--data-dir", "my data"), False)
    assert repeat_command(one) == "thesis-repro train a --data-dir 'my data'"


class Interrupted:
    """Workers whose second wait is Ctrl-C."""

    def __init__(self):
        self.waits, self.stopped, self.names = 0, False, []

    def has_room(self, job):
        return not self.names

    def start(self, job, log, waiting):
        self.names.append(job.name)

    def wait(self, timeout):
        self.waits += 1
        if self.waits == 2:
            raise KeyboardInterrupt
        return self.names.pop(), Outcome(0, 1.0)

    def stop(self):
        self.stopped = True


def test_ctrl_c_ends_what_runs(tmp_path):
    workers = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        execute(plan(job("train a"), job("train b")), tmp_path, workers)
    assert workers.stopped


# Ctrl-C, a batch system or `kill`, a terminal that closes.
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def running(tmp_path, monkeypatch, _ordinary_signals):
    """Run a job that writes "began", and do something then; its process is kept."""
    monkeypatch.setattr("thesis_repro.plan.execution.NEWS_PAUSE", 0.05)

    def run(then, code=""):
        workers = InTurn(PYTHON)

        def tell(line):
            if line.strip() == "began":
                run.process = workers._process
                then()

        wait = "import time; print('began', flush=True); time.sleep(60)"
        with interrupts.as_exceptions():
            Execution(plan(job("train a", code + wait)), workers, tmp_path / "logs", tell).run()

    return run


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_the_job_and_waits_for_it(tmp_path, running, number):
    saved = tmp_path / "saved"
    code = (
        "import pathlib, signal, sys; "
        f"signal.signal(signal.SIGTERM, lambda *_: sys.exit(pathlib.Path({str(saved)!r}).touch()));"
    )
    with pytest.raises(KeyboardInterrupt):
        running(lambda: os.kill(os.getpid(), number), code)
    assert saved.exists()


def test_what_a_script_has_in_the_background_is_ended_too(running):
    """There Ctrl-C is ignored, by all that is started as well."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(KeyboardInterrupt):
            running(lambda: os.kill(os.getpid(), signal.SIGTERM))
    finally:
        signal.signal(signal.SIGINT, before)
    assert running.process.poll() == -signal.SIGTERM


def test_a_job_that_does_not_end_is_killed(running, monkeypatch):
    monkeypatch.setattr("thesis_repro.plan.execution.GRACE", 0.1)
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    with pytest.raises(KeyboardInterrupt):
        running(lambda: os.kill(os.getpid(), signal.SIGTERM), code)
    assert running.process.poll() == -signal.SIGKILL


def test_no_job_is_left_when_telling_fails(running):
    def fail():
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        running(fail)
    assert running.process.poll() == -signal.SIGTERM


STARTS = """
import os, signal, sys
from pathlib import Path
from thesis_repro.plan import execution
from thesis_repro.plan.jobs import Job

def tell(line):
    if line.strip() == "began":
        os.kill(os.getpid(), signal.SIGKILL)

execution.NEWS_PAUSE = 0.05
job = Job("train a", (), (sys.argv[2],), False)
workers = execution.InTurn((sys.executable, "-c"))
execution.Execution({job.name: job}, workers, Path(sys.argv[1]), tell).run()
"""
ENDS = "from thesis_repro.interrupts import end_with_starter; end_with_starter()"


def test_no_job_is_left_when_who_started_it_is_killed(tmp_path):
    saved = tmp_path / "saved"
    code = (
        f"{ENDS}; import pathlib, signal, sys, time; "
        f"signal.signal(signal.SIGTERM, lambda *_: sys.exit(pathlib.Path({str(saved)!r}).touch()));"
        "print('began', flush=True); time.sleep(60)"
    )
    done = subprocess.run([*PYTHON, STARTS, str(tmp_path), code], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    wait_until(saved.exists, 30)


def test_jobs_end_with_who_starts_them():
    assert ENDS in PROGRAM[-1]


def test_what_lies_in_the_folder_is_no_module_of_a_job(tmp_path, monkeypatch):
    """Nor of this program, which starts jobs."""
    for name in ("random.py", "click.py", "thesis_repro.py"):
        (tmp_path / name).write_text("raise SystemExit('not this one')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    version = Job("data a", (), ("--version",), False)
    execution, _ = execute(plan(version), tmp_path, InTurn())
    assert execution.done == {"data a"}, execution.log_of("data a").read_text()


@pytest.mark.usefixtures("_ordinary_signals")
def test_ctrl_c_while_a_job_is_started_ends_it_too(tmp_path, monkeypatch):
    started = []

    def start(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        started.append(subprocess.Popen([*PYTHON, "import time; time.sleep(60)"]))
        return started[0]

    monkeypatch.setattr("thesis_repro.plan.execution.start_process", start)
    with pytest.raises(KeyboardInterrupt):
        execute(plan(job("train a")), tmp_path)
    assert started[0].poll() is not None


# --- Ray ---

RAY_SCRIPT = Path(__file__).with_name("ray_worker.py")


def with_ray(*arguments, timeout=300):
    command = [sys.executable, str(RAY_SCRIPT), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split()


@pytest.mark.slow
def test_each_training_sees_one_gpu_and_four_run_side_by_side(tmp_path):
    """Eight jobs on four faked GPUs, where each waits for three others; and on one of the four."""
    with_ray("side-by-side", tmp_path)
    for gpus in (1, 4):
        seen = [path.read_text() for path in (tmp_path / str(gpus)).glob("gpu-*")]
        assert len(seen) == 8
        assert set(seen) <= {"0", "1", "2", "3"}  # one each
        assert len({*seen}) >= gpus  # and all in use
        assert (tmp_path / str(gpus) / "chapter").read_text() in seen  # no training waits any more
        assert (tmp_path / str(gpus) / "data").read_text() == ""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_what_runs_on_gpus_is_ended_with_who_started_it(tmp_path, number):
    command = [sys.executable, str(RAY_SCRIPT), "stop", str(tmp_path)]
    with (tmp_path / "errors").open("w") as errors:  # no pipe: Ray's processes would keep it open
        driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
    notes = [tmp_path / f"began-{n}" for n in range(2)]
    wait_until(lambda: all(note.exists() and note.read_text() for note in notes), 120)
    os.kill(driver.pid, number)
    assert driver.wait(60) != 0
    if number == signal.SIGINT:
        assert (tmp_path / "errors").read_text().rstrip().endswith("KeyboardInterrupt")
    wait_until(lambda: not any(is_alive(int(note.read_text())) for note in notes), 10)


def wait_until(condition, seconds):
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_more_gpus_than_there_are_is_an_error():
    message = " ".join(with_ray("too-many"))
    assert "3 GPUs are asked for, but there are 2 on this machine. Give --gpus 2" in message
