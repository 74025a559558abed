"""Who gets a GPU, and in which environment each job runs; by a made-up Ray that starts nothing."""

import os
import signal
import sys
from types import ModuleType, SimpleNamespace

import pytest

from thesis_repro.errors import TrainingError
from thesis_repro.interrupts import Terminated, exit_code
from thesis_repro.plan import gpus
from thesis_repro.plan.execution import Execution
from thesis_repro.plan.gpus import OnGpus, check_gpus
from thesis_repro.plan.jobs import Job

TRAINED = ("train a", "train b")


def job(name, needs=()):
    return Job(name, tuple(needs), (name,), False)


class Ray(ModuleType):
    """Nodes with GPUs; tasks end when they are told to."""

    def __init__(self, *nodes):
        super().__init__("ray")
        self.gpus, self.tasks = nodes, {}
        self.exceptions = SimpleNamespace(RayError=ZeroDivisionError)

    def is_initialized(self):
        return True

    def cluster_resources(self):
        return {"GPU": float(sum(self.gpus))} if sum(self.gpus) else {}

    def nodes(self):
        nodes = [{"Alive": True, "Resources": {"GPU": float(gpus)}} for gpus in self.gpus]
        others = [{"Alive": True, "Resources": {}}, {"Alive": False, "Resources": {"GPU": 99.0}}]
        return nodes + others

    def remote(self, **share):
        def decorated(function):
            def start(program, arguments, log, **options):
                self.tasks[arguments[0]] = (share, options)
                return arguments[0]

            return SimpleNamespace(remote=start)

        return decorated

    def wait(self, tasks, num_returns, timeout):
        return [self.ending], []

    def get(self, task):
        return (0, 1.0)

    def shutdown(self):
        pass


@pytest.fixture
def start_ray(monkeypatch):
    def start(*nodes):
        ray = Ray(*nodes)
        monkeypatch.setitem(sys.modules, "ray", ray)
        return ray

    return start


def end(execution, ray, name):
    """Let a job end, and what is ready then start."""
    ray.ending = name
    execution._ended(*execution.workers.wait(0))
    execution._start_ready()


def on_gpus(ray):
    return [name for name, (share, _) in ray.tasks.items() if share.get("num_gpus")]


@pytest.fixture
def execution(start_ray, tmp_path):
    """Two GPUs, two trainings for each, and sections of which one needs no network."""
    jobs = [
        job("data mnist"),
        *(job(name, ["data mnist"]) for name in (*TRAINED, "train c", "train d")),
        job("chapter early", TRAINED),
        job("chapter late", ["train c", "train d"]),
        job("chapter data", ["data mnist"]),
    ]
    ray = start_ray(2)
    plan = {one.name: one for one in jobs}
    started = Execution(plan, OnGpus(2), tmp_path, lambda line: None)
    started._start_ready()
    return started, ray


def test_trainings_come_first_and_then_sections_get_what_is_free(execution):
    execution, ray = execution
    assert list(ray.tasks) == ["data mnist"]
    end(execution, ray, "data mnist")
    assert on_gpus(ray) == ["train a", "train b"]
    assert "chapter data" in ray.tasks  # at once, on the CPU: it has no network to run
    end(execution, ray, "train a")
    end(execution, ray, "train b")
    assert on_gpus(ray) == ["train a", "train b", "train c", "train d"]
    assert "chapter early" in ray.tasks  # on the CPU, since two trainings waited for the two GPUs
    end(execution, ray, "train c")
    end(execution, ray, "train d")
    assert on_gpus(ray)[-1] == "chapter late"


def test_a_section_takes_a_gpu_that_no_training_waits_for(start_ray, tmp_path):
    ray = start_ray(2)
    trainings = [job("train a"), job("train b"), job("train c", ["train b"])]
    plan = {one.name: one for one in [*trainings, job("chapter", ["train a"])]}
    execution = Execution(plan, OnGpus(2), tmp_path, lambda line: None)
    execution._start_ready()
    end(execution, ray, "train a")
    assert on_gpus(ray) == ["train a", "train b", "chapter"]
    end(execution, ray, "train b")
    assert on_gpus(ray)[-1] == "train c"  # beside the section, which has the other GPU
    assert not execution.workers.has_room(job("train d"))
    end(execution, ray, "chapter")
    assert execution.workers.has_room(job("train d"))


# --- The environment of a job ---


@pytest.fixture
def environments(monkeypatch, tmp_path):
    """The environment that a task gives its process, on a machine of sixteen cores."""
    monkeypatch.setattr(gpus, "available_cores", lambda: 16)
    seen = []

    def start_process(program, arguments, log, environment):
        seen.append(environment)
        return SimpleNamespace(
            poll=lambda: 0, returncode=0, terminate=lambda: None, wait=lambda _: 0
        )

    monkeypatch.setattr(gpus, "start_process", start_process)

    def run(ray, name):
        _, options = ray.tasks[name]
        # As Ray leaves it: of a GPU task before, and one thread for its one core.
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        before = dict(os.environ)
        assert gpus._run((), (name,), str(tmp_path / "log"), **options)[0] == 0
        assert dict(os.environ) == before  # Ray uses its process again
        return seen[-1]

    return run


def start(workers, *names, waiting=0):
    for name in names:
        needs = ["train a"] if name == "chapter" else []
        workers.start(job(name, needs), gpus.Path("log"), waiting)


def test_a_training_is_promised_its_gpu(start_ray, environments, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    ray = start_ray(4)
    start(OnGpus(3), "train a")
    environment = environments(ray, "train a")
    assert environment["CUDA_VISIBLE_DEVICES"] == "3"
    assert environment["THESIS_REPRO_DEVICE"] == "gpu"
    assert environment["OMP_NUM_THREADS"] == "4"  # three trainings, and a section beside them
    assert environment["PATH"] == os.environ["PATH"]
    assert "JAX_PLATFORMS" not in environment


@pytest.mark.parametrize("name", ["data mnist", "chapter"])
def test_a_job_without_a_gpu_is_on_the_cpu(start_ray, environments, monkeypatch, name):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    ray = start_ray(1)
    workers = OnGpus(1)
    start(workers, "train a", name)
    environment = environments(ray, name)
    assert environment["CUDA_VISIBLE_DEVICES"] == ""
    assert environment["JAX_PLATFORMS"] == "cpu"
    assert environment["OMP_NUM_THREADS"] == "8"
    assert "THESIS_REPRO_DEVICE" not in environment


def test_a_section_on_a_gpu_can_do_without_it(start_ray, environments):
    ray = start_ray(1)
    start(OnGpus(1), "chapter")
    environment = environments(ray, "chapter")
    assert environment["CUDA_VISIBLE_DEVICES"] == "3"
    assert {"THESIS_REPRO_DEVICE", "JAX_PLATFORMS"}.isdisjoint(environment)


def test_many_gpus_leave_one_thread(start_ray, environments, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    ray = start_ray(32)
    start(OnGpus(32), "train a")
    assert environments(ray, "train a")["OMP_NUM_THREADS"] == "1"


def test_threads_are_shared_with_the_gpus_of_the_same_machine(start_ray, environments, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    ray = start_ray(3, 3, 2)
    start(OnGpus(8), "train a")
    assert environments(ray, "train a")["OMP_NUM_THREADS"] == "4"


def test_threads_of_the_user_stay(start_ray, environments, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    ray = start_ray(3)
    start(OnGpus(3), "train a")
    assert environments(ray, "train a")["OMP_NUM_THREADS"] == "2"


# --- Where Ray is ---


@pytest.fixture
def unstarted(start_ray, monkeypatch):
    """A Ray that is not started yet; gives what it is started with."""
    ray, started = start_ray(2), []
    ray.is_initialized = lambda: False
    ray.init = lambda **options: started.append(options)
    monkeypatch.setattr(gpus, "_check_answers", lambda address: None)
    return ray, started


def test_without_an_address_ray_starts_here(unstarted, monkeypatch):
    """Whatever the environment says; "local" is Ray's word for it."""
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    OnGpus(2)
    OnGpus(2, "head:6379")
    assert [options["address"] for options in unstarted[1]] == ["local", "head:6379"]


def test_sigterm_stays_the_commands(unstarted):
    def init(**options):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    ray, _ = unstarted
    ray.init, before = init, signal.getsignal(signal.SIGTERM)
    OnGpus(2)
    assert signal.getsignal(signal.SIGTERM) is before


def test_sigterm_while_ray_starts_ends_as_at_any_other_time(unstarted):
    def init(**options):
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(number))  # Ray's own
        os.kill(os.getpid(), signal.SIGTERM)

    ray, _ = unstarted
    ray.init, before = init, signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated) as raised:
        OnGpus(2)
    assert exit_code(raised.value) == 143
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (None, r"Ray does not start \(no room in /dev/shm\)\. Without --gpus, trainings run here"),
        ("head:6379", r"The Ray cluster at head:6379 takes no jobs \(no room in /dev/shm\)\."),
    ],
)
def test_what_ray_raises_is_one_line(unstarted, address, message):
    def init(**options):
        raise RuntimeError("\nno room in /dev/shm\nand more")

    unstarted[0].init = init
    with pytest.raises(TrainingError, match=message):
        OnGpus(2, address)


@pytest.mark.parametrize(
    ("code", "within", "cause"),
    [
        ("import time; time.sleep(60)", 0.3, "nothing for 0 s"),
        ("raise ConnectionError('refused')", 60.0, "ConnectionError: refused"),
        ("import os; os.abort()", 60.0, "?"),  # as Ray's own libraries do
    ],
)
def test_a_cluster_that_does_not_answer(start_ray, monkeypatch, code, within, cause):
    ray = start_ray(2)
    ray.is_initialized = lambda: False
    monkeypatch.setattr(gpus, "_ASKS", code)
    monkeypatch.setattr(gpus, "_ANSWERS_WITHIN", within)
    with pytest.raises(TrainingError) as error:
        OnGpus(2, "head:6379")
    assert str(error.value).startswith(f"No Ray cluster answers at head:6379 ({cause}). Start one")


def test_a_machine_without_gpus_is_refused_before_ray_starts(monkeypatch):
    monkeypatch.setattr(gpus, "may_have_gpu", lambda: False)
    with pytest.raises(TrainingError, match="1 GPU is asked for, but there are none on this mach"):
        check_gpus(1, None)
    check_gpus(1, "head:6379")
    monkeypatch.setattr(gpus, "may_have_gpu", lambda: True)
    check_gpus(1, None)


def test_more_gpus_than_there_are(start_ray):
    start_ray(1, 1)
    with pytest.raises(TrainingError, match="3 GPUs are asked for, but there are 2 on this machi"):
        OnGpus(3)
