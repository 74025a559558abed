"""Toy jobs by Ray on faked GPUs, in a new process: ``side-by-side``, ``stop`` or ``too-many``."""

import signal
import sys
from pathlib import Path

import ray

from thesis_repro.errors import TrainingError
from thesis_repro.plan import gpus
from thesis_repro.plan.execution import Execution
from thesis_repro.plan.gpus import OnGpus
from thesis_repro.plan.jobs import Job

NOTE = """
import os, pathlib
pathlib.Path({!r}).write_text(os.environ["CUDA_VISIBLE_DEVICES"])
"""
# A training that ends when as many run as there are GPUs, or did; it fails where none comes, where
# its GPU is taken, and where more run than shall.
TRAINING = """
import os, pathlib, time
folder, name, gpus = pathlib.Path({!r}), {!r}, {!r}
seen = os.environ["CUDA_VISIBLE_DEVICES"]
taken = folder / f"taken-{{seen}}"
taken.touch(exist_ok=False)
assert len(list(folder.glob("taken-*"))) <= gpus
(folder / f"gpu-{{name}}").touch()
ends = time.monotonic() + 120
while len(list(folder.glob("gpu-*"))) < gpus:
    assert time.monotonic() < ends
    time.sleep(0.05)
(folder / f"gpu-{{name}}").write_text(seen)
taken.unlink()
"""


def start_ray(count):
    options = {"include_dashboard": False, "log_to_driver": False}
    ray.init(num_gpus=count, num_cpus=8, **options)


def side_by_side(folder):
    start_ray(4)
    for count in (4, 1):
        place = folder / str(count)
        place.mkdir()
        trainings = {
            f"train {n}": Job(f"train {n}", (), (TRAINING.format(str(place), n, count),), False)
            for n in range(8)
        }
        others = {
            name: Job(name, needs, (NOTE.format(str(place / name)),), False)
            for name, needs in (("data", ()), ("chapter", tuple(trainings)))
        }
        workers = OnGpus(count, program=(sys.executable, "-c"))
        execution = Execution(trainings | others, workers, place / "logs", lambda _: None)
        execution.run()
        assert not execution.failed, [
            execution.log_of(name).read_text() for name in execution.failed
        ]
    workers.stop()


SLEEP = """
import os, pathlib, time
from thesis_repro.interrupts import end_with_starter
end_with_starter()
pathlib.Path({!r}).write_text(str(os.getpid()))
time.sleep(120)
"""


def run_until_stopped(folder):
    gpus.GRACE = 600  # s: longer than the test waits, so that Ctrl-C has to reach who runs the jobs
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    start_ray(2)
    jobs = {
        f"train {n}": Job(f"train {n}", (), (SLEEP.format(str(folder / f"began-{n}")),), False)
        for n in range(2)
    }
    workers = OnGpus(2, program=(sys.executable, "-c"))
    Execution(jobs, workers, folder / "logs", lambda line: None).run()


def main(what, *arguments):
    if what == "side-by-side":
        side_by_side(Path(arguments[0]))
        return
    if what == "stop":
        run_until_stopped(Path(arguments[0]))
        return
    start_ray(2)
    try:
        OnGpus(3)
    except TrainingError as error:
        print(error)


if __name__ == "__main__":
    main(*sys.argv[1:])
