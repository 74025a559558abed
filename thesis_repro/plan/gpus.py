"""One training per GPU, side by side, by Ray: on this machine, or on a cluster with shared folders.

Each job is the same fresh process as without Ray (`thesis_repro.plan.execution`); Ray decides when
and where it starts and which GPU it sees.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from data_prep.parallel import available_cores
from thesis_repro import interrupts
from thesis_repro.errors import TrainingError
from thesis_repro.plan.execution import GRACE, PROGRAM, Outcome, end_process, start_process
from thesis_repro.plan.jobs import Job
from thesis_repro.training.devices import GPU, PROMISE, may_have_gpu

# Without it, Ray writes a token into the home folder.
os.environ.setdefault("RAY_AUTH_MODE", "disabled")

_ANSWERS_WITHIN = 60.0  # s that a cluster has to answer in; Ray alone would wait for minutes
_PAUSE = 0.5  # s between two looks at a job: `OnGpus.stop` reaches who looks, not who waits for it
_ASKS = "import ray, sys; ray.init(address=sys.argv[1], log_to_driver=False)"


def check_gpus(gpus: int, address: str | None) -> None:
    """Refuse at once where there can be no GPU; Ray takes seconds to find none.

    Raises:
        TrainingError: the jobs are to run on this machine, and it has none.
    """
    if not address and not may_have_gpu():
        raise TrainingError(_too_few(gpus, 0, address))


class OnGpus:
    """Jobs as Ray tasks: a training takes one GPU, a section one that no training waits for.

    Sections that run no network, and data, take none.

    Args:
        gpus: How many are used, so many trainings run side by side; fewer than there are, or all.
        address: Of a Ray cluster; ``None`` starts Ray on this machine, whatever RAY_ADDRESS says
            and whatever cluster is running here.
        program: What each job is an argument list of.

    Raises:
        TrainingError: there are fewer GPUs, no cluster answers at the address, or Ray does not
            start here.
    """

    def __init__(self, gpus: int, address: str | None = None, program: Sequence[str] = PROGRAM):
        import ray

        self._ray = ray
        self._gpus, self._program = gpus, tuple(program)
        self._tasks: dict[object, tuple[Job, bool]] = {}  # with whether on a GPU, by Ray's task
        self._threads = os.environ.get("OMP_NUM_THREADS")  # the user's; Ray sets 1 in its workers
        if not ray.is_initialized():
            _connect(address)
        available = int(ray.cluster_resources().get("GPU", 0))
        if gpus > available:
            self.stop()
            raise TrainingError(_too_few(gpus, available, address))
        nodes = [node["Resources"].get("GPU", 0) for node in ray.nodes() if node["Alive"]]
        self._gpus_of_a_machine = int(min(gpus, max(nodes)))

    def has_room(self, job: Job) -> bool:
        """Whether a GPU is free for a training; other jobs wait for a core in Ray's queue."""
        return not job.is_training or self._free_gpus > 0

    def start(self, job: Job, log: Path, waiting: int) -> None:
        """Hand the job to Ray."""
        runs_networks = any(name.startswith("train ") for name in job.needs)
        on_gpu = job.is_training or (runs_networks and self._free_gpus > waiting)
        share = {"num_gpus": 1, "num_cpus": 1} if on_gpu else {"num_cpus": 1}
        # Ray would end its worker process after each task with a GPU; the job runs in another.
        run = self._ray.remote(max_retries=0, max_calls=0, **share)(_run)
        task = run.remote(
            self._program,
            job.command,
            str(log.resolve()),
            on_gpu=on_gpu,
            promised=job.is_training,
            threads=self._threads,
            side_by_side=self._gpus_of_a_machine + 1,
        )
        self._tasks[task] = job, on_gpu

    @property
    def _free_gpus(self) -> int:
        return self._gpus - sum(on_gpu for _, on_gpu in self._tasks.values())

    def wait(self, timeout: float) -> tuple[str, Outcome] | None:
        """Wait for any job to end; one whose machine was lost counts as failed."""
        done, _ = self._ray.wait(list(self._tasks), num_returns=1, timeout=timeout)
        if not done:
            return None
        (ended,) = done
        job, _ = self._tasks.pop(ended)
        try:
            return job.name, Outcome(*self._ray.get(ended))
        except self._ray.exceptions.RayError:
            return job.name, Outcome(-1, 0.0)

    def stop(self) -> None:
        """End all jobs, and Ray on this machine."""
        for task in self._tasks:
            self._ray.cancel(task)  # a KeyboardInterrupt in `_run`
        if self._tasks:
            self._ray.wait(list(self._tasks), num_returns=len(self._tasks), timeout=GRACE + 5)
        self._ray.shutdown()


def _too_few(gpus: int, available: int, address: str | None) -> str:
    return (
        f"{gpus} GPU{'s are' if gpus > 1 else ' is'} asked for, but there "
        f"{'is' if available == 1 else 'are'} {available or 'none'} "
        f"{f'in the cluster at {address}' if address else 'on this machine'}. Give --gpus "
        f"{available or 'up'}, or check `nvidia-smi` and CUDA_VISIBLE_DEVICES."
    )


def _connect(address: str | None) -> None:
    import ray

    if address:
        _check_answers(address)
    options = {"include_dashboard": False, "log_to_driver": False, "configure_logging": False}
    handler = signal.getsignal(signal.SIGTERM)
    try:
        # Without an address, Ray would look for one in RAY_ADDRESS, then for a cluster here.
        ray.init(address=address or "local", **({} if address else options))
    except Exception as error:  # Ray has no base class of what it raises here
        where = f"The Ray cluster at {address} takes no jobs" if address else "Ray does not start"
        raise TrainingError(
            f"{where} ({_first_line(str(error))}). Without --gpus, trainings run here one after "
            "another."
        ) from error
    except SystemExit as ended:  # which Ray makes of SIGTERM while it starts
        raise interrupts.Terminated(signal.SIGTERM) from ended
    finally:
        signal.signal(signal.SIGTERM, handler)  # Ray takes it for itself


def _check_answers(address: str) -> None:
    """Connect to a cluster in another process, which can be ended if it waits for too long.

    Raises:
        TrainingError: it does not answer, or not as a cluster does.
    """
    ask = [sys.executable, "-P", "-c", _ASKS, address]
    try:
        asked = subprocess.run(
            ask, capture_output=True, text=True, timeout=_ANSWERS_WITHIN, check=False
        )
        cause = asked.returncode and _first_line(*reversed(asked.stderr.splitlines()))
    except subprocess.TimeoutExpired:
        cause = f"nothing for {_ANSWERS_WITHIN:.0f} s"
    if cause:
        raise TrainingError(
            f"No Ray cluster answers at {address} ({cause}). Start one with `ray start --head`, or "
            "leave --address away to use this machine."
        )


def _first_line(*lines: str) -> str:
    """The first that is not empty."""
    return next((line.strip() for text in lines for line in text.splitlines() if line.strip()), "?")


def _run(
    program: tuple[str, ...],
    arguments: tuple[str, ...],
    log: str,
    *,
    on_gpu: bool,
    promised: bool,
    threads: str | None,
    side_by_side: int,
) -> tuple[int, float]:
    """Run a job where Ray has put it; its exit code and seconds.

    Args:
        program: What takes the arguments.
        arguments: Those of the job.
        log: Path of the job's log.
        on_gpu: Whether Ray has given it a GPU; it is in CUDA_VISIBLE_DEVICES.
        promised: Whether it shall end if it does not see that GPU.
        threads: OMP_NUM_THREADS as the user has set it.
        side_by_side: Jobs that share this machine's cores.
    """
    environment = dict(os.environ)  # not this process's own, which Ray uses for other jobs, too
    environment["OMP_NUM_THREADS"] = threads or str(max(1, available_cores() // side_by_side))
    if promised:
        environment[PROMISE] = GPU
    if not on_gpu:
        # The GPU of a job before may still be in the variable. Without a GPU to see, JAX with CUDA
        # fails (jax, issue 37668) unless it is told to look for none.
        environment |= {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    began = time.monotonic()
    process = start_process(program, arguments, Path(log), environment)
    try:
        while process.poll() is None:
            time.sleep(_PAUSE)
        return process.returncode, time.monotonic() - began
    finally:
        end_process(process)
