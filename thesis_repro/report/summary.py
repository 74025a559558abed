"""Results on a page, in the form of a report to a reproducibility challenge: REPORT.md."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from appendix_architectures.listings import golden
from thesis_repro import provenance
from thesis_repro.files import atomic_path, render_packaged
from thesis_repro.models.zoo import MODELS
from thesis_repro.report.ledger import heads, is_evidence
from thesis_repro.report.reading import Manifest, Run
from thesis_repro.report.results import Results, count_verdicts
from thesis_repro.report.views import held_against, origins
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import ABSENT, load_unchecked
from thesis_repro.thesis.errata import load_errata
from thesis_repro.thesis.research_questions import QUESTIONS
from thesis_repro.verdicts.grades import Grade
from thesis_repro.verdicts.judgements import Finding, Judgement, Verdict
from thesis_repro.verdicts.questions import by_question
from thesis_repro.words import counted, duration

_LISTINGS = range(1, 40)
_DEVIATIONS, _PROBLEMS = 5, 5  # at most


def write_summary(results: Results, path: Path) -> None:
    """Write the page as Markdown."""
    with atomic_path(path) as temporary:
        temporary.write_text(summary(results), encoding="utf-8", errors="backslashreplace")


def summary(results: Results) -> str:
    """The page. What is damaged is named on it."""
    errata, judgements = load_errata().values(), results.judgements
    made = [section.manifest for section in results.sections if section.manifest]
    runs = {run.run_id: run for manifest in made for run in manifest.runs}
    return render_packaged(
        "report",
        "summary.md.j2",
        counted=counted,
        created=provenance.now(),
        sections=results.sections,
        commits=dict.fromkeys(manifest.commit for manifest in made if manifest.commit),
        problems=results.problems[:_PROBLEMS],
        more_problems=max(0, len(results.problems) - _PROBLEMS),
        questions_asked=len(QUESTIONS),
        in_table_2=sum(spec.in_table_2 for spec in MODELS.values()),
        claims=len(judgements),
        kinds=_counts(one.claim.kind for one in judgements),
        captions=len(load_captions()),
        reproduced=len(results.reproduced),
        unchecked=len(load_unchecked()),
        listings=len(_LISTINGS),
        rows=sum(len(golden(number)["rows"]) for number in _LISTINGS),
        origins=list(_origins(results)),
        made=[*_seeds(results), _trainings([*runs.values()]), _devices(made)],
        heads=heads(judgements).splitlines(),
        grades=_by_grade(judgements),
        questions=_by_question(judgements),
        deviations=list(_deviations(judgements)),
        errata=len(errata),
        errata_by_kind=_counts(erratum.kind for erratum in errata),
        runnable=sum(erratum.runnable for erratum in errata),
        contradicted=sum(
            any(f"Listing {number}" in erratum.where for erratum in errata) for number in _LISTINGS
        ),
        unlisted=sum(not spec.listings.value for spec in MODELS.values()),
    )


def _counts(kinds: Iterable[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in Counter(kinds).most_common())


def _origins(results: Results) -> Iterator[str]:
    """Scale, precision and data, and the sections whose results are of these."""
    for origin, names in origins(results).items():
        scale = f"{origin.scale} scale, {origin.precision}, " if origin.scale else ""
        word = "Section" if len(names) == 1 else "Sections"
        yield f"{word} {', '.join(names)}: {scale}{origin.data or 'no data set'}"


def _seeds(results: Results) -> Iterator[str]:
    """Over which seeds judgements are, where over several."""
    for seeds in dict.fromkeys(section.seeds for section in results.sections if section.seeds):
        names = (section.name for section in results.sections if section.seeds == seeds)
        yield f"Over seeds {', '.join(map(str, seeds))}: {', '.join(names)}"


def _devices(manifests: Iterable[Manifest]) -> str:
    """What trained the models, and what computed the sections."""
    names = dict.fromkeys(
        name
        for manifest in manifests
        for name in (*(device for run in manifest.runs for device in run.devices), manifest.device)
        if name
    )
    return f"Computed on: {'; '.join(names) or 'not recorded'}"


def _trainings(runs: list[Run]) -> str:
    """How many networks were trained, and for how long, as far as their folders are at hand."""
    if not runs:
        return "Trained: no model, for what is here"
    seconds = [run.seconds for run in runs if run.seconds is not None]
    models = f"{counted(len({run.model for run in runs}), 'model')} in {counted(len(runs), 'run')}"
    if not seconds:
        return f"Trained: {models}; run times are not at hand (--runs-dir)"
    all_of = "" if len(seconds) == len(runs) else f" ({len(seconds)} of them timed)"
    return f"Trained: {models}{all_of}, {duration(sum(seconds))}"


def _by_grade(judgements: Iterable[Judgement]) -> dict[Grade, list[int]]:
    """How many claims as written hold, fail and are undecided, by what their evidence is worth."""
    counts = Counter((one.verdict.grade, one.written.finding) for one in judgements)
    return {grade: [counts[grade, finding] for finding in Finding] for grade in Grade}


def _by_question(judgements: Iterable[Judgement]) -> dict[str, list[int]]:
    """The counts of verdicts by research question; the last is of all that say neither."""
    shown = (Verdict.REPLICATED, Verdict.NOT_REPLICATED, Verdict.HOLDS, Verdict.FAILS)
    rows = {}
    for number, group in by_question(judgements).items():
        counts = count_verdicts(group)
        named = [counts[verdict] for verdict in shown]
        rows[number or "none"] = [*named, len(group) - sum(named)]
    return rows


def _deviations(judgements: Iterable[Judgement]) -> Iterator[str]:
    """The checks as written whose numbers are farthest from the thesis's, and are evidence."""
    checks = [
        (check.distance, one, check)
        for one in judgements
        if is_evidence(one)
        for check in one.checks
        if check.distance is not None
    ]
    for distance, one, check in sorted(checks, key=lambda entry: -entry[0])[:_DEVIATIONS]:
        ours, theirs = held_against(one, check)
        printed = theirs.text if theirs else ABSENT  # only of results that were edited
        yield f"{one.claim.id}, {check.name}: {ours.text} for {printed} ({distance:.2g})"
