"""The ledger as a table of Markdown: what README shows of the published results."""

from collections.abc import Iterable, Iterator

from thesis_repro.report.cells import cell
from thesis_repro.report.results import count_verdicts, ledger_head
from thesis_repro.thesis.claims import Claim
from thesis_repro.thesis.readings import Reading
from thesis_repro.verdicts.grades import Grade
from thesis_repro.verdicts.judgements import Judgement
from thesis_repro.words import counted

_COLUMNS = ("claim", "reported", "ours", "grade", "verdict", "command")
_QUANTITIES = 2  # at most, of a claim of which the thesis reports no number


def heads(judgements: Iterable[Judgement]) -> str:
    """What the verdicts come to, a line for each reading that there is."""
    judgements = [*judgements]
    lines = []
    for reading in Reading:
        counts = count_verdicts(judgements, reading)
        if sum(counts.values()):
            lines.append(
                f"{counted(sum(counts.values()), 'claim')} {reading}: {ledger_head(counts)}"
            )
    return "\n".join(lines)


def is_evidence(judgement: Judgement) -> bool:
    """Whether it says something about the thesis: what only proves the path says nothing."""
    return judgement.verdict.grade in (Grade.PAPER, Grade.REDUCED)


def ledger_table(judgements: Iterable[Judgement], page: str = "") -> str:
    """A line for each claim: what is reported, ours, what that is worth, the verdict, the command.

    Ours are the quantities that the thesis reports; where it prints no number, the first ones that
    its rule rests on. A list has a number for each of the claim's models.

    Args:
        judgements: The claims.
        page: The address of the page that has all of each; empty without one.
    """
    rows = [_COLUMNS, ("---",) * len(_COLUMNS), *(_row(one, page) for one in judgements)]
    return "\n".join(f"| {' | '.join(map(_escaped, row))} |" for row in rows)


def _row(judgement: Judgement, page: str) -> Iterator[str]:
    claim, reported = judgement.claim, judgement.reported or {}
    ours = judgement.as_written or {}
    names = [name for name in ours if name in reported] or [*ours][:_QUANTITIES]
    name = f"[{claim.id}]({page}#{claim.id})" if page else claim.id
    yield f"{name}: {claim.title}"
    yield _values(claim, reported, reported, printed=True)
    yield _values(claim, ours, names, printed=False)
    yield judgement.verdict.grade or "–"
    verdicts = (
        f"{judgement.written.label}",
        f"as run {judgement.run.label}" if judgement.run else "",
    )
    yield "; ".join(filter(None, verdicts))
    yield f"`{command_of(judgement)}`"


def command_of(judgement: Judgement) -> str:
    """What makes a claim's numbers again."""
    scale = f" --scale {judgement.scale}" if judgement.scale not in ("", "paper") else ""
    seeds = f" --seeds {','.join(map(str, judgement.seeds))}" if judgement.seeds else ""
    return f"thesis-repro chapter {judgement.claim.section}{scale}{seeds}"


def _values(claim: Claim, values: dict, names: Iterable[str], *, printed: bool) -> str:
    cells = {
        name: cell(values[name], printed=printed, least_p=claim.least_p(name)) for name in names
    }
    parts = (f"{name.replace('_', ' ')} {shown.text}" for name, shown in cells.items())
    return "; ".join(parts) or "–"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
