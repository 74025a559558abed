"""A plan as a table: what is done, what is to do, and what that costs."""

from collections.abc import Iterator, Mapping, Sequence

from thesis_repro.columns import filled, table
from thesis_repro.plan.jobs import Job
from thesis_repro.plan.length import length
from thesis_repro.plan.timings import Timing, seconds_of
from thesis_repro.words import counted, duration

_HEADERS = ("job", "state", "for", "image passes", "memory", "time")
_NUMBERS = (3, 4, 5)  # columns of them

_SECTIONS_NAMED = 3


def render(
    jobs: Mapping[str, Job],
    timings: Mapping[str, Timing],
    machine: str,
    side_by_side: int = 1,
    width: int | None = None,
) -> str:
    """The plan, a job a line, and the sums of what is to do.

    Args:
        jobs: The plan.
        timings: How fast models train, by family.
        machine: What the timings hold for, in words.
        side_by_side: How many trainings run at a time.
        width: Columns of the terminal; None for lines of any length.
    """
    seconds = {name: time for name, job in jobs.items() if (time := seconds_of(job, timings))}
    notes = [job for job in jobs.values() if job.problem and not job.is_done]
    rows = [
        (
            name,
            _state(job, jobs, notes),
            _reason(name, jobs),
            f"{job.image_passes:,}" if job.image_passes else "",
            f"{job.memory / 2**30:.1f} GiB" if job.memory else "",
            duration(seconds[name]) if name in seconds else "",
        )
        for name, job in jobs.items()
    ]
    left = [job for job in jobs.values() if not job.is_done]
    unknown = sum(job.is_training and job.name not in seconds for job in left)
    lines = []
    kept = [job for job in jobs.values() if job.kept]
    if kept:
        lines += [*map(kept_line, kept), ""]
    if notes:
        lines += [f"[{number}] {job.name}: {job.problem}" for number, job in enumerate(notes, 1)]
        lines.append("")
    summary = f"{len(left)} of {len(jobs)} jobs to do"
    if seconds or not unknown:
        total = duration(length(jobs, seconds, side_by_side))
        summary += f": about {total} of training "
        summary += f"{side_by_side} at a time" if side_by_side > 1 else "one after another"
        most = max((job.memory for job in left), default=0) / 2**30
        summary += f", {most:.1f} GiB at most"
        sections = sum(job.name.startswith("chapter ") for job in left)
        if sections > 1:  # of one, nobody takes the training's time for all of it
            summary += f"; that of {sections} sections is not in it"
    lines.append(f"{summary}.")
    if seconds:
        families = dict.fromkeys(jobs[name].family for name in seconds)
        sources = "; ".join(f"{each.upper()} {timings[each].source}" for each in families)
        lines.append(
            f"Times are for {machine}, and rough: a factor of two either way, more for networks "
            f"much larger than those that they are known from. Known from: {sources}."
        )
    if unknown:
        lines.append(
            f"Without a time, and not in the sum: {counted(unknown, 'training')}, whose "
            "stand-ins are still to be made, or which cannot be timed here."
        )
    text = [table(rows, _HEADERS, width, right=_NUMBERS), ""]
    return "\n".join([*text, *(filled(line, width) for line in lines)])


def kept_line(job: Job) -> str:
    """Why a job whose results are kept is not run."""
    return f"{job.name} is kept: what is there is more than what is asked for ({job.kept})."


def _state(job: Job, jobs: Mapping[str, Job], notes: Sequence[Job]) -> str:
    """Whether it is done, can be started now, or what it waits for; in a few words."""
    if job.is_done:
        return "kept" if job.kept else "done"
    missing = [str(number) for number, note in enumerate(notes, 1) if note in _needed(job, jobs)]
    if missing:
        return f"files missing [{', '.join(missing)}]"
    if job.is_again:
        return "made again"
    waits = [jobs[name] for name in job.needs if not jobs[name].is_done]
    if not waits:
        return "can start"
    trainings = sum(other.is_training for other in waits)
    if not trainings:
        return f"after {' and '.join(other.name for other in waits)}"
    return f"after {counted(trainings, 'training')}"


def _needed(job: Job, jobs: Mapping[str, Job]) -> Iterator[Job]:
    """The job, and all that have to be done before."""
    yield job
    for name in job.needs:
        if not jobs[name].is_done:
            yield from _needed(jobs[name], jobs)


def _reason(name: str, jobs: Mapping[str, Job]) -> str:
    """Which sections a job is for; "asked for" where no other job needs it."""
    needing = [name]
    for other in jobs.values():  # needs come first, so that one pass is enough
        if not {*needing}.isdisjoint(other.needs):
            needing.append(other.name)
    chapters = [other.split()[1] for other in needing[1:] if other.startswith("chapter ")]
    sections = [*dict.fromkeys(chapters)]  # "chapter 4.2 (seed 1)" is one of Section 4.2
    if not sections:
        return needing[1] if needing[1:] else "asked for"
    first, others = sections[:_SECTIONS_NAMED], sections[_SECTIONS_NAMED:]
    return ", ".join(first) + (f" and {len(others)} more" if others else "")
