"""Toy jobs by Ray on faked GPUs, in a new process: ``race``, ``stop`` or ``too-many``."""

import signal
import sys
import time
from pathlib import Path

import ray

from thesis_repro.errors import TrainingError
from thesis_repro.plan.execution import Execution
from thesis_repro.plan.gpus import OnGpus
from thesis_repro.plan.jobs import Job

NOTE = """
import os, pathlib, time
time.sleep({})
pathlib.Path({!r}).write_text(os.environ["CUDA_VISIBLE_DEVICES"])
"""


def start_ray(gpus):
    options = {"include_dashboard": False, "log_to_driver": False}
    ray.init(num_gpus=gpus, num_cpus=8, **options)


def race(gpus, folder):
    folder.mkdir(parents=True)
    start_ray(gpus)
    trainings = {
        f"train {n}": Job(f"train {n}", (), (NOTE.format(4, str(folder / f"gpu-{n}")),), False)
        for n in range(8)
    }
    others = {
        name: Job(name, needs, (NOTE.format(0, str(folder / name)),), False)
        for name, needs in (("data", ()), ("chapter", tuple(trainings)))
    }
    workers = OnGpus(gpus, program=(sys.executable, "-c"))
    wait = "import time; time.sleep(5)"  # so long that every worker is started
    warm = {n: Job(n, (), (wait,), False) for n in (f"train warm {i}" for i in range(gpus))}
    Execution(warm, workers, folder / "logs", lambda line: None).run()  # Ray's processes start
    began = time.monotonic()
    execution = Execution(trainings | others, workers, folder / "logs", lambda _: None)
    execution.run()
    assert not execution.failed
    print(time.monotonic() - began)
    workers.stop()


SLEEP = """
import os, pathlib, time
from thesis_repro.interrupts import end_with_starter
end_with_starter()
pathlib.Path({!r}).write_text(str(os.getpid()))
time.sleep(120)
"""


def run_until_stopped(folder):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    start_ray(2)
    jobs = {
        f"train {n}": Job(f"train {n}", (), (SLEEP.format(str(folder / f"began-{n}")),), False)
        for n in range(2)
    }
    workers = OnGpus(2, program=(sys.executable, "-c"))
    Execution(jobs, workers, folder / "logs", lambda line: None).run()


def main(what, *arguments):
    if what == "race":
        race(int(arguments[0]), Path(arguments[1]))
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
