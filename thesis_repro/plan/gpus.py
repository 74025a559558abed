"""One training per GPU, side by side, by Ray: on this machine, or on a cluster with shared folders.

Each job is the same fresh process as without Ray (`thesis_repro.plan.execution`); Ray decides when
and where it starts and sets CUDA_VISIBLE_DEVICES for it.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from thesis_repro.errors import TrainingError
from thesis_repro.plan.execution import PROGRAM, Outcome, start_process
from thesis_repro.plan.jobs import Job

# Without it, Ray writes a token into the home folder.
os.environ.setdefault("RAY_AUTH_MODE", "disabled")

GRACE = 30.0  # s that jobs have to end when they are stopped


class OnGpus:
    """Jobs as Ray tasks: a training takes one GPU, anything else none.

    Args:
        gpus: How many trainings run side by side; fewer than there are, or as many.
        address: Of a Ray cluster; ``None`` starts Ray on this machine.
        program: What each job is an argument list of.

    Raises:
        TrainingError: there are fewer GPUs, or no cluster at the address.
    """

    def __init__(self, gpus: int, address: str | None = None, program: Sequence[str] = PROGRAM):
        import ray

        self._ray = ray
        self._gpus, self._program = gpus, tuple(program)
        self._tasks: dict[object, Job] = {}  # by what Ray calls a task
        if not ray.is_initialized():
            _connect(address)
        available = int(ray.cluster_resources().get("GPU", 0))
        if gpus > available:
            self.stop()
            raise TrainingError(
                f"{gpus} GPUs are asked for, but Ray finds {available} "
                f"{f'in the cluster at {address}' if address else 'on this machine'}. Give --gpus "
                f"{available or 'up'}, or check `nvidia-smi` and CUDA_VISIBLE_DEVICES."
            )

    def has_room(self, job: Job) -> bool:
        """Whether a GPU is free for a training; other jobs wait for a core in Ray's queue."""
        trainings = sum(other.is_training for other in self._tasks.values())
        return not job.is_training or trainings < self._gpus

    def start(self, job: Job, log: Path) -> None:
        """Hand the job to Ray."""
        share = {"num_gpus": 1, "num_cpus": 1} if job.is_training else {"num_cpus": 1}
        # Ray would end its worker process after each task with a GPU; the job runs in another.
        run = self._ray.remote(max_retries=0, max_calls=0, **share)(_run)
        task = run.remote(self._program, job.command, str(log.resolve()), job.is_training)
        self._tasks[task] = job

    def wait(self, timeout: float) -> tuple[str, Outcome] | None:
        """Wait for any job to end; one whose machine was lost counts as failed."""
        done, _ = self._ray.wait(list(self._tasks), num_returns=1, timeout=timeout)
        if not done:
            return None
        (ended,) = done
        name = self._tasks.pop(ended).name
        try:
            return name, Outcome(*self._ray.get(ended))
        except self._ray.exceptions.RayError:
            return name, Outcome(-1, 0.0)

    def stop(self) -> None:
        """End all jobs, and Ray on this machine."""
        for task in self._tasks:
            self._ray.cancel(task)  # a KeyboardInterrupt in `_run`
        if self._tasks:
            self._ray.wait(list(self._tasks), num_returns=len(self._tasks), timeout=GRACE)
        self._ray.shutdown()


def _connect(address: str | None) -> None:
    import ray

    options = {"include_dashboard": False, "log_to_driver": False, "configure_logging": False}
    try:
        ray.init(address=address, **({} if address else options))
    except ConnectionError as error:
        raise TrainingError(
            f"No Ray cluster answers at {address} ({error}). Start one with `ray start --head`, or "
            "leave --address away to use this machine."
        ) from error


def _run(
    program: tuple[str, ...], arguments: tuple[str, ...], log: str, on_gpu: bool
) -> tuple[int, float]:
    """Run a job where Ray has put it; its exit code and seconds."""
    if not on_gpu:  # Ray leaves the variable as it is, and the job would take a GPU of others
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    began = time.monotonic()
    process = start_process(program, arguments, Path(log))
    try:
        return process.wait(), time.monotonic() - began
    finally:
        process.terminate()
