"""A plan as a table: what is done, what is to do, and what that costs."""

from collections.abc import Mapping

from tabulate import tabulate

from thesis_repro.plan.jobs import Job
from thesis_repro.plan.length import length
from thesis_repro.plan.rates import Work
from thesis_repro.plan.timings import Timing
from thesis_repro.progress import duration

_ALIGNED = {
    "job": "left",
    "state": "left",
    "image passes": "right",
    "memory": "right",
    "time": "right",
    "known from": "left",
}


def render(
    jobs: Mapping[str, Job], timings: Mapping[str, Timing], machine: str, side_by_side: int = 1
) -> str:
    """The plan, a job a line, and the sums of what is to do.

    Args:
        jobs: The plan.
        timings: How fast models train, by family.
        machine: What the timings hold for, in words.
        side_by_side: How many trainings run at a time.
    """
    seconds = {name: time for name, job in jobs.items() if (time := _seconds(job, timings))}
    rows = [
        (
            name,
            _state(job, jobs),
            f"{job.image_passes:,}" if job.image_passes else "",
            f"{job.memory / 2**30:.1f} GiB" if job.memory else "",
            duration(seconds[name]) if name in seconds else "",
            timings[job.family].source if name in seconds else "",
        )
        for name, job in jobs.items()
    ]
    table = tabulate(
        rows, [*_ALIGNED], tablefmt="plain", colalign=_ALIGNED.values(), disable_numparse=True
    )
    left = [job for job in jobs.values() if not job.is_done]
    total = duration(length(jobs, seconds, side_by_side))
    at_a_time = f"{side_by_side} at a time" if side_by_side > 1 else "one after another"
    most = max((job.memory for job in left), default=0) / 2**30
    lines = [
        table,
        "",
        f"{len(left)} of {len(jobs)} jobs to do: about {total} of training {at_a_time}, "
        f"{most:.1f} GiB at most.",
    ]
    if seconds:
        lines.append(
            f"Times are for {machine}, and rough: a factor of two either way, more for networks "
            "much larger than those that they are known from."
        )
    unknown = sum(job.is_training and job.name not in seconds for job in left)
    if unknown:
        lines.append(
            f"Without a time, and not in the sum: {unknown} trainings, whose data are still to be "
            "prepared, or which cannot be timed here."
        )
    return "\n".join(lines)


def _seconds(job: Job, timings: Mapping[str, Timing]) -> float:
    """Of the whole job, whatever a run has done of it; 0 where it is done, or nothing is known."""
    if job.is_done or not job.image_passes or job.family not in timings:
        return 0.0
    return timings[job.family].rates.seconds(
        Work(starts=1, steps=job.steps, bytes=job.bytes, multiply_adds=job.multiply_adds)
    )


def _state(job: Job, jobs: Mapping[str, Job]) -> str:
    if job.is_done:
        return "done"
    if job.problem:
        return job.problem
    first, *others = [name for name in job.needs if not jobs[name].is_done] or [""]
    if not first:
        return "ready"
    return f"after {first} and {len(others)} more" if others else f"after {first}"
