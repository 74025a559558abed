"""How long a plan takes when trainings run side by side."""

from collections.abc import Mapping
from heapq import heappop, heappush

from thesis_repro.plan.jobs import Job


def length(jobs: Mapping[str, Job], seconds: Mapping[str, float], side_by_side: int) -> float:
    """Seconds until the last job ends, about as `Execution` starts them.

    As soon as there is room, each after those that it needs, the longest first. A job without
    seconds takes none; jobs that are no trainings need no room.
    """
    done = {name for name, job in jobs.items() if job.is_done}
    waiting = sorted(jobs.keys() - done, key=lambda name: -seconds.get(name, 0.0))
    running: list[tuple[float, str]] = []
    now = 0.0
    while waiting:
        ready = [name for name in waiting if done.issuperset(jobs[name].needs)]
        for name in ready:
            trainings = sum(jobs[other].is_training for _, other in running)
            if not jobs[name].is_training or trainings < side_by_side:
                heappush(running, (now + seconds.get(name, 0.0), name))
                waiting.remove(name)
        now, ended = heappop(running)
        done.add(ended)
    return max((end for end, _ in running), default=now)
